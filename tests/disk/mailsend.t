#!/usr/bin/env python3
"""mailsend loses power at every moment. What --spool said it keeps is there and is sent once; what --flush was sending is sent once or
told as unknown; files that are replaced are the old ones or the new ones; a copy that was told to be stored is there. Then with calls
that fail."""
import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cli")]
import disk as disks  # noqa: E402
from mailsend_lab import CLEAN, TOOL, Lab, attempt, check, skip  # noqa: E402
from popfetch_kit import split_mboxrd  # noqa: E402

CLOSED = "smtp://127.0.0.1:1"
LONG = CLEAN + b"0123456789\r\n" * 200


def left(seen):
    return sum(len(m) for m in disks.smtp_left(seen)), any(e[0] == "mark" for e in seen)


class Trial:
    """A home whose state folder is watched, and one server for all its runs."""

    def __init__(self, lab, library):
        self.lab, self.library, self.url = lab, library, lab.serve("--life", "7200")
        self.box = lab.servers[-1][1]
        self.folder, self.log, self.counted = lab.path("disk"), lab.path("record"), lab.path("count")
        self.env = {"XDG_STATE_HOME": self.folder + "/state"}
        self.spool = self.folder + "/state/pipemail/spool/"
        self.fresh()

    def fresh(self):
        os.makedirs(self.folder, exist_ok=True)
        disks.empty(self.folder)
        self.forget()

    def forget(self):
        for f in glob.glob(self.box + "/*"):
            os.unlink(f)

    def taken(self):
        return [open(f, "rb").read() for f in sorted(glob.glob(self.box + "/*.eml"))]

    def disk(self, **more):
        return disks.Disk(self.library, self.log, self.folder, **more)

    def tool(self, *args, env=None):
        return self.lab.tool(*args, stdin=LONG, env={**self.env, **(env or {})})

    def states(self):
        return [line.split(" ", 1)[1].strip() for f in glob.glob(self.spool + "*.env") for line in open(f) if line.startswith("state ")]

    def flush(self):
        """As if the pause were over: what the next runs send, what they say, and what is left."""
        self.forget()
        said, status = b"", []
        for _ in range(2):
            for f in glob.glob(self.spool + "*.env"):
                with open(f) as stream:
                    text = stream.read()
                with open(f, "w") as out:
                    out.write("".join("next 0\n" if line.startswith("next ") else line for line in text.splitlines(True)))
            r = self.tool("--flush", "--smtp", self.url)
            said += r.stderr
            status.append(r.returncode)
        return self.taken(), status, said.decode(errors="replace")

    def judge(self, had_left, was_kept):
        """The next runs of --flush on what the disk kept."""
        messages, status, said = self.flush()
        states, wrong = self.states(), []
        if len(messages) + had_left > 1:
            wrong.append(f"sent {had_left} times before and {len(messages)} times after")
        if any(m != LONG for m in messages):
            wrong.append("half a message was sent")
        if was_kept and not messages and not had_left and states != ["unknown"]:
            wrong.append(f"lost: {states}")
        if status not in ([0, 0], [79, 79]) or ("unknown" in states) != (status == [79, 79]):
            wrong.append(f"status {status}, states {states}")
        if "unknown" in states and "<1@example.org>" not in said:
            wrong.append("nobody is told which message it is")
        return [f"{w} ({said.strip()[-300:]})" for w in wrong]


def sweep(trial, name, disk, limit, was_kept):
    """was_kept: in the spool for certain, or None: from the mark on."""
    wrong, moments = [], disk.moments(outside=left, limit=limit)
    for moment in moments:
        moment.lay()
        sent, marked = moment.outside
        wrong += [f"{moment}, {sent} had left: {text}" for text in trial.judge(sent, marked if was_kept is None else was_kept)]
    check(not wrong and len(moments) > 5, f"{name}: power fails {len(moments)} times ({disk.total} states): nothing lost, nothing twice",
          *wrong[:20])


def keep(trial, limit, **env):
    trial.fresh()
    disk = trial.disk()
    r = trial.tool("--spool", "--smtp", CLOSED, "bob@example.org", env=disk.environment(TOOL, **env))
    if r.returncode == 0:        # 75: it could not be kept either, and whoever called has to
        disk.mark("kept")
    return r, disk


def flushed(trial, limit, **env):
    trial.fresh()
    trial.tool("--spool", "--smtp", CLOSED, "bob@example.org")
    disk = trial.disk()
    return trial.tool("--flush", "--smtp", trial.url, env=disk.environment(TOOL, **env)), disk


