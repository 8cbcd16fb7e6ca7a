#!/usr/bin/env python3
"""mailbulk is killed at every write, send, receive and sync, started again, and held against what the server took:
no row twice, none lost, every row in doubt told."""
import os
import random
import sys
import zlib

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
import killpoint  # noqa: E402
from mailbulk_kit import THOROUGH, TOOL, Server, Work, attempt, check, done, skip  # noqa: E402

RANDOM = random.Random(int(os.environ.get("PIPEMAIL_SEED", "1")))
CHUNKING = ("--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix")
# One row is refused for a while at RCPT and one after its content: each is tried again, within the time of one reservation.
LATER = ("-r", "RCPT:user2@@1 450 4.2.1 Try later", "-r", "dot:user3@@1 451 4.3.0 Try later", "-r", "BDAT@5 451 4.3.0 Try later")


class Trial:
    def __init__(self, work, server, shim, connections):
        self.work, self.server, self.shim, self.connections = work, server, shim, connections
        self.boots = 0

    def fresh(self):
        self.work.forget()
        self.server.empty()

    def other_boot(self):
        """The environment of the next start of the machine."""
        self.boots += 1
        return {"BOOT_ID": self.work.write("boot", f"{self.boots:08x}-0000-4000-8000-000000000000\n")}

    def send(self, **env):
        words = ("--quiet", "-j", str(self.connections), "--retry-pause", "0.01")
        run = self.work.send(self.server, *words, env=killpoint.environment(TOOL, self.shim, **env))
        self.server.quiet()
        return run

    def points(self):
        self.fresh()
        counted = self.work.file("count")
        whole = self.send(KILL_COUNT=counted)
        with open(counted) as f:
            return whole, int(f.read())

    def named(self, letter):
        """Addresses in the journal's records of this kind."""
        found = set()
        if os.path.exists(self.work.journal):
            with open(self.work.journal, encoding="utf-8", errors="replace") as f:
                for line in f:
                    fields = line.split("\t")[:-1]
                    if fields and fields[0] == letter:
                        found.update(fields[4::2] if letter == "R" else fields[3:4])
        return found

    def judge(self, runs, boot):
        """After some runs that were killed, one that goes on, and one more: what is wrong."""
        server, everybody, wrong = self.server, set(self.work.everybody), []
        last = self.send(**boot)
        taken = server.taken()
        unknown = {row["email"] for row in last.rows if row["status"] == "unknown"}
        if any(n > 1 for n in taken.values()):
            wrong.append(f"twice: {[e for e, n in taken.items() if n > 1]}")
        if everybody - set(taken) - unknown:
            wrong.append(f"lost: {sorted(everybody - set(taken) - unknown)}")
        if set(last.by) != everybody:
            wrong.append(f"no result for {sorted(everybody - set(last.by))}")
        for row in (row for run in runs for row in run.rows):
            if row["status"] == "sent" and row["email"] not in taken:
                wrong.append(f"{row['email']} was called sent and is not there")
        if unknown - self.named("R" if boot else "T"):
            wrong.append(f"unknown and never tried: {sorted(unknown - self.named('R' if boot else 'T'))}")
        if unknown - self.named("U"):
            wrong.append(f"in doubt, and the journal does not say so: {sorted(unknown - self.named('U'))}")
        if any(not row["message_id"] for row in last.rows if row["status"] == "unknown"):
            wrong.append("unknown without a Message-ID")
        if last.status != (1 if unknown else 0):
            wrong.append(f"status {last.status}: {last.said}")
        again = self.send(**(self.other_boot() if boot else {}))
        if server.taken() != taken or {row["email"] for row in again.rows if row["status"] == "unknown"} != unknown:
            wrong.append(f"one more run sends or tells something else: {again.status} {again.said}")
        return len(unknown), wrong

    def one(self, kills, changed):
        """Kill a run at each of these points, each the next one; go on."""
        self.fresh()
        boot, runs = {}, []
        for how, at in kills:
            runs.append(self.send(KILL_AT=str(at), KILL_HOW=how, **boot))
            boot = self.other_boot() if changed else {}
        unknown, wrong = self.judge(runs, boot)
        # The order of packets differs from run to run: a run may end before its last point.
        wrong += [f"it was not killed: {run.status} {run.said}" for run in runs if run.status not in (-9, 0, 1)]
        return unknown, [f"{kills}{', another boot' if changed else ''}: {text}" for text in wrong]


def drawn(plans, most):
    return plans if THOROUGH or len(plans) <= most else sorted(RANDOM.sample(plans, most))


