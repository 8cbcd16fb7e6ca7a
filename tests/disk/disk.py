"""A disk that loses what was not synced.

recorder.c notes what a run does to the files below some folders and what it sends; here it is played again, and for each
moment laid what a power failure may leave of it:

    octets    what was synced is there. Of what was written since: all, nothing, zeros, a part that ends anywhere, or some
              sectors of it and zeros for the others. What a failed sync did not bring to the disk no later one brings.
    names     a file or folder that was made, moved, linked or removed has its new name, or lost its old one, for certain
              only when its folder was synced after that. Before, any of these may have happened and any may not have:
              syncing the file does not keep its name. Moving is one step, within a folder and between two.

"Any may not have" is stricter than ext4, xfs and btrfs are in practice: they keep the order. Disk(ordered=True) is like
them, and keeps the name of a new file that was synced.

    disk = Disk(folder)                  before the first run
    run the tool in disk.environment(TOOL)
    for moment in disk.moments(...):     each state of the disk, with what had left until then
        moment.lay()                     the folder is now as a power failure at that moment left it
        run the tool again, and judge
"""
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import shared_object  # noqa: E402

SECTOR = 512
THOROUGH = bool(os.environ.get("PIPEMAIL_THOROUGH"))
SEED = int(os.environ.get("PIPEMAIL_SEED", "1"))


def build(library):
    """The recorder as a library to preload; False where there is no C compiler."""
    return shared_object(library, "tests/disk/recorder.c", "-ldl")


