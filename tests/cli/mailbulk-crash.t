#!/usr/bin/env python3
"""mailbulk is killed at every write, send, receive and sync, started again, and held against what the server took:
no row twice, none lost, every row in doubt told."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
import killpoint  # noqa: E402
from mailbulk_kit import TOOL, Server, Work, attempt, check, done, skip  # noqa: E402

ROWS = 6
CONNECTIONS = 2
# In an everyday run every second point is enough for the ways that differ little from the first.
EVERY = 1 if os.environ.get("PIPEMAIL_THOROUGH") else 2


def send(work, server, **more):
    return work.send(server, "--quiet", "-j", str(CONNECTIONS), **more)


def one(work, server, shim, at, how):
    """Kill at a point, go on, compare. How many are in doubt, and what is wrong."""
    work.forget()
    server.empty()
    first = send(work, server, env=killpoint.environment(TOOL, shim, KILL_AT=str(at), KILL_HOW=how))
    server.quiet()
    second = send(work, server)
    server.quiet()
    taken, everybody = server.taken(), set(work.everybody)
    unknown = {row["email"] for row in second.rows if row["status"] == "unknown"}
    wrong = []
    if any(n > 1 for n in taken.values()):
        wrong.append(f"twice: {[e for e, n in taken.items() if n > 1]}")
    if everybody - set(taken) - unknown:
        wrong.append(f"lost: {sorted(everybody - set(taken) - unknown)}")
    if set(second.by) != everybody:
        wrong.append(f"no result for {sorted(everybody - set(second.by))}")
    for row in first.rows:
        if row["status"] == "sent" and row["email"] not in taken:
            wrong.append(f"{row['email']} was called sent and is not there")
    with open(work.journal) as f:
        trying = {line.split("\t")[3] for line in f if line.startswith("T")}
    if unknown - trying:
        wrong.append(f"unknown and never tried: {sorted(unknown - trying)}")
    if second.status != (1 if unknown else 0):
        wrong.append(f"status {second.status}: {second.said}")
    # The order of packets differs from run to run: a run may end before its last point.
    if first.status not in (-9, 0):
        wrong.append(f"it was not killed: {first.status} {first.said}")
    return len(unknown), [f"{how} {at}: {text}" for text in wrong]


def sweep(work, shim, name, most, *options):
    counted = work.file("count")
    with Server(work, *options, name=name) as server:
        server.empty()
        work.forget()
        whole = send(work, server, env=killpoint.environment(TOOL, shim, KILL_COUNT=counted))
        with open(counted) as f:
            points = int(f.read())
        check(whole.status == 0 and points > 20, f"{name}: an undisturbed run has {points} points", whole.said)
        wrong, doubts, tried = [], 0, 0
        for how in ("after", "before", "half"):
            for at in range(1, points + 1, 1 if how == "after" else EVERY):
                n, told = one(work, server, shim, at, how)
                wrong += told
                if n > most:
                    wrong.append(f"{how} {at}: {n} in doubt, but no more than {most} were under way")
                doubts += n
                tried += 1
        check(not wrong, f"{name}: {tried} kills, no row twice, none lost ({doubts} in doubt, all told)", *wrong[:20])


with Work(rows=ROWS) as work:
    library = work.file("killpoint.so")
    if not killpoint.build(library):
        skip("mailbulk killed at every point", "no C compiler for the shim")
    else:
        attempt(sweep, work, library, "lock-step", CONNECTIONS, "--ext", "8BITMIME")
        attempt(sweep, work, library, "pipelining", CONNECTIONS, "--ext", "PIPELINING,8BITMIME")
        attempt(sweep, work, library, "chunking", ROWS, "--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix")
done()
