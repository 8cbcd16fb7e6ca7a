"""What the tests of mailsend share: a fake server for each run, a home of its own, and TAP."""
import email
import email.policy
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import BUILD, TOP, attempt, check, done, same, skip, skip_all  # noqa: E402,F401

TOOL = os.path.join(BUILD, "mailsend")
FAKE = os.path.join(TOP, "tests/fake/smtpd.py")
HEAD = (b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n"
        b"Message-ID: <1@example.org>\r\nSubject: hello\r\n")
CLEAN = HEAD + b"\r\nA line.\r\n.and a dot\r\n"


class Run:
    """What one run of mailsend left behind: status, out, err, messages (octets), meta, events."""

    def __init__(self, result, messages, meta, events):
        self.status, self.out, self.err = result.returncode, result.stdout, result.stderr.decode(errors="replace")
        self.messages, self.meta, self.events = messages, meta, events

    def flights(self):
        """How often the server had to be waited for."""
        return sum(e["event"] == "flight" for e in self.events)

    def sent(self):
        """What the client sent, as the server saw it."""
        return "".join(e["data"] for e in self.events if e["event"] == "recv")

    def commands(self):
        return [e["line"] for e in self.events if e["event"] == "command"]

    def parsed(self, i=0):
        return email.message_from_bytes(self.messages[i], policy=email.policy.default)

    def report(self):
        return json.loads(self.out)

    def __str__(self):
        return f"status {self.status}\n{self.err}{self.out.decode(errors='replace')}{self.commands()}"


class Lab:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="mailsend-test-")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.home, "XDG_STATE_HOME": self.home + "/state",
                    "XDG_CONFIG_HOME": self.home + "/config", "LC_ALL": "C", "TZ": "UTC", "TMPDIR": self.home}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.servers = []

    def path(self, name, content=None, mode=0o600):
        path = os.path.join(self.home, name)
        if content is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(content if isinstance(content, bytes) else content.encode())
            os.chmod(path, mode)
        return path

    def serve(self, *options):
        """Start a fake server: its URL."""
        box = os.path.join(self.home, f"box{len(self.servers)}")
        words = subprocess.run([sys.executable, FAKE, "--fork", "--dir", box, "--log", box + ".log", *options],
                               stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        self.servers.append((int(words[1]), box))
        scheme = "lmtp" if "--lmtp" in options else "smtps" if "--tls" in options else "smtp"
        return f"{scheme}://127.0.0.1:{words[0]}"

    def collect(self):
        """Stop the last server and take what it saw."""
        pid, box = self.servers.pop()
        os.kill(pid, signal.SIGTERM)
        messages = [open(f, "rb").read() for f in sorted(glob.glob(box + "/*.eml"))]
        meta = [json.load(open(f)) for f in sorted(glob.glob(box + "/*.json"))]
        events = [json.loads(line) for line in open(box + ".log")] if os.path.exists(box + ".log") else []
        shutil.rmtree(box, ignore_errors=True)
        if os.path.exists(box + ".log"):
            os.unlink(box + ".log")
        return messages, meta, events

    def tool(self, *args, stdin=b"", env=None, name=TOOL, timeout=60, **more):
        return subprocess.run([name, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              env={**self.env, **(env or {})}, **more)

    def send(self, *args, stdin=CLEAN, server=(), env=None, **more):
        """Run mailsend against a fresh fake server that behaves as told."""
        url = self.serve(*server)
        try:
            result = self.tool("--smtp", url, *args, stdin=stdin, env=env, **more)
        finally:
            seen = self.collect()
        return Run(result, *seen)

    def done(self):
        for pid, _ in self.servers:
            os.kill(pid, signal.SIGTERM)
        shutil.rmtree(self.home, ignore_errors=True)
        done()
