#!/usr/bin/env python3
"""Rows with too few cells or too many, and rows of blanks."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same  # noqa: E402

lab = Lab()
HEAD = "name,email,ok,note\n"


def padded():
    rows = ['A,a@a.de,yes', 'B,b@a.de', 'C,c@a.de,yes,x', 'D,d@a.de,yes,x,', 'E,e@a.de,yes,x, ,"",', 'F,f@a.de,yes,x,y', 'G', ' G@A.DE ,g@a.de', 'H, H@A.DE ,,x,,']
    want = ['A,a@a.de,yes,', 'B,b@a.de,,', 'C,c@a.de,yes,x', 'D,d@a.de,yes,x', 'E,e@a.de,yes,x', ' G@A.DE ,g@a.de,,', 'H,H@a.de,,x']
    for end in ("\n", "\r\n"):
        text = HEAD.strip() + end + end.join(rows)
        for last in ("", end):
            r = lab.run("--summary=json", stdin=text + last)
            same(r.out.decode(), end.join([HEAD.strip(), *want]) + end, f"what blank cells make whole is kept, as wide as the header ({end!r}, {last!r})")
            same((r.reasons(), r.summary()["padded"]), (["ragged-row"] * 2, 6), "counted, and the rest rejected")
    r = lab.run(stdin=HEAD + "\n".join(rows) + "\n")
    check("6 rows kept that had too few cells, or blank ones too many" in r.err, "and said", r)
    same([row["detail"] for row in r.rejected()], ["5 cells for 4 columns; beyond them: y", "1 cells for 4 columns"], "with why")
    r = lab.run("--ragged=reject", "--summary=json", stdin=HEAD + "\n".join(rows) + "\n")
    same((r.out.decode(), r.reasons(), r.summary()["padded"]), (HEAD + "C,c@a.de,yes,x\n", ["ragged-row"] * 8, 0), "--ragged=reject")
    same(len(r.rejects.splitlines()[1].split(b",")), 7, "whose rejects are as wide as their header")
    same(lab.run("--ragged=perhaps", stdin="").status, 64, "anything else is not an answer")
    r = lab.run("--annotate", "--suggest", rejects=False, stdin=HEAD + "\n".join(rows) + "\n")
    same({len(row) for row in r.rows()}, {8}, "--annotate and --suggest stand under their header")
    r = lab.run(stdin=HEAD + "A,a@a.de\nB,a@a.de,,,,\nC,c@a,,,,\n")
    same([(row["reason"], row["detail"]) for row in r.rejected()], [("duplicate", "a@a.de"), ("syntax", r.rejected()[1]["detail"])], "padded rows are rows like others")
    check("beyond" not in r.rejects.decode(), "and of blanks beyond the columns nothing is said", r)


def columns_that_decide():
    text = "email,ok,seen,note\na@a.de\nb@a.de,yes\nc@a.de,yes,2026-11-01\nd@a.de,yes,2026-11-01,x,,\n"
    r = lab.run("--consent", "ok", stdin=text)
    same([row["email"] for row in r.rejected()], ["a@a.de"], "no consent is made up")
    same(r.reasons(), ["ragged-row"], "nor a missing one: the row is damaged")
    r = lab.run("--active", "seen", "--inactive", "1y", stdin=text, env={"SOURCE_DATE_EPOCH": "1795392000"})
    same([(row["email"], row["reason"]) for row in r.rejected()], [("a@a.de", "ragged-row"), ("b@a.de", "ragged-row")], "nor an activity")


def blanks():
    text = HEAD + ",,,\nA,a@a.de,,\n , \t,,\n\n,,,,,,\n\"\",\"\"\nB,,,\n"
    for args in ([], ["--drop-role"], ["--mx", "--resolver", "127.0.0.1:1", "--dns-timeout", "0.01"], ["--keep", "newest:note"]):
        r = lab.run(*args, "--summary=json", stdin=text)
        found = r.summary()
        same((found["read"], found["kept"], found["rejected"], found["blank"]), (2, 1, 1, 5), f"blank rows are counted apart {args}")
        same((r.out.decode(), r.reasons()), (HEAD + "A,a@a.de,,\n", ["empty"] * 6), f"and nothing is lost {args}")
    r = lab.run("--annotate", rejects=False, stdin=text)
    same(len(r.rows()), 8, "also with --annotate")
    check("5 blank rows, not counted as read" in r.err, "which is said", r)
    sums = [0, 0]
    for share in ("1/2", "2/2"):
        found = lab.run("--shard", share, "--summary=json", stdin=text).summary()
        sums = [sums[0] + found["read"], sums[1] + found["blank"]]
    same(sums, [2, 5], "shares count each row once")


for part in (padded, columns_that_decide, blanks):
    attempt(part)
lab.close()
done()
