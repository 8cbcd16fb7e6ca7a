#!/usr/bin/env python3
"""A stray quote costs one row, and whoever has the list hears of it; nothing that is CSV is ever taken apart."""
import csv
import io
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import BUILD, Lab, attempt, check, done, same  # noqa: E402

lab = Lab()
random.seed(11)
HEAD = "id,name,email,note"


def row(n):
    note = ["", "x", '"Smith, J"', '"two\nlines"', '"said ""no"" twice"', '5" pipe'][n % 6]
    return f"{n},N{n},u{n}@a{n % 7}.de,{note}"


def lost(text, *args, pipe=True, end="\n"):
    """Which ids are not kept, and the result."""
    octets = text.replace("\n", end).encode()
    r = lab.run(*args, "--summary=json", *([] if pipe else [lab.write("list.csv", octets)]), stdin=octets if pipe else b"")
    return r


def ids(r):
    return {line[0] for line in r.rows()[1:]}


def one_row():
    rows = [row(n) for n in range(40)]
    want = {str(n) for n in range(40)}
    for pipe, end in ((True, "\n"), (False, "\r\n"), (True, "\r")):
        wrong = []
        for n in range(40):
            cells = rows[n].split(",", 3)
            for at in range(4):
                torn = [*rows]
                torn[n] = ",".join(cells[:at] + ['"' + cells[at]] + cells[at + 1:]) if not cells[at].startswith('"') else ",".join(cells[:at] + ['"x' + cells[at]])
                r = lost(HEAD + "\n" + "\n".join(torn) + "\n", pipe=pipe, end=end)
                missing = want - ids(r)
                found = r.summary()
                if not missing <= {str(n)} or found["read"] != found["kept"] + found["rejected"] or len(r.rejected()) != found["rejected"] or \
                        (r.status, found["damaged"]) not in ((65, 1), (0, 0)) or (missing and not r.rejects):
                    wrong.append(f"row {n}, cell {at}: {torn[n]!r}: {sorted(missing)} {r}")
        # A quote that a later one closes as CSV has it is no damage that anybody could see.
        check(len(wrong) <= (2 if end == "\r" else 0), f"a quote before each cell of each row costs that row at most, {end!r}", len(wrong), *wrong[:3])


def said():
    text = HEAD + '\n1,A,a@a.de,x\n2,"B,b@a.de,x\n3,C,c@a.de,x\n4,"D, D",d@a.de,x\n5,"E,e@a.de,x\n'
    for args in ([], ["--keep", "newest:note"], ["--consent", "note=x"], ["--suggest", "--memory", "1M"]):
        r = lost(text, *args, pipe=not args)
        same((r.status, sorted(ids(r)), r.reasons()), (65, ["1", "3", "4"], ["ragged-row"] * 2), f"what is lost is rejected {args}")
        check(": line 3: a quote opens here that is not closed; the row was rejected (ragged-row), and reading went on at line 4" in r.err
              and "1 more rows were rejected for the same reason" in r.err, f"and said, with the line {args}", r)
        same([(x["id"], x["line"], x["detail"]) for x in r.rejected()], [('2,"B,b@a.de,x', "3", "a quote in it is not closed"), ('5,"E,e@a.de,x', "6", "a quote in it is not closed")],
             f"whole, in one cell {args}")
    r = lab.run("--annotate", stdin=text, rejects=False)
    same([line[4:6] for line in r.rows()[1:]], [["kept", ""], ["rejected", "ragged-row"], ["kept", ""], ["kept", ""], ["rejected", "ragged-row"]], "--annotate")
    r = lost(text, "--strict")
    same((r.status, sorted(ids(r))), (65, ["1"]), "--strict stops there")
    check("line 3: the quote that opens here is never closed" in r.err and "from line 3 on" in r.err, "and names what it did not read", r)
    r = lost(HEAD + '\n1,A,a@a.de,x\n2,"B,b@a.de,x\nnot a row\n3,C,nobody,x\n4,D,d@a.de,x\n')
    same((r.status, sorted(ids(r)), r.rejected()[0]["id"]), (65, ["1", "4"], '2,"B,b@a.de,x\nnot a row\n3,C,nobody,x'), "lines that are not rows are lost with it")
    r = lab.run(stdin='a@a.de\n"b@a.de\nc@a.de\n')
    same((r.status, r.out, r.rejects.split(b",")[:2]), (65, b"a@a.de\nc@a.de\n", [b'"""b@a.de"', b"ragged-row"]), "a list of addresses alone")
    r = lab.run(stdin='email\n"a@a.de\n')
    check(r.status == 65 and r.out == b"email\n" and "went on" not in r.err, "the last row", r)
    r = lost(HEAD + '\n1,A,a@a.de,x\n2,"B,b@a.de,x\nand nothing that is a row\n')
    check(r.status == 65 and "from line 3 on" in r.err, "where no line is a row again, all that was not read is named", r)


def as_it_is():
    """CSV is CSV, whatever is in its cells."""
    rows = ['1,"A\n9,X,x@evil.example,y\n",a@a.de,x', '2,"B ""\n9,X,x@evil.example,y",b@a.de,x', '3,"C\nD" ,c@a.de,x', '4,"no\nrow" here,d@a.de,x', '5,E "the\n9,x,x@evil.example,x', '6,"F" x,f@a.de,x']
    r = lost(HEAD + "\n" + "\n".join(rows[:4]) + "\n")
    same((r.status, ids(r)), (0, {"1", "2", "3", "4"}), "cells with lines in them that look like rows stay cells")
    r = lab.run("--annotate", rejects=False, stdin=HEAD + "\n" + "\n".join(rows) + "\n")
    check(b"evil" in r.out and r.status == 0, "and a quote amid a cell is an octet", r)
    # mailbulk mails nobody whom a torn row may have made up.
    message = lab.write("m.eml", "From: news@a.de\nTo: {{email}}\nSubject: x\n\nx\n")
    torn = lab.write("torn.csv", HEAD + '\n1,A,a@a.de,x\n2,"B,b@a.de,x\n3,C,c@a.de,x\n4,"D, D",d@a.de,x\n')
    run = subprocess.run([os.path.join(BUILD, "mailbulk"), message, torn], capture_output=True, timeout=60)
    check(b"To: c@a.de" not in run.stdout, "mailbulk never takes a row apart", run.stdout[-300:], run.stderr)


def long_lists():
    """Where threads work, and far from the start."""
    rows = [row(n) for n in range(60000)]
    torn = {5, 20001, 44444, 59999}
    for n in torn:
        rows[n] = f'{n},"N{n},u{n}@a{n % 7}.de,x'
    text = HEAD + "\n" + "\n".join(rows) + "\n"
    for pipe in (True, False):
        r = lost(text, pipe=pipe)
        found = r.summary()
        gone = {str(n) for n in range(60000)} - ids(r)
        check(r.status == 65 and gone == {str(n) for n in torn} and found["read"] == found["kept"] + found["rejected"],
              f"a long list {'from a pipe' if pipe else 'from a file'}", sorted(gone)[:20], r)


for part in (one_row, said, as_it_is, long_lists):
    attempt(part)
lab.close()
done()
