#!/usr/bin/env python3
"""mailbulk --send against a scripted server: verdicts, retries, lost connections, resuming, pace, consent."""
import email
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
from mailbulk_kit import TOOL, Run, Server, Work, attempt, check, done  # noqa: E402

FAST = ("--retry-pause", "0.01")


def verdicts():
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user1@ 550 5.1.1 No such user", "-r", "RCPT:user2@@1 450 4.2.1 Try later") as server:
        r = work.send(server, *FAST)
        row = r.by["user1@example.net"]
        check(r.status == 1 and r.count("sent") == 3, "a refused recipient is named, the others are served, status 1", r.said, r.out)
        check((row["status"], row["code"], row["enhanced"], row["reply"]) == ("refused", "550", "5.1.1", "No such user"),
              "the refusal is told with the server's words", str(row))
        check(r.by["user2@example.net"]["attempts"] == "2", "a 4xx is tried again", r.out)
        check(set(server.taken()) == set(work.everybody) - {"user1@example.net"}, "the others have it")
        again = work.send(server, *FAST)
        check(again.status == 1 and again.count("skipped") == 4 and len(server.messages()) == 3, "a second run sends nothing", again.out)
        ids = [email.message_from_bytes(octets)["Message-ID"] for _, octets in server.messages()]
        check(sorted(ids) == sorted(f"<{x['message_id']}>" for x in r.rows if x["status"] == "sent"),
              "the results name the Message-IDs", str(ids), r.out)


def deferred():
    with Work(rows=3) as work, Server(work, "-r", "RCPT:user0@@1-2 451 4.2.0 Later") as server:
        r = work.send(server, "--retries", "1", *FAST)
        check(r.status == 75 and r.by["user0@example.net"]["status"] == "deferred", "a 4xx that stays is deferred, status 75", r.out)
        r = work.send(server, *FAST)
        check(r.status == 0 and r.by["user0@example.net"]["status"] == "sent", "and is sent by the next run", r.out, r.said)
        check(max(server.taken().values()) == 1, "nobody has it twice")


def unknown():
    with Work(rows=3) as work, Server(work, "-r", "dot:user1@@1 drop") as server:
        r = work.send(server, "-j", "1")
        check(r.status == 1 and r.by["user1@example.net"]["status"] == "unknown" and r.count("sent") == 2,
              "a connection lost after the dot leaves that row unknown, the others go on", r.out, r.said)
        first = r.by["user1@example.net"]["message_id"]
        r = work.send(server)
        check(r.status == 1 and r.by["user1@example.net"]["status"] == "unknown", "it is not sent again", r.out)
        r = work.send(server, "--resend-unknown")
        check(r.status == 0 and r.by["user1@example.net"]["message_id"] == first, "unless asked, with the same Message-ID", r.out)


def drops():
    with Work(rows=12) as work, Server(work, "-r", "MAIL@5 421 4.3.2 Closing; drop", "-r", "content:100@8 drop") as server:
        r = work.send(server, "-j", "2", *FAST)
        check(r.status in (0, 1) and r.count("sent") + r.count("unknown") == 12, "421 and drops: the run goes on", r.out, r.said)
        check(all(n == 1 for n in server.taken().values()), "and sends nothing twice", str(server.taken()))
    with Work(rows=20) as work, Server(work, "-r", "MAIL@3-12 451 4.7.1 Slow down") as server:
        r = work.send(server, "-j", "4", "--retries", "9", *FAST)
        check(r.status == 0 and r.count("sent") == 20, "a server that pushes back is given less and gets all in the end", r.out, r.said)


