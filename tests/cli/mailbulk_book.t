#!/usr/bin/env python3
"""What mailbulk's journal holds besides who has the mail: shares, what --status tells, how much may become unknown, --max-bounce."""
import csv
import io
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
from mailbulk_kit import TOOL, Server, Work, attempt, check, done  # noqa: E402

FAST = ("--retry-pause", "0.01")
CHUNKING = ("--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix")


def shares():
    with Work(rows=30) as work, Server(work) as server:
        for k in (1, 2):
            work.journal = work.file(f"{k}.journal")
            r = work.send(server, "--shard", f"{k}/3")
            check(r.status == 0, f"share {k}/3", r.said)
        n = len(server.taken())
        for name, words, text in (("4.journal", ("--shard", "3/4"), "/3 of the same"), ("1.journal", ("--shard", "2/3"), "is of share 1/3"),
                                  ("1.journal", (), "is of share 1/3")):
            work.journal = work.file(name)
            r = work.send(server, *words)
            check(r.status == 65 and text in r.said and len(server.taken()) == n, f"{name} with {words}: refused, with the reason", r.status, r.said)
        work.journal = work.file("3.journal")
        r = work.send(server, "--shard", "3/3")
        check(r.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1), "the last share of three", r.said)
    with Work(rows=30) as work, Server(work) as server:
        work.journal = work.file("whole.journal")
        work.send(server, "--limit", "3")
        work.journal = work.file("1-of-2.journal")
        r = work.send(server, "--shard", "1/2")
        check(r.status == 0 and "whole.journal" in r.said and "warning" in r.said, "after a run over the whole list there is a warning", r.said)
        work.forget()
        work.write("list.csv", "email,name\n" + "".join(f"other{i}@example.net,U\n" for i in range(9)))
        r = work.send(server, "--shard", "1/2")
        check(r.status == 0, "another list is another campaign", r.said)
    with Work(rows=150) as work, Server(work) as server:
        r = work.send(server, "--shard", "1/3", transactional=False)
        check(r.status == 64 and "--unsubscribe" in r.said and not server.messages(), "whether a list is large does not depend on the share", r.said)


def status_of(work, *words):
    return subprocess.run([TOOL, "--status", work.journal, *words], capture_output=True, text=True, timeout=60, check=False)


