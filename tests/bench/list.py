#!/usr/bin/env python3
"""make bench-list: listscrub beside its peers on the same lists, in one run.

    list.py BUILDDIR [--rows N,N...] [--runs N] [--keep DIR]

Every tool gets the same generated list (see list.c) as a file and writes to a file. The best of several runs counts, taken in
turns, so that a busy machine is busy for all. Only rows that are exactly the known answer count as exact.
"""
import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
import time

GAWK = "NR == 1 || (match($2, /^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]+$/) && !seen[tolower($2)]++)"
PYTHON = """
import csv, re, sys
good = re.compile(r'[^@\\s]+@[^@\\s]+\\.[^@\\s.]+').fullmatch
seen = set()
out = csv.writer(sys.stdout, lineterminator='\\n')
for i, row in enumerate(csv.reader(open(sys.argv[1], newline='', encoding='utf-8'))):
    key = row[1].lower()
    if i == 0 or (good(key) and key not in seen):
        seen.add(key)
        out.writerow(row)
"""
DUCKDB = """
import sys
import duckdb
duckdb.sql(f"COPY (SELECT DISTINCT ON (lower(email)) * FROM read_csv('{sys.argv[1]}', header=true, all_varchar=true) "
           f"WHERE regexp_full_match(email, '[^@ ]+@[^@ ]+[.][^@ .]+')) TO '{sys.argv[2]}' (HEADER)")
"""
POLARS = """
import sys
import polars as pl
(pl.scan_csv(sys.argv[1], infer_schema=False).with_columns(k=pl.col('email').str.to_lowercase())
 .filter(pl.col('k').str.contains('^[^@ ]+@[^@ ]+[.][^@ .]+$')).unique('k', keep='first', maintain_order=True)
 .drop('k').collect().write_csv(sys.argv[2]))
"""


def has_module(name):
    return subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode == 0


def peers(listscrub, path, out):
    """Name, arguments, and whether the tool writes its file itself."""
    yield "listscrub", [listscrub, "-q", path], False
    yield "listscrub --memory 192M", [listscrub, "-q", "--memory", "192M", path], False
    yield "listscrub --memory 16M", [listscrub, "-q", "--memory", "16M", path], False
    yield "listscrub --no-dedupe", [listscrub, "-q", "--no-dedupe", path], False
    yield "sort -u by key", ["sort", "-u", "-t,", "-k2,2", path], False
    if shutil.which("gawk"):
        yield "gawk", ["gawk", "-F,", GAWK, path], False
    yield "python csv, regexp, set", [sys.executable, "-c", PYTHON, path], False
    if shutil.which("mlr"):
        yield "miller", ["mlr", "--csv", "head", "-n", "1", "-g", "email", path], False
    if has_module("duckdb"):
        yield "duckdb", [sys.executable, "-c", DUCKDB, path, out], True
    if has_module("polars"):
        yield "polars", [sys.executable, "-c", POLARS, path, out], True


def run(argv, out, writes):
    """Seconds and peak memory in MB of one run."""
    env = dict(os.environ, LC_ALL="C")
    with open(out + ".stdout" if writes else out, "wb") as stdout:
        start = time.monotonic()
        process = subprocess.Popen(argv, stdout=stdout, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status != 0:
        raise SystemExit(f"{argv[0]} failed with status {status}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def measure(listscrub, rows, runs, directory, generator):
    path, answer, out = (os.path.join(directory, name) for name in ("list.csv", "answer.csv", "out.csv"))
    subprocess.run([generator, str(rows), path, answer], check=True)
    size = os.path.getsize(path)
    print(f"\n{rows:,} rows, {size / rows:.0f} octets a row")
    tools = list(peers(listscrub, path, out))
    best = {name: (float("inf"), 0.0) for name, _, _ in tools}
    exact = {}
    for turn in range(runs):
        for name, argv, writes in tools:
            # Those that take minutes run once, and on the short list only.
            if name.startswith(("python", "miller", "gawk")) and (turn > 0 or rows > 2000000):
                continue
            seconds, memory = run(argv, out, writes)
            best[name] = min(best[name], (seconds, memory))
            exact[name] = filecmp.cmp(out, answer, shallow=False)
    sort = best["sort -u by key"][0]
    print(f"{'':28}{'seconds':>9}{'M rows/s':>10}{'MB':>8}{'of sort':>9}  exact")
    for name, _, _ in tools:
        if name not in exact:
            continue
        seconds, memory = best[name]
        print(f"{name:28}{seconds:9.2f}{rows / seconds / 1e6:10.2f}{memory:8.0f}{sort / seconds:9.2f}"
              f"  {'yes' if exact[name] else 'no'}")
    plain = best["listscrub --no-dedupe"][0]
    print(f"reader and validator without the table: {size / plain / 1e9:.2f} GB/s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("builddir")
    parser.add_argument("--rows", default="1000000,10000000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dir", default=None, help="where the lists go (default: a temporary directory)")
    args = parser.parse_args()
    build = os.path.abspath(args.builddir)
    with tempfile.TemporaryDirectory(dir=args.dir) as directory:
        for rows in args.rows.split(","):
            measure(os.path.join(build, "listscrub"), int(rows), args.runs, directory,
                    os.path.join(build, "tests/bench/list"))


if __name__ == "__main__":
    main()