def failing(trial, name, run, was_kept, limit, numbers=(5, 28)):
    """Each call on files fails: what the run then says has to hold, whatever the disk keeps."""
    run(trial, limit, DISK_COUNT=trial.counted)
    with open(trial.counted) as f:
        calls = int(f.read())
    wrong, tried = [], 0
    for number in numbers:
        for at in range(1, calls + 1):
            r, disk = run(trial, limit, DISK_FAIL=str(at), DISK_ERRNO=str(number))
            for moment in disk.after_failure(left, limit):
                moment.lay()
                sent, marked = moment.outside
                tried += 1
                wrong += [f"call {at}, errno {number}, {moment}, {sent} had left, status {r.returncode} {r.stderr}: {text}"
                          for text in trial.judge(sent, marked if was_kept is None else was_kept)]
    check(not wrong and calls > 5, f"{name}: each of {calls} calls fails, {tried} states after it: nothing lost, nothing twice", *wrong[:20])


def replaced(trial, name, path, old, new, limit, *args):
    """A file that is written anew is the old one or the new one, and after a run that said so the new one."""
    trial.fresh()
    file = os.path.join(trial.folder, path)
    if old is not None:
        with open(file, "wb") as f:
            f.write(old)
    disk = trial.disk()
    r = trial.tool(*args, env=disk.environment(TOOL))
    with open(file, "rb") as f:
        written = f.read()
    disk.mark("told")
    wrong, moments = [], disk.moments(outside=left, limit=limit)
    for moment in moments:
        tree = dict(moment.tree)
        found = tree.get(file)
        if found not in ([new] if moment.outside[1] else [old, new]):
            wrong.append(f"{moment}: {found!r}")
    check(not wrong and written == new and r.returncode in (0, 1, 75) and len(moments) > 5, f"{name}: the old one or the new one, {len(moments)} states",
          r.returncode, r.stderr, written, *wrong[:20])


def copies(trial, limit):
    """--fcc: what was told to be stored is there once; half a copy hides none that follows."""
    for name, target, before in (("new mbox", "sent", None), ("mbox", "sent", b"From a@example.org Mon Nov 23 08:00:00 2026\nSubject: old\n\nx\n\n"),
                                 ("Maildir", "Sent/", None)):
        trial.fresh()
        path = os.path.join(trial.folder, target)
        if before:
            with open(path, "wb") as f:
                f.write(before)
        disk = trial.disk()
        args = ("--smtp", trial.url, "--fcc", path, "bob@example.org")
        r = trial.tool(*args, env=disk.environment(TOOL))
        disk.mark("told")
        wrong, moments = [] if r.returncode == 0 else [f"status {r.returncode} {r.stderr}"], disk.moments(outside=left, limit=limit)
        for moment in moments:
            moment.lay()
            r = trial.tool(*args)
            if r.returncode:
                wrong.append(f"{moment}: status {r.returncode} {r.stderr}")
                continue
            if target.endswith("/"):
                found = [open(f, "rb").read().replace(b"\n", b"\r\n") for f in glob.glob(path + "cur/*")]
            else:
                with open(path, "rb") as f:
                    data = f.read()
                if not data.startswith(before or b""):
                    wrong.append(f"{moment}: what was there before is gone")
                found = split_any(data[len(before or b""):])
            whole = found.count(LONG)
            if whole != 2 if moment.outside[1] else whole not in (1, 2):
                wrong.append(f"{moment}: the copy is there {whole} times, {'' if moment.outside[1] else 'not yet '}told")
        check(not wrong and len(moments) > 5, f"--fcc to a {name}: stored once told, {len(moments)} states", *wrong[:20])


def split_any(data):
    """The messages of what may begin with half a one."""
    start = data.find(b"\n\nFrom ann@")
    try:
        return split_mboxrd(data)
    except AssertionError:
        return split_mboxrd(data[start + 2:]) if start >= 0 else []


def spool(trial):
    r, disk = keep(trial, 0)
    check(r.returncode == 0 and trial.states() == ["waiting"], "--spool keeps it", r.returncode, r.stderr)
    sweep(trial, "--spool", disk, 120, None)


def flush(trial):
    r, disk = flushed(trial, 0)
    check(r.returncode == 0 and trial.taken() == [LONG] and not trial.states(), "--flush sends it", r.returncode, r.stderr)
    sweep(trial, "--flush", disk, 120, True)


def failed_to(trial):
    refusing = trial.lab.serve("--life", "7200", "-r", "RCPT:carol 450 4.2.0 Later")
    for old in (None, b"dave@example.org\n"):
        replaced(trial, f"--failed-to {'new' if old is None else 'over an old one'}", "failed", old, b"carol@example.org\n", 120, "--smtp", refusing,
                 "--failed-to", os.path.join(trial.folder, "failed"), "bob@example.org", "carol@example.org")


def main():
    lab = Lab()
    library = lab.path("recorder.so")
    if not disks.build(library):
        skip("mailsend without power", "no C compiler for the recorder")
        lab.done()
    trial = Trial(lab, library)
    attempt(spool, trial)
    attempt(flush, trial)
    attempt(failing, trial, "--spool", keep, None, 3)
    attempt(failing, trial, "--flush", flushed, True, 6)
    attempt(failed_to, trial)
    attempt(copies, trial, 60)
    lab.done()


main()
