#!/usr/bin/env python3
"""What mailsend makes of a server's words: who is served, who is named, and the exit status."""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, Lab, attempt, check, same  # noqa: E402

lab = Lab()
THREE = ["jones@example.org", "brown@example.org", "green@example.org"]
CHUNKING = ["--ext", "PIPELINING,CHUNKING,8BITMIME,ENHANCEDSTATUSCODES"]


def jones_brown_green():
    for name, ext in (("PIPELINING", []), ("nothing", ["--ext", ""]), ("CHUNKING", CHUNKING)):
        r = lab.send(*THREE, server=[*ext, "-r", "RCPT:brown@ 550 5.1.1 No such user"])
        same(r.status, 1, f"one of three refused is status 1 ({name})")
        check(len(r.meta) == 1 and r.meta[0]["rcpts"] == [THREE[0], THREE[2]], "the other two are served", r)
        check("brown@example.org: refused" in r.err and "550 5.1.1 No such user" in r.err, "the refused one is named", r)
        same(r.messages, [CLEAN], "the message is as it was")
    r = lab.send(*THREE, "--report=json", "--failed-to", lab.path("failed"), server=["-r", "RCPT:brown@ 450 4.2.0 Later"])
    report = r.report()
    same(r.status, 1, "one deferred is done in part")
    same([p["status"] for p in report["recipients"]], ["sent", "deferred", "sent"], "the report tells each")
    same(report["recipients"][1]["enhanced"], "4.2.0", "with the enhanced code")
    same(open(lab.path("failed")).read(), "brown@example.org\n", "--failed-to names who to try again")
    r = lab.send(*THREE, "--all-or-nothing", server=["-r", "RCPT:brown@ 550 5.1.1 No such user"])
    check(r.status == 67 and not r.messages, "--all-or-nothing sends nothing", r)
    r = lab.send(*THREE, "--all-or-nothing", server=[*CHUNKING, "-r", "RCPT:brown@ 450 4.1.1 Later"])
    check(r.status == 75 and not r.messages, "nor with CHUNKING", r)
    r = lab.send(*THREE, "--all-or-nothing")
    check(r.status == 0 and len(r.meta[0]["rcpts"]) == 3, "and all when all are taken", r)


def statuses():
    cases = [
        ("all refused", "RCPT 550 5.1.1 No", 67), ("all deferred", "RCPT 450 4.2.0 Later", 75),
        ("greeting 554", "connect 554 5.3.2 No service", 69), ("greeting 421", "connect 421 4.3.2 Later", 75),
        ("MAIL 550", "MAIL 550 5.7.1 Not you", 69), ("MAIL 451", "MAIL 451 4.3.0 Later", 75),
        ("DATA 554", "DATA 554 5.5.1 No", 69), ("DATA 451", "DATA 451 4.5.1 Later", 75),
        ("dot 554", "dot 554 5.6.0 Spam", 69), ("dot 451", "dot 451 4.3.0 Later", 75), ("dot 552", "dot 552 5.2.2 Full", 69),
        ("421 at MAIL", "MAIL 421 4.3.2 Closing; drop", 75), ("421 at RCPT", "RCPT 421 4.3.2 Closing; drop", 75),
        ("drop at the greeting", "connect drop", 75), ("drop at EHLO", "EHLO drop", 75), ("drop at MAIL", "MAIL drop", 75),
        ("drop at RCPT", "RCPT drop", 75), ("drop at DATA", "DATA drop", 75), ("reset at RCPT", "RCPT reset", 75),
        ("drop after the dot", "dot drop", 79), ("reset after the dot", "dot reset", 79),
        ("garbage for a greeting", 'connect raw "hello\\r\\n"', 76), ("garbage after RCPT", 'RCPT raw "\\x00\\xff\\r\\n"', 76),
        ("endless greeting", 'connect raw "220-x\\r\\n*1"; raw "220-\\x41*5000\\r\\n"', 76),
        ("garbage for QUIT", 'QUIT raw "garbage\\r\\n"', 0), ("no answer to QUIT", "QUIT stall", 0), ("drop at QUIT", "QUIT drop", 0),
        ("two greetings", 'connect raw "220 a\\r\\n220 b\\r\\n"', 76), ("two codes", 'EHLO raw "250-a\\r\\n550 b\\r\\n"', 76),
        ("a long line", 'RCPT raw "250 \\x41*10000\\r\\n"', 76), ("half a verdict", 'dot raw "25"; drop', 79),
        ("354 to MAIL", "MAIL 354 go", 76), ("250 to DATA", "DATA 250 ok", 76), ("EHLO refused", "EHLO 502 5.5.1 What", 0),
        ("stall at EHLO", "EHLO stall", 75), ("stall at MAIL", "MAIL stall", 75), ("stall at the dot", "dot stall", 79),
        ("dripping greeting", 'connect drip 0.2 "220 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"', 75),
    ]
    for name, rule, want in cases:
        r = lab.send("bob@example.org", "--timeout=0.7", "--report=json", server=["-r", rule])
        check(r.status == want, f"{name} is {want}", r)
        report = r.report()
        check(report["exit"] == want and len(report["recipients"]) == 1, "and the report has its shape", r.out)
        check(want == 0 or r.err.startswith("mailsend: "), "something is said", r)
    r = lab.send("bob@example.org", server=["-r", "RCPT 550 5.1.1 \x1b[31mred\x07"])
    check("\x1b" not in r.err and "red" in r.err, "nothing of a server's goes raw to a terminal", repr(r.err))
    r = lab.send("bob@example.org", server=["-r", "dot drop"])
    check("<1@example.org>" in r.err and "may have been delivered" in r.err, "an unknown outcome names the Message-ID", r)


