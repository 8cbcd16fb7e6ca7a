#!/usr/bin/env python3
"""Composing: what is put together is what another parser reads, and --dry-run shows the octets that would leave."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import Lab, attempt, check, same  # noqa: E402

lab = Lab()
FROM = ["-f", "Ann <ann@example.org>"]
TO = ["bob@example.org"]
CLOCK = {"SOURCE_DATE_EPOCH": "1790000000"}


def content(part):
    return part.get_content().replace("\r\n", "\n")


def leaf(message, kind):
    return next(p for p in message.walk() if p.get_content_type() == kind)


def text():
    r = lab.send(*FROM, "-s", "Grüße aus 東京 " * 9, "--cc", "Jörg Müller <cc@example.org>, d@example.org", "--bcc", "e@example.org",
                 "--reply-to", "r@example.org", "-H", "X-Job: backup", *TO, stdin="Zeile\nJörg\n".encode())
    m = r.parsed()
    same(r.status, 0, "a text message")
    same(r.meta[0]["rcpts"], ["cc@example.org", "d@example.org", "e@example.org", "bob@example.org"][3:] +
         ["cc@example.org", "d@example.org", "e@example.org"], "its recipients")
    same(m["subject"], ("Grüße aus 東京 " * 9).strip(), "its subject")
    same(m["cc"], "Jörg Müller <cc@example.org>, d@example.org", "its Cc")
    same((m["to"], m["from"], m["reply-to"], m["x-job"]), ("bob@example.org", "Ann <ann@example.org>", "r@example.org", "backup"),
         "its other fields")
    check(m["bcc"] is None and not re.search(rb"(?<!\w)e@example", r.messages[0]), "no Bcc", r.messages)
    same(content(m), "Zeile\nJörg\n", "its text")
    check(m["date"] and m["message-id"].endswith("@example.org>"), "Date and Message-ID", r.messages)
    check(r.messages[0].isascii() and max(map(len, r.messages[0].split(b"\r\n"))) <= 78, "7-bit, short lines", r.messages)
    for name, body in (("ASCII", b"plain\n"), ("without line end", b"plain"), ("empty", b""), ("long line", b"x" * 3000 + b"\n"),
                       ("CRLF", b"a\r\nb\r\n"), ("dots", b".\n..\n.a\n"), ("From", b"From here\n"), ("blanks", b"a \nb\t\n"),
                       ("Japanese", "日本語\n".encode() * 50), ("NUL", b"a\0b\n"), ("big", b"line of text, long enough\n" * 60000)):
        r = lab.send(*FROM, "-s", "x", *TO, stdin=body)
        want = body.replace(b"\r\n", b"\n")
        got = r.parsed().get_payload(decode=True).replace(b"\r\n", b"\n")
        check(r.status == 0 and got in (want, want + b"\n"), f"a body: {name}", got[:100], want[:100], r.err)
    r = lab.send(*FROM, "-s", "x", *TO, stdin=b"From here\n\nFrom there\n>From\n")
    check(r.messages[0].endswith(b"\r\n\r\n=46rom here\r\n\r\n=46rom there\r\n>From\r\n"), "no mbox changes a text", r.messages)
    r = lab.send(*FROM, "-s", "x", "-b", "<not a file\n@nor this", *TO)
    same(content(r.parsed()), "<not a file\n@nor this\n", "--body is the body, whatever it begins with")
    r = lab.send(*FROM, "-s", "x", *TO, stdin=b"caf\xe9\n")
    same(content(r.parsed()), "café\n", "Latin-1 is taken for what it is")


def html_and_files():
    html = lab.path("a.html", "<h1>Hallo</h1><p>Grüße <a href='https://example.org/x'>hier</a><img src='cid:pic'></p>")
    png = lab.path("pic.png", os.urandom(3000))
    note = lab.path("notes ü.txt", "ein\nwort\n")
    patch = lab.path("fix.patch", b"--- a\n+++ b\n")
    r = lab.send(*FROM, "-s", "all", "--html", html, "--inline", png + ",cid=pic", "-a", note,
                 "-a", png + ",type=application/x-thing,name=日本語.bin", "-a", patch, *TO, stdin=b"")
    m = r.parsed()
    same([p.get_content_type() for p in m.walk()],
         ["multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png", "text/plain",
          "application/x-thing", "text/x-patch"], "the structure")
    same(content(leaf(m, "text/plain")), "Hallo\n\nGrüße hier <https://example.org/x>\n", "a text is made of the HTML")
    check(leaf(m, "text/html").get_content() == open(html, encoding="utf-8").read(), "the HTML is whole")
    same(leaf(m, "image/png")["content-id"], "<pic>", "the picture's Content-ID")
    files = list(m.iter_attachments())[-3:]
    same([f.get_filename() for f in files], ["notes ü.txt", "日本語.bin", "fix.patch"], "names in any script")
    for part, path in zip(files, (note, png, patch)):
        same(part.get_payload(decode=True), open(path, "rb").read(), f"{os.path.basename(path)} is whole, to the octet")
    r = lab.send(*FROM, "-s", "x", "--html", html, *TO, stdin=b"my own text\n")
    same([p.get_content_type() for p in r.parsed().walk()], ["multipart/alternative", "text/plain", "text/html"], "text and HTML")
    same(content(leaf(r.parsed(), "text/plain")), "my own text\n", "the text is the one given")
    inner = lab.path("in.eml", "Subject: inner\n\nGr\n")
    r = lab.send(*FROM, "-s", "x", "-b", "see", "-a", inner, *TO)
    same(list(r.parsed().iter_attachments())[0].get_content()["subject"], "inner", "a message can be attached")
    big = lab.path("big.bin", os.urandom(1 << 20) * 8)
    r = lab.send(*FROM, "-s", "x", "-b", "see", "-a", big, *TO)
    same(list(r.parsed().iter_attachments())[0].get_content() == open(big, "rb").read(), True, "a file of 8 MiB")
    r = lab.send(*FROM, "-s", "x", "-b", "see", "-a", "/dev/null,name=nothing.bin", *TO)
    same(list(r.parsed().iter_attachments())[0].get_payload(decode=True), b"", "an empty file")


def dry_run():
    path = lab.path("data.bin", os.urandom(5000))
    args = [*FROM, "-s", "Grüße", "-b", "text", "-a", path, "--to", "bob@example.org, c@example.org"]
    first = lab.tool("--dry-run", *args, env=CLOCK)
    second = lab.tool("--dry-run", *args, env=CLOCK)
    check(first.returncode == 0 and first.stdout == second.stdout, "SOURCE_DATE_EPOCH: the same octets twice", first.stderr)
    check(b"Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n" in first.stdout, "and its date", first.stdout)
    r = lab.send("-t", stdin=first.stdout)
    same(r.messages, [first.stdout], "--dry-run | -t sends the same message")
    same(r.meta[0]["rcpts"], ["bob@example.org", "c@example.org"], "to the same people")
    r = lab.send(*args, env=CLOCK)
    same(r.messages, [first.stdout], "and without --dry-run it is the same")
    hidden = ["--dry-run", *FROM, "--envelope-from", "", "-s", "x", "-b", "y", "--bcc", "hidden@example.org", *TO]
    dry = lab.tool(*hidden)
    check(b"hidden" not in dry.stdout, "Bcc is not in the message", dry.stdout)
    same(dry.stderr.decode().splitlines(), [f"mailsend: would go from <> to <{a}>" for a in (TO[-1], "hidden@example.org")],
         "standard error says whom it would go to")
    same(lab.tool("--quiet", *hidden).stderr, b"", "and nothing with --quiet")


def header_option():
    r = lab.send(*FROM, "-H", "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "-H", "X-Raw: Grüße", "-H", "To: carol@example.org", "-b", "y", *TO)
    same((r.parsed()["subject"], r.parsed()["x-raw"]), ("Grüße", "Grüße"), "-H: encoded words are meant, raw text is encoded")
    same(sorted(r.meta[0]["rcpts"]), ["bob@example.org", "carol@example.org"], "-H 'To: …' is a recipient")
    r = lab.send(*FROM, "--to", "=?koi8-r?B?8NLJ18XU?= <bob@example.org>", "-s", "x", "-b", "y")
    same(r.parsed()["to"], "Привет <bob@example.org>", "a name in another charset is read")
    r = lab.send(*FROM, "-s", "=?UTF-8?Q?x?=", "-b", "y", *TO)
    check(r.messages[0].find(b"Subject: =?UTF-8?Q?x?=") < 0, "a subject is text, whatever it looks like", r.messages)


def refused():
    for args, want in (([*FROM, "-s", "a\rb", *TO], 64), ([*FROM, "-s", "a\nBcc: e@example.org", *TO], 64),
                       ([*FROM, "-H", "X: a\r\nBcc: e@example.org", *TO], 64), ([*FROM, "-H", "no colon", *TO], 64),
                       ([*FROM, "-H", "Bad Name: x", *TO], 64), ([*FROM, "-H", "Content-Type: text/html", *TO], 64),
                       (["-f", "ann@exam\rple.org", "-s", "x", *TO], 64), (["-f", "ann@example.org\nX: y", "-s", "x", *TO], 64),
                       ([*FROM, "-s", "x", "bob@example.org>\r\nRCPT TO:<e@example.org"], 64),
                       ([*FROM, "-s", "x", "--to", "bob@@example.org"], 64), ([*FROM, "-s", "x"], 64),
                       ([*FROM, "-s", "x", "-b", "y", "--body-file", "/dev/null", *TO], 64),
                       ([*FROM, "-s", "x", "--date", "03/04/2026", *TO], 64), ([*FROM, "-s", "x", "--message-id", "a b@c", *TO], 64),
                       ([*FROM, "-s", "x", "-a", "/no/such", *TO], 66), ([*FROM, "-s", "x", "-a", lab.home, *TO], 66),
                       ([*FROM, "-s", "x", "-a", "/dev/null,type=nonsense", *TO], 64), (["-t", "-s", "x"], 64),
                       ([*FROM, "-s", "x", "--dsn", "sometimes", *TO], 64), ([*FROM, "-s", "x", "--envid", "a b", *TO], 64)):
        r = lab.send(*args, stdin=b"body\n")
        check(r.status == want and not r.messages and not r.commands() and r.err, f"{args[-3:]} is {want}", r)


def extensions():
    r = lab.send(*FROM, "-s", "x", "-b", "y", "--dsn=success,failure", "--dsn-return=headers", "--envid=job 1".replace(" ", "+"), *TO)
    check("RET=HDRS" in r.meta[0]["mail_args"] and "ENVID=job+2B1" in r.meta[0]["mail_args"], "RET and ENVID", r.meta)
    same(r.meta[0]["rcpt_args"], ["NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.org"], "NOTIFY and ORCPT")
    r = lab.send("--envelope-from", "bounces+1@example.org", *FROM, "-s", "x", "-b", "y", *TO)
    same(r.meta[0]["from"], "bounces+1@example.org", "--envelope-from")
    r = lab.send("-s", "x", "-b", "y", *TO, env={"EMAIL": "Env <env@example.org>"})
    check(r.meta[0]["from"] == "env@example.org" and "Env" in r.parsed()["from"], "$EMAIL", r)


for part in (text, html_and_files, dry_run, header_option, refused, extensions):
    attempt(part)
lab.done()
