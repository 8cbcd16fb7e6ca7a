#!/usr/bin/env python3
"""A long list is shared out among threads: what comes out is the same, whatever stands where one share ends.

tests/cli/listscrub_shares is listscrub with shares of 512 octets; listscrub itself reads lists of this size in one piece."""
import os
import random
import resource
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import BUILD, EMULATED, Lab, TOOL, attempt, check, done  # noqa: E402

SHARED = os.path.join(BUILD, "tests/cli/listscrub_shares")
LISTS = 12 if EMULATED else 120
ENV = {**os.environ, "LC_ALL": "C"}

lab = Lab()
rng = random.Random(11)


def address():
    local = rng.choice(["ann", "Bob.x", "c+tag", "dora", "e.f", "\u00e9mile", "bad..dot", "", "x" * 70])
    domain = rng.choice(["a.example.com", "GMAIL.com", "host.de", "b\u00fccher.de", "-bad.de", "example.org", "web.de"])
    return f"{local}{rng.randrange(40)}@{domain}"


def cell(end):
    kind = rng.randrange(12)
    if kind == 0:
        return '"quoted, with ""more"" of it"'
    if kind == 1:
        return f'"a line{end}break{end}{end}"'
    if kind == 2:
        return "x" * rng.choice([1, 30, 90, 700])
    if kind == 3:
        return 'a"b'
    if kind == 4:
        return f'"{address()},{end}3,x{end}"'
    return rng.choice(["Ann", "", " ", "2024-03-01", "2023-11-05", "\u00fc"])


def row(end):
    if rng.randrange(40) == 0:
        return ""
    cells = [str(rng.randrange(1000)), address(), cell(end), rng.choice(["2024-01-02", "2023-05-06", "", "soon"])]
    if rng.randrange(25) == 0:
        cells = cells[:rng.randrange(4)] if rng.randrange(2) else cells + ["more"]
    return ",".join(cells)


def a_list():
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    text = "id,email,note,since" + end + "".join(row(end) + end for _ in range(rng.randrange(60, 300)))
    octets = text.encode("latin-1" if rng.randrange(10) == 0 else "utf-8", "replace")
    damage = rng.randrange(12)
    if damage == 0:
        octets += b'1,"never closed@example.com,x'
    elif damage == 1:
        octets = octets.rstrip(b"\r\n")
    elif damage == 2:
        at = rng.randrange(len(octets))
        octets = octets[:at] + b'"' + octets[at:]
    return octets


def run(tool, paths, options, **more):
    rejects = lab.path("rejects.csv")
    r = subprocess.run([tool, "--rejects", rejects, "--summary=json", *options, *paths], capture_output=True, timeout=120,
                       env={**ENV, "TMPDIR": lab.dir}, **more)
    with open(rejects, "rb") as f:
        return r.returncode, r.stdout, f.read(), r.stderr.replace(b"listscrub_shares:", b"listscrub:")


def test_same():
    choices = [[], [], ["--annotate"], ["--no-dedupe"], ["--fold=provider"], ["--keep", "newest:since"], ["--shard", "1/2"],
               ["--active", "since", "--inactive", "30y"], ["--suggest"], ["--opt-out", "note=Ann", "--keep", "newest:since"], ["--consent", "since"]]
    differ = []
    for i in range(LISTS):
        paths = [lab.write(f"list{k}.csv", a_list()) for k in range(rng.choice([1, 1, 2]))]
        options = rng.choice(choices)
        want, got = run(TOOL, paths, options), run(SHARED, paths, options)
        if got != want:
            differ.append(f"list {i} {options}: status {want[0]} {got[0]}, {len(want[1])} {len(got[1])} octets kept, "
                          f"{len(want[2])} {len(got[2])} rejected, {want[3][-300:]} {got[3][-300:]}")
    check(not differ, f"{LISTS} lists: rows, rejects with their lines, summary", *differ[:5])


def piped(path, options):
    """The same from a pipe that is full, as often as a thread of ours looks."""
    with open(path, "rb") as f:
        cat = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
        got = run(SHARED, ["-"], options, stdin=cat.stdout)
        cat.stdout.close()
        cat.wait(60)
    return got


def test_pipe():
    choices = [[], ["--annotate"], ["--no-dedupe"], ["--fold=provider"], ["--keep", "newest:since"], ["--active", "since", "--inactive", "30y"], ["--opt-out", "note=Ann"]]
    differ = []
    for i in range(LISTS):
        path = lab.write("list.csv", a_list() if i % 4 else b"id,email,note,since\n" + a_list().split(b"since", 1)[1].strip(b"\r\n") * 4)
        options = rng.choice(choices)
        want, got = run(TOOL, [path], options), piped(path, options)
        if got[:3] != want[:3] or got[3].splitlines()[-1] != want[3].splitlines()[-1]:
            differ.append(f"list {i} {options}: status {want[0]} {got[0]}, {len(want[1])} {len(got[1])} octets kept, "
                          f"{len(want[2])} {len(got[2])} rejected, {want[3][-300:]} {got[3][-300:]}")
    check(not differ, f"{LISTS} lists from a pipe: rows, rejects with their lines, summary", *differ[:5])


