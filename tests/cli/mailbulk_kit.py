"""What the tests of mailbulk share: a place to work in, a server, a run and its results."""
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import BUILD, TOP, attempt, check, done, skip, skip_all  # noqa: E402,F401

TOOL = os.path.join(BUILD, "mailbulk")
TEMPLATE = "From: News <news@example.org>\nTo: {{email}}\nSubject: For {{name}}\n\nDear {{name}}, this is a text.\n"


class Work:
    """A directory with a template, a list and a journal; gone at the end."""

    def __init__(self, template=TEMPLATE, rows=6):
        self.path = tempfile.mkdtemp(prefix="mailbulk-test-")
        self.write("t.eml", template)
        self.rows(rows)
        self.journal = self.file("journal")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text):
        with open(self.file(name), "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return self.file(name)

    def rows(self, n):
        self.everybody = [f"user{i}@example.net" for i in range(n)]
        self.list = self.write("list.csv", "email,name\n" + "".join(f"{e},User {i}\n" for i, e in enumerate(self.everybody)))

    def forget(self):
        if os.path.exists(self.journal):
            os.unlink(self.journal)

    def run(self, *arguments, template="t.eml", rows=None, env=None, timeout=60, stdout=subprocess.PIPE):
        """mailbulk with these arguments; the list on standard input."""
        environment = {k: v for k, v in os.environ.items() if k not in ("SOURCE_DATE_EPOCH", "EMAIL")}
        environment.update(HOME=self.path, XDG_CONFIG_HOME=self.path, **(env or {}))
        with open(rows or self.list, "rb") as f:
            return subprocess.run([TOOL, *arguments, self.file(template)], stdin=f, stdout=stdout, stderr=subprocess.PIPE,
                                  timeout=timeout, env=environment)

    def send(self, server, *arguments, transactional=True, **more):
        urls = [u for s in (server if isinstance(server, list) else [server]) for u in ("--smtp", s.url)]
        words = ["--send", "--journal", self.journal, *urls, *(["--transactional"] if transactional else []), *arguments]
        return Run(self.run(*words, **more))


class Run:
    """A run that sent: its status, its results by address, what it said."""

    def __init__(self, done_process):
        self.status = done_process.returncode
        self.said = done_process.stderr.decode("utf-8", "replace")
        self.out = (done_process.stdout or b"").decode("utf-8")
        whole = self.out if self.out.endswith("\n") else self.out[:self.out.rfind("\n") + 1]
        self.rows = list(csv.DictReader(io.StringIO(whole)))
        self.by = {row.get("email"): row for row in self.rows}

    def count(self, status):
        return sum(row["status"] == status for row in self.rows)


class Server:
    def __init__(self, work, *options, name="box", scheme="smtp"):
        self.box, self.log = work.file(name), work.file(name + ".log")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(TOP, "tests/fake/smtpd.py"), "--dir", self.box, "--log", self.log, *options],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.read, self.open = 0, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.kill()
        self.process.wait()

    def events(self, kind=None):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as f:
            found = [json.loads(line) for line in f if line.endswith("\n")]
        return [e for e in found if kind in (None, e["event"])]

    def quiet(self):
        """Wait until every connection that was opened has ended, so that the box is complete."""
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            with open(self.log, "rb") as f:
                f.seek(self.read)
                whole = f.read()
            whole = whole[:whole.rfind(b"\n") + 1]
            self.read += len(whole)
            events = [json.loads(line)["event"] for line in whole.splitlines()]
            self.open += events.count("open") - events.count("end")
            if self.open == 0:
                return
            time.sleep(0.005)
        raise SystemExit("the server's connections do not end")

    def messages(self):
        """What was taken: (envelope, octets) in order."""
        found = []
        for name in sorted(os.listdir(self.box)) if os.path.isdir(self.box) else ():
            if not name.endswith(".json"):
                continue
            with open(os.path.join(self.box, name)) as f:
                envelope = json.load(f)
            with open(os.path.join(self.box, name[:-5] + ".eml"), "rb") as f:
                found.append((envelope, f.read()))
        return found

    def taken(self):
        """recipient -> how many messages"""
        found = {}
        for envelope, _ in self.messages():
            for rcpt in envelope["rcpts"]:
                address = (rcpt if isinstance(rcpt, str) else rcpt[0]).strip("<>")
                found[address] = found.get(address, 0) + 1
        return found

    def empty(self):
        shutil.rmtree(self.box, ignore_errors=True)
        os.mkdir(self.box)
