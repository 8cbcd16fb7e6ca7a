#!/usr/bin/env python3
"""popfetch is killed at every write, send, receive, sync, rename and truncation, started again, and compared: nothing lost, nothing
twice, nothing cut short, into an mbox and into a Maildir, keeping and deleting. Then the same with
a disk that is full, and with calls that fail."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
import killpoint  # noqa: E402
from popfetch_kit import THOROUGH, TOOL, Server, Work, attempt, check, compare, done, message, skip  # noqa: E402

# Two batches by number, and three by size with a message among them that memory does not hold.
MANY = {f"uid{i:02}": message(i) for i in range(1, 28)}
LARGE = {f"uid{i}": message(i, b"\r\nFrom here\r\n" + b"0123456789\r\n" * n)
         for i, n in ((1, 1), (2, 100000), (3, 300000), (4, 0))}
# In an everyday run some of the points are enough for the ways that differ little from the first.


def reset(work, server, messages):
    work.clean()
    server.fill(messages)


def stored(work, maildir):
    return work.maildir() if maildir else work.mbox()


def one(work, server, messages, shim, at, how, what, args, maildir):
    """Disturb a run at a point, let another go on undisturbed, compare. What is wrong."""
    reset(work, server, messages)
    first = work.fetch(server, "--timeout", "5", *args, env=killpoint.environment(TOOL, shim, KILL_AT=str(at), KILL_HOW=how, KILL_WHAT=what))
    wrong = []
    if how in ("full", "io"):
        try:  # what could not be stored must not be there by half
            wrong += [w for w in compare(stored(work, maildir), messages) if "0 times" not in w]
        except AssertionError as e:
            wrong.append(f"no mbox after the fault: {e}")
    second = work.fetch(server, *args)
    try:
        wrong += compare(stored(work, maildir), messages)
    except AssertionError as e:
        wrong.append(f"no mbox: {e}")
    if second.returncode != 0:
        wrong.append(f"the second run ended with {second.returncode}: {second.stderr.decode()}")
    if "--delete" in args and server.left():
        wrong.append(f"left on the server: {server.left()}")
    if "--delete" not in args and server.left() != sorted(messages):
        wrong.append(f"missing on the server: {server.left()}")
    if how in ("full", "io") and first.returncode not in (0, 71, 73, 74, 75):
        wrong.append(f"status {first.returncode}: {first.stderr.decode()}")
    # How octets come over the wire differs from run to run: a run may end before its last point.
    if how not in ("full", "io") and first.returncode not in (-9, 0):
        wrong.append(f"it was not killed: {first.returncode} {first.stderr.decode()}")
    if os.path.exists(work.file("in.mbox.lock")):
        wrong.append("a dotlock is left")
    return [f"{what} {how} {at}: {text}" for text in wrong]


def count(work, server, messages, shim, what, args):
    counted = work.file("count")
    reset(work, server, messages)
    run = work.fetch(server, *args, env=killpoint.environment(TOOL, shim, KILL_COUNT=counted, KILL_WHAT=what))
    with open(counted) as f:
        return run, int(f.read())


def sweep(work, shim, name, messages, *args, options=(), every=4):
    maildir = args[-1].endswith("/")
    with Server(work, messages, *options) as server:
        whole, points = count(work, server, messages, shim, "file", args)
        packets = count(work, server, messages, shim, "wire", args)[1]
        check(whole.returncode == 0 and points > 15 and not compare(stored(work, maildir), messages),
              f"{name}: an undisturbed run has {points} points at files and {packets} at the wire", whole.stderr.decode())
        plans = [("kills at files", "file", ("after", "half", "before")), ("full disks", "file", ("full",)),
                 ("failed calls", "file", ("io",)), ("kills at the wire", "wire", ("after", "half"))]
        for title, what, hows in plans:
            wrong, tried = [], 0
            for how in hows:
                last = points if what == "file" else packets
                step = 1 if THOROUGH else max(1, last // 10) if what == "wire" else max(1, every // 2) if how == "after" else every
                for at in range(1, last + 1, step):
                    wrong += one(work, server, messages, shim, at, how, what, args, maildir)
                    tried += 1
            check(not wrong, f"{name}: {tried} {title}, 0 lost, 0 twice, 0 cut short", *wrong[:20])


with Work() as work:
    library = work.file("killpoint.so")
    if not killpoint.build(library):
        skip("popfetch killed at every point", "no C compiler for the shim")
    else:
        attempt(sweep, work, library, "mbox, kept", MANY, "in.mbox", every=1)
        attempt(sweep, work, library, "mbox, deleted", MANY, "--delete", "in.mbox", every=2)
        attempt(sweep, work, library, "mbox, large", LARGE, "in.mbox", every=12)
        attempt(sweep, work, library, "Maildir, kept", MANY, "in/", every=12)
        attempt(sweep, work, library, "Maildir, deleted", MANY, "--delete", "in/", every=12)
        attempt(sweep, work, library, "no UIDs", MANY, "in.mbox", options=("--no-uidl",))
done()
