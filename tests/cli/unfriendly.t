#!/usr/bin/env python3
"""Crashes in unfriendly worlds: servers that answer 4xx and 421 or close, another program that writes into the mailbox between the
runs, kills while --spool keeps a message, full disks and failing calls. Nothing is sent twice, nothing is lost."""
import glob
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import killpoint  # noqa: E402
import mailbulk_kit  # noqa: E402
import mailsend_lab  # noqa: E402
import popfetch_kit  # noqa: E402
from mailbulk_kit import attempt, check, done, skip  # noqa: E402

THOROUGH = bool(os.environ.get("PIPEMAIL_THOROUGH"))
RANDOM = random.Random(int(os.environ.get("PIPEMAIL_SEED", "1")))
# Of these rows the server never takes a message: it defers the recipient or the message.
STUBBORN = {"user1@example.net", "user3@example.net"}
LATER = ("-r", "RCPT:user1@ 450 4.2.0 Later", "-r", "dot:user3@ 451 4.2.0 Not now")
# And it hangs up once.
CLOSING = ("-r", "MAIL@3 421 4.3.2 Closing; drop")
PIPELINING = ("--ext", "PIPELINING,8BITMIME")
CHUNKING = ("--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix")
STRANGER = b"From eve@example.net Mon Nov 23 08:00:00 2026\nSubject: not ours\n\nI write where I like.\n\n"


def drawn(points, most):
    """All of them, or in an everyday run some, drawn by the seed."""
    return points if THOROUGH or len(points) <= most else sorted(RANDOM.sample(points, most))


def points_of(counted):
    with open(counted) as f:
        return int(f.read())


# --- mailbulk ---

WORDS = ("--quiet", "-j", "2", "--retries", "1", "--retry-pause", "0")


def bulk_once(work, server, shim, at, how, what):
    work.forget()
    server.empty()
    first = work.send(server, *WORDS, env=killpoint.environment(mailbulk_kit.TOOL, shim, KILL_AT=str(at), KILL_HOW=how, KILL_WHAT=what))
    server.quiet()
    before = server.taken()
    if how in ("full", "io"):
        # What left must be in the journal, whatever else could not be written there.
        tried = set()
        if os.path.exists(work.journal):
            with open(work.journal) as f:
                tried = {line.split("\t")[3] for line in f if line.startswith("T") and line.count("\t") >= 4}
        wrong = [f"sent and not in the journal: {sorted(set(before) - tried)}"] if set(before) - tried else []
        if first.status not in (73, 74, 75):
            wrong.append(f"status {first.status}: {first.said}")
    else:
        wrong = [] if first.status in (-9, 75) else [f"it was not killed: {first.status} {first.said}"]
    second = work.send(server, *WORDS)
    server.quiet()
    taken, everybody = server.taken(), set(work.everybody)
    unknown = {row["email"] for row in second.rows if row["status"] == "unknown"}
    if any(n > 1 for n in taken.values()):
        wrong.append(f"twice: {[e for e, n in taken.items() if n > 1]}")
    if set(taken) & STUBBORN or everybody - set(taken) - unknown - STUBBORN:
        wrong.append(f"lost: {sorted(everybody - set(taken) - unknown - STUBBORN)}, taken: {sorted(taken)}")
    if {r["email"] for r in second.rows if r["status"] == "deferred"} != STUBBORN - unknown or second.status != (75 if STUBBORN - unknown else 1):
        wrong.append(f"status {second.status}: {[(r['email'], r['status']) for r in second.rows]} {second.said}")
    return [f"{what} {how} {at}: {w}" for w in wrong]


