#!/usr/bin/env python3
"""clang-format decides the format: every .c and .h is what .clang-format makes of it; diagrams are guarded from it.

Versions of clang-format disagree about details, so only the one that the tree was formatted with is asked."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import TOP, check, done, read, skip, sources  # noqa: E402

VERSION = "14"
# A comment that draws: three or more lines in a row that are indented within the comment.
DIAGRAM = re.compile(r"(?:^[ \t]*\*(?: {3,}|\t)\S.*\n){3,}", re.M)
GUARDED = re.compile(r"/\* clang-format off \*/.*?/\* clang-format on \*/", re.S)


def program():
    """clang-format in the version that counts, or None."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return name
    return None


def bent(name, paths, top):
    """The files that the formatter would change."""
    out = subprocess.run([name, "--style=file", "--dry-run", *paths], capture_output=True, text=True, cwd=top).stderr
    return sorted({line.split(":")[0] for line in out.splitlines() if "clang-format-violations" in line})


def open_diagrams(text):
    """Lines of diagrams that no guard stands around."""
    text = GUARDED.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
    return [text.count("\n", 0, m.start()) + 1 for m in DIAGRAM.finditer(text)]


tree = sources(TOP, "common", "cmd", "tests")
drawn = [f"{path}:{n}" for path in tree for n in open_diagrams(read(os.path.join(TOP, path)))]
check(not drawn, "diagrams in comments are guarded by clang-format off", *drawn)
PLANTED = "/*\n * The turn:\n *\n *     admit   a\n *     step    b\n *     write   c\n */\n"
check(open_diagrams(PLANTED) == [4], "a planted diagram is found")
check(not open_diagrams("/* clang-format off */\n" + PLANTED + "/* clang-format on */\n"), "a guarded one is let pass")

formatter = program()
if formatter is None:
    skip("the format", f"clang-format {VERSION} is not installed")
    done()
changed = bent(formatter, tree, TOP)
check(not changed, "every source is as clang-format makes it: run make format", *changed)
with tempfile.TemporaryDirectory() as top:
    shutil.copy(os.path.join(TOP, ".clang-format"), top)
    with open(os.path.join(top, "x.c"), "w", encoding="utf-8") as f:
        f.write("int f( int a ){ return a; }\n")
    check(bent(formatter, ["x.c"], top) == ["x.c"], "a planted breach is found")
done()
