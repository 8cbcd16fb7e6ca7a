#!/usr/bin/env python3
"""make bench-list: listscrub beside its peers on the same lists, in one run.

    list.py BUILDDIR [options] [peers|forms|mx ...]

peers  Every tool cleans the same generated list (list.c) from a file into a file on the same disk: read CSV, drop the rows
       whose address a regexp calls bad, keep the first row of each lower-cased address. `sort -u` only does the last.
forms  listscrub in a pipe, with --rejects, without the table of duplicates, with little memory, and on the shorter list.
mx     Look-ups of 100,000 domains against a server on this machine, and the same server 100 ms away.

Tools take turns (listscrub and `sort -u` next to each other, now one first, now the other) on the same cores; the first
turn warms up and is not counted. Printed are medians, and as ratio the median of the ratios within a turn, with
its least and its greatest. What was kept is compared with the known answer after every run.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

REGEXP = "[^@ ]+@[^@ ]+[.][^@ .]+"
# A record whose quotes are open goes on in the next line: gawk before 5.3 knows no CSV.
GAWK = """
{ while (gsub(/"/, "\\"") %% 2 && (getline more) > 0) $0 = $0 "\\n" more }
NR == 1 || ($2 ~ /^%s$/ && !seen[tolower($2)]++)
""" % REGEXP
PYTHON = """
import csv, re, sys
good = re.compile(r'%s').fullmatch
seen = set()
out = csv.writer(sys.stdout, lineterminator='\\n')
for i, row in enumerate(csv.reader(open(sys.argv[1], newline='', encoding='utf-8'))):
    key = row[1].lower()
    if i == 0 or (good(key) and key not in seen):
        seen.add(key)
        out.writerow(row)
""" % REGEXP
MILLER = ["filter", f'$email =~ "^{REGEXP}$"', "then", "put", "$key = tolower($email)",
          "then", "head", "-n", "1", "-g", "key", "then", "cut", "-x", "-f", "key"]
DUCKDB_SQL = f"""COPY (SELECT DISTINCT ON (lower(email)) * FROM read_csv('LIST', header=true, all_varchar=true)
WHERE regexp_full_match(email, '{REGEXP}')) TO 'OUT' (HEADER)"""
DUCKDB_PYTHON = """
import sys, duckdb
duckdb.connect(config={'threads': sys.argv[2]}).execute(sys.argv[1])
"""
DUCKDB_NODE = """
const {DuckDBInstance} = require('@duckdb/node-api');
(async () => {
    const instance = await DuckDBInstance.create(':memory:', {threads: process.argv[2]});
    await (await instance.connect()).run(process.argv[1]);
})();
"""
POLARS_PYTHON = """
import sys, polars as pl
(pl.scan_csv(sys.argv[1], infer_schema=False).with_columns(key=pl.col('email').str.to_lowercase())
 .filter(pl.col('key').str.contains('^%s$')).unique('key', keep='first', maintain_order=True)
 .drop('key').sink_csv(sys.argv[2]))
""" % REGEXP
POLARS_NODE = """
const pl = require('nodejs-polars').default;
pl.scanCSV(process.argv[1], {inferSchemaLength: 0}).withColumn(pl.col('email').str.toLowerCase().alias('key'))
    .filter(pl.col('key').str.contains('^%s$')).unique({subset: ['key'], keep: 'first', maintainOrder: true})
    .drop('key').sinkCSV(process.argv[2]).collectSync();