def flapping():
    rules = [w for n in range(4, 60, 5) for w in ("-r", f"MAIL@{n} drop")]
    with Work(rows=40) as work, Server(work, *rules) as server:
        r = work.send(server, "-j", "2", *FAST)
        check(r.status == 0 and r.count("sent") == 40 and max(server.taken().values()) == 1,
              "a server that keeps hanging up gets all: rows that only stood behind a lost one are not held against", r.said, r.out)
    with Work(rows=4) as work, Server(work, "-r", "dot@1 stall", "-r", "RCPT@2 stall") as server:
        r = work.send(server, "-j", "1", "--timeout", "0.3", *FAST)
        check(r.status == 1 and r.count("sent") == 3 and r.count("unknown") == 1, "a server that falls silent", r.said, r.out)
    with Work(rows=4) as work, Server(work, "-r", "MAIL@2 drip 0.1 \"250-a\\r\\n*500\"") as server:
        r = work.send(server, "-j", "1", "--timeout", "0.3", *FAST)
        check(r.status == 0 and r.count("sent") == 4, "or trickles", r.said, r.out)


def no_server():
    with Work(rows=2) as work:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        r = Run(work.run("--send", "--transactional", "--journal", work.journal, "--smtp", f"smtp://127.0.0.1:{port}"))
        check(r.status == 75 and r.count("deferred") == len(r.rows) == 2, "no server: 75, and nothing is called sent", r.said, r.out)
    with Work(rows=2) as work, Server(work, "-r", "connect 554 5.3.2 No service here") as server:
        r = work.send(server)
        check(r.status == 69 and "No service here" in r.said, "a server that turns us away: 69 with its words", r.said, str(r.status))
    with Work(rows=200) as work, Server(work, "-r", "MAIL 550 5.7.1 Sender refused") as server:
        r = work.send(server, "-j", "2")
        check(r.status == 69 and r.count("refused") == 0 and "check the envelope's sender" in r.said,
              "when the sender is refused the run stops, and no recipient is refused", r.said, str(r.count("refused")))


def several():
    with Work(rows=40) as work, Server(work, name="a") as a, Server(work, name="b") as b:
        r = work.send([a, b])
        check(r.status == 0 and a.taken() and b.taken() and len(a.taken()) + len(b.taken()) == 40, "two servers share the work", r.said)
    with Work(rows=20) as work, Server(work, "-r", "connect 554 5.3.2 Closed", name="a") as a, Server(work, name="b") as b:
        r = work.send([a, b])
        check(r.status == 0 and len(b.taken()) == 20, "one that is out of order is left to the other", r.said)


def batch():
    template = "From: news@example.org\nTo: Readers <readers@example.org>\nSubject: Same for all\n\nHello.\n"
    with Work(template, rows=120) as work, Server(work, "-r", "RCPT:user7@ 550 5.1.1 Unknown") as server:
        r = work.send(server, "-j", "1")
        check(r.status == 1 and r.count("sent") == 119 and r.by["user7@example.net"]["status"] == "refused",
              "identical messages: each recipient has its own result", r.said)
        check(len(server.messages()) <= 4 and len(server.taken()) == 119, "and they travel together", str(len(server.messages())))
        check(max(server.taken().values()) == 1, "each once")


def interrupted():
    with Work(rows=300) as work, Server(work) as server:
        work.file("out")
        with open(work.list, "rb") as rows, open(work.file("out"), "wb") as out:
            p = subprocess.Popen([TOOL, "--send", "--transactional", "-j", "2", "--rate", "200/s", "--journal", work.journal, "--smtp", server.url,
                                  work.file("t.eml")], stdin=rows, stdout=out, stderr=subprocess.PIPE)
            limit = time.monotonic() + 20
            while len(server.taken()) < 5 and time.monotonic() < limit:
                time.sleep(0.01)
            p.send_signal(signal.SIGINT)
            said = p.communicate(timeout=30)[1].decode()
        with open(work.file("out")) as f:
            text = f.read()
        server.quiet()
        taken = server.taken()
        sent = {line.split(",")[0] for line in text.splitlines() if ",sent," in line}
        check(p.returncode == 130 and text.endswith("\n"), "SIGINT: 130, and whole results", said)
        check(sent == set(taken) and 0 < len(taken) < 300, "what was sent is what was told", f"{len(sent)} {len(taken)}")
        r = work.send(server)
        check(r.status == 0 and len(server.taken()) == 300 and max(server.taken().values()) == 1, "the next run does the rest", r.said)


