#!/usr/bin/env python3
"""Tests of the tests: each mutant of tests/mutants breaks one promise, and the tests that it names have to fail.

    mutants.py BUILD [REGEX]    those whose title or file the regular expression finds; no REGEX: all

BUILD is a configured build tree. Works in a copy of the source with build trees of its own, two mutants at a time at most
(MUTANT_JOBS). Says killed, survived, does not apply or does not build; the status is 1 unless all were killed.
"""
import concurrent.futures
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(TOP, "tests", "mutants")
TOOLS = ("listscrub", "mailbulk", "mailsend", "popfetch")
TEST_SECONDS, BUILD_SECONDS = 400, 900


class Mutant:
    """One stanza: title, "in FILE", lines "- " to find, lines "+ " to put there, "fails TEST…"."""

    def __init__(self, number, lines):
        self.number, self.title, self.file, self.tests, self.fault = number, lines[0], "", [], ""
        old, new = [], []
        for line in lines[1:]:
            word, _, rest = line.partition(" ")
            if word == "in" and not self.file:
                self.file = rest
            elif word == "-":
                old.append(rest)
            elif word == "+":
                new.append(rest)
            elif word == "fails":
                self.tests += rest.split()
            else:
                self.fault = f"line is not understood: {line}"
        self.old, self.new = "\n".join(old), "\n".join(new)
        if not self.file or not self.tests or not old:
            self.fault = self.fault or "needs \"in FILE\", \"- TEXT\" and \"fails TEST\""

    def pattern(self):
        """Blanks and line ends count as one blank, so that a formatter may break the lines elsewhere."""
        return re.compile(r"\s+".join(re.escape(word) for word in self.old.split()))

    def apply(self, text):
        """The text as the mutant has it; a ValueError says why not."""
        if self.fault:
            raise ValueError(self.fault)
        found = self.pattern().findall(text)
        if len(found) != 1:
            raise ValueError(f"{self.file} has its text {len(found)} times, not once")
        changed = self.pattern().sub(lambda _: self.new, text)
        if changed.split() == text.split():
            raise ValueError("it changes nothing")
        return changed


def load(path=LIST):
    """Stanzas are separated by empty lines; lines that begin with # are comments."""
    mutants, stanza, start = [], [], 0
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for i, line in enumerate(lines + [""], 1):
        if line.startswith("#"):
            continue
        if line.strip():
            start = start if stanza else i
            stanza.append(line)
        elif stanza:
            mutants.append(Mutant(start, stanza))
            stanza = []
    return mutants


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def write(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as f:
        f.write(text)


def copy_tree(to):
    """What belongs to the tree, without what a build left in it."""
    names = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True)
    if names.returncode == 0 and os.path.exists(os.path.join(TOP, ".git")):
        for name in filter(None, names.stdout.decode().split("\0")):
            if os.path.isfile(os.path.join(TOP, name)):
                os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
                shutil.copy2(os.path.join(TOP, name), os.path.join(to, name))
    else:
        shutil.copytree(TOP, to, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns("*.o", "*.a", "*.log", "*.trs", ".deps", "config.status"))
    for name in ("configure", "Makefile.in", "config.h.in", "aclocal.m4"):
        if not os.path.exists(os.path.join(to, name)):
            subprocess.run(["autoreconf", "-fi"], cwd=to, check=True, capture_output=True)
            break


