#!/usr/bin/env python3
"""What holds a run together: a list that changes under it, rows that hold others up, providers that push back, ends."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "fake"))
from dns import MX, Dns  # noqa: E402
from mailbulk_kit import TOOL, Run, Server, Work, attempt, check, done  # noqa: E402

FAST = ("--retry-pause", "0.01")


def started(work, server, *arguments, path=None):
    """A run that goes on while the test does something; end() waits for it."""
    words = [TOOL, "--send", "--transactional", "--journal", work.journal, "--smtp", server.url, *arguments, work.file("t.eml")]
    with open(work.list, "rb") as rows:
        p = subprocess.Popen(words + ([path] if path else []), stdin=subprocess.DEVNULL if path else rows, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=dict(os.environ, HOME=work.path, XDG_CONFIG_HOME=work.path))

    def end():
        p.stdout_text, p.stderr_text = p.communicate(timeout=60)
        return Run(subprocess.CompletedProcess(words, p.returncode, p.stdout_text, p.stderr_text))
    return end


def wait_for(what):
    limit = time.monotonic() + 20
    while not what() and time.monotonic() < limit:
        time.sleep(0.01)
    return what()


def change(path, how, keep_time):
    st = os.stat(path)
    with open(path, "r+", encoding="utf-8", newline="") as f:
        text = f.read()
        f.seek(0)
        f.write(how(text))
        f.truncate()
    if keep_time:
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def swap(text):
    return text.replace("user0@", "user#@").replace("user1@", "user0@").replace("user#@", "user1@")


CHANGES = [
    ("two rows change places", swap, False),
    ("two rows change places and the file has its old time", swap, True),
    ("the list is cut", lambda text: text[:20], False),
    ("the list is cut in the row that waits", lambda text: text[:text.index("@")], False),
    ("a row comes", lambda text: text + "late@example.net,Late\n", False),
    ("the list is empty", lambda text: "", False),
]


def changed_lists():
    for i, (name, how, keep_time) in enumerate(CHANGES):
        for by_path in (False, True) if i == 0 else (i % 2 == 0,):
            with Work(rows=4) as work:
                with open(work.list, encoding="utf-8") as f:
                    before = f.read()
                with Server(work, "-r", "RCPT:user0@@1 450 4.2.2 Mailbox full", "-r", "RCPT:user1@@1 450 4.2.2 Mailbox full") as server:
                    end = started(work, server, "-j", "1", "--retry-pause", "2", path=work.list if by_path else None)
                    there = wait_for(lambda: len(server.taken()) == 2)
                    change(work.list, how, keep_time)
                    r = end()
                    check(there and r.status == 74 and "changed" in r.said, f"{name}: 74", str(r.status), r.said, r.out)
                    server.quiet()
                    check(server.taken() == {"user2@example.net": 1, "user3@example.net": 1}, f"{name}: nobody is mailed in another's place",
                          str(server.taken()))
                    left = [x for x in r.rows if x["status"] == "deferred"]
                    check(r.count("sent") == 2 and sorted(x["row"] for x in left) == ["1", "2"], f"{name}: what was done and what is left is told", r.out)
                    work.write("list.csv", before)
                    r = work.send(server)
                    server.quiet()
                    check(r.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1), f"{name}: a second run does the rest, once",
                          r.said, str(server.taken()))


def changed_while_read():
    """Rows that were not read yet: the next block is read from another list than was checked."""
    with Work(rows=0) as work, Server(work) as server:
        work.write("list.csv", "email,name\n" + "".join(f"user{i}@example.net,{'N' * 20000}\n" for i in range(12)))
        work.write("t.eml", "From: news@example.org\nTo: {{email}}\nSubject: x\n\nHello\n")
        end = started(work, server, "-j", "1", "--rate", "4/s")
        there = wait_for(lambda: len(server.taken()) >= 1)
        change(work.list, lambda text: text.replace("user9@", "user2@"), False)
        r = end()
        server.quiet()
        check(there and r.status == 74 and max(server.taken().values()) == 1 and len(server.taken()) < 9,
              "rows not read yet come from the list that was checked, or not at all", r.said, str(server.taken()))


def piped():
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user0@@1 450 4.2.2 Full") as server:
        with open(work.list, "rb") as f:
            text = f.read()
        words = [TOOL, "--send", "--transactional", "--journal", work.journal, "--smtp", server.url, *FAST, work.file("t.eml")]
        p = subprocess.run(words, input=text, capture_output=True, timeout=60)
        check(p.returncode == 0 and server.taken() == dict.fromkeys(work.everybody, 1), "a list in a pipe has a copy of its own", p.stderr.decode())


def sent(r, work):
    return {x["email"] for x in r.rows if x["status"] == "sent"}


def full_mailboxes():
    """Rows that keep getting 4xx about the recipient cost only themselves."""
    full = [w for i in range(10) for w in ("-r", f"RCPT:user{i}@ 452 4.2.2 Mailbox full")]
    with Work(rows=30) as work, Server(work, *full) as server:
        began = time.monotonic()
        r = work.send(server, "--retry-pause", "0.1")
        took = time.monotonic() - began
        check(r.status == 75 and r.count("sent") == 20 and r.count("deferred") == 10, "10 full mailboxes of 30 are deferred", r.said, r.out)
        check(took < 6, f"and hold up nobody ({took:.1f} s)")
        check({x["attempts"] for x in r.rows if x["status"] == "deferred"} == {"4"}, "each was tried as often as --retries says", r.out)


def breakers():
    """A row whose turn ends the session is set aside after two, named, and the others are sent."""
    for action in ("drop", "reset", 'raw "boo\\r\\n"', "354 go"):
        for at, threads in ((0, "1"), (0, "3"), (3, "1"), (7, "3")):
            with Work(rows=8) as work, Server(work, "-r", f"RCPT:user{at}@ {action}") as server:
                r = work.send(server, "-j", threads, *FAST)
                bad = f"user{at}@example.net"
                name = f"row {at + 1} answered with {action}, {threads} connections"
                check(r.status == 75 and r.count("sent") == 7 and r.by[bad]["status"] == "deferred", f"{name}: the others are sent", r.said, r.out)
                check(bad in r.said and "later run" in r.said, f"{name}: it is named", r.said)
                server.quiet()
                n = len([e for e in server.events("command") if bad in e["line"]])
                check(n == 2 and server.taken() == dict.fromkeys(sent(r, work), 1), f"{name}: after two connections ({n})")
    with Work(rows=40) as work, Server(work, "-r", "RCPT drop") as server:
        r = work.send(server, "-j", "2", *FAST)
        check(r.status == 75 and len(server.events("open")) <= 20, "a server that ends every connection is given up", r.said, str(len(server.events("open"))))
    template = "From: news@example.org\nTo: Readers <readers@example.org>\nSubject: Same for all\n\nHello.\n"
    with Work(template, rows=30) as work, Server(work, "-r", "RCPT:user7@ drop") as server:
        r = work.send(server, "-j", "1", *FAST)
        check(r.status == 75 and r.count("sent") == 29 and r.by["user7@example.net"]["status"] == "deferred",
              "of a transaction with many recipients only the one is set aside", r.said, r.out)


def closings():
    """421 after N messages is a routine."""
    for n in (1, 5):
        rules = [w for c in range(1, 60) for w in ("-r", f"MAIL@{n + 1}-&{c} 421 4.3.2 Enough for this connection; drop")]
        with Work(rows=40) as work, Server(work, *rules) as server:
            began = time.monotonic()
            r = work.send(server, "-j", "1")
            took = time.monotonic() - began
            check(r.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1), f"421 after {n} messages: all are sent", r.said, r.out)
            check(took < 10, f"421 after {n} messages: without a pause ({took:.1f} s)")
            server.quiet()
            closed = [e for e in server.events("end") if e["how"] != "quit"]
            check(len(closed) <= 2, f"421 after {n} messages: learnt from two ({len(closed)})")
            check({x["attempts"] for x in r.rows} == {"1"}, f"421 after {n} messages: no row's attempts count", r.out)


def too_many():
    template = "From: news@example.org\nTo: Readers <readers@example.org>\nSubject: Same for all\n\nHello.\n"
    for words in ("452 4.5.3 Too many recipients", "552 5.5.3 Too many recipients", "550 5.5.3 Too many recipients", "452 Too many recipients"):
        with Work(template, rows=30) as work, Server(work, "-r", f"RCPT@11-30 {words}") as server:
            r = work.send(server, "-j", "1", "--retries", "0")
            server.quiet()
            check(r.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1), f"{words}: the others go in further messages", r.said, r.out)
            most = max(len(e["rcpts"]) for e, _ in server.messages()[1:])
            check(most <= 10, f"{words}: of no more recipients than were taken ({most})")


def providers():
    """One provider pushes back: it alone waits."""
    rules = ("-r", "RCPT:@slow.example@1-3 450 4.7.1 Too many messages from you")
    with Work(rows=0) as work, Server(work, *rules) as server:
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@{'slow' if i < 10 else 'fast'}.example,U\n" for i in range(60)))
        r = work.send(server, "-j", "2", "--retries", "9", *FAST)
        order = [x["email"] for x in r.rows]
        check(r.status == 0 and r.count("sent") == 60, "a provider that pushes back gets all in the end", r.said, r.out)
        slow = [i for i, e in enumerate(order) if "slow" in e]
        check(min(slow) >= 40, "and the others do not wait for it", str(slow))
    with Work(rows=0) as work, Server(work, "-r", "RCPT:@strict.example 550 5.7.26 unauthenticated mail") as server:
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@{'strict' if i % 2 and i > 3 else 'open'}.example,U\n" for i in range(60)))
        r = work.send(server, "-j", "1", *FAST)
        check(r.count("sent") == 32 and r.count("refused") == 0 and r.status == 69, "a provider that refuses us for good is left alone, the others are sent",
              r.said, r.out)
        tried = len([e for e in server.events("command") if "RCPT" in e["line"] and "strict" in e["line"]])
        check(tried <= 6, f"it is not asked for every row ({tried})")


def by_mx():
    """Domains whose mail servers are one organisation's are one provider; without an answer each is itself."""
    zone = {"a.example": {MX: [(20, "mx.fast.example"), (10, "mx1.big.example")]}, "b.example": {MX: [(5, "mx2.big.example")]},
            "fast.example": {MX: [(10, "mx.fast.example")]}, "lost.example": None}
    rows = "".join(f"u{i}@{'a' if i < 3 else 'b' if i < 10 else 'lost' if i < 12 else 'fast'}.example,U\n" for i in range(60))
    said = {}
    for resolver in (Dns(zone=zone).address, "127.0.0.1:1"):
        with Work(rows=0) as work, Server(work, "-r", "RCPT:@a.example@1-3 450 4.7.1 Too many messages from you") as server:
            work.write("list.csv", "email,name\n" + rows)
            r = work.send(server, "-j", "1", "--retries", "9", "--by-mx", "--resolver", resolver, *FAST)
            b = [i for i, x in enumerate(r.rows) if "@b." in x["email"]]
            said[resolver] = (min(b), r.said)
            check(r.status == 0 and r.count("sent") == 60, "--by-mx: everybody has it", r.said, r.out)
    (known, words), (unknown, silent) = said.values()
    check(known >= 40 and "1 domains could not" in words, f"a domain of the same mail servers pauses, too ({known})", words)
    check(unknown < 20 and "4 domains could not" in silent, f"without the DNS it is not known to be one ({unknown})", silent)
    with Work(rows=0) as work, Server(work) as server:
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@{'ab'[i % 2]}.example,U\n" for i in range(4)))
        r = work.send(server, "--by-mx", "--resolver", Dns(zone=zone).address, "--domain-rate", "b.example=4/s")
        server.quiet()
        times = sorted(e["t"] for e in server.events("command") if e["line"].startswith("RCPT"))
        check(r.status == 0 and len(times) == 4 and times[-1] - times[0] > 0.5, "--domain-rate is one of both", r.said, str(times))
        work.forget()
        r = work.send(server, "--by-mx", "--resolver", "nowhere")
        check(r.status == 64 and "nowhere" in r.said, "a name server that is none: 64", str(r.status), r.said)


