#!/usr/bin/env python3
"""What arrives of a finished message: untouched when it is clean, mended when it is not, refused when it is signed."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, EMULATED, HEAD, TOOL, Lab, attempt, check, same, skip  # noqa: E402

lab = Lab()
SEVEN = ["--ext", "PIPELINING"]
BARE = [b"\r", b"\n", b"\0"]


def lines_of(octets):
    return octets.split(b"\r\n")


def well_formed(octets):
    lines = lines_of(octets)
    return octets.endswith(b"\r\n") and not any(c in line for line in lines for c in BARE) and max(map(len, lines)) <= 998


def clean():
    odd = HEAD + b"X-Odd:  two   blanks \r\n\t folded\r\nX-Empty:\r\n\r\n" + b"x" * 998 + b"\r\n\r\n..\r\n.\r\n \r\nFrom here\r\n>From there\r\n"
    for name, message in (("plain", CLEAN), ("odd", odd), ("without body", HEAD + b"\r\n")):
        for ext in (SEVEN, ["--ext", "PIPELINING,CHUNKING"]):
            r = lab.send("bob@example.org", stdin=message, server=ext)
            check(r.status == 0 and r.messages == [message], f"a clean message ({name}) is not touched", r, r.messages)
    r = lab.send("bob@example.org", stdin=HEAD + b"\r\nJ\xc3\xb6rg\r\n")
    check(r.meta[0]["mail_args"].find("BODY=8BITMIME") >= 0, "8-bit text goes as 8BITMIME", r.meta)


def mended():
    cases = {
        "LF": (HEAD.replace(b"\r\n", b"\n") + b"\na\nb\n", b"a\r\nb\r\n"),
        "a lone CR": (HEAD + b"\r\na\rb\r\n", b"a\r\nb\r\n"),
        "CR CR LF": ((HEAD + b"\r\na\r\n\r\nb\r\n").replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\r\r\n"), b"a\r\n\r\nb\r\n"),
        "no final line end": (HEAD + b"\r\na", b"a\r\n"),
        "a line of 1500": (HEAD + b"\r\n" + b"x" * 1500 + b"\r\n", b"x" * 1500 + b"\r\n"),
        "a NUL": (HEAD + b"\r\na\0b\r\n", b"a\0b\r\n"),
        "8 bits": (HEAD + b"\r\nJ\xc3\xb6rg\r\n", "Jörg\r\n".encode()),
        "Latin-1": (HEAD + b"\r\nJ\xf6rg\r\n", b"J\xf6rg\r\n"),
        "a dot": (HEAD.replace(b"\r\n", b"\n") + b"\n.\n..\nMAIL FROM:<x@example.org>\n", b".\r\n..\r\nMAIL FROM:<x@example.org>\r\n"),
        "an mbox From_ line": (b"From ann@example.org Mon Nov 23 08:00:00 2026\n" + HEAD.replace(b"\r\n", b"\n") + b"\na\n", b"a\r\n"),
        "no separator": (HEAD.replace(b"\r\n", b"\n") + b"a line of text\nx: y\n", b"a line of text\r\nx: y\r\n"),
    }
    for name, (message, body) in cases.items():
        r = lab.send("bob@example.org", stdin=message, server=SEVEN)
        if not check(r.status == 0 and len(r.messages) == 1, f"{name} goes", r):
            continue
        check(well_formed(r.messages[0]), f"{name}: well formed", r.messages[0])
        check(all(c < 128 for c in r.messages[0]), f"{name}: 7-bit where the server has no 8BITMIME", r.messages[0])
        same(r.parsed().get_payload(decode=True), body, f"{name}: the text is the same")
        same(r.parsed()["subject"], "hello", f"{name}: so is the header")
        same(r.parsed()["message-id"], "<1@example.org>", f"{name}: no second Message-ID")


def header():
    r = lab.send("bob@example.org", "--envelope-from", "ann@example.org", stdin=b"Subject: hi\n\nbody\n")
    m = r.parsed()
    check(m["date"] and m["message-id"] and m["from"], "Date, Message-ID and From are added", r.messages)
    check(m["mime-version"] is None, "and nothing that is not needed", r.messages)
    r = lab.send("bob@example.org", "--envelope-from", "ann@example.org", stdin=b"just text\n")
    check(r.messages and r.messages[0].endswith(b"\r\n\r\njust text\r\n") and r.parsed()["from"], "a message without header gets one",
          r.messages)
    r = lab.send("bob@example.org", stdin=HEAD + b"Bcc: secret@example.org,\r\n other@example.org\r\nResent-Bcc: x@example.org\r\n\r\n")
    check(b"secret" not in r.messages[0] and b"other" not in r.messages[0] and b"Resent" not in r.messages[0], "Bcc is removed",
          r.messages)
    r = lab.send("bob@example.org", stdin="From: Jörg <ann@example.org>\nSubject: Grüße\nMessage-ID: <a@b>\nDate: x\n\n".encode(),
                 server=SEVEN)
    check(r.parsed()["subject"] == "Grüße" and "Jörg" in r.parsed()["from"] and r.messages[0].isascii(), "raw UTF-8 in a header is encoded",
          r.messages)
    r = lab.send("bob@example.org", stdin=b"Subject: " + b"word " * 400 + b"\n\n")
    check(well_formed(r.messages[0]) and r.parsed()["subject"] == ("word " * 400).strip(), "a long header is folded", r.messages)
    r = lab.send("bob@example.org", stdin=b"Subject: hi\rBcc: evil@example.org\n\nx\n")
    check(b"\r\nBcc" not in r.messages[0] and b"evil" in r.messages[0], "a CR in a header begins no field", r.messages)
    for to in (b"a@example.org\n RCPT TO:<evil@example.org>", b"a@example.org\rRCPT TO:<evil@example.org>", b"A\x01n <a@example.org>"):
        r = lab.send("-t", stdin=b"From: ann@example.org\nTo: " + to + b"\nSubject: x\n\nbody\n")
        check(r.status == 65 and not r.messages, "-t: no address is found behind a line break or a control", to, r)


def signed():
    seal = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from:subject:date; bh=x; b=y\r\n"
    parts = (b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b\r\n"
             b"Content-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n")
    for name, message, line in (("DKIM", seal + HEAD + b"\r\nJ\xc3\xb6rg\r\n", "line 8"),
                                ("DKIM, a long line", seal + HEAD + b"\r\n" + b"x" * 1000 + b"\r\n", "line 8"),
                                ("multipart/signed", HEAD + parts % b"J\xc3\xb6rg", "line 11")):
        r = lab.send("bob@example.org", stdin=message, server=SEVEN)
        check(r.status == 65 and not r.messages and line in r.err, f"{name}: refused with the line", r)
        r = lab.send("bob@example.org", stdin=message.replace(b"\xc3\xb6", b"oe").replace(b"x" * 1000, b"x"), server=SEVEN)
        same(r.messages, [message.replace(b"\xc3\xb6", b"oe").replace(b"x" * 1000, b"x")], f"{name}: untouched when clean")
    r = lab.send("bob@example.org", stdin=(seal + HEAD + b"\r\nx\r\n").replace(b"\r\n", b"\n"))
    same(r.messages, [seal + HEAD + b"\r\nx\r\n"], "LF is no change to what is signed")


def parts():
    message = HEAD + ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n--b\r\n"
                      "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n\r\nÄrger\r\n--b\r\n"
                      "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode()
    picture = b"QUJD" * 400
    message += picture + b"\r\n--b--\r\n"
    r = lab.send("bob@example.org", stdin=message, server=SEVEN)
    if not check(r.status == 0 and well_formed(r.messages[0]) and r.messages[0].isascii(), "parts are mended one by one", r):
        return
    text, inner, image = r.parsed().iter_parts()
    same(text.get_content(), "Grüße", "the text")
    same(inner.get_content()["subject"], "inner", "the message inside")
    same(inner.get_content().get_content().strip(), "Ärger", "its text")
    same(image.get_content(), b"ABC" * 400, "the long base64 line")


def big():
    line = b"0123456789abcdef" * 4 + b"\n"
    body = line * (30 << 14)  # 30 MiB
    r = lab.send("bob@example.org", stdin=HEAD.replace(b"\r\n", b"\n") + b"\n" + body)
    check(r.status == 0 and r.messages[0] == HEAD + b"\r\n" + body.replace(b"\n", b"\r\n"), "30 MB from a pipe", r.err)
    path = lab.path("big.eml", HEAD + b"\r\n" + body)
    usage = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdin=open(%r));" \
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)" % path
    if os.environ.get("SANITIZERS", "no") not in ("", "no"):
        skip("memory", "under a sanitizer")
        return
    if EMULATED:
        skip("memory", "the emulator's is counted")
        return
    url = lab.serve()
    used = subprocess.run([sys.executable, "-c", usage, TOOL, "--smtp", url, "bob@example.org"], stdout=subprocess.PIPE, env=lab.env)
    lab.collect()
    check(int(used.stdout) < 16 << 10, "in constant memory", used.stdout)


def recipients():
    message = (b"From: ann@example.org\nTo: Friends: \"Quoted, Name\" <a@example.org>, b@example.org (a, comment);,\n"
               b" \"odd@local\"@example.org\nCc: undisclosed-recipients:;\nBcc: =?utf-8?q?J=C3=B6rg?= <d@example.org>, A@example.org\n\nx\n")
    r = lab.send("-t", stdin=message)
    same(r.status, 0, "-t")
    same(r.meta[0]["rcpts"], ["a@example.org", "b@example.org", '"odd@local"@example.org', "d@example.org"],
         "groups, comments, quoted local parts, folding, duplicates")
    check(b"Bcc" not in r.messages[0], "and Bcc is gone", r.messages)
    r = lab.send("-t", stdin=b"Resent-From: x@example.org\nResent-To: new@example.org\nResent-Bcc: hidden@example.org\n"
                             b"From: ann@example.org\nTo: old@example.org\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nMessage-ID: <a@b>\n\nx\n")
    same(r.meta[0]["rcpts"], ["new@example.org", "hidden@example.org"], "a resent message goes where it is resent to")
    same(r.meta[0]["from"], "x@example.org", "from who resends it")
    r = lab.send("-t", stdin="From: ann@example.org\nTo: =?gb2312?B?1dTI/Q==?= <a@example.org>, Jörg <b@example.org>\n\nx\n".encode())
    same(r.parsed()["to"], "赵三 <a@example.org>, Jörg <b@example.org>", "a repaired field keeps names in another charset")
    r = lab.send("-t", stdin=b"From: ann@example.org\nTo: a@example.org, @@broken\n\nx\n")
    check(r.status == 1 and "line 2" in r.err and len(r.messages) == 1, "a broken address is named, the others are served", r)
    r = lab.send("-t", "--all-or-nothing", stdin=b"From: ann@example.org\nTo: a@example.org, @@broken\n\nx\n")
    check(r.status == 65 and "line 2" in r.err and not r.messages, "and nobody with --all-or-nothing", r)
    r = lab.send("-t", stdin=b"From: ann@example.org\n\nx\n")
    same(r.status, 65, "nobody to send to")
    r = lab.send("--", "-odd@example.org")
    same(r.meta[0]["rcpts"], ["-odd@example.org"], "an address may begin with a hyphen")
    r = lab.send("--envelope-from", "<>", "bob@example.org")
    same(r.meta[0]["from"], "", "the empty sender")


for part in (clean, mended, header, signed, parts, big, recipients):
    attempt(part)
lab.done()
