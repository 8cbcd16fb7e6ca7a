#!/usr/bin/env python3
"""popfetch loses power at every moment: mailbox and state are what the disk kept of them, the server has lost what it was told to
delete, and the next run goes on. Every message is in the mailbox once and whole. Then without O_TMPFILE, with calls that fail, with
another program that writes behind, and with a run that was killed before the power failed."""
import os
import re
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
import disk as disks  # noqa: E402
import killpoint  # noqa: E402
from popfetch_kit import TOOL, Server, Work, attempt, check, compare, done, message, skip, split_mboxrd  # noqa: E402

# Two batches, the first of more than a sector, with lines that look like a mailbox's.
FEW = {f"uid{i:02}": message(i, b"\r\nFrom here\r\n" + b"0123456789\r\n" * (i % 7 * 20)) for i in range(1, 28)}
THREE = dict(list(FEW.items())[:3])
STRANGER = b"From eve@example.net Mon Nov 23 08:00:00 2026\nSubject: not ours\n\nI write where I like.\n\n"


def deleted(seen):
    """The numbers of the messages that the server was told to delete: it may do so at once."""
    streams = {}
    for kind, number, _, _, data in seen:
        if kind == "connect":
            streams[number] = streams.get(number, b"") + b"\r\n"
        elif kind == "send":
            streams[number] += data
    return tuple(sorted({int(n) for s in streams.values() for n in re.findall(rb"DELE (\d+)\r\n", s)}))


class Trial:
    """A folder with mailbox and state, a server, and runs in it."""

    def __init__(self, work, server, library, messages, *args):
        self.work, self.server, self.library, self.messages, self.args = work, server, library, messages, args
        self.folder, self.log, self.counted = work.file("disk"), work.file("record"), work.file("count")
        self.fresh()

    def fresh(self):
        self.work.clean("disk")
        os.makedirs(self.folder)
        # An empty folder would make popfetch sync its own name, which nobody watches.
        with open(os.path.join(self.folder, "other"), "w"):
            pass
        self.server.fill(self.messages)

    def disk(self, **more):
        return disks.Disk(self.library, self.log, self.folder, **more)

    def run(self, env=None):
        more = {"XDG_STATE_HOME": os.path.join(self.folder, "state"), "TMPDIR": self.work.dir, **(env or {})}
        return self.work.fetch(self.server, "--timeout", "20", *self.args, env=more)

    def stored(self):
        if self.args[-1].endswith("/"):
            return self.work.maildir(self.args[-1].rstrip("/"))
        return self.work.mbox(self.args[-1])

    def judge(self, gone, foreign=None):
        """The next run on what the disk kept: what is wrong."""
        uids = sorted(self.messages)
        self.server.fill({uid: self.messages[uid] for i, uid in enumerate(uids) if i + 1 not in gone})
        wrong, run = [], self.run()
        try:
            wrong += compare(self.stored(), {**self.messages, **(foreign or {})})
        except AssertionError as e:
            wrong.append(f"no mailbox: {e}")
        if run.returncode != 0:
            wrong.append(f"status {run.returncode}")
        if "--delete" in self.args and self.server.left():
            wrong.append(f"left on the server: {self.server.left()}")
        return [f"{w} ({run.stderr.decode().strip()[-300:]})" for w in wrong]

    def sweep(self, name, disk, limit, **more):
        wrong, moments = [], disk.moments(outside=deleted, limit=limit)
        for moment in moments:
            moment.lay()
            wrong += [f"{moment}, {len(moment.outside)} deleted: {text}" for text in self.judge(moment.outside, **more)]
        check(not wrong and len(moments) > 5, f"{name}: power fails {len(moments)} times ({disk.total} states): 0 lost, 0 twice, 0 cut short",
              *wrong[:20])


def undisturbed(trial, name, limit, env=None, before=None):
    trial.fresh()
    if before:
        before()
    disk = trial.disk()
    run = trial.run(disk.environment(TOOL, **(env or {})))
    check(run.returncode == 0 and not compare(trial.stored(), trial.messages), f"{name}: an undisturbed run", run.stderr.decode())
    trial.sweep(name, disk, limit)