def sweep(work, shim, name, connections, rows, most, *options):
    work.rows(rows)
    with Server(work, "--life", "7200", *options, *LATER, name=name.replace(" ", "")) as server:
        trial = Trial(work, server, shim, connections)
        whole, points = trial.points()
        check(whole.status == 0 and points > 20, f"{name}: an undisturbed run has {points} points", whole.status, whole.said)
        wrong, doubts = [], 0
        plans = [(((how, at),), changed) for how in ("after", "before", "half") for at in range(1, points + 1) for changed in (False, True)]
        twice = [(((how, at), ("after", at // 3 + 4)), changed) for how in ("after", "half") for at in range(4, points + 1, 3) for changed in (False, True)]
        plans = drawn(plans, most) + drawn(twice, most // 4)
        for kills, changed in plans:
            n, told = trial.one(kills, changed)
            wrong += told
            doubts += n
            under_way = connections * (1 if "CHUNKING" not in options[1] else 16)
            if not changed and n > under_way * len(kills):
                wrong.append(f"{kills}: {n} in doubt, but no more than {under_way} were under way")
        check(not wrong, f"{name}: killed {len(plans)} times, no row twice, none lost ({doubts} in doubt, all told)", *wrong[:20])


def reserved(work, shim):
    """What another boot leaves in doubt is what was reserved, and no more than that; the same boot only what was handed over."""
    work.rows(40)
    with Server(work, "--ext", "PIPELINING,8BITMIME", name="reserved") as server:
        trial = Trial(work, server, shim, 1)
        for changed in (False, True):
            trial.fresh()
            trial.send(KILL_AT="75", KILL_HOW="after")
            reserved_rows, tried = trial.named("R"), trial.named("T")
            done_rows = trial.named("S")
            boot = trial.other_boot() if changed else {}
            run = trial.send(**boot)
            unknown = {row["email"] for row in run.rows if row["status"] == "unknown"}
            expected = (reserved_rows if changed else tried) - done_rows
            check(unknown == expected and expected, f"{'another' if changed else 'the same'} boot: in doubt is what was "
                  f"{'reserved' if changed else 'handed over'}", str(sorted(unknown)), str(sorted(expected)), run.said)


def orderly(work, shim):
    """A run that ends in order leaves nobody in doubt, whatever the machine does then: refused as a whole, and interrupted."""
    work.rows(40)
    for rule, status in (("MAIL@9- 550 5.1.8 Sender unknown", 69), ("MAIL@9- 451 4.3.0 Later", 75)):
        with Server(work, "-r", rule, name=f"orderly{status}") as server:
            trial = Trial(work, server, shim, 1)
            # A machine that is busy just then has reservations of one row each, and leaves none: it is asked again.
            for _ in range(5):
                trial.fresh()
                first = work.send(server, "--quiet", "-j", "1", "--retries", "0", "--retry-for", "1s")
                server.quiet()
                open_rows = trial.named("R") - trial.named("S") - trial.named("D")
                if open_rows:
                    break
            check(first.status == status and open_rows, "a run ends with rows that are reserved and not tried", first.status, first.said)
        with Server(work, name=f"then{status}") as server:
            trial = Trial(work, server, shim, 1)
            run = trial.send(**trial.other_boot())
            check(run.status == 0 and run.count("unknown") == 0 and len(server.taken()) == 40 - first.count("sent"),
                  "after another boot they are sent", run.status, run.said, str(len(server.taken())))


def old_journal(work, shim):
    """What earlier versions wrote: a T is in doubt, also in the same boot, and a D is not."""
    work.rows(3)
    with Server(work, name="old") as server:
        trial = Trial(work, server, shim, 1)
        trial.fresh()
        trial.send()
        with open(work.journal) as f:
            records = [line[:-10].split("\t") for line in f if line[0] in "CTS"]
        kept = [r for r in records if r[0] == "C"] + [r for r in records if r[0] == "T"]
        sent = next(r for r in records if r[0] == "S" and r[3] == "user0@example.net")
        put_back = next(r for r in kept if r[0] == "T" and r[3] == "user1@example.net")
        kept += [sent, ["D", *put_back[1:4], "451", "later"]]
        lines = ["\t".join(r) for r in kept]
        work.write("journal", "".join(f"{line}\t{zlib.crc32(line.encode()):08x}\n" for line in lines))
        server.empty()
        run = trial.send()
        check({r["email"][:5]: r["status"] for r in run.rows} == {"user0": "skipped", "user1": "sent", "user2": "unknown"} and
              server.taken() == {"user1@example.net": 1}, "an older journal is read", run.out, run.said)


def other_systems(work, shim):
    """A file system that is not known to keep what was written: each hand-over is synced before it leaves."""
    work.rows(12)
    with Server(work, "--ext", "PIPELINING,8BITMIME", name="systems") as server:
        for fs, most in (("ef53", 8), ("6969", 24)):
            trial = Trial(work, server, shim, 1)
            trial.fresh()
            work.send(server, "--quiet", "-j", "1", env=killpoint.environment(TOOL, shim, KILL_COUNT=work.file("count"), KILL_WHAT="sync", BOOT_FS=fs))
            with open(work.file("count")) as f:
                n = int(f.read())
            check(n <= most and (fs == "ef53" or n >= 12), f"file system {fs}: {n} syncs for 12 rows")


with Work() as work:
    library = work.file("killpoint.so")
    if not killpoint.build(library):
        skip("mailbulk killed at every point", "no C compiler for the shim")
    else:
        attempt(sweep, work, library, "lock-step", 2, 6, 60, "--ext", "8BITMIME")
        attempt(sweep, work, library, "pipelining", 1, 12, 60, "--ext", "PIPELINING,8BITMIME")
        attempt(sweep, work, library, "chunking", 4, 12, 60, *CHUNKING)
        attempt(sweep, work, library, "20 connections", 20, 60, 40, *CHUNKING)
        attempt(reserved, work, library)
        attempt(orderly, work, library)
        attempt(old_journal, work, library)
        attempt(other_systems, work, library)
done()
