#!/usr/bin/env python3
"""What is exported is called: a function that only its own file uses is static, and one that only tests use is gone."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import BUILD, TOP, check, done, skip, sources  # noqa: E402

# Kept without a caller, each with its reason.
ARGUED = {
    "settings_rate": "the units and limits of a rate, by a table in tests/unit/mailbulk",
}


def symbols(path):
    """(functions that the object exports, names that it wants from outside)"""
    out = subprocess.run(["nm", "-g", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines() if line.strip()]
    return {r[-1] for r in rows if len(r) == 3 and r[1] == "T"}, {r[-1] for r in rows if r[-2] == "U"}


def uncalled(objects):
    """Exported functions that no other object wants: [(object, function)]"""
    wanted = set()
    for _, wants in objects.values():
        wanted |= wants
    return sorted((path, f) for path, (exports, _) in objects.items() for f in exports - wanted - {"main"})


if subprocess.run(["sh", "-c", "command -v nm"], capture_output=True).returncode != 0:
    skip("dead code", "no nm")
    done()
names = [p[:-2] + ".o" for p in sources(TOP, "common", "cmd", endings=(".c",))]
missing = [n for n in names if not os.path.exists(os.path.join(BUILD, n))]
check(not missing, "every object of the tools is built", *missing)
objects = {n: symbols(os.path.join(BUILD, n)) for n in names if n not in missing}
found = uncalled(objects)
check(not [f for f in found if f[1] not in ARGUED], "every exported function has a caller in another file of the tools",
      *[f"{path}: {f} is called from no other file: make it static, or remove it if only tests call it"
        for path, f in found if f not in ARGUED])
check(not set(ARGUED) - {f for _, f in found}, "no argued exception is out of date", *sorted(set(ARGUED) - {f for _, f in found}))
made_up = {"a.o": ({"a_used", "a_idle"}, set()), "b.o": ({"main"}, {"a_used"})}
check(uncalled(made_up) == [("a.o", "a_idle")], "an idle function would be found")
done()
