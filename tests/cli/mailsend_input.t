#!/usr/bin/env python3
"""Input as it comes: byte order marks, UTF-16, mbox lines, odd charsets, broken MIME, controls in alerts, finished or not."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, Lab, attempt, check, same  # noqa: E402

lab = Lab()
HEAD = b"From: a@example.org\nTo: b@example.org\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nMessage-ID: <1@example.org>\n"
BODY = ("-f", "a@example.org", "-s", "x", "b@example.org")
EIGHT = ("--ext", "8BITMIME")


def fields(message, name):
    head = message.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    return [line.decode().split(": ", 1)[1] for line in head if line.lower().startswith(name.lower().encode() + b": ")]


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


def marks():
    text = HEAD.decode() + "Subject: Grüße\n\nGrüße 😀\n"
    plain = lab.send("-t", stdin=text.encode())
    for name, data in (("UTF-8 with BOM", b"\xef\xbb\xbf" + text.encode()), ("UTF-16LE", b"\xff\xfe" + text.encode("utf-16-le")),
                       ("UTF-16BE", b"\xfe\xff" + text.encode("utf-16-be"))):
        for how in ("pipe", "file"):
            if how == "pipe":
                r = lab.send("-t", stdin=data)
            else:
                with open(lab.path("message", data), "rb") as f:
                    url = lab.serve()
                    result = lab.tool("--smtp", url, "-t", stdin=f.read())
                    messages, _, _ = lab.collect()
                    r = type("R", (), {"status": result.returncode, "messages": messages})()
            check(r.status == 0 and r.messages == plain.messages, f"a message in {name}", r)
    long = "Zeile ä😀\r\n" * 200000
    for name, encoding, mark in (("UTF-16LE", "utf-16-le", b"\xff\xfe"), ("UTF-16BE", "utf-16-be", b"\xfe\xff"), ("UTF-8", "utf-8", b"\xef\xbb\xbf")):
        for body in ("Grüße 😀\r\n", long):
            r = lab.send(*BODY, stdin=mark + body.encode(encoding))
            part = r.parsed()
            check(r.status == 0 and part.get_content_charset() == "utf-8" and text_of(part) == body.replace("\r\n", "\n"),
                  f"a body of {len(body)} characters in {name}", r.err)
    html = "<p>Grüße</p>"
    r = lab.send(*BODY, "--html", lab.path("page.html", b"\xff\xfe" + html.encode("utf-16-le")), stdin=b"")
    check(r.status == 0 and html in r.parsed().get_body(("html",)).get_content(), "an HTML body in UTF-16", r)
    r = lab.send(*BODY, "-a", lab.path("raw.bin", b"\xff\xfea\0"), stdin=b"x\n")
    check(r.status == 0 and list(r.parsed().iter_attachments())[0].get_content() == b"\xff\xfea\0", "an attachment is not touched", r)


def mbox():
    clean = CLEAN.replace(b"\r\n", b"\n")
    for line in (b"From a@example.org Mon Nov 23 08:00:00 2026\n", b">From a@example.org Mon Nov 23 08:00:00 2026\n"):
        r = lab.send("-t", stdin=line + clean)
        check(r.status == 0 and r.messages == [CLEAN], f"{line[:6]} before the header", r)
    r = lab.send("-t", stdin=b"\xef\xbb\xbf>From x\n" + clean)
    check(r.status == 0 and r.messages == [CLEAN], "behind a byte order mark", r)


def charsets():
    for octets, charset in ((b"\x93x\x94 \x80", "windows-1252"), (b"Gr\xfc\xdfe", "iso-8859-1"), ("Grüße".encode(), "utf-8")):
        r = lab.send("-t", stdin=HEAD + b"\n" + octets + b"\n", server=EIGHT)
        check(r.status == 0 and r.parsed().get_content_charset() == charset, f"{octets} is {charset} in a finished message", r)
        r = lab.send(*BODY, stdin=octets + b"\n", server=EIGHT)
        check(r.status == 0 and r.parsed().get_content_charset() == charset, "and in a body", r)
    r = lab.send("-t", stdin=HEAD + b"Subject: \x93x\x94 \x80\n\ny\n", server=EIGHT)
    same(r.parsed()["subject"], "“x” €", "and in a header")


def boundaries():
    for how in ("multipart/mixed", "multipart/mixed; boundary=", "multipart/alternative; boundary=\"\"", "multipart/report; charset=utf-8"):
        for text in ("hi", "Grüße"):
            body = f"--x\nContent-Type: text/plain\n\n{text}\n--x--\n"
            r = lab.send("-t", stdin=HEAD + f"MIME-Version: 1.0\nContent-Type: {how}\n\n{body}".encode(), server=("--ext", ""))
            check(r.status == 0 and r.parsed().get_content_type() == "text/plain" and text_of(r.parsed()) == body and "boundary" in r.err,
                  f"{how} without a boundary: {text} arrives as text", r, r.messages)
    inner = "--o\nContent-Type: multipart/mixed\n\nGrüße\n--o--\n"
    r = lab.send("-t", stdin=HEAD + f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n{inner}".encode(), server=("--ext", ""))
    part = r.parsed().get_payload(0) if r.messages and r.parsed().is_multipart() else None
    check(r.status == 0 and part is not None and part.get_content_type() == "text/plain" and "Grüße" in part.get_content(), "inside another multipart", r, r.messages)
    sealed = HEAD + b"DKIM-Signature: v=1; h=from:content-type; b=x\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\nhi\n"
    r = lab.send("-t", stdin=sealed)
    check(r.status == 0 and fields(r.messages[0], "Content-Type") == ["multipart/mixed"], "a signed one stays", r)


def empty():
    r = lab.send("-t", "b@example.org", stdin=b"From: a@example.org\nTo:\nCc: \nReply-To:\nSubject:\n\ny\n")
    check(r.status == 0 and b"To:" not in r.messages[0].replace(b"Reply-To", b"R") and b"Cc:" not in r.messages[0] and b"Reply" not in r.messages[0]
          and b"Subject:" in r.messages[0], "empty To, Cc and Reply-To leave", r.messages)


def finished():
    """-f, --to, --cc and --bcc beside a complete header: a finished message."""
    message = CLEAN.replace(b"\r\n", b"\n")
    r = lab.send("-f", "bounces@example.org", "bob@example.org", stdin=message)
    check(r.status == 0 and r.messages == [CLEAN] and r.meta[0]["from"] == "bounces@example.org" and not r.err, "-f alone beside a complete header", r)
    r = lab.send("-f", "bounces@example.org", "--to", "x@example.org", "--cc", "Y <y@example.org>", "--bcc", "z@example.org", stdin=b"\xef\xbb\xbf" + message)
    check(r.status == 0 and r.messages == [CLEAN] and r.meta[0]["rcpts"] == ["x@example.org", "y@example.org", "z@example.org"], "--to, --cc and --bcc too", r)
    for body in (b"hello\n", b"Note: one\nTwo: three\n\ntext\n", b"From: a@example.org\nTo: b@example.org\n", b"From: a@example.org\n\nx\n", b""):
        r = lab.send("-f", "a@example.org", "b@example.org", stdin=body)
        check(r.status == 0 and text_of(r.parsed()).rstrip("\n").encode() == body.rstrip(b"\n") and not r.err, f"-f beside a body: {body}", r)
    r = lab.send("-s", "x", "-f", "a@example.org", "b@example.org", stdin=message)
    check(r.status == 0 and fields(r.messages[0], "Subject") == ["x"] and "begins with the header" in r.err, "-s beside a complete header is told", r)
    r = lab.send("-s", "x", "-f", "a@example.org", "b@example.org", stdin=b"See: this\nAnd: that\n\ntext\n")
    check(r.status == 0 and not r.err, "lines with colons are none", r)


def alerts():
    """Controls are cleaned or encoded, and the mail is sent; line ends in a header are refused."""
    for given, want in (("a\tb", "a b"), ("\x1b[1;31mred\x1b[0m alert\x07", "red alert"), (b"caf\xe9", "café"), ("\x7fx\x1b", "x"), ("Grüße\t\x1b]", "Grüße ]")):
        r = lab.send("-f", "a@example.org", "-s", given, "b@example.org", stdin=b"y\n")
        check(r.status == 0 and r.parsed()["subject"] == want, f"-s {given!r}", r)
        r = lab.send("-f", "a@example.org", "-H", (b"X-Alert: " + (given if isinstance(given, bytes) else given.encode())), "b@example.org", stdin=b"y\n")
        check(r.status == 0 and r.parsed()["x-alert"] == want, f"-H {given!r}", r)
    body = "a\x1b[0mb\tc\x07\n\x0cd\n"
    for args, stdin in ((("-b", body), b""), ((), body.encode())):
        r = lab.send(*BODY, *args, stdin=stdin)
        check(r.status == 0 and r.parsed().get_payload(decode=True).replace(b"\r\n", b"\n") == body.encode(), "a body arrives whole", r)
    for option in ("-s", "-H"):
        for bad in ("X: a\nb", "X: a\rb"):
            r = lab.send("-f", "a@example.org", option, bad, "b@example.org", stdin=b"y\n")
            check(r.status == 64 and not r.messages, f"{option} {bad!r} is refused", r)
    r = lab.send("-f", "a\x1b@example.org", "-s", "x", "b@example.org", stdin=b"y\n")
    check(r.status == 64 and not r.messages, "a control in an address is refused", r)


def skip_empty():
    r = lab.send("--skip-empty", *BODY, stdin=b"")
    check(r.status == 0 and not r.messages and not r.err and not r.out, "--skip-empty sends nothing", r)
    for args, stdin in (((), b"y\n"), (("-b", "y"), b""), (("-a", lab.path("file", "z")), b""), (("--html", lab.path("h.html", "<p>h</p>")), b"")):
        r = lab.send("--skip-empty", *BODY, *args, stdin=stdin)
        check(r.status == 0 and len(r.messages) == 1, f"--skip-empty with something in it: {args}", r)
    r = lab.send("--skip-empty", "-t", stdin=HEAD + b"\n")
    check(r.status == 0 and not r.messages, "a finished message without a body", r)
    r = lab.send("--skip-empty", "-s", "x", "nosuchuser", stdin=b"")
    check(r.status == 64, "mistakes are told all the same", r)


for part in (marks, mbox, charsets, boundaries, empty, finished, alerts, skip_empty):
    attempt(part)
lab.done()
