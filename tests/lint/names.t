#!/usr/bin/env python3
"""Exported names carry their module's prefix, no two modules of the core share one, and no files call each other in a
circle without a header that says why.

What an object exports begins with the name of its file or of the header that the file includes first, or with the
leading words of either: smtp_line.c exports smtp_…, admit.c of engine.h exports engine_… or admit_…"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import BUILD, TOP, check, done, read, skip, sources  # noqa: E402

TOOLS = ("listscrub", "mailbulk", "mailsend", "popfetch")
# A header may excuse the circle that its module's files make: "Circle because …".
EXCUSE = re.compile(r"Circle because ")


def stems(path):
    """Names that a file may begin its exports with."""
    own = re.search(r'^#include "([^"]+)"', read(os.path.join(TOP, path)), re.M)
    names = [path] + ([own.group(1)] if own else [])
    return {re.sub(r"_(state|local)$", "", os.path.basename(name).rsplit(".", 1)[0]) for name in names}


def fits(symbol, names):
    for name in names:
        words = name.split("_")
        for n in range(1, len(words) + 1):
            prefix = "_".join(words[:n])
            if symbol == prefix or symbol.startswith(prefix + "_"):
                return True
    return False


def symbols(path):
    """(what an object defines, what it wants)"""
    out = subprocess.run(["nm", "-g", path], capture_output=True, text=True, check=True).stdout
    defined, wanted = set(), set()
    for line in out.splitlines():
        words = line.split()
        if len(words) >= 2:
            (wanted if words[-2] == "U" else defined).add(words[-1])
    return {s for s in defined if not s.startswith("__")}, wanted


def circles(graph):
    """Groups of nodes that reach each other (Tarjan's strongly connected components), each sorted."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def calls(table):
    """{file: files whose symbols it uses}"""
    owner = {symbol: path for path, (defined, _) in table.items() for symbol in defined}
    return {path: sorted({owner[s] for s in wanted if s in owner} - {path}) for path, (_, wanted) in table.items()}


def excused(group):
    """A header beside one of the files, named as the first words of all of them or included by all of them, says why."""
    common = set.intersection(*[set(re.findall(r'#include "([^"]+)"', read(os.path.join(TOP, path)))) for path in group])
    headers = [h if h.startswith("cmd/") else "common/" + h for h in common]
    return any(EXCUSE.search(read(os.path.join(TOP, h))) for h in headers if os.path.dirname(h) == os.path.dirname(group[0]))


if shutil.which("nm") is None:
    skip("names", "nm is not installed")
    done()
check(fits("smtp_line_add", {"smtp_line"}) and fits("engine_admit", {"admit", "engine"}) and fits("plan", {"plan"}),
      "a prefix is found in the file's name or its header's")
check(not fits("line_add", {"smtp_line"}) and not fits("smtpd", {"smtp"}), "a planted name without one is found")
check(circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == [["a", "b", "c"]], "a planted circle is found")

tree = {path: symbols(os.path.join(BUILD, path[:-2] + ".o")) for path in sources(TOP, "common", "cmd", endings=(".c",))
        if os.path.exists(os.path.join(BUILD, path[:-2] + ".o"))}
check(len(tree) > 100, "there are objects to look at")
bare = [f"{path}: {s}" for path, (defined, _) in tree.items() for s in sorted(defined) if s != "main" and not fits(s, stems(path))]
check(not bare, "every exported name has its module's prefix", *bare)

floors = {}
for path, (defined, _) in tree.items():
    if path.startswith("common/"):
        for s in defined:
            floors.setdefault(s.split("_")[0], set()).add(path.split("/")[1])
shared = [f"{prefix}_: {' '.join(sorted(where))}" for prefix, where in sorted(floors.items()) if len(where) > 1 and prefix != "html"]
# html_ is two modules by design: what writes HTML is text's, what reads it (html_entity, html_text) is mail's.
check(not shared, "no prefix belongs to two floors", *shared)

core = {path: s for path, s in tree.items() if path.startswith("common/")}
groups = circles(calls(core))
for tool in TOOLS:
    groups += circles(calls({path: s for path, s in tree.items() if path.startswith(f"cmd/{tool}/")}))
between = [" ".join(group) for group in groups if len({os.path.dirname(path) for path in group}) > 1]
check(not between, "no folders call each other in a circle", *between)
open_ones = [" ".join(group) for group in groups if not excused(group)]
check(not open_ones, "no files call each other in a circle, but where a header says why", *open_ones)
done()