def killed_first(trial, name, limit):
    """A run is killed before a sync, and the next is on its way when the power fails: what the first wrote may be on no disk."""
    library = trial.work.file("killpoint.so")
    killpoint.build(library)
    wrong, tried = [], 0
    trial.fresh()
    disk = trial.disk()
    trial.run(disk.environment(TOOL))
    for at, how, often in disk.before_syncs():
        trial.fresh()
        disk = trial.disk()
        env = disk.environment(TOOL)
        first = trial.run({**env, "LD_PRELOAD": f"{library}:{env['LD_PRELOAD']}", "KILL_AT": str(at), "KILL_HOW": how, "KILL_WHAT": "file"})
        if first.returncode != -9:
            continue
        disk.mark("killed")
        trial.run(env)
        for moment in disk.moments(outside=deleted, limit=limit if often else limit // 6):
            moment.lay()
            tried += 1
            wrong += [f"killed {how} {at}, {moment}: {text}" for text in trial.judge(moment.outside)]
    check(not wrong and tried > 10, f"{name}: killed, then power fails in the next run, {tried} times: 0 lost, 0 twice, 0 cut short", *wrong[:20])


def failing(trial, name, number, step, limit):
    """Each call on files fails once: what relies on it must not go on, whatever the disk keeps then."""
    trial.fresh()
    trial.run(trial.disk().environment(TOOL, DISK_COUNT=trial.counted))
    with open(trial.counted) as f:
        calls = int(f.read())
    wrong, tried = [], 0
    for at in range(1, calls + 1, 1 if disks.THOROUGH else step):
        for stay in "01" if number == 28 and disks.THOROUGH else "1" if number == 28 else "0":
            trial.fresh()
            disk = trial.disk()
            run = trial.run(disk.environment(TOOL, DISK_FAIL=str(at), DISK_ERRNO=str(number), DISK_STAY=stay))
            if run.returncode not in (0, 71, 73, 74, 75):
                wrong.append(f"call {at} failed and the run ended with {run.returncode}: {run.stderr.decode()}")
            for moment in disk.after_failure(deleted, limit):
                moment.lay()
                tried += 1
                wrong += [f"call {at} (stay {stay}), {moment}: {text}" for text in trial.judge(moment.outside)]
    check(not wrong and calls > 10, f"{name}: each of {calls} calls fails, {tried} states after it: 0 lost, 0 twice, 0 cut short", *wrong[:20])


def rewritten(trial):
    """A state of which most is dead is written anew at the end of a run."""
    path = os.path.join(trial.folder, "state/pipemail/popfetch-ann@127.0.0.1-%d" % trial.server.port)
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as f:
        for i in range(1100):
            record = b"E\tuold%d\t1700000000" % i
            f.write(b"%s\t%08x\n" % (record, zlib.crc32(record)))


def stranger(trial, limit):
    """Another program appends to the mailbox after the power failed and before the next run."""
    trial.fresh()
    disk = trial.disk()
    trial.run(disk.environment(TOOL))
    path, wrong, tried = os.path.join(trial.folder, "in.mbox"), [], 0
    for moment in disk.moments(outside=deleted, limit=limit):
        moment.lay()
        if not os.path.exists(path):
            continue
        with open(path, "rb") as f:
            before = f.read()
        if b"\0" in before or (before and not before.endswith(b"\n")):
            continue             # a program that repairs nothing makes no mailbox of that
        with open(path, "ab") as f:
            f.write((b"" if before.endswith(b"\n\n") or not before else b"\n") + STRANGER)
        tried += 1
        run = trial.run()
        with open(path, "rb") as f:
            after = f.read()
        if STRANGER not in after:
            wrong.append(f"{moment}: what another program wrote is gone")
        try:
            found = split_mboxrd(after)
        except AssertionError as e:
            wrong.append(f"{moment}: no mailbox: {e}")
            continue
        # Half a batch that somebody wrote behind stays; but every message is there whole, too.
        wrong += [f"{moment}: {w} {run.stderr.decode()}" for w in compare(found, trial.messages) if "is there 0 times" in w]
    check(not wrong and tried > 5, f"another program appends behind, {tried} times: both are there", *wrong[:20])


def two_batches(recorder):
    with Server(work, FEW) as server:
        mbox = Trial(work, server, recorder, FEW, "--delete", "disk/in.mbox")
        maildir = Trial(work, server, recorder, FEW, "--delete", "disk/in/")
        kept = Trial(work, server, recorder, FEW, "disk/in.mbox")
        attempt(undisturbed, mbox, "mbox, deleted", 120)
        attempt(undisturbed, maildir, "Maildir, deleted", 100)
        attempt(undisturbed, mbox, "without O_TMPFILE", 25, env={"DISK_NO_TMPFILE": "1"})
        attempt(undisturbed, kept, "a state that is written anew", 50, before=lambda: rewritten(kept))
        attempt(stranger, kept, 50)
        attempt(killed_first, mbox, "mbox", 12)
        attempt(failing, mbox, "mbox, EIO", 5, 1, 6)
        attempt(failing, mbox, "mbox, a full disk", 28, 3, 2)


def three(recorder):
    with Server(work, THREE) as server:
        maildir = Trial(work, server, recorder, THREE, "--delete", "disk/in/")
        attempt(killed_first, maildir, "Maildir", 36)
        attempt(failing, maildir, "Maildir, EIO", 5, 1, 2)


with Work() as work:
    recorder_so = work.file("recorder.so")
    if not disks.build(recorder_so):
        skip("popfetch without power", "no C compiler for the recorder")
    else:
        attempt(two_batches, recorder_so)
        attempt(three, recorder_so)
done()