def patience():
    with Work(rows=3) as work, Server(work, "-r", "MAIL 451 4.3.0 Later") as server:
        began = time.monotonic()
        r = work.send(server, "--retries", "100", "--retry-pause", "0.2", "--retry-for", "2s")
        took = time.monotonic() - began
        check(r.status == 75 and took < 20 and "--retry-for" in r.said and r.count("deferred") == 3, f"nothing goes on for ever ({took:.1f} s)", r.said, r.out)
    with Work(rows=2) as work, Server(work) as server:
        for bad in ("", "x", "5", "5y", "0s", "-1s", "1.5h"):
            r = work.send(server, f"--retry-for={bad}")
            check(r.status == 64 and "--retry-for" in r.said, f"--retry-for={bad} is refused", r.said)


def every_row():
    """Each row has its result, also when the run stops early; a resumed run says again what the first heard."""
    with Work(rows=50) as work, Server(work, "-r", "MAIL 550 5.1.8 Sender unknown") as server:
        r = work.send(server, "-j", "1")
        left = [x for x in r.rows if x["reason"] == "not-tried"]
        check(r.status == 69 and sorted(r.by) == sorted(work.everybody) and len(r.rows) == 50, "an early stop: each row has one result", r.out)
        check(len(left) == 49 and {x["status"] for x in left} == {"deferred"} and all(x["key"] and x["row"] for x in left), "not-tried", r.out)
    with Work(rows=6) as work:
        rules = ("-r", "RCPT:user1@ 550 5.1.1 No such user", "-r", "RCPT:user2@ 552 5.2.2 Full", "-r", "dot:user3@ drop",
                 "-r", "RCPT:user4@ 550 5.7.1 Rejected, looks like spam")
        with Server(work, *rules) as server:
            first = work.send(server, "-j", "1", "--retries", "0")
        with Server(work, name="second") as server:
            again = work.send(server)
            for name in ("user0", "user1", "user3", "user4", "user5"):
                one, two = first.by[name + "@example.net"], again.by[name + "@example.net"]
                told = "unknown" if name == "user3" else "skipped"
                same = ("code", "enhanced", "reason", "stage", "message_id", "row", "key") + (("reply",) if told == "skipped" else ())
                check(two["status"] == told and all(one[k] == two[k] for k in same), f"{name}: a resumed run tells what the first heard",
                      str(one), str(two))
            check(again.by["user3@example.net"]["message_id"], "an unknown row has its Message-ID", again.out)
    with Work(rows=6) as work:
        with Server(work, "-r", "RCPT:user1@ 550 5.1.1 No such user", "-r", "RCPT:user4@ 550 5.7.1 Rejected, looks like spam") as server:
            work.send(server)
        with Server(work, name="second") as server:
            r = work.send(server, "--retry-refused=content,full")
            check(r.status == 1 and server.taken() == {"user4@example.net": 1}, "--retry-refused=REASON: those only", r.said, r.out)
            r = work.send(server, "--retry-refused")
            check(r.status == 0 and server.taken() == {"user4@example.net": 1, "user1@example.net": 1}, "--retry-refused: all", r.said, r.out)
            r = work.send(server, "--retry-refused")
            check(r.status == 0 and len(server.messages()) == 2, "who has it is not tried again", r.out)
            r = work.send(server, "--retry-refused=nonsense")
            check(r.status == 64 and "nonsense" in r.said, "a word that is not a reason is refused", r.said)


