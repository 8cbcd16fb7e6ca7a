#!/usr/bin/env python3
"""What the tree must not hold: paths of somebody's machine, addresses that could be somebody's, files that no release would have."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import TOP, check, done, read, skip  # noqa: E402

# Written so that this file does not find itself.
PLACES = re.compile("|".join(["/wo" "rk/", "/ro" "ot/", "/ho" r"me/\w", "/Us" "ers/"]))
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b")
# RFC 2606 and 6761: nobody's, for ever; a@b.cd is a parser's test. Gmail has no name of less than six letters.
NOBODYS = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost|local|internal|localdomain|arpa)$|^-?\w-?\.\w\w$", re.I)
SHORT = re.compile(r"[\w.]{,5}(\+\w+)?@(\w+\.)?(gmail|googlemail)\.com$|j\.o\.h\.n@|ann%40[\w.]+@smtp\.|pipe-?mail", re.I)
BINARY = re.compile(rb"\0")


def tracked():
    if shutil.which("git") is None:
        return None
    out = subprocess.run(["git", "-C", TOP, "ls-files", "-z"], capture_output=True)
    return [p for p in out.stdout.decode().split("\0") if p] if out.returncode == 0 else None


def text_of(path):
    with open(os.path.join(TOP, path), "rb") as f:
        data = f.read()
    return "" if BINARY.search(data) else data.decode("utf-8", "replace")


def places(text):
    return [m.group(0) for m in PLACES.finditer(text)]


def strangers(text):
    return [m.group(0) for m in ADDRESS.finditer(text) if not NOBODYS.search(m.group(1)) and not SHORT.match(m.group(0))]


def listed(makefile):
    """Words of the Makefile that name files or whole folders."""
    return set(re.findall(r"^\t([\w./-]+)(?: \\)?$", makefile, re.M))


files = tracked()
if files is None or not os.path.exists(os.path.join(TOP, ".git")):
    skip("the tree", "this is no clone, or git is not installed")
    done()
found, people = [], []
for path in files:
    if not os.path.isfile(os.path.join(TOP, path)):
        continue
    text = text_of(path)
    found += [f"{path}: {p}" for p in places(text)]
    # Fuzz corpora hold what a fuzzer thought of.
    if not path.startswith("tests/fuzz/corpus/"):
        people += [f"{path}: {a}" for a in strangers(text)]
check(not found, "no path of a machine", *found)
check(not people, "every address is under a name that RFC 2606 or 6761 reserves", *people)
names = listed(read(os.path.join(TOP, "Makefile.am")))
free = re.compile(r"^(\.|bootstrap$|configure\.ac$|Makefile\.am$)")
left = [p for p in files if not free.match(p) and p not in names and p not in (n + ".c" for n in names)
        and not any(p.startswith(n + "/") for n in names)]
check(not left, "every file is part of a release", *left)
check(places("see /wo" "rk/x") and strangers("joseph.k@gma" "il.com") and not strangers("a@b.example"), "planted ones are found")
done()