def shim(tool, library):
    """The environment in which a tool runs with the recorder preloaded, without recording."""
    env = {"LD_PRELOAD": library}
    with open(tool, "rb") as f:
        if b"__asan_init" in f.read():
            env["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return env


def empty(folder):
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


class Change:
    """One change to a file's octets or to a folder's names."""

    def __init__(self, kind, where=None, data=b"", names=(), needs=None, of=None):
        self.kind, self.where, self.data = kind, where, data        # "write": offset, octets; "size": the new size
        self.names, self.needs, self.of = names, needs, of          # "names": (name, file or None), what it depends on, the folder
        self.durable = self.doomed = False


class File:
    """A file, or a folder: what is certain, and the changes since then in order."""

    def __init__(self, octets=b"", folder=False):
        self.folder = folder
        self.octets, self.names = octets, {}     # certain
        self.live = {}                           # of a folder: the names as running programs see them
        self.changes = []

    def pending(self):
        return [c for c in self.changes if not c.durable]

    def synced(self):
        for c in self.changes:
            if not c.doomed:
                c.durable = True
                if c.needs is not None:
                    c.needs.durable = True
        self.settle()

    def settle(self):
        while self.changes and self.changes[0].durable:
            c = self.changes.pop(0)
            if self.folder:
                apply_names(self.names, c)
            else:
                self.octets = apply_octets(self.octets, c)

    def content(self, chosen, other=None):
        """The octets when of the pending changes those chosen arrived, one of them perhaps as another one."""
        octets = self.octets
        for c in self.changes:
            if c.durable or c in chosen:
                octets = apply_octets(octets, other if other is not None and c is chosen[-1] else c)
        return octets

    def kept(self):
        return self.content(self.changes)


def apply_octets(octets, c):
    if c.kind == "size":
        return octets[:c.where] + bytes(max(0, c.where - len(octets)))
    return octets[:c.where] + bytes(max(0, c.where - len(octets))) + c.data + octets[c.where + len(c.data):]


def apply_names(names, c):
    for name, what in c.names:
        if what is None:
            names.pop(name, None)
        else:
            names[name] = what


def octets_left(f, rng, thorough):
    """What may be left of a file's octets: (how, octets), the first two all and nothing of what is pending."""
    pending = f.pending()
    everything, nothing = f.kept(), f.content(())
    yield "kept", everything
    if not pending:
        return
    yield "lost", nothing
    last = pending[-1]
    if last.kind == "write":
        edge = SECTOR - last.where % SECTOR
        for n in sorted({1, edge, len(last.data) // 2, len(last.data) - 1}):
            if 0 < n < len(last.data):
                yield f"cut after {n}", f.content(pending, Change("write", last.where, last.data[:n]))
    if len(everything) > len(nothing):
        longer = nothing + bytes(len(everything) - len(nothing))
        yield "zeros", longer
        sectors = [i for i in range(0, len(everything), SECTOR) if everything[i:i + SECTOR] != longer[i:i + SECTOR]]
        for lost in (sectors[:1], sectors[:-1], *(rng.sample(sectors, rng.randint(1, len(sectors))) for _ in range(6 if thorough else 2))):
            image = bytearray(everything)
            for i in lost:
                image[i:i + SECTOR] = longer[i:i + SECTOR]
            yield f"sectors lost at {lost[:9]}", bytes(image)
    if len(pending) > 1:
        yield "all but the last", f.content(pending[:-1])
        some = rng.sample(pending, rng.randint(1, len(pending) - 1))
        yield "some writes", f.content(some)


class Moment:
    """A state of the folders that a power failure may leave."""

    def __init__(self, disk, tree, step, what, outside):
        self.disk, self.tree, self.step, self.what, self.outside = disk, tree, step, what, outside
        self.last = False        # it may be left after the last event too
        self.failed = False      # or after a call had failed
        self.worst = False       # at a moment that counts, as much is lost as can be: never left out

    def lay(self):
        for root in self.disk.roots:
            empty(root)
        for path, octets in self.tree:
            if octets is None:
                os.mkdir(path, 0o700)
            else:
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                    f.write(octets)
                os.utime(path, (0, 0))       # older than the machine's start

    def __str__(self):
        return f"step {self.step} ({self.what})"


class Disk:
    """Watches folders from now on. new: paths there whose names nothing has synced yet."""

    def __init__(self, library, log, *roots, new=(), ordered=False):
        self.library, self.log, self.ordered = library, log, ordered
        self.roots = [os.path.realpath(r) for r in roots]
        self.numbers, self.folders = {}, []
        self.top = {}
        if os.path.exists(log):
            os.unlink(log)
        for root in self.roots:
            self.top[root] = self.take(root)
        for path in new:
            folder, name = self.find(path)
            c = Change("names", names=((name, folder.names.pop(name)),), of=folder)
            folder.changes.append(c)

    def take(self, path):
        f = File(folder=os.path.isdir(path))
        self.numbers[os.lstat(path).st_ino] = f
        if f.folder:
            self.folders.append(f)
            for name in sorted(os.listdir(path)):
                f.names[name] = f.live[name] = self.take(os.path.join(path, name))
        else:
            with open(path, "rb") as stream:
                f.octets = stream.read()
        return f

    def environment(self, tool, **more):
        return {**shim(tool, self.library), "DISK_LOG": self.log, "DISK_TREES": ":".join(self.roots), **more}

    def mark(self, text):
        """Note in the record what has become known outside, say the status of a run."""
        with open(self.log, "ab") as f:
            f.write(b"mark 0 0 0 %d\n%s" % (len(text), text.encode()))

    def events(self):
        with open(self.log, "rb") as f:
            data = f.read()
        at = 0
        while at < len(data):
            end = data.index(b"\n", at)
            kind, number, offset, n, m = data[at:end].split()
            at = end + 1
            n, m = int(n), int(m)
            yield kind.decode(), int(number), int(offset), os.fsdecode(data[at:at + n]), data[at + n:at + n + m]
            at += n + m

    def before_syncs(self):
        """Where killpoint.c has to kill a run like the recorded one so that something is written and not synced: the numbers
        of its syncs among its calls on files, and whether it syncs that file more than once, as it does a journal. In an everyday
        run not all of files that are synced once, there are many."""
        points, syncs, n = [], {}, 0
        for kind, number, *_ in self.events():
            n += kind in ("write", "size", "sync", "unsynced", "rename", "unlink")
            if kind == "sync":
                syncs.setdefault(number, []).append(n)
        once = sorted(found[0] for number, found in syncs.items() if len(found) == 1)
        points = sorted({n for found in syncs.values() if len(found) > 1 for n in found} | set(once if THOROUGH or len(once) < 9 else once[::9]))
        return [(n, "before", n not in once) for n in points]

    # --- playing ---

    def find(self, path):
        """The folder that holds path, and the name there."""
        path = os.path.normpath(path)
        root = max((r for r in self.roots if path.startswith(r + "/")), key=len)
        folder, words = self.top[root], path[len(root) + 1:].split("/")
        for word in words[:-1]:
            folder = folder.live[word]
        return folder, words[-1]

    def name(self, folder, *names, needs=None):
        c = Change("names", names=names, needs=needs, of=folder)
        folder.changes.append(c)
        apply_names(folder.live, c)
        return c

    def play(self, kind, number, offset, path, data):
        """One event; False when it changes nothing on the disk."""
        if kind in ("create", "mkdir", "unnamed"):
            f = self.numbers[number] = File(folder=kind == "mkdir")
            self.folders += [f] if f.folder else []
            if kind != "unnamed":
                folder, name = self.find(path)
                self.name(folder, (name, f))
        elif kind == "write":
            self.numbers[number].changes.append(Change("write", offset, data))
        elif kind == "size":
            self.numbers[number].changes.append(Change("size", offset))
        elif kind == "sync":
            self.sync(self.numbers[number])
        elif kind == "unsynced":
            for c in self.numbers[number].pending():
                c.doomed = True
        elif kind == "syncall":
            for f in self.numbers.values():
                f.synced()
        elif kind == "link":
            folder, name = self.find(path)
            self.name(folder, (name, self.numbers[number]))
        elif kind == "unlink":
            folder, name = self.find(path)
            self.name(folder, (name, None))
        elif kind == "rename":
            self.move(path, os.fsdecode(data))
        elif kind == "unknown":
            raise SystemExit(f"the tool did what the recorder cannot follow: {path}")
        else:
            return False
        return True

    def sync(self, f):
        f.synced()
        if self.ordered:
            for folder in [g for g in self.folders if f in g.live.values()]:
                folder.synced()

    def move(self, old, new):
        source, name = self.find(old)
        target, other = self.find(new)
        f = source.live[name]
        if source is target:
            self.name(source, (name, None), (other, f))
        else:
            self.name(source, (name, None), needs=self.name(target, (other, f)))

    # --- what may be left ---

    def reachable(self, names):
        """(path, file) of all that the chosen changes of names leave reachable."""
        found = []

        def walk(path, folder):
            entries = dict(folder.names)
            for c in folder.changes:
                if c.durable or c in names:
                    apply_names(entries, c)
            for name in sorted(entries):
                found.append((os.path.join(path, name), entries[name]))
                if entries[name].folder:
                    walk(*found[-1])
        for root, folder in self.top.items():
            walk(root, folder)
        return found

    def choices(self, rng, thorough):
        """Sets of changes of names that arrived: all, none, each alone, each alone missing, some."""
        pending = [c for f in self.folders for c in f.pending()]
        sets = [("names kept", pending), ("names lost", [])]
        if self.ordered:
            sets += [("names in order", [c for c in pending if c.of.pending().index(c) < rng.randint(0, len(c.of.pending()))])
                     for _ in range(3)]
        elif len(pending) > 1:
            some = pending if thorough or len(pending) < 6 else rng.sample(pending, 6)
            sets += [(f"only the name {c.names[-1][0]}", [c]) for c in some]
            sets += [(f"not the name {c.names[-1][0]}", [d for d in pending if d is not c]) for c in some]
            sets += [("some names", rng.sample(pending, rng.randint(1, len(pending) - 1))) for _ in range(4 if thorough else 2)]
        for what, chosen in sets:
            yield what, set(chosen) | {c.needs for c in chosen if c.needs is not None}

    def states(self, rng, thorough):
        """(what, tree, worst) of everything that may be left of this moment. worst: all that may be lost is, of names or of
        octets, or of the octets of one file."""
        for what, names in self.choices(rng, thorough):
            files = self.reachable(names)
            loose = []
            for _, f in files:
                if not f.folder and f.pending() and f not in loose:
                    loose.append(f)
            options = {f: list(octets_left(f, rng, thorough)) for f in loose}
            ends = what in ("names kept", "names lost")
            plans, worst = [{f: options[f][0] for f in loose}], 0
            if loose:
                plans.append({f: options[f][1] for f in loose})
                plans += [{**plans[0], f: options[f][1]} for f in loose if ends and len(loose) > 1]
            if ends:
                worst = len(plans)
            for f in loose if ends or thorough else rng.sample(loose, min(1, len(loose))):
                plans += [{**plans[0], f: option} for option in options[f][1:]]
            if len(loose) > 1:
                plans += [{f: rng.choice(options[f]) for f in loose} for _ in range(6 if thorough else 2)]
            for i, plan in enumerate(plans):
                tree = tuple((path, None if f.folder else plan[f][1] if f in plan else f.kept()) for path, f in files)
                how = sorted({plan[f][0] for f in loose})
                yield ", ".join([what, *how]), tree, i < worst and (i > 0 or what == "names lost" or not loose)

    def after_failure(self, outside, limit):
        """Some states that may be left after a call has failed, or all."""
        moments, rng = [m for m in self.moments(outside, 1 << 30) if m.failed], random.Random(SEED)
        return moments if THOROUGH or len(moments) <= limit else drawn(rng, moments, limit, limit - limit // 2)

    def moments(self, outside=lambda events: None, limit=200, seed=SEED):
        """Every state after every event, each once. Unless PIPEMAIL_THOROUGH is set, only those in which most is lost where
        others have just learnt something, where a call has failed, and at the end; and of the rest as many as make limit,
        drawn by the seed. outside(events) is what others know by then; the same disk is tried again when that has changed."""
        rng = random.Random(seed)
        found, seen, events, known, failed = {}, [], list(self.events()), outside([]), False
        for step, event in enumerate(events):
            changed, before = self.play(*event), known
            if event[0] in ("send", "connect", "mark", "failed"):
                seen.append(event)
                known = outside(seen)
            last, failed = step == len(events) - 1, failed or event[0] == "failed"
            counts = last or known != before or event[0] in ("failed", "mark")
            if changed or last or event[0] in ("send", "mark"):
                for what, tree, worst in self.states(rng, THOROUGH):
                    key = hashlib.sha256(repr((tree, known)).encode()).digest()
                    moment = found.setdefault(key, Moment(self, tree, step, f"{describe(event)}: {what}", known))
                    moment.last, moment.failed, moment.worst = last, failed, moment.worst or (worst and counts)
        moments = list(found.values())
        self.total = len(moments)
        if THOROUGH or len(moments) <= limit:
            return moments
        # At the end all that was promised has to hold: half of them, where there are so many.
        return sorted(drawn(rng, moments, limit, max(limit // 2, limit - len([m for m in moments if not m.last]))), key=lambda m: m.step)


def drawn(rng, moments, limit, ends):
    """The worst moments, whatever the limit; then moments at the end until there are so many; then others."""
    chosen = [m for m in moments if m.worst]
    for most, rest in ((ends, [m for m in moments if m.last and not m.worst]), (limit, [m for m in moments if not m.last and not m.worst])):
        chosen += rng.sample(rest, max(0, min(len(rest), most - len(chosen))))
    return chosen


def describe(event):
    kind, _, _, path, data = event
    return " ".join(filter(None, [kind, os.path.basename(path), str(len(data)) if kind in ("write", "send") else ""]))


# --- what had left ---

def smtp_left(events):
    """The recipients of every message whose last octet was given to the system to send."""
    left, streams = [], {}
    for kind, number, _, _, data in events:
        if kind == "connect":
            streams[number] = b""
        elif kind == "send":
            streams[number] = streams.get(number, b"") + data
        if kind in ("connect", "mark") or kind != "send":
            continue
        streams[number], done = smtp_messages(streams[number])
        left += done
    return left


def smtp_messages(stream):
    """Messages that end in the stream: (the rest from the last MAIL on, [recipients of each])."""
    done, rcpts, at, begun = [], [], 0, 0
    while b"\r\n" in stream[at:]:
        end = stream.index(b"\r\n", at)
        line = stream[at:end]
        word = line.upper()
        if word.startswith(b"MAIL"):
            rcpts, begun = [], at
        at = end + 2
        if word.startswith(b"RCPT"):
            rcpts.append(re.search(rb"<(.*)>", line)[1].decode())
        elif word == b"DATA":
            body = stream.find(b"\r\n.\r\n", at - 2)
            if body < 0:
                break
            at = begun = body + 5
            done.append(rcpts)
        elif word.startswith(b"BDAT"):
            at += int(word.split()[1])
            if at > len(stream):
                break
            if word.endswith(b"LAST"):
                begun = at
                done.append(rcpts)
    return stream[begun:], done