def bulk(shim, name, options, most):
    with mailbulk_kit.Work(rows=7) as work:
        counted, wrong = {}, []
        with mailbulk_kit.Server(work, "--life", "7200", *options, *LATER) as server:
            for what in ("file", "wire"):
                work.forget()
                server.empty()
                run = work.send(server, *WORDS, env=killpoint.environment(mailbulk_kit.TOOL, shim, KILL_COUNT=work.file("count"), KILL_WHAT=what))
                server.quiet()
                counted[what] = points_of(work.file("count"))
            check(run.status == 75 and run.count("deferred") == 2 and run.count("sent") == 5,
                  f"mailbulk, {name}: an undisturbed run has {counted} points", run.status, run.said, run.out)
            plans = [(at, how, "file") for at in range(1, counted["file"] + 1) for how in ("after", "before", "half", "full", "io")]
            plans += [(at, how, "wire") for at in range(1, counted["wire"] + 1) for how in ("after", "half")]
            for plan in drawn(plans, most):
                wrong += bulk_once(work, server, shim, *plan)
        # Hanging up costs each run a pause, so there are fewer of these, each with a server that counts from one.
        closed = drawn(plans, max(4, most // 10))
        for i, plan in enumerate(closed):
            with mailbulk_kit.Server(work, *options, *LATER, *CLOSING, name=f"closing{i}") as server:
                wrong += bulk_once(work, server, shim, *plan)
        check(not wrong, f"mailbulk, {name}: {len(drawn(plans, most))} kills, full disks and failing calls with 4xx, {len(closed)} with 421: "
              "nobody twice, nobody lost", *wrong[:20])


# --- popfetch ---

def foreign(shim):
    """Another program appends to the mailbox after the kill, as programs do: behind an empty line."""
    messages = {f"uid{i:02}": popfetch_kit.message(i) for i in range(1, 28)}
    with popfetch_kit.Work() as work, popfetch_kit.Server(work, messages) as server:
        path = work.file("in.mbox")
        work.fetch(server, "--delete", "in.mbox", env=killpoint.environment(popfetch_kit.TOOL, shim, KILL_COUNT=work.file("count"), KILL_WHAT="file"))
        plans = drawn([(at, how) for at in range(1, points_of(work.file("count")) + 1) for how in ("after", "before", "half")], 40)
        wrong, wrote = [], 0
        for at, how in plans:
            work.clean()
            server.fill(messages)
            work.fetch(server, "--delete", "in.mbox", env=killpoint.environment(popfetch_kit.TOOL, shim, KILL_AT=str(at), KILL_HOW=how, KILL_WHAT="file"))
            data = b""
            if os.path.exists(path):
                with open(path, "rb") as f:
                    data = f.read()
            with open(path, "ab") as f:
                f.write((b"" if not data or data.endswith(b"\n\n") else b"\n" if data.endswith(b"\n") else b"\n\n") + STRANGER)
            run = work.fetch(server, "--delete", "in.mbox")
            wrote += b"another program" in run.stderr
            with open(path, "rb") as f:
                data = f.read()
            stored = work.mbox()
            missing = [uid for uid, m in messages.items() if m not in stored]
            if run.returncode or missing or STRANGER not in data or server.left():
                wrong.append(f"{how} {at}: status {run.returncode}, missing {missing}, stranger's {data.count(STRANGER)}, "
                             f"left {server.left()}: {run.stderr.decode()}")
        check(not wrong and plans, f"popfetch: another program wrote into the mailbox after {len(plans)} kills ({wrote} behind half a batch): "
              "its message and all of ours are there", *wrong[:20])


# --- mailsend ---

def spooled(shim):
    """Killed, or without room, while --spool keeps a message; then --flush."""
    lab = mailsend_lab.Lab()
    spool = lab.env["XDG_STATE_HOME"] + "/pipemail/spool/"
    url = lab.serve("--life", "7200")
    box = lab.servers[-1][1]

    def keep(**env):
        return lab.tool("--spool", "--smtp", "smtp://127.0.0.1:1", "bob@example.org", stdin=mailsend_lab.CLEAN,
                        env=killpoint.environment(mailsend_lab.TOOL, shim, KILL_WHAT="file", **env))

    counted = lab.path("count")
    keep(KILL_COUNT=counted)
    wrong, kept, plans = [], 0, [(at, how) for at in range(1, points_of(counted) + 1) for how in ("after", "before", "half", "full", "io")]
    for at, how in plans:
        for f in glob.glob(spool + "*") + glob.glob(spool + ".[0-9]*") + glob.glob(box + "/*"):
            os.unlink(f)
        r = keep(KILL_AT=str(at), KILL_HOW=how)
        flushed = lab.tool("--flush", "--smtp", url)
        taken = [open(f, "rb").read() for f in glob.glob(box + "/*.eml")]
        kept += len(taken)
        if r.returncode not in (0, -9, 75) or (how in ("full", "io") and r.returncode == -9):
            wrong.append(f"{how} {at}: status {r.returncode}: {r.stderr}")
        if taken not in ([], [mailsend_lab.CLEAN]) or (r.returncode == 0 and not taken):
            wrong.append(f"{how} {at}: status {r.returncode}, sent {taken} {r.stderr} {flushed.stderr}")
        if flushed.returncode != 0 or glob.glob(spool + "*.env"):
            wrong.append(f"{how} {at}: --flush ended with {flushed.returncode}: {flushed.stderr}")
    check(not wrong and 0 < kept < len(plans), f"mailsend --spool: {len(plans)} kills, full disks and failing calls: kept whole or not at all ({kept} kept)",
          *wrong[:20])
    for pid, _ in lab.servers:
        os.kill(pid, 15)
    mailsend_lab.shutil.rmtree(lab.home, ignore_errors=True)


with mailbulk_kit.Work() as place:
    library = place.file("killpoint.so")
    if not killpoint.build(library):
        skip("crashes in unfriendly worlds", "no C compiler for the shim")
    else:
        attempt(bulk, library, "pipelining", PIPELINING, 40)
        attempt(bulk, library, "chunking", CHUNKING, 40)
        attempt(foreign, library)
        attempt(spooled, library)
done()
