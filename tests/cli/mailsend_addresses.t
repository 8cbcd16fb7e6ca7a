#!/usr/bin/env python3
"""Addresses outside ASCII: the four cells of domain or local part, with and without SMTPUTF8; and what qualifies local names."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, Lab, attempt, check, same  # noqa: E402

lab = Lab()
WITH = ["--ext", "PIPELINING,8BITMIME,SMTPUTF8"]
WITHOUT = ["--ext", "PIPELINING,8BITMIME"]
DOMAIN, LOCAL = "user@bücher.example", "用户@例え.jp"


def cells():
    for ext in (WITH, WITHOUT):
        r = lab.send(DOMAIN, server=ext)
        same((r.status, r.meta[0]["rcpts"]), (0, ["user@xn--bcher-kva.example"]), "a domain outside ASCII goes as A-labels")
        check("SMTPUTF8" not in r.meta[0]["mail_args"], "and asks for nothing", r.meta)
    r = lab.send(LOCAL, server=WITH)
    check(r.status == 0 and r.meta[0]["rcpts"] == [LOCAL] and "SMTPUTF8" in r.meta[0]["mail_args"], "a local part needs SMTPUTF8", r)
    r = lab.send(LOCAL, "bob@example.org", "--report=json", server=WITHOUT)
    same((r.status, r.meta[0]["rcpts"]), (1, ["bob@example.org"]), "without it that recipient alone is refused")
    report = r.report()["recipients"]
    check(report[0]["enhanced"] == "5.6.7" and "SMTPUTF8" in r.err, "and is told why", r)
    r = lab.send(LOCAL, server=WITHOUT)
    check(r.status == 67 and not r.messages, "alone it is status 67", r)
    r = lab.send(LOCAL, "bob@example.org", server=WITH)
    same([(m["rcpts"], "SMTPUTF8" in m["mail_args"]) for m in r.meta], [([LOCAL], True), (["bob@example.org"], False)],
         "others do not depend on it")
    r = lab.send("bob@example.org", server=WITH)
    check("SMTPUTF8" not in r.meta[0]["mail_args"], "nor is it asked for without need", r.meta)


def headers():
    r = lab.send("-f", "ann@bücher.example", "-s", "x", "-b", "y", f"Jörg <{DOMAIN}>", server=WITHOUT)
    check(r.messages[0].isascii() and "xn--bcher-kva" in r.parsed()["to"], "headers have A-labels", r.messages)
    r = lab.send("-f", "ann@example.org", "-s", "x", "-b", "y", LOCAL, server=WITH)
    check(LOCAL.encode() in r.messages[0] and "SMTPUTF8" in r.meta[0]["mail_args"], "a header may need SMTPUTF8", r.messages)
    r = lab.send("-f", "ann@example.org", "-s", "x", "-b", "y", LOCAL, "bob@example.org", server=WITHOUT)
    check(r.status == 1 and r.messages[0].isascii() and "bob@example.org" in r.parsed()["to"], "without it the others get a header in ASCII", r)
    r = lab.send("-f", "用户@example.org", "-s", "x", "-b", "y", "bob@example.org", server=WITHOUT)
    check(r.status == 69 and not r.messages and "SMTPUTF8" in r.err, "a sender that needs it is refused", r)
    r = lab.send("-t", stdin=f"From: ann@example.org\nTo: {DOMAIN}\nSubject: s\n\nx\n".encode(), server=WITHOUT)
    check(r.status == 0 and r.messages[0].isascii() and r.meta[0]["rcpts"] == ["user@xn--bcher-kva.example"], "-t with a raw domain", r)


def local_names():
    r = lab.send("root", "bob@example.org")
    same(r.meta[0]["rcpts"], ["root@example.org", "bob@example.org"], "a local name gets the sender's domain")
    aliases = lab.path("aliases", "# comment\nroot: admin@example.com, ops\nops: ops@example.net # more\ndefault: post@example.com\n")
    r = lab.send("root", "somebody", "--aliases", aliases)
    same(r.meta[0]["rcpts"], ["admin@example.com", "ops@example.net", "post@example.com"], "--aliases")
    lab.path("config/pipemail/config", f"aliases = {aliases}\n")
    r = lab.send("root")
    same(r.meta[0]["rcpts"], ["admin@example.com", "ops@example.net"], "aliases as a key of the configuration")
    os.unlink(lab.path("config/pipemail/config"))
    r = lab.send("loop", "--aliases", lab.path("loop", "loop: loop\n"))
    same(r.meta[0]["rcpts"], ["loop@example.org"], "an alias of itself is a name")
    for bad in ("a@b@c", "a@-x.example", "@example.org", "a@", "a b@example.org", "a..b@example.org", "<a@example.org", "a@example.org\0"):
        if "\0" in bad:
            continue
        r = lab.send(bad)
        check(r.status == 64 and not r.commands(), f"{bad!r} is refused", r)
    r = lab.send('"odd name"@example.org', "a@[192.0.2.1]", "Display <d@example.org>, e@example.org")
    same(r.meta[0]["rcpts"], ['"odd name"@example.org', "a@[192.0.2.1]", "d@example.org", "e@example.org"], "what is allowed goes")


def from_configuration():
    lab.path("config/pipemail/config", "from = alerts@example.net\n")
    r = lab.send("bob@example.org", stdin=CLEAN.replace(b"From: Ann <ann@example.org>", b"From: root (Cron Daemon)"))
    check(r.meta[0]["from"] == "alerts@example.net" and "alerts@example.net" in r.parsed()["from"] and "Cron Daemon" in r.parsed()["from"],
          "`from` stands for local users", r, r.messages)
    lab.path("config/pipemail/config", "from = %U+cron@example.net\n")
    r = lab.send("bob@example.org", stdin=CLEAN.replace(b"From: Ann <ann@example.org>", b"From: www"))
    check(r.meta[0]["from"] == "www+cron@example.net", "%U in it is the local user", r, r.meta)


for part in (cells, headers, local_names, from_configuration):
    attempt(part)
lab.done()
