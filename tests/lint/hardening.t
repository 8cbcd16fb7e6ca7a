#!/usr/bin/env python3
"""The tools are linked as a careful distribution would: position-independent, relocations read-only, stack and calls guarded."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import BUILD, check, done, skip  # noqa: E402

TOOLS = ("listscrub", "mailbulk", "mailsend", "popfetch")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], capture_output=True, text=True, check=True).stdout


def faults(path):
    """What is missing, in words."""
    head, segments, dynamic = readelf("-h", path), readelf("-l", path), readelf("-d", path)
    symbols = readelf("--dyn-syms", path)
    wanted = {
        "position-independent": re.search(r"Type:\s+DYN", head),
        "read-only relocations": "GNU_RELRO" in segments,
        "bound at the start": "BIND_NOW" in dynamic or re.search(r"FLAGS.*\bNOW\b", dynamic),
        "no executable stack": re.search(r"GNU_STACK.*\bRW\s", segments),
        "no segment both writable and executable": not re.search(r"LOAD.*\bRWE\b", segments),
        "no library path of its own": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified calls": re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", "")),
    }
    return [name for name, there in wanted.items() if not there]


if os.environ.get("SANITIZERS", "no") != "no":
    skip("hardening", "sanitizers and hardening exclude each other")
    done()
if shutil.which("readelf") is None:
    skip("hardening", "readelf is not installed")
    done()
for tool in TOOLS:
    missing = faults(os.path.join(BUILD, tool))
    check(not missing, tool, *missing)
objects = [os.path.join(BUILD, "common/base/buf.o")]
check(faults(objects[0]), "what was not linked so is found")
done()