def results_files():
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user1@@1 450 4.2.2 Full") as server:
        path = work.file("results.csv")
        r = work.send(server, "--results-file", path, "--retries", "0")
        check(r.status == 75 and r.out == "", "--results-file: nothing on standard output", r.out)
        with open(path, "a", encoding="utf-8") as f:
            f.write("torn,line")
        work.send(server, "--results-file", path)
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines()
        check(len(lines) == 10 and sum(line.startswith("email,") for line in lines) == 1 and lines[5] == "torn,line",
              "it is appended to, with one header row, and an unfinished line stays alone", *lines)
        check(work.send(server, "--results-file", work.file("none/x")).status == 73, "one that cannot be made: 73")


def unbound():
    """A run in which nobody can have got anything binds the journal to no text."""
    with Work(rows=4) as work:
        with Server(work, "-r", "connect 554 5.3.2 No service") as server:
            work.send(server)
        work.write("t.eml", "From: news@example.org\nTo: {{email}}\nSubject: Other\n\nOther {{name}}\n")
        with Server(work, "-r", "MAIL 550 5.1.8 Sender unknown", name="second") as server:
            r = work.send(server)
            check(r.status == 69, "another text after a run that did not get so far", r.said)
        work.write("t.eml", "From: other@example.org\nTo: {{email}}\nSubject: Third\n\nThird {{name}}\n")
        with Server(work, name="third") as server:
            r = work.send(server, "--limit", "1")
            check(r.status == 0 and r.count("sent") == 1, "and after one whose sender was refused", r.said)
            work.write("t.eml", "From: other@example.org\nTo: {{email}}\nSubject: Fourth\n\nFourth {{name}}\n")
            r = work.send(server)
            check(r.status == 65 and len(server.messages()) == 1, "but not after one that somebody got", r.said)


