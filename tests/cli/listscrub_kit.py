"""What the tests of listscrub share: the tool run on octets, its outputs, TAP."""
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import BUILD, EMULATED, THOROUGH, TOP, attempt, check, done, same, sample, skip, skip_all  # noqa: E402,F401

TOOL = os.path.join(BUILD, "listscrub")
TIMEOUT = 120


def sanitized():
    """AddressSanitizer wants more address space than any limit leaves."""
    with open(TOOL, "rb") as f:
        return b"__asan_init" in f.read()


class Result:
    """out and rejects as octets, err as text, status."""

    def __init__(self, status, out, err, rejects):
        self.status, self.out, self.err, self.rejects = status, out, err.decode("utf-8", "replace"), rejects

    def __str__(self):
        return f"status {self.status}\nout {self.out[:600]!r}\nrejects {(self.rejects or b'')[:600]!r}\nerr {self.err[:900]}"

    def rows(self):
        return list(csv.reader(io.StringIO(self.out.decode("utf-8"), newline="")))

    def rejected(self):
        return list(csv.DictReader(io.StringIO(self.rejects.decode("utf-8"), newline="")))

    def reasons(self):
        return [r["reason"] for r in self.rejected()]

    def summary(self):
        return json.loads(self.err.strip().splitlines()[-1])


class Lab:
    """A temporary directory to work in."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="listscrub-")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, octets):
        with open(self.path(name), "wb") as f:
            f.write(octets if isinstance(octets, bytes) else octets.encode())
        return self.path(name)

    def run(self, *args, stdin=b"", rejects=True, env=None):
        """listscrub on stdin; the rejects are read back unless a test does without."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        path = self.path("rejects.csv")
        if os.path.exists(path):
            os.remove(path)
        argv = [TOOL, *(["--rejects", path] if rejects else []), *args]
        out = subprocess.run(argv, input=stdin, capture_output=True, timeout=TIMEOUT,
                             env={**os.environ, "LC_ALL": "C", "TMPDIR": self.dir, **(env or {})})
        octets = None
        if rejects and os.path.exists(path):
            with open(path, "rb") as f:
                octets = f.read()
        return Result(out.returncode, out.stdout, out.stderr, octets)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)
