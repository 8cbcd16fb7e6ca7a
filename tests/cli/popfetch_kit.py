"""What the tests of popfetch share: TAP, a work folder, the fake server, and reading mailboxes back with Python's own parsers."""
import hashlib
import mailbox
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import BUILD, THOROUGH, TOP, attempt, check, done, skip, skip_all  # noqa: E402,F401

TOOL = os.path.join(BUILD, "popfetch")
FAKE = os.path.join(TOP, "tests/fake/pop3d.py")


def message(i, body=b"", head=b""):
    return (b"Return-Path: <bob@example.net>\r\nFrom: Bob <bob@example.net>\r\nTo: ann@example.org\r\nSubject: message %d\r\n"
            b"Date: Mon, 23 Nov 2026 %02d:%02d:00 +0000\r\nMessage-ID: <%d@example.net>\r\n" % (i, i // 60 % 24, i % 60, i) + head +
            b"\r\n" + (body or b"This is number %d.\r\nFrom here on\r\n>From quoted\r\n.dots.\r\n..\r\n\r\nend\r\n" % i))


class Server:
    """The fake server on a folder of messages {uid: octets}."""

    def __init__(self, work, messages=None, *options, rules=()):
        self.work = work
        self.dir = work.file("server")
        self.log = work.file("server.log")
        if messages is not None:
            self.fill(messages)
        os.makedirs(self.dir, exist_ok=True)
        command = [sys.executable, FAKE, "--fork", "--dir", self.dir, "--log", self.log, *options]
        for rule in rules:
            command += ["-r", rule]
        out = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout.split()
        self.port, self.pid = int(out[0]), int(out[1])

    def fill(self, messages):
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.add(messages)
        if os.path.exists(self.log):
            os.unlink(self.log)

    def add(self, messages):
        for uid, octets in messages.items():
            with open(os.path.join(self.dir, uid + ".eml"), "wb") as f:
                f.write(octets)

    def left(self):
        return sorted(n[:-4] for n in os.listdir(self.dir) if n.endswith(".eml"))

    def commands(self, verb=None):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="latin-1") as f:
            return [line.rstrip("\n") for line in f if verb is None or line.split()[0] == verb]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)


class Work:
    """A folder, and popfetch run in it."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="popfetch-")
        self.password = self.file("password")
        with open(os.open(self.password, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("secret\n")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def file(self, *names):
        return os.path.join(self.dir, *names)

    def clean(self, *names):
        for name in names or ("state", "in.mbox", "in.mbox.lock", "in"):
            path = self.file(name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)

    def environment(self, more=None):
        env = {"PATH": os.environ.get("PATH", ""), "HOME": self.dir, "XDG_STATE_HOME": self.file("state"), "LC_ALL": "C"}
        for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if key in os.environ:
                env[key] = os.environ[key]
        env.update(more or {})
        return env

    def command(self, server, *args):
        command = [TOOL]
        if server is not None:
            command += ["--pop", f"pop3://ann@127.0.0.1:{server.port}", "--tls", "off", "--password-file", self.password]
        return command + list(args)

    def fetch(self, server, *args, env=None, timeout=60, **more):
        return subprocess.run(self.command(server, *args), env=self.environment(env), capture_output=True, timeout=timeout, cwd=self.dir,
                              stdin=subprocess.DEVNULL, **more)

    def age(self, seconds):
        """What is remembered was stored so much earlier."""
        folder = self.file("state", "pipemail")
        for name in os.listdir(folder):
            if name.endswith(".lock"):
                continue
            with open(os.path.join(folder, name), "r+b") as f:
                lines = [line.rsplit(b"\t", 1)[0].split(b"\t") for line in f.read().splitlines()]
                f.seek(0)
                f.truncate()
                for line in lines:
                    if line[0] == b"E":
                        line[2] = b"%d" % (int(line[2]) - seconds)
                    text = b"\t".join(line)
                    f.write(text + b"\t%08x\n" % zlib.crc32(text))

    def mbox(self, name="in.mbox"):
        """The messages of an mbox, mboxrd undone, with CRLF as the server had them."""
        path = self.file(name)
        if not os.path.exists(path):
            return []
        with open(path, "rb") as f:
            return split_mboxrd(f.read())

    def maildir(self, name="in"):
        folder = self.file(name, "new")
        if not os.path.isdir(folder):
            return []
        return [open(os.path.join(folder, n), "rb").read().replace(b"\n", b"\r\n") for n in sorted(os.listdir(folder))]


def split_mboxrd(data):
    """By the rules and by nothing else: a From_ line at the start or behind an empty line, one empty line at each end."""
    messages, lines = [], data.split(b"\n")
    assert lines.pop() == b"", "no line end at the end"
    for i, line in enumerate(lines):
        if line.startswith(b"From "):
            assert i == 0 or lines[i - 1] == b"", f"a From_ line without an empty line before it: {i}"
            messages.append([])
        else:
            assert messages, "octets before the first From_ line"
            bare = line.lstrip(b">")
            messages[-1].append(line[1:] if len(bare) < len(line) and bare.startswith(b"From ") else line)
    out = []
    for m in messages:
        assert m and m[-1] == b"", "a message without an empty line behind it"
        out.append(b"".join(line + b"\r\n" for line in m[:-1]))
    return out


def compare(got, want):
    """What is wrong with the messages got, where each of want should be once: [] when nothing is."""
    wrong, sums = [], [hashlib.sha256(m).hexdigest() for m in got]
    for name, m in want.items():
        n = sums.count(hashlib.sha256(m).hexdigest())
        if n != 1:
            wrong.append(f"{name} is there {n} times")
    known = {hashlib.sha256(m).hexdigest() for m in want.values()}
    wrong += [f"half or strange: {m[:300]!r}" for m, s in zip(got, sums) if s not in known]
    return wrong


def python_reads(path):
    """How many messages Python's mailbox module finds."""
    return len(mailbox.mbox(path, create=False))