def silent_refusals():
    """A 5xx that says nothing: a hundred in a row, and the rows are put back; fewer, and they are refused."""
    with Work(rows=150) as work:
        with Server(work, "-r", "RCPT:user0@ usual", "-r", "RCPT 550 Requested action was not performed") as server:
            r = work.send(server, "-j", "2")
            check(r.status == 69 and r.count("refused") == 0 and r.count("sent") == 1 and len(r.rows) == 150 == len(r.by),
                  "a hundred in a row stop the run and are put back", r.said, str(r.count("refused")))
        with Server(work, name="good") as server:
            r = work.send(server)
            check(r.status == 0 and len(server.taken()) == 149 and max(server.taken().values()) == 1, "the next run sends to them", r.said)
    for late in ("user59@", "user20@"):
        with Work(rows=60) as work, Server(work, "-r", f"RCPT:{late} usual", "-r", "RCPT 550 Requested action was not performed") as server:
            r = work.send(server, "-j", "1")
            check(r.status == 1 and r.count("refused") == 59 and r.count("sent") == 1 and len(r.by) == 60, f"fewer are refused ({late})", r.said, r.out)


def preflight():
    """--check tries an envelope and takes it back."""
    cases = [
        ((), 0, "0 warnings"),
        (("-r", "RCPT 550 5.1.1 No such user"), 0, "warning"),
        (("-r", "RCPT 450 4.2.0 Greylisted"), 0, "warning"),
        (("-r", "MAIL 450 4.7.1 Try later"), 0, "warning"),
        (("-r", "MAIL 550 5.1.8 Sender domain does not exist"), 69, "would be refused"),
        (("-r", "MAIL 530 5.7.0 Authentication required"), 77, "would be refused"),
        (("-r", "RCPT 554 5.7.1 Relay access denied"), 69, "would be refused"),
        (("--ext", "8BITMIME", "-r", "MAIL 530 5.7.0 Authentication required"), 77, "would be refused"),
        (("--ext", "PIPELINING,CHUNKING"), 0, "0 warnings"),
    ]
    for options, status, words in cases:
        with Work(rows=3) as work, Server(work, *options) as server:
            r = work.run("--check", "--transactional", "--smtp", server.url)
            said = r.stderr.decode()
            check(r.returncode == status and words in said, f"--check {' '.join(options)}: {status}", str(r.returncode), said)
            server.quiet()
            lines = [e["line"].split(":")[0].split()[0] for e in server.events("command")]
            check("DATA" not in lines and "BDAT" not in lines and not server.messages(), "no message is begun", str(lines))
            if not status and "MAIL" not in options[-1:]:
                check("MAIL" in lines and (words != "0 warnings" or lines[-2:] == ["RSET", "QUIT"]), "the envelope is taken back", str(lines))


for scenario in (preflight, silent_refusals, every_row, results_files, unbound, full_mailboxes, breakers, closings, too_many, providers, by_mx, patience, changed_lists, changed_while_read, piped):
    attempt(scenario)
done()