def without_server():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        r = lab.tool("--smtp", f"smtp://127.0.0.1:{s.getsockname()[1]}", "a@example.org", stdin=CLEAN)
    check(r.returncode in (69, 75), "nobody listens", r.stderr, r.returncode)
    r = lab.tool("--smtp", "smtp://no-such-host.invalid", "a@example.org", stdin=CLEAN, timeout=100)
    check(r.returncode in (68, 75), "an unknown host", r.stderr, r.returncode)
    for args, want in ((["--nonsense"], 64), ([], 64), (["--smtp", "ftp://x", "a@example.org"], 64),
                       (["--smtp", "smtp://127.0.0.1:1", "not an address"], 64),
                       (["--smtp", "smtp://127.0.0.1:1", "a@exa\rmple.org"], 64),
                       (["--smtp", "smtp://127.0.0.1:1", "-s", "x\nBcc: e@example.org", "a@example.org"], 64),
                       (["--smtp", "smtp://127.0.0.1:1", "-s", "x", "-a", "/no/such/file", "a@example.org"], 66)):
        r = lab.tool(*args, stdin=CLEAN)
        check(r.returncode == want and r.stderr, f"{args} is {want}", r.returncode, r.stderr.decode())


def limits():
    r = lab.send("bob@example.org", server=["--ext", "PIPELINING,SIZE 50"])
    check(r.status == 69 and not any(c.startswith("DATA") for c in r.commands()), "SIZE is checked before uploading", r)
    many = [f"user{i}@example.org" for i in range(230)]
    r = lab.send(*many)
    check(r.status == 0 and [len(m["rcpts"]) for m in r.meta] == [100, 100, 30], "230 recipients are three transactions", r.err)
    r = lab.send(*many[:7], server=["--ext", "PIPELINING,LIMITS RCPTMAX=3"])
    check(r.status == 0 and [len(m["rcpts"]) for m in r.meta] == [3, 3, 1], "LIMITS RCPTMAX is kept", r)
    r = lab.send("a@example.org", "A@EXAMPLE.ORG", "a@example.org")
    check(len(r.meta[0]["rcpts"]) == 1, "nobody gets it twice", r.meta)
    r = lab.send("bob@example.org", "--deadline=1", server=["-r", "MAIL stall"])
    check(r.status == 75, "--deadline ends the run", r)


def flights():
    r = lab.send("bob@example.org")
    check(r.status == 0 and r.flights() == 3, "three flights with PIPELINING", [e for e in r.events if e["event"] == "flight"])
    r = lab.send("bob@example.org", server=CHUNKING)
    check(r.status == 0 and r.flights() <= 3, "no more with CHUNKING", r)
    r = lab.send("bob@example.org", server=[*CHUNKING, "-r", "connect 220 mx.example ESMTP Postfix"])
    check(r.status == 0 and r.flights() == 2 and any(c.startswith("BDAT") for c in r.commands()), "two where CHUNKING is trusted", r)


def lmtp():
    r = lab.send(*THREE, server=["--lmtp", "-r", "dot:brown@ 552 5.2.2 Full"])
    check(r.status == 1 and "brown@example.org: refused" in r.err and "552 5.2.2 Full" in r.err, "LMTP has a verdict each", r)
    path = lab.path("socket")
    lab.serve("--lmtp", "--socket", path)
    r = lab.tool("--smtp", "lmtp://" + path, "bob", stdin=CLEAN)
    messages, meta, _ = lab.collect()
    check(r.returncode == 0 and messages == [CLEAN] and meta[0]["rcpts"] == ["bob"], "LMTP over a Unix socket, to a local user", r)


for part in (jones_brown_green, statuses, without_server, limits, flights, lmtp):
    attempt(part)
lab.done()