def statuses():
    rules = ("-r", "RCPT:user1@ 550 5.1.1 No such user", "-r", "RCPT:user2@ 452 4.2.2 Full", "-r", "dot:user3@ drop")
    with Work(rows=6) as work, Server(work, *rules) as server:
        r = work.send(server, "-j", "1", "--retries", "0")
        with open(work.journal, "rb") as f:
            before = f.read()
        s = status_of(work)
        rows = {x["email"]: x for x in csv.DictReader(io.StringIO(s.stdout))}
        check(s.returncode == 0 and sorted(rows) == sorted(work.everybody), "--status tells each row", s.stdout, s.stderr)
        same = ("status", "code", "enhanced", "reply", "message_id", "reason", "stage", "key")
        for email in work.everybody:
            check(all(rows[email][k] == r.by[email][k] for k in same), f"{email}: as the run told it", str(rows[email]), str(r.by[email]))
        check("3 sent, 1 refused, 1 deferred, 1 unknown" in s.stderr and s.stdout.startswith("email,status,"), "and the numbers in words", s.stderr)
        with open(work.journal, "rb") as f:
            check(f.read() == before, "the journal is as it was")
        s = status_of(work, "--results", "jsonl", "--quiet")
        check(s.returncode == 0 and s.stdout.count("{") == 6 and not s.stderr, "as JSON lines, quietly", s.stdout, s.stderr)
        check(status_of(work, "t.eml").returncode == 64, "an operand beside it is refused")
        work.journal = work.file("none")
        s = status_of(work)
        check(s.returncode == 66 and not os.path.exists(work.journal), "no journal: 66", s.stderr)
        work.journal = work.list
        s = status_of(work)
        check(s.returncode == 65 and "not a journal" in s.stderr, "a list is not a journal: 65", s.stderr)
        with open(work.list, "rb") as f:
            before = f.read()
        r = work.send(server)
        with open(work.list, "rb") as f:
            check(r.status == 65 and "not a journal" in r.said and f.read() == before, "and is not written to as one", r.said)
    with Work(rows=300) as work, Server(work) as server:
        with open(work.list, "rb") as rows:
            p = subprocess.Popen([TOOL, "--send", "--transactional", "-j", "1", "--rate", "50/s", "--journal", work.journal, "--smtp", server.url,
                                  work.file("t.eml")], stdin=rows, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 20
        while len(server.taken()) < 5 and time.monotonic() < limit:
            time.sleep(0.01)
        s = status_of(work)
        p.send_signal(signal.SIGINT)
        p.wait()
        rows = list(csv.DictReader(io.StringIO(s.stdout)))
        check(s.returncode == 0 and sum(r["status"] == "sent" for r in rows) >= 4, "while a run has it open", s.stderr)
        check({r["reason"] for r in rows if r["status"] == "deferred"} <= {"not-tried"}, "who is reserved is not tried yet", s.stdout)


def bounded():
    for most in (1, 3, 64):
        with Work(rows=60) as work, Server(work, *CHUNKING, "-r", "BDAT@12- stall") as server:
            r = work.send(server, "-j", "1", "--timeout", "1", "--retries", "0", "--max-unknown", str(most), "--retry-for", "1s")
            n = r.count("unknown")
            n /= len(server.events("open"))
            check(0 < n <= most and r.count("sent") == 11, f"--max-unknown {most}: {n} are unknown when the connection breaks", r.status, r.said)
    template = "From: news@example.org\nTo: Readers <readers@example.org>\nSubject: Same for all\n\nHello.\n"
    with Work(template, rows=60) as work, Server(work, "-r", "dot@2- drop") as server:
        r = work.send(server, "-j", "1", "--max-unknown", "5", "--retry-for", "1s")
        check(0 < r.count("unknown") and max(len(e["rcpts"]) for e, _ in server.messages()) <= 5, "also where many share a message", r.said)
    with Work(rows=1) as work, Server(work) as server:
        for bad in ("0", "-1", "x", "10001"):
            check(work.send(server, f"--max-unknown={bad}").status == 64, f"--max-unknown={bad} is refused")


def misfit():
    """A reply too many, and each acceptance after BDAT is one of something else: what was taken for sent is unknown."""
    with Work(rows=60) as work:
        rules = ("-r", 'RCPT:user30@ raw "250 2.1.5 Ok\\r\\n"; usual', "-r", "BDAT@40 550 5.7.1 No")
        with Server(work, *CHUNKING, *rules) as server:
            r = work.send(server, "-j", "1", "--retries", "0", "--retry-for", "1s", "--max-unknown", "20")
            server.quiet()
            taken = server.taken()
        last = {e: x["status"] for e, x in r.by.items()}
        lost = [e for e in work.everybody if e not in taken]
        check(len(lost) == 1 and last[lost[0]] in ("refused", "unknown") and "are unknown" in r.said, "who did not get it is not taken for sent", str(lost), r.said)
        check(set(taken.values()) == {1} and len(last) == 60, "and nobody got it twice", str(taken))
        told = {}
        for x in r.rows:
            told.setdefault(x["email"], []).append(x["status"])
        changed = [e for e in told if told[e] == ["sent", "unknown"]]
        check(len(changed) == 20 and all(len(told[e]) == 1 for e in told if e not in changed), "as many as may be under way were told as sent, and then as unknown",
              str(told))
        sent = int(r.said.split(" sent, ")[0].rsplit(None, 1)[-1])
        check(r.status == 1 and sent == list(last.values()).count("sent"), "each counts once", r.status, r.said)
        rows = {x["email"]: x["status"] for x in csv.DictReader(io.StringIO(status_of(work).stdout))}
        check(rows == last, "and so it is in the journal", str(rows))


def bounces():
    rules = [w for i in range(0, 200, 10) for w in ("-r", f"RCPT:user{i}@ 550 5.1.1 No such user")]
    with Work(rows=200) as work, Server(work, *rules) as server:
        r = work.send(server, "-j", "2", "--max-bounce", "5%")
        check(r.status == 75 and "--max-bounce 5%" in r.said and 45 <= r.count("sent") <= 100 and len(r.rows) == 200,
              "--max-bounce stops the run when more do not exist", r.status, r.said, str(r.count("sent")))
        left = [x for x in r.rows if x["status"] == "deferred"]
        check(left and {x["reason"] for x in left} == {"not-tried"}, "who is left is not touched", str(left[:3]))
        r = work.send(server, "-j", "2", "--max-bounce", "50")
        check(r.status == 1 and server.taken() == {e: 1 for e in work.everybody if not e[4:-12].endswith("0")}, "with a higher one the rest is sent", r.said)
    with Work(rows=60) as work, Server(work, "-r", "RCPT:user59@ 550 5.1.1 No such user") as server:
        r = work.send(server, "-j", "1", "--max-bounce", "0.5%")
        check(r.status == 1 and r.count("sent") == 59, "a run that is at its end anyway has nothing to stop", r.status, r.said)
        for bad in ("", "x", "0", "101%", "5.001", "-5%", "5%%", "."):
            check(work.send(server, f"--max-bounce={bad}").status == 64, f"--max-bounce={bad} is refused")


def domain_rates():
    def times(server, domain):
        """When each RCPT at the domain came, in seconds."""
        return [e["t"] for e in server.events("command") if e["line"].startswith("RCPT") and domain in e["line"]]

    def gaps(found):
        return [round(b - a, 2) for a, b in zip(found, found[1:])]

    with Work(rows=0) as work, Server(work, "-r", "RCPT:u1@@1 450 4.2.0 Greylisted", "-r", "RCPT:u2@@1 450 4.2.0 Greylisted") as server:
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@slow.example,U\n" for i in range(5)))
        r = work.send(server, "--domain-rate", "slow.example=5/s", *FAST)
        server.quiet()
        found = gaps(times(server, "slow.example"))
        check(r.status == 0 and len(found) == 6 and min(found) >= 0.14, f"--domain-rate holds for retries too ({found})", r.said)
    with Work(rows=0) as work, Server(work, "-r", "MAIL@2-3 421 4.3.2 Too many connections; drop") as server:
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@slow.example,U\n" for i in range(6)))
        r = work.send(server, "-j", "1", "--domain-rate", "slow.example=5/s", *FAST)
        server.quiet()
        found = gaps(times(server, "slow.example"))
        check(r.status == 0 and len(found) >= 5 and min(found) >= 0.14, f"and after a pause of the server ({found})", r.said)
    with Work(rows=0) as work, Server(work) as server:
        work.write("list.csv", "email,name\nu0@slow.example,U\nu1@fast.example,U\n")
        work.send(server, "--domain-rate", "slow.example=30/m", "--limit", "1")
        r = work.send(server, "--domain-rate", "slow.example=30/m")
        work.write("list.csv", "email,name\nu0@slow.example,U\nu1@fast.example,U\nu2@slow.example,U\n")
        r = work.send(server, "--domain-rate", "slow.example=30/m")
        server.quiet()
        found = gaps(times(server, "slow.example"))
        check(r.status == 0 and len(found) == 1 and found[0] >= 0.9, f"and from one run to the next ({found})", r.said)


def later_runs():
    """When a row may be tried again is in the journal; one that is put back in three runs, while others are accepted, is refused."""
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user1@ 450 4.2.0 Greylisted") as server:
        for n in (1, 2, 3):
            r = work.send(server, "--retries", "0")
            work.rows(4 + n)
            row = r.by["user1@example.net"]
            check(row["status"] == ("refused" if n == 3 else "deferred") and r.status == (1 if n == 3 else 75), f"run {n}: {row['status']}", r.said, r.out)
        check("3 runs" in row["reply"] and "Greylisted" in row["reply"], "with the server's words and the reason", row["reply"])
        r = work.send(server, "--retries", "0")
        check(r.by["user1@example.net"]["status"] == "skipped", "and is not tried again", r.out)
    with Work(rows=2) as work, Server(work, "-r", "RCPT 450 4.2.0 Greylisted") as server:
        states = [[x["status"] for x in work.send(server, "--retries", "0").rows] for _ in range(4)]
        check(states == [["deferred"] * 2] * 4, "where nobody is accepted nobody is refused", str(states))
    with Work(rows=3) as work, Server(work, "-r", "RCPT:user1@@1 450 4.2.0 Greylisted") as server:
        r = work.send(server, "--retries", "0", "--retry-for", "3d", "--retry-pause", "3")
        began = time.monotonic()
        r = work.send(server, "--retry-for", "3d")
        took = time.monotonic() - began
        check(r.status == 0 and took >= 1.5 and server.taken() == dict.fromkeys(work.everybody, 1), f"--retry-for: not before its time ({took:.1f} s)", r.said)


for scenario in (domain_rates, later_runs, shares, statuses, bounded, misfit, bounces):
    attempt(scenario)
done()
