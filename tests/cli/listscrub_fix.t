#!/usr/bin/env python3
"""Slips around addresses: suggested, repaired with --fix, and what is sure is told from what is not. Top-level domains."""
import csv
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same  # noqa: E402

lab = Lab()
SURE = [("ann@gmail,com", "ann@gmail.com", "comma"), ("ann@gmail.com.", "ann@gmail.com", "dots"), ("ann@gmail..com", "ann@gmail.com", "dots"), ("ann@.gmail.com", "ann@gmail.com", "dots"),
        ("ann @gmail.com", "ann@gmail.com", "blanks"), ("ann@ gmail.com", "ann@gmail.com", "blanks"), ("ann@gm ail.com", "ann@gmail.com", "blanks"), ('"ann@a.de"', "ann@a.de", "quotes"),
        ("'ann@a.de", "ann@a.de", "quotes"), ("'ann@a.de'", "ann@a.de", "quotes"), ("\u201cann@a.de\u201d", "ann@a.de", "quotes"), ("\u00abann@a.de\u00bb", "ann@a.de", "quotes"),
        ('"ann"@a.de', "ann@a.de", "quotes"), ("(ann@a.de)", "ann@a.de", "quotes"), ("ann@a.de\n", "ann@a.de", "line break"), ("\r\nann@a.de", "ann@a.de", "line break"),
        ("ann@a.de?subject=x", "ann@a.de", "link"), ("Email: ann@a.de", "ann@a.de", "link"), ("ann\uff20a.de", "ann@a.de", "fullwidth"),
        ("Ann@A.de.", "Ann@a.de", "dots")]
UNSURE = [("ann(at)a.de", "ann@a.de"), ("ann [at] a [dot] de", "ann@a.de"), ("ann at a.de", "ann@a.de"), ("an n@a.de", "ann@a.de"), ("ann..b@a.de", "ann.b@a.de"), (".ann@a.de", "ann@a.de"),
          ("ann.@a.de", "ann@a.de"), ("ann@@a.de", "ann@a.de"), ("ann@gmail com", "ann@gmail.com"), ("http://ann@a.de", "ann@a.de"), ("ann(at)gmial.com", "ann@gmail.com")]
NONE = ["ann", "ann@", "@a.de", "ann@a", "ann@-a.de", "a@b@c.de", "ann@a.de,info", "ann@a.de; b@a.de", "ann#a.de", "Ann Lee", "ann@a.de,bob", "ann\x40gmail,nosuchtld"]


def table(cells):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["n", "email"], *([i, cell] for i, cell in enumerate(cells))])
    return out.getvalue()


def suggested():
    for cells in ([(a, b) for a, b, _ in SURE], UNSURE):
        r = lab.run("--suggest", "--annotate", "--no-dedupe", rejects=False, stdin=table([a for a, _ in cells]))
        rows = list(csv.DictReader(io.StringIO(r.out.decode(), newline="")))
        wrong = [(cell, row["suggestion"]) for (cell, want), row in zip(cells, rows) if row["suggestion"] != want]
        check(not wrong and len(rows) == len(cells), "the whole address is suggested", wrong)
        same({row["status"] for row in rows if not row["email"].startswith("'ann@a.de") or row["email"].endswith("'")}, {"rejected"}, "and nothing is changed")
    r = lab.run("--suggest", "--annotate", "--no-dedupe", rejects=False, stdin=table(NONE))
    same([row["suggestion"] for row in csv.DictReader(io.StringIO(r.out.decode()))], [""] * len(NONE), "nothing where nothing can be known")


