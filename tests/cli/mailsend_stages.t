#!/usr/bin/env python3
"""Refusals at each stage: what they mean in the report, the exit status, and what a person is told to do."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import Lab, attempt, check, same  # noqa: E402

lab = Lab()
CASES = [
    ("connect 554 5.7.1 Your IP is on a blocklist", 69, "reputation", "greeting", "blocklist"),
    ("connect 421 4.3.2 Later", 75, "server", "greeting", "try again later"),
    ("MAIL 530 5.7.0 Authentication required", 77, "login", "mail", "--user"),
    ("MAIL 553 5.1.8 Domain of sender address does not exist", 69, "sender", "mail", "not the recipient"),
    ("MAIL 550 5.1.1 User unknown", 69, "sender", "mail", "not the recipient"),
    ("MAIL 552 5.3.4 Message size exceeds fixed limit", 69, "size", "mail", "too large"),
    ("RCPT 550 5.1.1 User unknown", 67, "no-mailbox", "rcpt", "no such mailbox"),
    ("RCPT 554 5.7.1 Relay access denied", 69, "login", "rcpt", "log in"),
    ("RCPT 550 5.1.2 Host unknown", 67, "no-domain", "rcpt", "domain"),
    ("RCPT 452 4.2.2 Mailbox full", 75, "full", "rcpt", "full"),
    ("RCPT 550 5.7.1 Client host blocked using zen.blocklist.example", 69, "reputation", "rcpt", "blocklist"),
    ("RCPT 550 what is this", 67, "unknown", "rcpt", None),
    ("DATA 451 4.5.1 Not now", 75, "server", "data", None),
    ("dot 550 5.7.26 This mail is unauthenticated", 69, "sender", "content", "DKIM"),
    ("dot 550 5.7.1 Looks like spam", 69, "content", "content", "filter"),
    ("dot 454 Throttling failure: Maximum sending rate exceeded", 75, "rate", "content", "more slowly"),
]


def stages():
    for rule, status, reason, stage, advice in CASES:
        r = lab.send("bob@example.org", "--report=json", server=["-r", rule])
        rcpt = r.report()["recipients"][0]
        same(r.status, status, f"{rule}: {status}")
        same((rcpt["reason"], rcpt["stage"]), (reason, stage), f"{rule}: {reason} at {stage}")
        check(advice is None or advice in r.err, f"{rule}: what to do is said", r)
        r = lab.send("bob@example.org", "--report=json")
        rcpt = r.report()["recipients"][0]
        check(r.status == 0 and len(r.messages) == 1 and rcpt["reason"] is None and rcpt["stage"] is None, "mended it is sent", r)


def several():
    r = lab.send("a@example.org", "b@example.org", "c@example.org", "--report=json",
                 server=["-r", "RCPT:a@ 550 5.1.1 User unknown", "-r", "RCPT:b@ 550 5.1.1 User unknown"])
    same([p["reason"] for p in r.report()["recipients"]], ["no-mailbox", "no-mailbox", None], "each recipient has its reason")
    same(r.err.count("no such mailbox"), 1, "the same advice is given once")
    r = lab.send("a@example.org", "b@example.org", "--report=json", server=["-r", "dot 550 5.1.1 User unknown"])
    same([p["reason"] for p in r.report()["recipients"]], ["unknown", "unknown"], "a reply to a message for two is about neither")
    r = lab.send("a@example.org", "b@example.org", server=["-r", "RCPT:a@ 550 5.1.1 User unknown", "-r", "RCPT:b@ 550 5.7.1 Relaying denied"])
    same(r.status, 69, "refused because of us, if only in part: 69")


attempt(stages)
attempt(several)
lab.done()
