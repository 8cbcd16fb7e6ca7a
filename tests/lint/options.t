#!/usr/bin/env python3
"""Options are the same in --help, in the manual page and in the three completions; man pages are clean."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import BUILD, TOP, check, done, read, skip, sources  # noqa: E402

TOOLS = ("listscrub", "mailbulk", "mailsend", "popfetch")
# popt's own, which every program has.
STANDARD = {"help", "usage", "version"}


def in_help(tool):
    out = subprocess.run([os.path.join(BUILD, tool), "--help"], capture_output=True, text=True)
    return set(re.findall(r"^\s+(?:-\w, |    )?--([a-z0-9][a-z0-9-]*)", out.stdout, re.M)), out


def in_manual(tool):
    """Options that have an entry of their own: .It Fl s , Fl -subject Ar TEXT."""
    text = read(os.path.join(TOP, "man", tool + ".1"))
    found = set()
    for line in re.findall(r"^\.It (.*Fl .*)$", text, re.M):
        found |= set(re.findall(r"Fl -([a-z0-9][a-z0-9-]*)", line))
    return found


def completion(name):
    path = os.path.join(TOP, "completions", name)
    return read(path) if os.path.exists(path) else None


for tool in TOOLS:
    options, out = in_help(tool)
    check(out.returncode == 0 and out.stderr == "" and len(options) > 5, f"{tool} --help", out.stderr)
    options |= STANDARD
    if not check(os.path.exists(os.path.join(TOP, "man", tool + ".1")), f"{tool} has a manual page"):
        continue
    manual = in_manual(tool) | STANDARD
    check(options == manual, f"{tool}: --help and the manual page agree",
          "only in --help: " + " ".join(sorted(options - manual)), "only in the page: " + " ".join(sorted(manual - options)))
    for name, pattern in ((tool + ".bash", r"--([a-z0-9][a-z0-9-]*)"), ("_" + tool, r"--([a-z0-9][a-z0-9-]*)"),
                          (tool + ".fish", r"-l '?([a-z0-9][a-z0-9-]*)")):
        text = completion(name)
        if not check(text is not None, f"completions/{name} is there"):
            continue
        found = set(re.findall(pattern, text)) | STANDARD
        check(options <= found, f"completions/{name} knows every option", "missing: " + " ".join(sorted(options - found)))
        check(found <= options | {"bash", "zsh", "fish"}, f"completions/{name} knows no other",
              "too many: " + " ".join(sorted(found - options)))

for path in sources(TOP, "man", endings=(".1", ".5", ".7")):
    if shutil.which("mandoc") is None:
        skip(f"mandoc -Tlint {path}", "mandoc is not installed")
        continue
    # Pages of the same project refer to each other before they are installed.
    out = subprocess.run(["mandoc", "-Tlint", "-Wwarning", os.path.join(TOP, path)], capture_output=True, text=True).stdout
    check(out == "", f"mandoc -Tlint {path}", *out.splitlines())
done()