def test_slow_pipe():
    """Rows that come slowly, among others that come fast, go out before more of them come."""
    fast = "".join(f"{i},u{i}@mail.example.com,x,\n" for i in range(3000))
    p = subprocess.Popen([SHARED, "-q", "--allow-reserved"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENV)
    wrong = []
    p.stdin.write(b"id,email,note,since\n")
    for turn in range(3):
        rows = fast.replace("@", f"@{turn}.").encode() + b"1,last%d@mail.example.com,x,\n" % turn
        writer = threading.Thread(target=lambda octets: (p.stdin.write(octets), p.stdin.flush()), args=(rows,))
        writer.start()
        line = b"id"
        while line and b"last" not in line:
            line = p.stdout.readline()
        if b"last%d" % turn not in line:
            wrong.append(line)
        writer.join()
    p.stdin.close()
    p.stdout.read()
    check(p.wait(60) == 0 and not wrong, "what comes is passed on before it is waited for", *wrong)


def test_spill():
    """The table of duplicates is full in the middle of the list: from there on it is read a second time."""
    rows = [f"{i},u{rng.randrange(70000)}@mail.example.com,x,{rng.choice(['2024-01-02', '2023-05-06', 'soon'])}\n" for i in range(90000)]
    path = lab.write("list.csv", "id,email,note,since\n" + "".join(rows))
    for options in (["--allow-reserved"], ["--allow-reserved", "--keep", "newest:since"]):
        with open(path, "rb") as f:
            cat = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
            want = run(TOOL, ["-"], options, stdin=cat.stdout)
            cat.stdout.close()
            cat.wait(60)
        got = run(SHARED, [path], [*options, "--memory", "1M"])
        check(got == want, f"temporary files, {options[-1]}", f"status {want[0]} {got[0]}", f"{len(want[1])} {len(got[1])} octets kept", got[3])
        got = piped(path, [*options, "--memory", "1M"])
        check(got == want, f"temporary files of a pipe, {options[-1]}", f"status {want[0]} {got[0]}", f"{len(want[1])} {len(got[1])} octets kept", got[3])


def test_full_disk():
    """What can be written is a beginning, the same one in both files."""
    path = lab.write("list.csv", "id,email,note,since\n" + "".join(f"{i},{address()},x,\n" for i in range(3000)))
    _, kept, rejects, _ = run(SHARED, [path], [])
    order = {line.split(b",")[0]: i for i, line in enumerate(open(path, "rb"))}
    wrong = []
    for _ in range(10):
        limit = rng.randrange(1000, len(kept))
        out = lab.path("out.csv")
        with open(out, "wb") as f:
            r = subprocess.run([SHARED, "-q", "--rejects", lab.path("rejects.csv"), path], stdout=f, stderr=subprocess.PIPE, timeout=60, env=ENV,
                               preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                   resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))))
        some = [open(p, "rb").read() for p in (out, lab.path("rejects.csv"))]
        ids = sorted(order[line.split(b",")[0]] for part in some for line in part.splitlines()[1:])
        if r.returncode != 74 or not kept.startswith(some[0]) or not rejects.startswith(some[1]) or ids != list(range(1, len(ids) + 1)):
            wrong.append(f"limit {limit}: status {r.returncode}, {[len(s) for s in some]} octets, {r.stderr[-200:]}")
    check(not wrong, "a full disk", *wrong)


def test_interrupt():
    """The pipe behind it is full when the signal comes; what then arrives is a beginning in whole rows."""
    path = lab.write("list.csv", "id,email,note,since\n" + "".join(f"{i},u{i}@mail{i}.example.com,{'n' * 60},\n" for i in range(40000)))
    whole = subprocess.run([SHARED, "-q", "--allow-reserved", path], capture_output=True, env=ENV, timeout=60).stdout
    process = subprocess.Popen([SHARED, "-q", "--allow-reserved", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
    start = process.stdout.read(4096)
    process.send_signal(signal.SIGINT)
    out = start + process.stdout.read()
    status = process.wait(60)
    check(whole.count(b"\n") == 40001 and status == 130 and whole.startswith(out) and out.endswith(b"\n") and len(out) < len(whole),
          "an interrupt", f"status {status}, {len(out)} of {len(whole)} octets")


for part in (test_same, test_pipe, test_slow_pipe, test_spill, test_full_disk, test_interrupt):
    attempt(part)
lab.close()
done()
