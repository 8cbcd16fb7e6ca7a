#!/usr/bin/env python3
"""Refusals at each stage of a session: what is about us is never booked against a recipient. When it is mended, the same
journal sends to everybody, once."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailbulk_kit import BUILD, Server, Work, attempt, check, done  # noqa: E402

HEADER = "email,status,code,enhanced,reply,attempts,message_id,relay,time,reason,stage,row,key"
QUICK = ("--retries", "0", "--connections", "1")

# what the server does, status, reason and stage of the rows that were tried ("": no server's word about a row)
OURS = [
    ("connect 554 5.3.2 No service", 69, "", ""),
    ("EHLO 550 5.7.1 Go away\nHELO 550 5.7.1 Go away", 69, "", ""),
    ("MAIL 530 5.7.0 Authentication required", 77, "login", "mail"),
    ("MAIL 553 5.1.8 Domain of sender address does not exist", 69, "sender", "mail"),
    ("MAIL 550 5.1.1 User unknown", 69, "sender", "mail"),
    ("MAIL 550 5.1.2 example.org does not exist", 69, "sender", "mail"),
    ("MAIL 550 5.4.5 Daily sending quota exceeded", 75, "rate", "mail"),
    ("MAIL 550 5.7.1 Client host blocked using zen.blocklist.example", 75, "reputation", "mail"),
    ("MAIL 451 4.3.0 Later", 75, "server", "mail"),
    ("RCPT 530 5.7.0 Must issue a STARTTLS command first", 77, "login", "rcpt"),
    ("RCPT 554 5.7.1 Relay access denied", 69, "login", "rcpt"),
    ("RCPT 553 5.7.1 Sender address rejected: not owned by user", 69, "sender", "rcpt"),
    ("RCPT 550 5.7.1 Service unavailable, client [192.0.2.1] blocked using dnsbl.example", 75, "reputation", "rcpt"),
    ("RCPT 550 5.4.5 Daily user sending limit exceeded", 75, "rate", "rcpt"),
    ("RCPT 550 5.3.0 LDAP server is down", 75, "server", "rcpt"),
    ("RCPT 450 4.7.1 Greylisted", 75, "delay", "rcpt"),
    ("DATA 554 5.7.1 Sender rejected", 69, "sender", "data"),
    ("dot 550 5.7.26 This mail is unauthenticated", 69, "sender", "content"),
    ("dot 550 5.6.0 bare LF received", 69, "format", "content"),
    ("dot 454 Throttling failure: Maximum sending rate exceeded", 75, "rate", "content"),
    ("dot 550 5.7.1 Your IP is listed", 75, "reputation", "content"),
    ("dot 554 Transaction failed", 75, "unknown", "content"),
]


def ours():
    for rule, status, reason, stage in OURS:
        with Work(rows=5) as work:
            with Server(work, *[w for one in rule.split("\n") for w in ("-r", one)], name="bad") as server:
                r = work.send(server, *QUICK)
                check(r.status == status, f"{rule}: {status}", str(r.status), r.said, r.out)
                check(r.count("refused") == 0, f"{rule}: nobody is refused", r.out)
                tried = [(x["reason"], x["stage"]) for x in r.rows if x["code"]]
                check(set(tried) == ({(reason, stage)} if reason else set()), f"{rule}: {reason} at {stage}", r.out)
                check(not server.messages(), f"{rule}: and nothing was taken")
            with Server(work, name="good") as server:
                again = work.send(server)
                server.quiet()
                check(again.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1),
                      f"{rule}: mended, everybody has it once", again.said, str(server.taken()))


def login():
    rule = ("--auth", "PLAIN", "--auth-plain-text", "--user", "ann:right")
    with Work(rows=3) as work:
        work.write("wrong", "wrong\n")
        work.write("right", "right\n")
        for name, status, sent in (("wrong", 77, 0), ("right", 0, 3)):
            os.chmod(work.file(name), 0o600)
            with Server(work, *rule, name=name + ".box") as server:
                r = work.send(server, "--tls=off", "--user", "ann", "--password-file", work.file(name))
                check(r.status == status and r.count("sent") == sent and r.count("refused") == 0,
                      f"a {name} password: {status}", str(r.status), r.said, r.out)


def theirs():
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user1@ 550 5.1.1 User unknown", "-r", "RCPT:user2@ 550 5.7.1 Relay access denied") as server:
        r = work.send(server, *QUICK)
        check(r.out.splitlines()[0] == HEADER, "the columns", r.out)
        one, two = r.by["user1@example.net"], r.by["user2@example.net"]
        check((one["status"], one["reason"], one["stage"], one["row"]) == ("refused", "no-mailbox", "rcpt", "2"), "a missing mailbox is refused", r.out)
        check(two["status"] == "deferred" and r.count("sent") == 2 and r.status == 69, "one of many that cannot be relayed is left: 69", str(r.status), r.out)
        check("log in" in r.said, "and it is said what to do", r.said)
        with open(work.journal) as f:
            text = f.read()
        check("\tno-mailbox\trcpt\t" in text, "the journal has reason and stage", text)
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user1@ 550 5.1.1 User unknown") as server:
        work.send(server)
        with open(work.journal) as f:
            whole = f.read().splitlines()
        # A journal of the former version: no reason and stage behind the reply. Its records carry a CRC, so none is made up:
        # rows end where the reply does.
        check(all(line.count("\t") >= 4 for line in whole), "records are lines with tabs")
        r = work.send(server)
        server.quiet()
        check(r.status == 1 and r.count("skipped") == 4, "refused and sent rows stay so", str(r.status), r.out)


def batch():
    with Work("From: News <news@example.org>\nTo: list@example.org\nSubject: x\n\nThe same for all.\n", rows=30) as work, \
            Server(work, "--ext", "PIPELINING,8BITMIME,ENHANCEDSTATUSCODES,LIMITS RCPTMAX=100", "-r", "RCPT@11-30 552 5.5.3 Too many recipients") as server:
        r = work.send(server, "--connections", "1")
        server.quiet()
        check(r.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1), "too many recipients: the others go in further messages",
              r.said, r.out[:2000])


def content():
    with Work(rows=60) as work, Server(work, "-r", "dot 550 5.7.1 Message looks like spam") as server:
        r = work.send(server, *QUICK)
        check(r.status == 69 and 20 <= r.count("refused") < 60, "twenty messages that a filter refuses stop the run", str(r.status), r.said)
    with Work(rows=200) as work, Server(work, "-r", "RCPT 550 5.1.1 User unknown") as server:
        r = work.send(server, "-j", "2")
        check(r.status == 69 and 100 <= r.count("refused") < 200, "when everybody is refused it is not the recipients", r.said)


def into_listscrub():
    scrub = os.path.join(BUILD, "listscrub")
    rows = [
        # what an old version wrote: no stage
        ("a@x.example", "refused", "550", "5.1.2", "us.example does not exist", "", ""),
        ("b@x.example", "refused", "550", "5.1.1", "User unknown", "", ""),
        ("c@x.example", "refused", "530", "5.7.0", "Authentication required", "", ""),
    ]
    old = "email,status,code,enhanced,reply,attempts,message_id,relay,time\n" + "".join(
        f"{e},{s},{c},{n},{t},1,,relay,2026-11-01T00:00:00Z\n" for e, s, c, n, t, _, _ in rows)
    new = HEADER + "\n" + "".join(f"{e},{s},{c},{n},{t},1,,relay,2026-11-01T00:00:00Z,{r},{g},1,\n" for e, s, c, n, t, r, g in [
        ("a@x.example", "refused", "550", "5.1.1", "User unknown", "sender", "mail"),
        ("b@x.example", "refused", "550", "5.1.1", "whatever", "no-mailbox", "rcpt"),
        ("c@x.example", "deferred", "450", "4.1.1", "User unknown", "no-mailbox", "rcpt"),
        ("d@x.example", "refused", "550", "5.7.1", "spam", "content", "content"),
        ("e@x.example", "deferred", "", "", "the run ended", "", ""),
    ])
    for name, text in (("old", old), ("new", new)):
        with Work(rows=1) as work:
            path = work.write("results.csv", text)
            out = subprocess.run([scrub, "--bounces", path, "--print-suppressed"], capture_output=True, text=True, timeout=60)
            check([line.split(",")[0] for line in out.stdout.splitlines()[1:]] == ["b@x.example"],
                  f"{name} results: only who is gone is suppressed", out.stdout, out.stderr)
            out = subprocess.run([scrub, "--bounces", path, "--soft-limit", "1", "--print-suppressed"], capture_output=True, text=True, timeout=60)
            soft = {"old": ["a@x.example", "b@x.example"], "new": ["b@x.example", "c@x.example"]}[name]
            check([line.split(",")[0] for line in out.stdout.splitlines()[1:]] == soft, f"{name} results: what is ours is not counted", out.stdout)


for part in (ours, login, theirs, batch, content, into_listscrub):
    attempt(part)
done()