""" % REGEXP
PEERS = ("sort", "gawk", "python", "miller", "duckdb", "polars")
CASES = ("peers", "forms", "mx")
WINDOW = 256  # look-ups in flight, cmd/listscrub/judge/mx.c


def said(argv, env):
    """The last word of the first line that a command writes; None where it fails or is not here."""
    if shutil.which(argv[0]) is None:
        return None
    result = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    words = result.stdout.split("\n")[0].split(", API")[0].split()
    return words[-1] if result.returncode == 0 and words else None


class Tool:
    """One way to do the work: a command, where it reads and writes, and what there is to check of it."""

    def __init__(self, name, argv, check, **more):
        self.name, self.argv, self.check = name, argv, check
        self.stdin, self.stdout, self.rows = "/dev/null", None, None
        self.may_be_slow = self.only_once = False
        self.__dict__.update(more)
        self.walls, self.ratios, self.cpus, self.peak, self.verdicts = [], [], [], 0, []

    @property
    def median(self):
        return statistics.median(self.walls)

    def verdict(self):
        return self.verdicts[0] if len(set(self.verdicts)) == 1 else " / ".join(sorted(set(self.verdicts)))


class Lists:
    """A generated list, its answer, and the checks against it."""

    def __init__(self, bench, rows, where):
        self.bench, self.rows = bench, rows
        self.list, self.answer, self.bad = (os.path.join(where, f"{name}-{rows}.csv") for name in ("list", "answer", "rejected"))
        subprocess.run([bench.program("tests/bench/list"), str(rows), self.list, self.answer, self.bad], check=True)
        self.size = os.path.getsize(self.list)
        self.kept = self.keys(self.answer)
        duplicates = self.keys(self.bad, "duplicate")
        self.valid = [(a + b) % (1 << 64) for a, b in zip(self.kept, duplicates)]

    def keys(self, *path):
        """Rows, and a sum over the addresses that does not ask for an order."""
        out = subprocess.run([self.bench.program("tests/bench/list_check"), "keys", *path], stdout=subprocess.PIPE, text=True, check=True)
        return [int(n) for n in out.stdout.split()]

    def exact(self, out):
        if same_octets(out, self.answer):
            return "exact"
        keys = self.keys(out)
        if keys == self.kept:
            return "any order"
        return f"no: {keys[0] - self.kept[0]:+,} rows" if keys[0] != self.kept[0] else "no"

    def all_valid(self, out):
        return "any order" if self.keys(out) == self.valid else "no"

    def with_rejects(self, out):
        rejects = out + ".rejects"
        check = subprocess.run([self.bench.program("tests/bench/list_check"), "rejects", self.bad, rejects],
                               stdout=subprocess.PIPE, text=True, check=False)
        os.unlink(rejects)
        if check.returncode != 0:
            return f"no: rejected {check.stdout.strip()}"
        # Every row once: what was kept is the answer, what was rejected is the rest of the list.
        whole = int(check.stdout) + self.kept[0] == self.rows
        return self.exact(out) if whole else "no: rows are missing"

    def lines(self, _):
        return "no: by line"

    def unchecked(self, _):
        return "-"


def same_octets(a, b):
    if os.path.getsize(a) != os.path.getsize(b):
        return False
    with open(a, "rb") as f, open(b, "rb") as g:
        while piece := f.read(1 << 20):
            if piece != g.read(1 << 20):
                return False
    return True


class Bench:
    def __init__(self, options, where):
        self.o, self.where = options, where
        self.failed = False
        self.listscrub = self.program("listscrub")
        self.env = {"PATH": os.environ["PATH"], "HOME": where, "XDG_CONFIG_HOME": where, "LC_ALL": "C", "TMPDIR": where,
                    "GOMAXPROCS": str(options.threads), "POLARS_MAX_THREADS": str(options.threads)}
        if options.node_modules:
            self.env["NODE_PATH"] = os.pathsep.join(os.path.abspath(d) for d in options.node_modules.split(os.pathsep))
        self.peers = self.find_peers()

    def program(self, name):
        return os.path.join(self.o.build, name)

    # The tools

    def ours(self, lists, **more):
        return Tool("listscrub", [self.listscrub, "-q", lists.list], lists.exact, **more)

    def module(self, python, node, version):
        """How DuckDB and Polars are here: as Python's module, as Node's, or not."""
        own = {k: v for k, v in os.environ.items() if k.startswith("PYTHON")}
        if is_here := said([sys.executable, "-c", f"import {python}; print({python}.__version__)"], {**self.env, **own}):
            self.env.update(own)
            return "python", is_here
        return "node", said(["node", "-p", f"require('{node}').{version}"], self.env)

    def find_peers(self):
        """Name -> (version, how it is called), of those that were asked for and are here."""
        modules = {"duckdb": ("duckdb", "@duckdb/node-api", "version()"),
                   "polars": ("polars", "nodejs-polars", "default.version")}
        commands = {"sort": "sort", "gawk": "gawk", "miller": "mlr", "python": sys.executable}
        found = {}
        for name in self.o.peers:
            how, version = self.module(*modules[name]) if name in modules else (name, said([commands[name], "--version"], self.env))
            if version is not None:
                found[name] = (version, how)
        return found

    def peer(self, name, how, lists, out):
        threads = str(self.o.threads)
        if name == "sort":
            argv = ["sort", "-u", f"--parallel={threads}", "-t,", "-k2,2", lists.list]
            return Tool("sort -u by key", argv, lists.lines)
        if name == "gawk":
            return Tool("gawk", ["gawk", "-F,", GAWK, lists.list], lists.exact, may_be_slow=True)
        if name == "python":
            return Tool("python csv, re, set", [sys.executable, "-c", PYTHON, lists.list], lists.exact, may_be_slow=True)
        if name == "miller":
            return Tool("miller", ["mlr", "--csv", "--from", lists.list, *MILLER], lists.exact, may_be_slow=True)
        if name == "duckdb":
            head = [sys.executable, "-c", DUCKDB_PYTHON] if how == "python" else ["node", "-e", DUCKDB_NODE]
            argv = head + [DUCKDB_SQL.replace("LIST", lists.list).replace("OUT", out), threads]
            return Tool(f"duckdb ({how})", argv, lists.exact, stdout="/dev/null")
        head = [sys.executable, "-c", POLARS_PYTHON] if how == "python" else ["node", "-e", POLARS_NODE]
        return Tool(f"polars ({how})", head + [lists.list, out], lists.exact, stdout="/dev/null")

    def forms(self, lists, first, out):
        def limited(*argv):
            return ["sh", "-c", 'ulimit -v 262144 && exec "$@"', "sh", self.listscrub, "-q", *argv]

        def shell(script):
            return ["sh", "-c", script, self.listscrub, lists.list]

        def form(*argv, **more):
            return Tool(" ".join(argv) if argv else "< list", [self.listscrub, "-q", *argv] + ([lists.list] if argv else []),
                        lists.exact, **more)

        yield form(stdin=lists.list)
        yield Tool("cat list |", shell('cat "$1" | "$0" -q'), lists.exact)
        yield Tool("--rejects FILE", [self.listscrub, "-q", "--rejects", out + ".rejects", lists.list], lists.with_rejects)
        without = form("--no-dedupe")
        without.check = lists.all_valid
        yield without
        yield Tool("--no-dedupe > /dev/null", without.argv, lists.unchecked, stdout="/dev/null")
        yield form("--memory", "192M")
        yield Tool("192M under ulimit -v 262144", limited("--memory", "192M", lists.list), lists.exact)
        yield form("--memory", "16M")
        if first is not None:
            short = self.ours(first, rows=first.rows)
            short.name = f"listscrub, {first.rows:,} rows"
            yield short

    # One run, and turns of them

    def once(self, tool, out):
        """Wall and processor seconds and peak KiB of one run that is checked; None where it failed."""
        if os.path.exists(out):
            os.unlink(out)  # or the next one would pay for throwing it away
        env = {**self.env, "BENCH_STDOUT": tool.stdout or out}
        numbers = subprocess.run([self.program("tests/bench/run"), tool.stdin, *tool.argv], stdout=subprocess.PIPE, text=True,
                                 env=env, check=True).stdout.split()
        status = int(numbers[3])
        tool.verdicts.append(tool.check(out) if status == 0 else f"status {status}")
        return float(numbers[0]), float(numbers[1]), int(numbers[2])

    def turns(self, tools, runs, out):
        """The first tool is the one that the others are compared with; the second stands next to it."""
        ours = tools[0]
        for turn in range(runs + 1):
            order = [t for t in tools if not t.only_once]
            if turn % 2 == 1 and len(order) > 1:
                order[0], order[1] = order[1], order[0]
            walls = {}
            for tool in order:
                wall, cpu, peak = self.once(tool, out)
                walls[tool] = wall
                tool.only_once = turn == 0 and tool.may_be_slow and wall > self.o.slow
                if turn > 0 or tool.only_once:
                    tool.walls.append(wall)
                    tool.cpus.append(cpu)
                    tool.peak = max(tool.peak, peak)
            for tool in walls:
                if turn > 0 or tool.only_once:
                    tool.ratios.append(walls[tool] / walls[ours])

    def show(self, tools, lists):
        print(f"{'':27}{'seconds':>8}{'least-most':>15}{'cpu s':>8}{'M rows/s':>9}{'MiB':>7}{'x ours':>8}{'least-most':>13}  kept")
        for t in tools:
            if t is not tools[0] and any(v.startswith("status") for v in t.verdicts):
                print(f"{t.name:27}{'':68}  {t.verdict()}")
                continue
            span = f"{min(t.walls):.3f}-{max(t.walls):.3f}"
            ratio = f"{statistics.median(t.ratios):8.2f}" + f"{min(t.ratios):.2f}-{max(t.ratios):.2f}".rjust(13)
            rate = (t.rows or lists.rows) / t.median / 1e6
            once = " (one run)" if t.only_once else ""
            print(f"{t.name:27}{t.median:8.3f}{span:>15}{statistics.median(t.cpus):8.2f}{rate:9.2f}{t.peak / 1024:7.0f}{ratio}"
                  f"  {t.verdict()}{once}", flush=True)

    def fail_unless(self, tools, *good):
        for tool in tools:
            if not set(tool.verdicts) <= set(good):
                self.failed = True
                print(f"NOT AS IT SHALL BE: {tool.name}: {tool.verdict()}")

    # The cases

    def case_peers(self, lists, out):
        print(f"\n{lists.rows:,} rows, {lists.size / lists.rows:.1f} octets a row; turns: {self.runs(lists)}")
        tools = [self.ours(lists)] + [self.peer(name, how, lists, out) for name, (_, how) in self.peers.items()]
        self.turns(tools, self.runs(lists), out)
        self.show(tools, lists)
        self.fail_unless(tools[:1], "exact")

    def case_forms(self, lists, first, out):
        print(f"\nlistscrub on {lists.rows:,} rows, other ways; turns: {self.runs(lists)}")
        tools = [self.ours(lists), *self.forms(lists, first, out)]
        self.turns(tools, self.runs(lists), out)
        self.show(tools, lists)
        plain = [t for t in tools if t.name.startswith("--no-dedupe")]
        self.fail_unless([t for t in tools if t not in plain], "exact")
        self.fail_unless(plain, "any order", "-")
        for tool in plain:
            if not any(v.startswith("status") for v in tool.verdicts):
                print(f"reader and validator, {tool.name}: {lists.size / tool.median / 1e9:.2f} GB/s of the list")
        if first is not None:
            # Within a turn: seconds a row on the short list against seconds a row on the long one.
            parts = [ratio * lists.rows / first.rows for ratio in tools[-1].ratios]
            print(f"the rate at {lists.rows:,} rows is {statistics.median(parts):.2f} of that at {first.rows:,} "
                  f"({min(parts):.2f}-{max(parts):.2f})")

    def runs(self, lists):
        return self.o.runs or (5 if lists.rows <= 2000000 else 3)

    def case_mx(self, out):
        n = self.o.domains
        path = os.path.join(self.where, "domains.csv")
        answer = os.path.join(self.where, "domains-kept.csv")
        # In a hundred domains one has a null MX and one does not exist.
        rows = [f"x@{'z' if i % 100 == 7 else 'n' if i % 100 == 57 else 'd'}{i}.bench.lab\n" for i in range(n)]
        for name, some in ((path, rows), (answer, [row for row in rows if row[2] == "d"])):
            with open(name, "w", encoding="ascii") as f:
                f.writelines(["email\n", *some])
        print(f"\n{n:,} domains, --mx, server on the same cores")
        self.look_ups(0, 1 + (self.o.runs or 5), path, answer, out)
        self.look_ups(100, 1, path, answer, out)  # waiting needs no warming up

    def look_ups(self, delay, runs, path, answer, out):
        """The first of several runs warms up."""
        with subprocess.Popen([self.program("tests/bench/list_dns"), str(delay)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as server:
            port = int(server.stdout.readline())
            tool = Tool("--mx", [self.listscrub, "-q", "--mx", "--resolver", f"127.0.0.1:{port}", path],
                        lambda kept: "exact" if same_octets(kept, answer) else "no")
            counted = [self.once(tool, out) for _ in range(runs)]
            server.stdin.close()
            asked = int(server.stdout.readline()) / runs
        walls = [wall for wall, _, _ in counted[min(1, runs - 1):]]
        wall = statistics.median(walls)
        rate = self.o.domains / wall
        part = f", {rate * delay / 1000 / WINDOW:.3f} of window/RTT ({WINDOW} / {delay} ms)" if delay else ""
        print(f"server {delay:3} ms away: {wall:7.2f} s ({min(walls):.2f}-{max(walls):.2f}), {rate:,.0f} domains/s{part}; "
              f"{asked:,.0f} questions; {max(peak for _, _, peak in counted) / 1024:.0f} MiB; kept: {tool.verdict()}", flush=True)
        self.fail_unless([tool], "exact")

    def introduce(self):
        cores = sorted(os.sched_getaffinity(0))
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "")
        print(f"{len(cores)} of {os.cpu_count()} cores used ({','.join(map(str, cores))}; {model}); {self.o.threads} threads for "
              "each that takes a number")
        if "peers" in self.o.cases:
            print(", ".join(f"{name} {self.peers[name][0]}" if name in self.peers else f"{name}: not here" for name in self.o.peers))
        print("medians after one turn to warm up; MiB: the peak; x ours: time in times of listscrub's in the same turn")

    def run(self):
        began = time.monotonic()
        self.introduce()
        out = os.path.join(self.where, "out.csv")
        first = None
        for rows in self.o.rows if {"peers", "forms"} & set(self.o.cases) else ():
            lists = Lists(self, rows, self.where)
            os.sync()  # or writing the list would go on in the first runs
            if "peers" in self.o.cases:
                self.case_peers(lists, out)
            if "forms" in self.o.cases:
                self.case_forms(lists, first, out)
            first = first or lists
        if "mx" in self.o.cases:
            self.case_mx(out)
        print(f"\n{(time.monotonic() - began) / 60:.1f} minutes")
        return 1 if self.failed else 0


def numbers(text):
    return [int(n) for n in text.split(",")]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILDDIR")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="peers, forms, mx (default: all)")
    parser.add_argument("--rows", type=numbers, default=[1000000, 10000000], help="of the lists, shortest first")
    parser.add_argument("--runs", type=int, help="counted turns (default: 5, and 3 for lists of more than 2 million rows)")
    parser.add_argument("--peers", type=lambda s: s.split(","), default=list(PEERS), help=",".join(PEERS))
    parser.add_argument("--slow", type=float, default=10, metavar="S",
                        help="gawk, python and miller run only once when the first turn took them longer (default: 10)")
    parser.add_argument("--domains", type=int, default=100000, help="of mx")
    parser.add_argument("--cores", type=numbers, help="the cores for everything (default: two)")
    parser.add_argument("--threads", type=int, help="for tools that take a number (default: as many as cores)")
    parser.add_argument("--node-modules", default=os.environ.get("BENCH_NODE_MODULES"), metavar="DIR[:DIR]",
                        help="where @duckdb/node-api and nodejs-polars are (default: $BENCH_NODE_MODULES)")
    parser.add_argument("--dir", help="where lists and output go, about 4 GB (default: a temporary directory)")
    o = parser.parse_intermixed_args()
    for given, known in ((o.cases, CASES), (o.peers, PEERS)):
        if unknown := set(given) - set(known):
            parser.error(f"{', '.join(sorted(unknown))}: it takes {', '.join(known)}")
    o.cases = o.cases or CASES
    o.build = os.path.abspath(o.build)
    try:
        os.sched_setaffinity(0, o.cores or sorted(os.sched_getaffinity(0))[:2])  # children inherit it
    except OSError as e:
        parser.error(f"--cores {o.cores}: {e.strerror}")
    o.threads = o.threads or len(os.sched_getaffinity(0))
    return o


def main():
    o = options()
    with tempfile.TemporaryDirectory(dir=o.dir, prefix="bench-list-") as where:
        return Bench(o, where).run()


if __name__ == "__main__":
    sys.exit(main())
