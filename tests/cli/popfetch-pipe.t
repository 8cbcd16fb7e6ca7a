#!/usr/bin/env python3
"""popfetch hands mail to commands: each message (--pipe), one mbox (--pipe-mbox), or standard output. Known is what was taken, whatever
dies in between; and the recipes of README and manual lose no bounce when they are run twice."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
import killpoint  # noqa: E402
from popfetch_kit import BUILD, THOROUGH, TOOL, Server, Work, attempt, check, compare, done, message, skip, split_mboxrd  # noqa: E402

FIVE = {f"u{i}": message(i) for i in range(1, 6)}
MANY = {f"u{i:02}": message(i) for i in range(1, 12)}

AGENT = r"""
import os, sys, tempfile
folder = sys.argv[1]
data = sys.stdin.buffer.read()
status = dict(x.split("=") for x in sys.argv[2:])
for words, code in status.items():
    if words.encode() in data and code == "kill":
        os.kill(os.getppid(), 9)
    elif words.encode() in data:
        sys.exit(int(code)) if int(code) < 200 else os.kill(os.getpid(), int(code) - 200)
fd, name = tempfile.mkstemp(dir=folder, prefix=".")
os.write(fd, data)
os.close(fd)
os.rename(name, os.path.join(folder, "m" + os.path.basename(name)))
"""


class Agent:
    """A delivery agent: each message a file."""

    def __init__(self, work):
        self.work = work
        self.script = work.file("agent.py")
        self.folder = work.file("agent")
        with open(self.script, "w") as f:
            f.write(AGENT)
        self.clean()

    def clean(self):
        subprocess.run(["rm", "-rf", self.folder], check=True)
        os.makedirs(self.folder)

    def command(self, *status):
        # Without the shim of the crash tests, which is for popfetch only.
        return " ".join(["env", "-u", "LD_PRELOAD", sys.executable, self.script, self.folder, *status])

    def got(self):
        """What was delivered, as the server had it."""
        return [open(os.path.join(self.folder, n), "rb").read().replace(b"\n", b"\r\n") for n in sorted(os.listdir(self.folder)) if n[0] == "m"]


def expect(run, status, *words):
    said = run.stderr.decode("utf-8", "replace")
    return (run.returncode == status and all(re.search(w, said, re.S) for w in words), f"status {status}: {' '.join(words)}",
            f"status {run.returncode}: {said[:1500]}")


def fresh(work, agent):
    work.clean()
    agent.clean()


def test_pipe(work):
    agent = Agent(work)
    with Server(work, FIVE) as server:
        run = work.fetch(server, "--pipe", agent.command())
        check(*expect(run, 0, "5 of 5"))
        check(not compare(agent.got(), FIVE) and not os.path.exists(work.file("inbox.mbox")), "each message comes to the command, and to no mailbox",
              *compare(agent.got(), FIVE))
        run = work.fetch(server, "--pipe", agent.command())
        check(run.returncode == 0 and len(agent.got()) == 5, "none comes twice", run.stderr.decode())
        run = work.fetch(server, "other.mbox")
        check(*expect(run, 0, "5 known, given to .*agent"))
        run = work.fetch(server, "--delete", "--pipe", agent.command())
        check(run.returncode == 0 and server.left() == [] and len(agent.got()) == 5, "what was taken may be deleted", run.stderr.decode())
    for code, status, words in ((75, 75, "status 75"), (65, 1, "status 65"), (67, 1, "status 67"), (69, 1, "status 69"), (77, 1, "status 77"), (1, 1, "status 1"),
                                (209, 75, "signal 9")):
        fresh(work, agent)
        with Server(work, FIVE) as server:
            run = work.fetch(server, "--delete", "--pipe", agent.command(f"<3@example.net>={code}"))
            check(*expect(run, status, "u3", words))
            rest = {u: m for u, m in FIVE.items() if u != "u3"}
            check(not compare(agent.got(), rest) and server.left() == ["u3"], f"{code}: the others come and are deleted, this one stays", server.left())
            run = work.fetch(server, "--delete", "--pipe", agent.command())
            check(run.returncode == 0 and not compare(agent.got(), FIVE) and server.left() == [], f"{code}: it comes next time", run.stderr.decode())
    for code in (64, 71, 73, 74, 78, 127):
        fresh(work, agent)
        with Server(work, FIVE) as server:
            run = work.fetch(server, "--delete", "--pipe", agent.command(f"<3@example.net>={code}"))
            check(*expect(run, 78 if code == 127 else code, f"status {code}"))
            check(len(agent.got()) == 2 and len(server.left()) == 5, f"{code}: nothing more is given to it, and nothing deleted", len(agent.got()), server.left())
            work.fetch(server, "--delete", "--pipe", agent.command())
            check(not compare(agent.got(), FIVE) and server.left() == [], f"{code}: and none comes twice")
    fresh(work, agent)
    with Server(work, MANY) as server:
        run = work.fetch(server, "--pipe", agent.command("example=75"))
        check(run.returncode == 75 and run.stderr.count(b"does not count as fetched") == 10, "ten failures in a row are enough", run.stderr.decode())
        check(len(server.commands("-- open")) <= 1 or server.commands().count("-- open") == 1, "another connection would not help", server.commands())


def test_pipe_wrong(work):
    agent = Agent(work)
    fresh(work, agent)
    with Server(work, FIVE) as server:
        for args, status in ((("--pipe", "/no/such/agent"), 78), (("--pipe", "no-such-agent-at-all"), 78), (("--pipe", "a 'b"), 64), (("--pipe", ""), 64),
                             (("--pipe", "cat", "--pipe-mbox", "cat"), 64), (("--pipe", "cat", "in.mbox"), 64), (("--list", "--pipe", "cat"), 64),
                             (("--pipe", "cat | sort"), 64), (("--pipe-mbox", "cat 'x"), 64),
                             (("--delete", "-"), 64)):
            check(*expect(work.fetch(server, *args), status))
        check(not server.commands("RETR"), "nothing was fetched")
        run = work.fetch(server, "--pipe", "sleep 30", "--timeout", "0.05", timeout=50)
        check(*expect(run, 75, "did not end within"))
        # No shell: what a message or a user says is never a command.
        run = work.fetch(server, "--pipe", agent.command("';id;'=1", "$(id)=1", "zzz=1"))
        check(run.returncode == 0 and len(agent.got()) == 5, "no shell", run.stderr.decode())


def test_pipe_mbox(work):
    agent = Agent(work)
    fresh(work, agent)
    with Server(work, FIVE) as server:
        run = work.fetch(server, "--delete", "--pipe-mbox", agent.command("From=66"))
        check(*expect(run, 66, "status 66", "5 messages do not count"))
        check(agent.got() == [] and len(server.left()) == 5, "nothing is known or deleted")
        run = work.fetch(server, "--pipe-mbox", agent.command("From=75"))
        check(run.returncode == 75 and len(server.commands("RETR")) == 10, "75: later, and no second connection", run.stderr.decode())
        run = work.fetch(server, "--delete", "--pipe-mbox", agent.command())
        got = [m.replace(b"\r\n", b"\n") for m in agent.got()]
        check(run.returncode == 0 and len(got) == 1 and not compare(split_mboxrd(got[0]), FIVE) and server.left() == [], "one mbox with all of them",
              run.stderr.decode())
        run = work.fetch(server, "--pipe-mbox", agent.command())
        check(run.returncode == 0 and b"" in agent.got() and len(agent.got()) == 2, "a command sees that there is nothing", agent.got(), run.stderr.decode())
        fresh(work, agent)
        server.add(FIVE)
        run = work.fetch(server, "--pipe-mbox", "cat", "-q")
        check(run.returncode == 0 and not compare(split_mboxrd(run.stdout), FIVE), "what it prints is on standard output")
    fresh(work, agent)
    with Server(work, FIVE, rules=["RETR:3 cut 60"]) as server:
        run = work.fetch(server, "--delete", "--pipe-mbox", agent.command())
        got = [m.replace(b"\r\n", b"\n") for m in agent.got()]
        rest = {u: m for u, m in FIVE.items() if u != "u3"}
        check(run.returncode == 1 and len(got) == 1 and not compare(split_mboxrd(got[0]), rest) and server.left() == ["u3"],
              "several sessions are one run and one mbox", run.stderr.decode(), len(got))
    fresh(work, agent)
    with Server(work, MANY, rules=["RETR:11 close", "greeting@2- close"]) as server:
        run = work.fetch(server, "--pipe-mbox", agent.command())
        check(run.returncode == 75 and len(agent.got()) <= 1, "a server that goes away", run.stderr.decode())
    with Server(work, None) as server:
        state = next(n for n in os.listdir(work.file("state", "pipemail")) if not n.endswith(".lock"))
        run = work.fetch(server, "--state", work.file("state", "pipemail", state), "--pipe-mbox", agent.command())
        got = [m for a in agent.got() for m in split_mboxrd(a.replace(b"\r\n", b"\n")) if a]
        check(run.returncode == 0 and not compare(got, MANY), "and nothing is lost or comes twice", *compare(got, MANY))


def test_reader(work):
    work.clean()
    with Server(work, FIVE) as server:
        for reader in ("exit 0", "head -c 100 >/dev/null"):
            run = subprocess.Popen(work.command(server, "-"), env=work.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=work.dir)
            subprocess.run(["sh", "-c", reader], stdin=run.stdout, check=True)
            run.stdout.close()
            said = run.communicate(timeout=60)[1].decode()
            check(run.returncode == 74, f"a reader that ends early: {reader}", run.returncode, said)
        run = work.fetch(server, "-")
        check(run.returncode == 0 and not compare(split_mboxrd(run.stdout), FIVE), "then all of it comes again", run.stderr.decode())
        run = work.fetch(server, "-")
        check(run.returncode == 0 and run.stdout == b"", "what was taken is known", run.stderr.decode())
        work.clean()
        slow = subprocess.Popen(work.command(server, "-", "-q"), env=work.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=work.dir)
        while "QUIT" not in server.commands("QUIT")[-1:] and slow.poll() is None and server.commands()[-1] != "-- end" and time.sleep(0.05) is None:
            if len(server.commands("RETR")) >= 5:
                break
        check(slow.poll() is None, "it waits for a reader that is slow")
        out = slow.communicate(timeout=60)[0]
        check(slow.returncode == 0 and not compare(split_mboxrd(out), FIVE), "until it has taken all")


def kills(work, shim, name, agent, option, options, most):
    """At every point: nothing lost, nothing cut short; what was under way may come twice."""
    with Server(work, MANY) as server:
        counted = work.file("count")
        fresh(work, agent)
        args = ["--delete", option, agent.command()]
        work.fetch(server, *args, env=killpoint.environment(TOOL, shim, KILL_COUNT=counted, KILL_WHAT="file"))
        points = int(open(counted).read())
        wrong, tried = [], 0
        step = 1 if THOROUGH else max(1, points // 6)
        for how in ("after", "half", "before"):
            for at in range(1, points + 1, step):
                fresh(work, agent)
                server.fill(MANY)
                work.fetch(server, *args, *options, env=killpoint.environment(TOOL, shim, KILL_AT=str(at), KILL_HOW=how, KILL_WHAT="file"))
                time.sleep(0)  # the command of the killed run may still be writing; the next one waits for the server anyway
                again = work.fetch(server, *args)
                got = agent.got()
                if option == "--pipe-mbox":
                    got = [m for a in got for m in split_mboxrd(a.replace(b"\r\n", b"\n")) if a]
                lost = [u for u, m in MANY.items() if m not in got]
                strange = [m[:80] for m in got if m not in MANY.values()]
                twice = len(got) - len(set(got))
                if again.returncode != 0 or lost or strange or twice > most or server.left():
                    wrong.append(f"{how} {at}: {again.returncode} lost {lost} strange {strange} twice {twice} left {server.left()} {again.stderr.decode()[-300:]}")
                tried += 1
        check(points > 10 and not wrong, f"{name}: {tried} kills: none lost, none cut short, {most} twice at most", points, *wrong[:5])


def test_killed_by_command(work):
    """Each message is on record before the next is given."""
    agent = Agent(work)
    fresh(work, agent)
    with Server(work, MANY) as server:
        first = work.fetch(server, "--pipe", agent.command("<7@example.net>=kill"))
        again = work.fetch(server, "--pipe", agent.command())
        twice = len(agent.got()) - len(set(agent.got()))
        check(first.returncode == -9 and again.returncode == 0 and set(agent.got()) == set(MANY.values()) and twice == 1,
              "killed while it gives the seventh: that one comes twice, and no other", first.returncode, again.stderr.decode(), twice)


def test_kills(work):
    library = work.file("killpoint.so")
    if not killpoint.build(library):
        skip("popfetch --pipe killed at every point", "no C compiler for the shim")
        return
    agent = Agent(work)
    kills(work, library, "--pipe", agent, "--pipe", (), 1)
    kills(work, library, "--pipe-mbox", agent, "--pipe-mbox", (), len(MANY))


BOUNCE = (b"From: MAILER-DAEMON@example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nno such user\r\n"
          b"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
          b"Final-Recipient: rfc822; gone%d@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
          b"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--x--\r\n")


def test_recipes(work):
    """Both recipes, twice, the first time with a list whose name is mistyped."""
    bounces = {f"b{i}": BOUNCE % i for i in range(3)}
    people = "email\nann@example.com\n" + "".join(f"gone{i}@example.net\n" for i in range(3))
    scrub = os.path.join(BUILD, "listscrub")
    if not os.path.exists(scrub):  # make mutants builds only what a test is named after
        skip("recipes with listscrub", "it is not built")
        return
    for name in ("--pipe-mbox", "a kept mailbox"):
        work.clean()
        work.clean("returned.mbox")
        with open(work.file("list.csv"), "w") as f:
            f.write(people)
        with Server(work, bounces) as server:
            results = []
            for file in ("lsit.csv", "list.csv"):
                if name == "--pipe-mbox":
                    run = work.fetch(server, "--pipe-mbox", f"{scrub} --allow-reserved --bounces - {file}")
                    out = run.stdout.decode()
                else:
                    work.fetch(server, "returned.mbox")
                    run = subprocess.run([scrub, "--allow-reserved", "--bounces", "returned.mbox", file], cwd=work.dir, capture_output=True, timeout=60)
                    out = run.stdout.decode()
                results.append((run.returncode, out))
            check(results[0][0] == 66, f"{name}: a list that is not there", results[0])
            check(results[1][0] == 0 and results[1][1].split() == ["email", "ann@example.com"], f"{name}: no bounce is lost", results[1])


with Work() as work:
    for test in (test_pipe, test_pipe_wrong, test_pipe_mbox, test_reader, test_recipes, test_killed_by_command, test_kills):
        attempt(test, work)
done()