def journals():
    with Work(rows=2) as work, Server(work) as server:
        work.send(server)
        work.write("t.eml", "From: news@example.org\nTo: {{email}}\nSubject: Other\n\nOther text {{name}}\n")
        r = work.send(server)
        check(r.status == 65 and "--journal" in r.said and len(server.messages()) == 2, "another text under the same journal is refused", r.said)
        work.rows(3)
        r = work.send(server, "--accept-changed")
        check(r.status == 0 and r.count("sent") == 1, "unless accepted: then it goes to those who got nothing yet", r.out, r.said)
        with open(work.journal, "a") as f:
            f.write("T\t2026-01-01T00:00")
        r = work.send(server)
        check(r.status == 0 and r.count("skipped") == 3, "a torn last record is cut off", r.said)
        r = work.send(server, "--key", "name")
        check(r.status == 64 and "--key" in r.said, "rows are told apart in one way only", r.said)
    with Work(rows=2) as work, Server(work) as server:
        work.write("list.csv", "email,name,order\na@example.net,A,1\na@example.net,A,2\na@example.net,A,2\n")
        r = work.send(server, "--key", "order")
        check(r.status == 0 and r.count("sent") == 2 and r.count("skipped") == 1, "--key: one address, several rows", r.out)
    with Work(rows=2) as work, Server(work) as server:
        r = work.send(server, stdout=open("/dev/full", "wb"))
        check(r.status == 74, "full disk under the results: 74", r.said)
        n = len(server.messages())
        r = work.send(server)
        check(r.status in (0, 1) and max(server.taken().values()) == 1 and len(server.taken()) == 2, "and the journal still knows", r.out, str(n))


