#!/usr/bin/env python3
"""listscrub where it is hard: full disks, signals, little memory, adversaries, shares."""
import csv
import fcntl
import io
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import termios

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, TOOL, attempt, check, done, same, sanitized, skip  # noqa: E402

lab = Lab()
random.seed(7)


def dirty_list(rows):
    """Rows of many kinds; what is right is whatever one run in plenty of memory says."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["n", "email", "on", "note"])
    for n in range(rows):
        kind = random.random()
        address = f"user{n}@host{n % 997}.com"
        if kind < 0.2 and n > 10:
            address = f"User{random.randrange(n)}@HOST{random.randrange(n) % 997}.com"
        elif kind < 0.3 and n > 10:
            k = random.randrange(n)
            address = f"user{k}@host{k % 997}.com"
        elif kind < 0.33:
            address = f"bad{n}@@host"
        writer.writerow([n, address, f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}", "two\nlines" if n % 50 == 0 else "x"])
    return out.getvalue().encode()


def run_limited(argv, limits, stdin=None, stdout=subprocess.PIPE):
    def prepare():
        for what, value in limits:
            resource.setrlimit(what, (value, value))
    return subprocess.run([TOOL, *argv], input=stdin, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=prepare, timeout=120,
                          env={**os.environ, "TMPDIR": lab.dir})


def is_prefix(kept, rejected, rows):
    """Every row of a beginning of the list is in one of the two, in order, and nothing else."""
    header = rows[0]
    want = rows[1:1 + len(kept) + len(rejected)]
    merged = sorted([[row[0]] for row in kept] + [[row[0]] for row in rejected], key=lambda r: int(r[0]))
    return [row[0] for row in want] == [m[0] for m in merged] and all(len(r) == len(header) for r in kept)


def parse(octets):
    return list(csv.reader(io.StringIO(octets.decode(), newline="")))


def full_disk():
    octets = dirty_list(30000)
    rows = parse(octets)
    path = lab.write("list.csv", octets)
    with open("/dev/full", "wb") as full:
        out = run_limited([path], [], stdout=full)
    check(out.returncode == 74 and b"No space left" in out.stderr, "/dev/full is 74", out.stderr)
    # (The signal of that limit ends a process that takes no care in the middle of a row.)
    for limit in (1000, 70000, 300000, 700000):
        for target in ("out", "rejects"):
            kept, rejected = lab.path("kept.csv"), lab.path("rejected.csv")
            limits = [(resource.RLIMIT_FSIZE, limit if target == "out" else limit // 10)]
            with open(kept, "wb") as stdout:
                out = run_limited(["--rejects", rejected, path], limits, stdout=stdout)
            with open(kept, "rb") as a, open(rejected, "rb") as b:
                kept, rejected = a.read(), b.read()
            check(out.returncode == 74, f"a file that may not grow past {limits[0][1]} octets is 74", out.stderr)
            check(kept in (b"",) or kept.endswith(b"\n"), "what was written is whole rows", kept[-100:])
            check(is_prefix(parse(kept)[1:], parse(rejected)[1:], rows), "kept and rejected are exactly a beginning of the list",
                  len(parse(kept)), len(parse(rejected)), out.stderr.decode())


def closed_pipe():
    """What "| head" does: no fault, and nothing is said that is not so."""
    rows = [["n", "email"]] + [[str(n), f"u{n}@host{n % 97}.com" if n % 3 else f"u{n}@@host"] for n in range(60000)]
    path = lab.write("long.csv", "".join(",".join(row) + "\n" for row in rows))
    rejects = lab.path("gone.csv")
    for args, stdin in (([path], None), (["-"], open(path, "rb").read()), (["--keep", "newest:n", path], None)):
        read_end, write_end = os.pipe()
        os.close(read_end)
        out = run_limited(["--summary=json", "--rejects", rejects, *args], [], stdin=stdin, stdout=write_end)
        os.close(write_end)
        same(out.returncode, 128 + signal.SIGPIPE, f"a reader that went away is the status of its signal {args[:1]}")
        found = json.loads(out.stderr.splitlines()[-1])
        check(found["read"] == found["kept"] + found["rejected"] > 0 and out.stderr.count(b"\n") == 1, "the counts are of what was done", out.stderr)
        with open(rejects, newline="") as f:
            gone = list(csv.DictReader(f))
        same([row["n"] for row in gone], [str(n) for n in range(0, found["read"], 3)], "and its rejects are written")
    out = subprocess.run(["bash", "-c", f"{TOOL} {path} | head -1; exit ${{PIPESTATUS[0]}}"], capture_output=True, timeout=60)
    check(out.returncode == 141 and out.stdout == b"n,email\n" and re.search(rb"^listscrub: standard output was closed: stopped after [1-9][0-9,]* rows\n$", out.stderr), "head", out)


def tmpfs():
    mount = lab.path("small")
    os.mkdir(mount)
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", mount], capture_output=True).returncode != 0:
        skip("a full file system", "a tmpfs cannot be mounted here")
        return
    try:
        octets = dirty_list(20000)
        with open(os.path.join(mount, "kept.csv"), "wb") as stdout:
            out = run_limited(["--rejects", os.path.join(mount, "rejected.csv")], [], stdin=octets, stdout=stdout)
        kept = open(os.path.join(mount, "kept.csv"), "rb").read()
        rejected = open(os.path.join(mount, "rejected.csv"), "rb").read()
        check(out.returncode == 74 and is_prefix(parse(kept)[1:], parse(rejected)[1:], parse(octets)),
              "a full file system: kept and rejected are exactly a beginning of the list", out.stderr, len(kept), len(rejected))
    finally:
        subprocess.run(["umount", mount], check=False)


def interrupted():
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([TOOL, "--summary=json", "--rejects", lab.path("r.csv")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdin.write(b"email,n\na@a.de,1\nbad,2\nb@a.de,3\nc@a.de,not whole y")
        process.stdin.flush()
        # The header and the whole rows come through a pipe as they are read.
        got = b""
        while got.count(b"\n") < 3 and select.select([process.stdout], [], [], 60)[0]:
            got += os.read(process.stdout.fileno(), 65536)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        same((process.returncode, got + out), (128 + number, b"email,n\na@a.de,1\nb@a.de,3\n"), f"{number.name}: whole rows, 128 and the signal")
        check(b'"read":3,"kept":2,"rejected":1' in err and open(lab.path("r.csv")).read().count("\n") == 2, "and what was done is said", err)


def interrupted_early():
    """Before there is a row: the tool has taken what was sent and waits for the rest."""
    process = subprocess.Popen([TOOL, "--summary=json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"email,n")
    process.stdin.flush()
    left = b"\1\0\0\0"
    while any(left) and process.poll() is None:
        left = fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, bytes(4))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    same((process.returncode, out), (130, b""), "SIGINT before the first row: nothing, 130")
    check(err.startswith(b'{"read":0,"kept":0,"rejected":0,') and err.count(b"\n") == 1, "and the summary says so", err)


def fifo_behind(path, changes):
    """Two passes over a list and a FIFO; changes is called when the list was read once."""
    fifo = lab.path("fifo")
    os.mkfifo(fifo)
    process = subprocess.Popen([TOOL, "--keep", "newest:on", path, fifo], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": lab.dir})
    with open(fifo, "wb"):
        changes()
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    os.remove(fifo)
    return process.returncode, out, err


def changed_meanwhile():
    octets = b"email,on\na@a.de,2026-01-01\nb@a.de,2026-01-02\n"
    path = lab.write("moves.csv", octets)
    same(fifo_behind(path, lambda: None)[:2], (0, octets), "a FIFO without anything is not opened again")
    def grow():
        with open(path, "ab") as f:
            f.write(b"a@a.de,2026-01-03\n")
    def replace():
        os.rename(lab.write("other.csv", octets), path)
    def shrink():
        os.truncate(path, 28)
    for change in (grow, replace, shrink):
        lab.write("moves.csv", octets)
        status, out, err = fifo_behind(path, change)
        check((status, out) == (74, b"email,on\n") and b"moves.csv was changed while it was read" in err,
              f"{change.__name__} between two passes is seen", status, out, err)


def cut_meanwhile():
    octets = b"email,n\n" + b"".join(b"user%d@host.example.net,%d\n" % (n, n) for n in range(800000))
    path = lab.write("cut.csv", octets)
    process = subprocess.Popen([TOOL, "--allow-reserved", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out = os.read(process.stdout.fileno(), 1000)
    os.truncate(path, 100001)
    rest, err = process.communicate(timeout=60)
    out += rest
    check(process.returncode == 74 and b"cut.csv became shorter while it was read" in err and octets.startswith(out) and out.endswith(b"\n"),
          "a list that is cut while it is read: whole rows of its beginning, 74", process.returncode, len(out), out[-60:], err)


def no_room_for_temporary_files():
    octets = b"email,on\n" + b"".join(b"u%d@host%d.example.net,\n" % (n, n % 997) for n in range(300000))
    for name, options in (("hashes", ["--allow-reserved", "--memory", "1M", lab.write("list.csv", octets)]), ("a pipe", ["--keep", "newest:on"])):
        out = run_limited(options, [(resource.RLIMIT_FSIZE, 4096)], stdin=octets)
        check(out.returncode == 74 and f"temporary file in {lab.dir}: ".encode() in out.stderr, f"no room for {name}: where it is missing is said", out.stderr)


def little_memory():
    octets = dirty_list(200000)
    path = lab.write("list.csv", octets)
    for name, options in (("the first", []), ("the newest", ["--keep", "newest:on"])):
        plenty = lab.run(*options, path)
        small = lab.run("--memory", "1M", *options, path)
        same((small.status, small.out == plenty.out, small.rejects == plenty.rejects), (0, True, True), f"--memory 1M, {name}: the same from a file")
        piped = lab.run("--memory", "1M", *options, stdin=octets)
        same((piped.status, piped.out == plenty.out, piped.rejects == plenty.rejects), (0, True, True), f"--memory 1M, {name}: the same through a pipe")
        same(piped.err, plenty.err, "and the same summary")
    two = lab.write("two.csv", octets)
    a, b = lab.run(path, two), lab.run("--memory", "1M", path, two)
    check(a.out == b.out and a.rejects == b.rejects and a.status == b.status == 0, "over several lists")
    same(len(a.rejected()), 200000 + len(lab.run(path).rejected()), "of which the second is all duplicates or worse")
    def normal(row):
        return row[:1] + [row[1].replace("HOST", "host")] + row[2:]

    newest = parse(lab.run("--keep", "newest:on", path).out)[1:]
    best = {}
    for row in parse(octets)[1:]:
        key = row[1].lower()
        if "@@" not in key and (key not in best or row[2] > best[key][2]):
            best[key] = normal(row)
    check(newest == sorted(best.values(), key=lambda r: int(r[0])), "--keep newest keeps what a plain program keeps")
    first = parse(lab.run(path).out)[1:]
    seen, want = set(), []
    for row in parse(octets)[1:]:
        if "@@" not in row[1] and row[1].lower() not in seen:
            seen.add(row[1].lower())
            want.append(normal(row))
    check(first == want, "and the first is the first")
    damaged = octets + b'1,"open\n'
    a, b = lab.run(stdin=damaged), lab.run("--memory", "1M", stdin=damaged)
    check(a.status == b.status == 65 and a.out == b.out and a.err == b.err, "damage after the table is full", a, b)
    if sanitized():
        skip("under ulimit -v", "a sanitizer needs address space")
        return
    limited = run_limited([path], [(resource.RLIMIT_AS, 24 << 20)])
    check(limited.returncode == 0 and limited.stdout == lab.run(path).out, "under ulimit -v: the same", limited.stderr)


def adversaries():
    same_one = b"email\n" + b"A@a.de\n" * 200000
    r = lab.run("--memory", "1M", "--summary=json", stdin=same_one)
    same((r.out, r.summary()["reasons"]["duplicate"]), (b"email\nA@a.de\n", 199999), "one address two hundred thousand times")
    nearly = b"email\n" + b"".join(b"l" * 50 + str(i).encode() + b"@a.de\n" for i in range(100000))
    r = lab.run("--memory", "1M", "-q", stdin=nearly)
    check(r.out == nearly, "a hundred thousand that differ in their last octets")
    r = lab.run("-q", stdin=b"email\n" + b"".join(b"x@" + b"a" * (i % 60 + 1) + b".de\n" for i in range(60)))
    same(len(r.rows()), 61, "prefixes of each other")


def shares():
    path = lab.write("list.csv", dirty_list(20000))
    whole = lab.run(path, rejects=True)
    for n in (2, 7):
        kept, rejected = [], []
        for k in range(1, n + 1):
            r = lab.run("--shard", f"{k}/{n}", path)
            kept += r.rows()[1:]
            rejected += [tuple(row.values()) for row in r.rejected()]
            check(len(r.rows()) > 20000 / n / 3, f"share {k}/{n} has its part")
        kept.sort(key=lambda row: int(row[0]))
        rejected.sort(key=lambda row: int(row[0]))
        check(kept == whole.rows()[1:] and rejected == [tuple(row.values()) for row in whole.rejected()],
              f"{n} shares are the whole, and each row is in one of them")
    folded = "email\nj.doe\x40gmail.com\njdoe+x@googlemail.com\nJDoe@gmail.com\n"
    sizes = [len(lab.run("--shard", f"{k}/5", stdin=folded).rows()) - 1 for k in range(1, 6)]
    same(sorted(sizes), [0, 0, 0, 0, 3], "copies fall into one share, with and without --fold")
    for bad in ("0/3", "4/3", "1", "a/b", "1/0"):
        same(lab.run("--shard", bad).status, 64, f"--shard {bad}")
    if shutil.which("parallel") is None:
        skip("under GNU parallel", "parallel is not installed")
        return
    out = subprocess.run(["parallel", "--will-cite", "-k", f"{TOOL} -q --shard {{}}/3 {path} | tail -n +2", ":::", "1", "2", "3"], capture_output=True,
                         timeout=120, env={**os.environ, "HOME": lab.dir})
    check(sorted(parse(out.stdout)) == sorted(whole.rows()[1:]), "under GNU parallel", out.stderr)


for part in (full_disk, tmpfs, interrupted, interrupted_early, changed_meanwhile, cut_meanwhile, no_room_for_temporary_files, little_memory, adversaries, shares):
    attempt(part)
lab.close()
done()
