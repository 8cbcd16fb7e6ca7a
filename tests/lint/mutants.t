#!/usr/bin/env python3
"""The list of mutants is true: each applies to the tree as it is, and names tests that there are. (make mutants runs them.)"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import TOP, check, done, read  # noqa: E402
import mutants  # noqa: E402


def fault(mutant, text):
    try:
        mutant.apply(text)
    except ValueError as e:
        return str(e)
    return ""


def made(*lines):
    return mutants.Mutant(1, ["title", "in x.c", *lines, "fails tests/unit/x"])


wrong, absent, titles, double = [], [], set(), []
for m in mutants.load():
    where = f"tests/mutants:{m.number}: {m.title}"
    path = os.path.join(TOP, m.file)
    said = fault(m, read(path)) if os.path.isfile(path) else f"there is no {m.file}"
    wrong += [f"{where}: {said}"] if said else []
    absent += [f"{where}: there is no {t}" for t in m.tests
               if not os.path.exists(os.path.join(TOP, t if t.endswith(".t") else t + ".c"))]
    double += [where] if m.title in titles else []
    titles.add(m.title)

check(not wrong, "every mutant applies once", *wrong)
check(not absent, "every test that is named exists", *absent)
check(not double, "no title is there twice", *double)
check(made("- a  b", "+ c").apply("x a\n\tb y") == "x c y", "blanks and line ends are one")
check("2 times" in fault(made("- a", "+ b"), "a a") and "0 times" in fault(made("- a", "+ b"), "b"), "a text that is not there once is found")
check(fault(made("- a", "+ a"), "a") and fault(made("* a"), "a"), "so are one that changes nothing and one that cannot be read")
done()