class Place:
    """A copy of the source and its build tree, for one mutant at a time."""

    def __init__(self, base, number, options):
        self.source, self.build = os.path.join(base, f"source{number}"), os.path.join(base, f"build{number}")
        self.temp = os.path.join(base, f"temp{number}")
        os.makedirs(self.build)
        copy_tree(self.source)
        command = [os.path.join(self.source, "configure"), "-q", *options]
        if not any(o.startswith(("CFLAGS=", "'CFLAGS=")) for o in options):
            command.append("CFLAGS=-O1")
        done = subprocess.run(command, cwd=self.build, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"mutants.py: configure failed: {done.stderr[-2000:]}")

    def make(self, tests):
        """An empty text, or what make said when it failed."""
        targets = []
        for test in tests:
            if not test.endswith(".t"):
                targets.append(test)
            else:
                tool = [t for t in TOOLS if os.path.basename(test).startswith(t)]
                targets += tool or list(TOOLS)
                if "listscrub_shares" in test:
                    targets.append("tests/cli/listscrub_shares")
                if "mailbulk_large" in test:
                    targets.append("tests/fake/receive")
        done = subprocess.run(["make", "-s", *sorted(set(targets))], cwd=self.build, capture_output=True, text=True, timeout=BUILD_SECONDS,
                              check=False)
        return "" if done.returncode == 0 else (done.stderr or done.stdout or "make failed")

    def end(self, process):
        """The test with all that it started: what left its group is known by the folder for temporary files."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        mark = f"TMPDIR={self.temp}\0".encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if mark in f.read():
                        os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass

    def fails(self, test):
        """How the test fails, or an empty text. It is ended at its first failure."""
        path = os.path.join(self.source if test.endswith(".t") else self.build, test)
        env = {**os.environ, "TOP_SRCDIR": self.source, "TOP_BUILDDIR": self.build, "SANITIZERS": "no", "TMPDIR": self.temp}
        os.makedirs(self.temp, exist_ok=True)
        how, planned, count = "", None, 0
        process = subprocess.Popen([path], cwd=self.build, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   text=True, errors="replace", start_new_session=True)
        late = []
        clock = threading.Timer(TEST_SECONDS, lambda: (late.append(1), self.end(process)))
        clock.start()
        for line in process.stdout:
            count += line.startswith(("ok ", "not ok "))
            planned = line if line.startswith("1..") else planned
            if line.startswith("not ok "):
                how = line.strip()
                break
        if how:
            self.end(process)
        status = process.wait()
        clock.cancel()
        self.end(process)
        process.stdout.close()
        shutil.rmtree(self.temp, ignore_errors=True)
        if late:
            return f"no end within {TEST_SECONDS} s"
        if not how and (status != 0 or planned is None or planned.strip() != f"1..{count}"):
            how = f"ended with {status} after {count} checks"
        return how


def judge(place, mutant):
    """(verdict, detail)"""
    path = os.path.join(place.source, mutant.file)
    try:
        text = read(path)
        changed = mutant.apply(text)
    except (OSError, ValueError) as e:
        return "does not apply", str(e)
    write(changed, path)
    try:
        said = place.make(mutant.tests)
        if said:
            return "does not build", said[-1500:]
        alive = []
        for test in mutant.tests:
            how = place.fails(test)
            if not how:
                alive.append(test)
        return ("survived", " ".join(alive)) if alive else ("killed", how)
    finally:
        write(text, path)


def settings(build):
    """How BUILD was configured."""
    done = subprocess.run([os.path.join(build, "config.status"), "--config"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"mutants.py: {build} is not a configured build tree")
    return [o for o in shlex.split(done.stdout) if o not in ("-q", "--quiet", "--enable-sanitizers", "--enable-fuzzers")]


def healthy(place, mutants):
    """A test that fails without a mutant would kill them all."""
    tests = sorted({t for m in mutants for t in m.tests})
    said = place.make(tests)
    if said:
        sys.exit(f"mutants.py: the tree does not build: {said[-2000:]}")
    sick = [f"{t}: {how}" for t in tests for how in [place.fails(t)] if how]
    if sick:
        sys.exit("mutants.py: these fail without a mutant: " + "; ".join(sick))


def run(build, regex, base):
    chosen = [m for m in load() if re.search(regex, m.title) or re.search(regex, m.file)]
    if not chosen:
        sys.exit(f"mutants.py: no mutant has {regex} in its title or file")
    jobs = min(2, len(chosen), max(1, int(os.environ.get("MUTANT_JOBS", "2"))))
    options = settings(build)
    places = queue.Queue()
    made = [Place(base, i, options) for i in range(jobs)]
    healthy(made[0], chosen)
    for place in made:
        places.put(place)

    def one(mutant):
        place = places.get()
        began = time.monotonic()
        try:
            return (mutant, *judge(place, mutant), time.monotonic() - began)
        finally:
            places.put(place)

    counts = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for mutant, verdict, detail, seconds in pool.map(one, chosen):
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{verdict}: {mutant.title} ({mutant.file}, {seconds:.0f} s)" + ("" if verdict == "killed" else f": {detail}"), flush=True)
    print(", ".join(f"{counts.get(v, 0)} {v}" for v in ("killed", "survived", "does not apply", "does not build")) + f", of {len(chosen)}")
    return 0 if counts.get("killed", 0) == len(chosen) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    scratch = tempfile.mkdtemp(prefix="pipemail-mutants-")
    try:
        sys.exit(run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "", scratch))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