def consent():
    with Work(rows=101) as work, Server(work) as server:
        r = work.send(server, transactional=False)
        check(r.status == 64 and "--unsubscribe" in r.said and not server.messages() and not os.path.exists(work.journal),
              "more than 100 rows without --unsubscribe: refused, nothing sent", r.said)
        r = work.send(server, "--unsubscribe", "https://example.org/u/{{token}}", "--token-key", work.write("key", "k" * 32), transactional=False)
        m = email.message_from_bytes(server.messages()[0][1])
        check(r.status == 0 and re.fullmatch(r"<https://example\.org/u/[A-Za-z0-9_-]{43}>", m["List-Unsubscribe"].strip()),
              "with it they go, each with its own link", r.said, str(m["List-Unsubscribe"]))
        check(m["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and m["Precedence"] == "bulk", "RFC 8058's second field")
        check(len({email.message_from_bytes(o)["List-Unsubscribe"] for _, o in server.messages()}) == 101, "101 different links")


def injection():
    with Work("From: a@example.org\nTo: {{email}}\nSubject: Hi {{name}}\n\nText\n", rows=3) as work, Server(work) as server:
        for bad in ("Bob\nBcc: evil@example.com", "Bob\rX: y", "Bob\x00", "a\x1bb"):
            work.write("list.csv", f'email,name\na@example.net,Ann\nb@example.net,"{bad}"\n')
            r = work.send(server)
            check(r.status == 65 and not server.messages() and "line 3" in r.said, f"{bad!r} in a header: refused, nothing sent", r.said)
        for bad in ("a@example.net\nRCPT TO:<evil@example.com>", "a@example.net> SIZE=1 <b@example.net", "a b@example.net"):
            work.write("list.csv", f'email,name\n"{bad}",Ann\n')
            r = work.send(server)
            check(r.status == 65 and not server.messages(), f"{bad!r} as an address: refused", r.said)
        work.write("list.csv", 'email,name\na@example.net,Ann\nb@example.net,"B\nob"\n')
        r = work.send(server, "--skip-bad")
        check(r.status == 1 and r.by["b@example.net"]["status"] == "skipped" and set(server.taken()) == {"a@example.net"},
              "--skip-bad leaves that row out", r.out, r.said)


def pace():
    with Work(rows=6) as work, Server(work) as server:
        began = time.monotonic()
        r = work.send(server, "--rate", "20/s")
        check(r.status == 0 and 0.25 <= time.monotonic() - began < 10, "--rate spreads messages over time", r.said)
    with Work(rows=6) as work, Server(work) as server:
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@{'slow' if i % 2 else 'fast'}.example,U\n" for i in range(6)))
        r = work.send(server, "--domain-rate", "slow.example=4/s")
        order = [row["email"] for row in r.rows]
        # Without the limit they go in the order of the list.
        check(r.status == 0 and r.count("sent") == 6 and order.index("u4@fast.example") < order.index("u3@slow.example"),
              "--domain-rate holds back one domain only", r.out)
    with Work(rows=5) as work, Server(work) as server:
        r = work.send(server, "--warmup", "3:100%")
        check(r.status == 75 and r.count("sent") == 3 and r.count("deferred") == 2, "--warmup: today's share, the rest is deferred", r.out)
        r = work.send(server, "--warmup", "3:100%")
        check(r.status == 75 and len(server.messages()) == 3, "a second run on the same day has no more", r.out)
    with Work(rows=9) as work, Server(work) as server:
        r = work.send(server, "-j", "1", "--messages-per-connection", "3")
        check(r.status == 0 and len(server.events("open")) == 3, "--messages-per-connection", str(len(server.events("open"))))


def selections():
    with Work(rows=30) as work, Server(work) as server:
        work.write("gone", "email,reason\nUSER3@example.net,bounced\n")
        r = work.send(server, "--suppress", work.file("gone"), "--limit", "5")
        check(r.status == 0 and r.count("sent") == 5 and r.by["user3@example.net"]["reply"] == "suppressed: bounced", "--suppress, --limit", r.out)
    with Work(rows=30) as work, Server(work) as server:
        for k in (1, 2, 3):
            work.forget()
            work.send(server, "--shard", f"{k}/3")
        check(server.taken() == {e: 1 for e in work.everybody}, "--shard: disjoint and complete")
    with Work(rows=3) as work, Server(work) as server:
        r = Run(work.run("--test", "me@example.org", "--limit", "2", "--smtp", server.url))
        check(r.status == 0 and server.taken() == {"me@example.org": 2} and not os.path.exists(work.journal), "--test goes to oneself only", r.said)
        check("user0@example.net" in email.message_from_bytes(server.messages()[0][1])["To"], "and shows what the row would get")
    with Work(rows=2) as work, Server(work) as server:
        r = work.send(server, "--verp", "--envelope-from", "bounces@example.org", "--results", "jsonl")
        froms = {envelope["from"].strip("<>") for envelope, _ in server.messages()}
        check(froms == {f"bounces+user{i}=example.net@example.org" for i in (0, 1)}, "--verp", str(froms))
        rows = [json.loads(line) for line in r.out.splitlines()]
        check(len(rows) == 2 and rows[0]["status"] == "sent" and rows[0]["code"] == 250, "--results=jsonl", r.out)


def extensions():
    with Work(rows=3) as work, Server(work, "--ext", "PIPELINING,SIZE 200") as server:
        r = work.send(server)
        check(r.status == 69 and r.count("deferred") == len(r.rows) == 3 and not server.messages() and "takes 200" in r.said, "over the server's SIZE: nothing is sent", r.out, r.said)
        r = work.send(server, "--skip-bad")
        check(r.status == 1 and r.count("refused") == 3 and not server.messages(), "with --skip-bad each is refused before it is uploaded", r.out)
        r = work.run("--check", "--smtp", server.url)
        check(r.returncode == 69 and b"takes 200" in r.stderr and not r.stdout, "--check asks the server and has the same status", r.stderr.decode())
        server.quiet()
        check(not [e for e in server.events("command") if e["line"].startswith("MAIL")], "no transaction was begun", server.events("command"))
    with Work(rows=3) as work, Server(work, "--ext", "PIPELINING,SIZE 2000") as server, Server(work, name="gone") as gone:
        gone.stop()
        r = work.run("--check", "--smtp", server.url)
        check(r.returncode == 0 and b"3 messages; 0 errors" in r.stderr, "--check with a server that takes them", r.stderr.decode())
        r = work.run("--check", "--smtp", gone.url)
        check(r.returncode == 75 and b"127.0.0.1" in r.stderr, "--check with a server that is not there has --send's status", r.stderr.decode())
        r = work.run("--check", "--smtp", gone.url, "--smtp", server.url)
        check(r.returncode == 0 and b"warning" in r.stderr, "one of several is enough", r.stderr.decode())
        work.write("list.csv", "email,name\na@example.net,A\nb@example.net," + "B" * 1500 + "\nc@example.net,C\n")
        r = work.run("--check", "--smtp", server.url)
        check(r.returncode == 0 and b"the largest message" in r.stderr, "a later message that is too large is a warning", r.stderr.decode())
        r = work.send(server)
        check(r.status == 1 and [x["email"] for x in r.rows if x["status"] == "refused"] == ["b@example.net"], "and refused alone", r.out, r.said)
    with Work(rows=3) as work, Server(work, "--lmtp", "-r", "dot:user1@ 550 5.2.2 Full", scheme="lmtp") as server:
        r = work.send(server)
        check(r.status == 1 and r.by["user1@example.net"]["enhanced"] == "5.2.2" and r.count("sent") == 2, "LMTP", r.out, r.said)
    with Work(rows=40) as work, Server(work, "--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix",
                                    "-r", "RCPT:user11@ 550 5.1.1 Unknown") as server:
        r = work.send(server, "-j", "1")
        check(r.status == 1 and r.count("sent") == 39 and len(server.taken()) == 39, "CHUNKING", r.out, r.said)
        flights = [e for e in server.events("flight")]
        check(len(flights) < 25, f"messages ride together ({len(flights)} flights)")
    with Work(rows=30) as work, Server(work) as server:
        r = work.send(server, "-j", "1")
        n = len(server.events("flight"))
        check(r.status == 0 and n < 45, f"PIPELINING alone: about one flight a message ({n})")


def logins():
    with Work(rows=30) as work, Server(work, "--auth", "PLAIN,CRAM-MD5", "--auth-plain-text", "--require-auth", "--user", "me:secret") as server:
        os.chmod(work.write("pw", "secret\n"), 0o600)
        arguments = ("--user", "me", "--password-file", work.file("pw"), "--tls", "off", "-j", "3")
        r = work.send(server, *arguments)
        check(r.status == 0 and r.count("sent") == 30, "sessions log in at the same time", r.said)
        work.forget()
        os.chmod(work.write("pw", "wrong\n"), 0o600)
        r = work.send(server, *arguments)
        check(r.status == 77 and r.count("deferred") == len(r.rows) == 30, "a wrong password: 77", r.said)
    with Work(rows=6) as work, Server(work, "--auth", "XOAUTH2", "--auth-plain-text", "--require-auth", "--token", "new") as server:
        counter = work.write("counter", "old\n")
        script = work.write("token", f"#!/bin/sh\ncat '{counter}'\necho new > '{counter}'\n")
        os.chmod(script, 0o755)
        r = work.send(server, "--user", "me", "--auth", "xoauth2", "--token-command", script, "--tls", "off", "-j", "2")
        check(r.status == 0 and r.count("sent") == 6, "a token that is refused is asked for anew", r.said)


for scenario in (verdicts, deferred, unknown, drops, flapping, no_server, several, batch, interrupted, journals, consent, injection, pace, selections,
                 extensions, logins):
    attempt(scenario)
done()
