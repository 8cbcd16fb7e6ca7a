#!/usr/bin/env python3
"""Nothing is lost and nothing is there twice, whatever the options: kept + rejected = read, row by row."""
import csv
import io
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, THOROUGH, attempt, check, done  # noqa: E402

lab = Lab()
rng = random.Random(15)
HEAD = ["id", "email", "second", "ok", "left", "seen", "sent", "opens"]
ENV = {"SOURCE_DATE_EPOCH": "1795392000"}


def address():
    local = rng.choice(["ann", "Bob.x", "c+tag", "info", "e.f", "zo\u00eb", "bad..dot", "", "x" * 70])
    domain = rng.choice(["a.de", "GMAIL.com", "gmial.com", "b\u00fccher.de", "-bad.de", "example.org", "web.de", "mailinator.com", "gmail,com", "a.nosuchtld", "de"])
    text = f"{local}{rng.randrange(30)}@{domain}"
    return rng.choice([text, text, text, f" {text} ", f"mailto:{text}", f"'{text}'", f"{text}; x{rng.randrange(9)}@a.de", "", "nobody"])


def row(n):
    cells = [str(n), address(), rng.choice(["", address()]), rng.choice(["yes", "no", "", "maybe", "2026-01-02"]), rng.choice(["", "", "no", "true"]),
             rng.choice(["2026-11-01", "11/03/2026", "23/10/2026", "", "soon", "2020-01-01"]), rng.choice(["", "3", "12", "x"]), rng.choice(["", "0", "2"])]
    kind = rng.randrange(40)
    if kind == 0:
        cells = cells[:rng.randrange(1, 8)]
    elif kind == 1:
        cells += rng.choice([[""], ["more"]])
    elif kind == 2:
        cells[1:] = [""] * 7
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


OPTIONS = [["--annotate"], ["--suggest"], ["--no-dedupe"], ["--fold=provider"], ["--keep", "newest:seen"], ["--consent", "ok"], ["--opt-out", "left"], ["--active", "seen", "--inactive", "1y"],
           ["--dates=dmy"], ["--unengaged", "SENT=sent,OPENED=opens,MIN=10"], ["--email", "email,second"], ["--split"], ["--ragged=reject"], ["--drop-role"], ["--drop-disposable"], ["--ascii"],
           ["--memory", "1M"], ["--suppress", "SUPPRESS"], ["--fix"], ["--fix", "--fixes", "FIXES"], ["--except", "SUPPRESS2"], ["--both", "SUPPRESS2"], ["--strict-tld"], ["--no-tld-check"], ["--quoted", "--literal"], ["--allow-reserved"]]


def pick():
    chosen = rng.sample(OPTIONS, rng.randrange(1, 8))
    flat = [word for option in chosen for word in option]
    if "--no-dedupe" in flat and "--keep" in flat:
        flat.remove("--no-dedupe")
    if "--no-tld-check" in flat and "--strict-tld" in flat:
        flat.remove("--no-tld-check")
    return [lab.path("s.txt") if word == "SUPPRESS" else lab.path("fixes.csv") if word == "FIXES" else lab.path("old.csv") if word == "SUPPRESS2" else word for word in flat]


def whole():
    lab.write("s.txt", "@web.de\nann3@a.de\ninfo7@a.de\n")
    lab.write("old.csv", "n;mail\n1;ann3@a.de\n2;info7@a.de\n3;ann5\x40web.de\n")
    wrong = []
    for turn in range(600 if THOROUGH else 150):
        n = rng.randrange(1, 80)
        lines = [row(i) for i in range(n)]
        stray = rng.randrange(6) == 0  # two of them may make one row of several, which is CSV
        if stray:
            i = rng.randrange(n)
            lines[i] = lines[i].replace(",", ',"', 1)
        text = ",".join(HEAD) + "\n" + "\n".join(lines) + "\n"
        args = pick()
        pipe = rng.randrange(2) == 0
        annotated = "--annotate" in args
        r = lab.run(*args, "--summary=json", *([] if pipe else [lab.write("list.csv", text)]), stdin=text if pipe else "", rejects=not annotated, env=ENV)
        if r.status not in (0, 65):
            wrong.append(f"{args}: {r}")
            continue
        found = r.summary()
        sums = found["read"] == found["kept"] + found["rejected"] and found["rejected"] == sum(found["reasons"].values())
        rows = r.rows()[1:]
        gone = [] if annotated else list(csv.reader(io.StringIO(r.rejects.decode(), newline="")))[1:]
        count = len(rows) == found["read"] + found["blank"] if annotated else (len(rows), len(gone)) == (found["kept"], found["rejected"] + found["blank"])
        ids = [line[0].split(",")[0] for line in rows + gone]
        order = all(int(a[0].split(",")[0]) <= int(b[0].split(",")[0]) for a, b in zip(rows, rows[1:]))
        complete = set(ids) == {str(i) for i in range(n)} or stray
        once = "--split" in args or stray or len(ids) == n
        if not (sums and count and order and complete and once):
            wrong.append(f"{args} {'pipe' if pipe else 'file'}: {sums} {count} {order} {complete} {once} {found}\n{text[:400]}")
    check(not wrong, "kept + rejected = read, each row once, in order", len(wrong), *wrong[:3])


attempt(whole)
lab.close()
done()