def fixed():
    fixes = lab.path("fixes.csv")
    cells = [a for a, _, _ in SURE] + [a for a, _ in UNSURE] + NONE + ["fine@a.de"]
    for args in ([], ["--suggest"], ["--keep", "newest:n", "--no-dedupe"][:2]):
        r = lab.run("--fix", "--fixes", fixes, *args, "--summary=json", stdin=table(cells))
        kept = [row[:2] for row in r.rows()[1:]]
        first = {}
        for i, (_, want, _) in enumerate(SURE):
            first.setdefault(want.lower(), [str(i), want])
        same(kept, [*first.values(), [str(len(cells) - 1), "fine@a.de"]], f"--fix repairs what is sure {args}")
    r = lab.run("--fix", "--fixes", fixes, "--no-dedupe", "--summary=json", stdin=table(cells))
    same([row[1] for row in r.rows()[1:]], [b for _, b, _ in SURE] + ["fine@a.de"], "each of them")
    found = r.summary()
    same((found["fixed"], found["rejected"]), (len(SURE), len(UNSURE) + len(NONE)), "counted")
    with open(fixes, newline="") as f:
        rows = list(csv.DictReader(f))
    same([(row["from"].strip(), row["to"], row["what"]) for row in rows], [(a.strip(), b, c) for a, b, c in SURE], "and written to --fixes")
    r = lab.run("--fix", "--annotate", rejects=False, stdin=table(["ann@gmail,com", "bob@a.de"]))
    same(r.rows(), [["n", "email", "status", "reason", "detail", "fixed"], ["0", "ann@gmail.com", "kept", "", "", "comma"], ["1", "bob@a.de", "kept", "", "", ""]], "--annotate marks them")
    r = lab.run("--fix", "--suppress", lab.write("s", "ann@gmail.com\n"), "--fixes", fixes, stdin=table(["ann@gmail,com"]))
    same((r.reasons(), r.rejected()[0]["email"], open(fixes).read()), (["suppressed"], "ann@gmail,com", "line,from,to,what\n"), "what comes of it is judged; a row that is rejected stays as it was")
    r = lab.run("--fix", rejects=False, stdin="email\nann@gmail,com\nbob@a.de\ncarl@a.de,x\n")
    same(r.out, b"email\nann@gmail.com\nbob@a.de\n", "a list of one column, where the comma made two cells")
    long = table(["u%d@gmail,com" % n if n % 3 else "u%d@a.de." % n for n in range(30000)])
    r = lab.run("--fix", "--summary=json", lab.write("long.csv", long))
    same((r.summary()["fixed"], r.out.count(b"\n")), (30000, 30001), "a long list")
    for args, status in ((["--fixes", fixes], 64), (["--fix", "--fixes", "-"], 64), (["--fix", "--fixes", lab.path("r2"), "--rejects", lab.path("r2")], 64), (["--fix", "--fixes", lab.dir], 73)):
        r = lab.run(*args, rejects=False, stdin=table(["a@a.de"]))
        same((r.status, r.out), (status, b""), f"{args[-2:]} is a mistake")


def details():
    cells = {'"ann@a.de"': "quotes or other marks around the address", "ann@gmail,com": "a comma instead of a dot in the domain", "an n@a.de": "a blank in the address", "ann(at)a.de": "(at) instead of @",
             "ann@@a.de": "more than one @", "a@a.de, b@a.de": "2 addresses in one cell (see --split)", "ann@de": "the domain has no dot", "a@ai": "the domain has no dot"}
    r = lab.run(stdin=table(cells))
    same([row["detail"] for row in r.rejected()], list(cells.values()), "what is wrong is told in plain words")
    same(set(r.reasons()), {"syntax"}, "all are no addresses, hosts of two letters among them")


def top_level():
    cells = ["a\x40a.de", "b\x40b.nosuchtld", "c\x40c.con", "d\x40d.museum", "e\x40e.xn--p1ai", "f\x40f.\u0440\u0444", "g\x40g.nosuchtld", "h\x40h.c1", "i\x40i.example"]
    r = lab.run("--summary=json", stdin=table(cells))
    same((r.summary()["kept"], r.summary()["unknown_tlds"]), (8, {"nosuchtld": 2, "con": 1, "c1": 1}), "top-level domains that do not exist are counted, and kept")
    r = lab.run(stdin=table(cells))
    check("4 rows kept under a top-level domain that did not exist on 20" in r.err and "(--strict-tld rejects them)" in r.err, "said, with the date", r)
    r = lab.run("--strict-tld", "--summary=json", stdin=table(cells))
    same([(row["email"], row["reason"]) for row in r.rejected() if row["reason"] == "syntax"], [(c, "syntax") for c in ("b\x40b.nosuchtld", "c\x40c.con", "g\x40g.nosuchtld", "h\x40h.c1")], "--strict-tld rejects them")
    check("there is no top-level domain 'con' (as of 20" in r.rejected()[1]["detail"], "with why", r)
    r = lab.run("--no-tld-check", "--summary=json", stdin=table(cells))
    same((r.summary()["kept"], r.summary()["unknown_tlds"]), (8, {}), "--no-tld-check says nothing")
    same(lab.run("--no-tld-check", "--strict-tld", stdin="").status, 64, "not both")
    r = lab.run("--suggest", "--allow-reserved", stdin=table(["a\x40firm.con", "b\x40firm.dee", "c\x40gmx.dd", "d\x40hotmail.c", "e\x40freenetd.e", "f\x40firm.example", "g\x40firm.nosuchtld"]))
    same([row[2] for row in r.rows()[1:]], ["firm.com", "firm.de", "gmx.de", "hotmail.com", "freenet.de", "", ""], "suggestions where nobody can have such a domain")


for part in (suggested, fixed, details, top_level):
    attempt(part)
lab.close()
done()
