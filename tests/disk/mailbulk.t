#!/usr/bin/env python3
"""mailbulk loses power at every moment: the journal is what the disk kept of it, and the next run goes on. No row is sent twice, none
is lost, and each that had left without a verdict in the journal is unknown. Then with calls that fail, and with a run that was killed
before the power failed."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
import disk as disks  # noqa: E402
import killpoint  # noqa: E402
from mailbulk_kit import TOOL, Server, Work, attempt, check, done, skip  # noqa: E402

ROWS = 6
CHUNKING = ("--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix")
REFUSED = {"user3@example.net", "user14@example.net"}       # at first, when their message has left
LATER = [w for name in REFUSED for w in ("-r", f"dot:{name}@1 451 4.3.0 Try later")]
LONG = ("--life", "7200")


class Trial:
    """A folder with the journal alone, a server, and runs in it."""

    def __init__(self, work, server, library, connections=2, refused=frozenset()):
        self.refused = refused
        self.work, self.server, self.library, self.connections = work, server, library, connections
        self.folder, self.log, self.counted = work.file("disk"), work.file("record"), work.file("count")
        self.boots = 0
        os.makedirs(self.folder, exist_ok=True)
        self.fresh()

    def fresh(self):
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        self.server.empty()

    def disk(self, **more):
        return disks.Disk(self.library, self.log, self.folder, **more)

    def send(self, env=None):
        run = self.work.send(self.server, "--quiet", "-j", str(self.connections), "--retry-pause", "0.01", env=env)
        self.server.quiet()
        return run

    def other_boot(self):
        """After a power failure the machine has started anew."""
        self.boots += 1
        path = self.work.write("boot", f"{self.boots:08x}-0000-4000-8000-000000000000\n")
        return {**disks.shim(TOOL, self.library), "BOOT_ID": path}

    def judge(self, left):
        """The next run on what the disk kept, and one more: what is wrong."""
        everybody, wrong = set(self.work.everybody), []
        left = [e for e in left if e not in self.refused]
        self.server.empty()
        boot = self.other_boot()
        run = self.send(boot)
        taken = self.server.taken()
        unknown = {row["email"] for row in run.rows if row["status"] == "unknown"}
        twice = sorted(set(taken) & set(left)) + [e for e, n in taken.items() if n > 1]
        if twice:
            wrong.append(f"twice: {twice}")
        lost = everybody - set(left) - set(taken) - unknown - self.refused
        if lost:
            wrong.append(f"lost: {sorted(lost)} {run.status} {run.said}")
        for email in sorted(set(left)):
            told = run.by.get(email, {"status": "nothing"})
            if told["status"] not in ("unknown", "skipped"):
                wrong.append(f"{email} had left and is told as {told['status']}: {run.status} {run.said}")
        if not wrong and run.status != (1 if unknown else 0):
            wrong.append(f"status {run.status}: {run.said}")
        again = self.send(boot if self.boots % 2 else self.other_boot())
        if self.server.taken() != taken or {r["email"] for r in again.rows if r["status"] == "unknown"} != unknown:
            wrong.append(f"a third run sends or tells something else: {again.status} {again.said}")
        return wrong

    def sweep(self, name, disk, limit):
        wrong, moments = [], disk.moments(outside=lambda seen: tuple(sorted(r for m in disks.smtp_left(seen) for r in m)), limit=limit)
        for moment in moments:
            moment.lay()
            wrong += [f"{moment}, {len(moment.outside)} had left: {text}" for text in self.judge(moment.outside)]
        check(not wrong, f"{name}: power fails {len(moments)} times ({disk.total} states): no row twice, none lost", *wrong[:20])


def undisturbed(trial, name, limit, **more):
    disk = trial.disk(**more)
    run = trial.send(env=disk.environment(TOOL))
    check(run.status == 0 and run.count("sent") == len(trial.work.everybody), f"{name}: an undisturbed run", run.status, run.said)
    trial.sweep(name, disk, limit)


def killed_first(trial, limit):
    """A run is killed before a sync, and the next is on its way when the power fails: what the first wrote may be on no disk."""
    library = trial.work.file("killpoint.so")
    killpoint.build(library)
    trial.fresh()
    disk = trial.disk()
    trial.send(env=disk.environment(TOOL))
    points = disk.before_syncs()
    for at, how, _ in points if disks.THOROUGH else points[:4]:
        trial.fresh()
        disk = trial.disk()
        env = disk.environment(TOOL)
        first = trial.send(env={**env, "LD_PRELOAD": f"{library}:{env['LD_PRELOAD']}", "KILL_AT": str(at), "KILL_HOW": how, "KILL_WHAT": "file"})
        disk.mark("killed")
        trial.send(env=env)
        if first.status == -9:
            trial.sweep(f"killed {how} call {at}, then power fails", disk, limit)


def failing(trial, number, name, limit, rules=()):
    """Each call on files fails once: nothing may go on that relies on it, whatever the disk keeps then."""
    trial.fresh()
    disk = trial.disk()
    trial.send(env=disk.environment(TOOL, DISK_COUNT=trial.counted))
    with open(trial.counted) as f:
        calls = int(f.read())
    wrong, tried = [], 0
    for at in range(1, calls + 1):
        trial.fresh()
        disk = trial.disk()
        run = trial.send(env=disk.environment(TOOL, DISK_FAIL=str(at), DISK_ERRNO=str(number)))
        if run.status not in (73, 74) or not run.said:
            wrong.append(f"call {at} of {calls} failed and the run ended with {run.status}: {run.said}")
        events = list(disk.events())
        after = events[[e[0] for e in events].index("failed"):]
        # What had been handed over in the same turn may still go; a message that was not committed never does.
        if disks.smtp_left(events) and disks.smtp_left(after):
            wrong.append(f"call {at} of {calls} failed and {disks.smtp_left(after)} left after it")
        for moment in disk.after_failure(lambda seen: tuple(sorted(r for m in disks.smtp_left(seen) for r in m)), limit):
            moment.lay()
            tried += 1
            wrong += [f"call {at}, {moment}: {text}" for text in trial.judge(moment.outside)]
    check(not wrong and calls > 10, f"{name}: each of {calls} calls fails, {tried} states after it: the run ends, nothing twice", *wrong[:20])


def modes(recorder):
    for title, options in (("lock-step", ("--ext", "8BITMIME")), ("pipelining", ("--ext", "PIPELINING,8BITMIME")), ("chunking", CHUNKING)):
        with Server(work, *LONG, *options, name=title) as server:
            attempt(undisturbed, Trial(work, server, recorder), title, 60)


def new_journal(recorder):
    with Server(work, *LONG, "--ext", "PIPELINING,8BITMIME", name="new") as server:
        trial = Trial(work, server, recorder)
        open(work.journal, "w").close()
        attempt(undisturbed, trial, "a journal that a killed run left without syncing its name", 30, new=[work.journal])
        attempt(killed_first, trial, 20)
        attempt(failing, Trial(work, server, recorder, connections=1), 5, "EIO", 4)
        attempt(failing, Trial(work, server, recorder, connections=1), 28, "ENOSPC", 2)


def many_rows(recorder):
    """Reservations of many rows, and rows that are tried again while theirs is open: lost is what was written since its sync."""
    work.rows(40)
    for title, options in (("many rows", ("--ext", "PIPELINING,8BITMIME")), ("many rows in chunks", CHUNKING)):
        with Server(work, *LONG, *options, *LATER, name=title.replace(" ", "-")) as server:
            attempt(undisturbed, Trial(work, server, recorder, connections=4, refused=REFUSED), title, 40)


with Work(rows=ROWS) as work:
    recorder = work.file("recorder.so")
    if not disks.build(recorder):
        skip("mailbulk without power", "no C compiler for the recorder")
    else:
        work.journal = work.file("disk/journal")
        attempt(modes, recorder)
        attempt(new_journal, recorder)
        attempt(many_rows, recorder)
done()
