#!/usr/bin/env python3
"""Several lists at once, and other lists to compare with: --except, --both."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same  # noqa: E402

lab = Lab()


def united():
    a = lab.write("a.csv", "email,name,ok\na@a.de,Ann,yes\nb@b.de,Bob\n")
    b = lab.write("b.csv", 'Ort;E-Mail;Name\r\nX;c@c.de;"C, ""D"""\r\nY;A@a.de;An\r\nZ;d@d.de\r\nQ;f@f.de;F;too much\r\nR;g@@g.de;G;;\r\n')
    c = lab.write("c.csv", 'ok,email\nyes,e@e.de\n"a\nb",h@h.de')
    r = lab.run("--summary=json", a, b, c)
    same(r.rows(), [["email", "name", "ok", "Ort"], ["a@a.de", "Ann", "yes", ""], ["b@b.de", "Bob", "", ""], ["c@c.de", 'C, "D"', "", "X"], ["d@d.de", "", "", "Z"], ["e@e.de", "", "yes", ""],
                    ["h@h.de", "", "a\nb", ""]], "lists are merged by the names of their columns")
    same([(row["email"], row["reason"], row["line"], row["file"]) for row in r.rejected()],
         [("A@a.de", "duplicate", "3", b), ("Q;f@f.de;F;too much", "ragged-row", "5", b), ("g@@g.de", "syntax", "6", b)], "the rejects tell file and line")
    found = r.summary()
    same((found["read"], found["kept"], found["rejected"]), (9, 6, 3), "nothing is lost")
    for args in (["--keep", "newest:name"], ["--memory", "1M"], ["--suggest"], ["--fix"], ["--opt-out", "ort=Q"]):
        same(lab.run(*args, a, b, c).rows()[1][:4], ["a@a.de", "Ann", "yes", ""], f"also read twice {args}")
    r = lab.run("--consent", "ok", a, b, c)
    same(len(r.rows()), 3, "columns of options are those of all")
    same([row[0] for row in r.rows()[1:]], ["a@a.de", "e@e.de"], "and a consent that a list has no column for is none")
    same([row["reason"] for row in r.rejected() if "b@b.de" in row["email"]], ["ragged-row"], "nor one that is cut off")
    r = lab.run("--annotate", a, b, rejects=False)
    same([row[-1] for row in r.rows()[1:]], [a] * 2 + [b] * 5, "--annotate tells the file")
    r = lab.run(a, a, rejects=True)
    same(r.rows(), [["email", "name", "ok"], ["a@a.de", "Ann", "yes"], ["b@b.de", "Bob", ""]], "lists with the same columns are as before")
    r = lab.run(a, "-", stdin="other,email\nx,y@y.de\n")
    check(r.status == 65 and "its columns are not those of" in r.err, "what comes through a pipe has to have the columns", r)
    long = lab.write("long.csv", "n,mail\n" + "".join(f"{n},u{n % 50000}@a.de\n" for n in range(60000)))
    r = lab.run("--summary=json", a, long)
    found = r.summary()
    same((found["read"], found["kept"], found["reasons"]["duplicate"], len(r.rows()[5])), (60002, 50002, 10000, 4), "a long list among them")
    same([row[0] for row in r.rows()[1:4]], ["a@a.de", "b@b.de", "u0@a.de"], "its address is the address")


def compared():
    new = "email,n\na@a.de,1\nB@b.de,2\nc@c.de,3\nbad,4\na.b@gmail.com,5\n"
    old = lab.write("old.csv", "n;E-Mail;Unsubscribed\n9; A@A.de ;false\n8;Bob <b@B.de>;true\n7;nobody;\n6;ab@gmail.com;\n")
    r = lab.run("--except", old, stdin=new)
    same(([row[1] for row in r.rows()[1:]], r.reasons()), (["3", "5"], ["listed-before", "listed-before", "syntax"]), "--except: what is new")
    r = lab.run("--both", old, stdin=new)
    same(([row[1] for row in r.rows()[1:]], r.reasons()), (["1", "2"], ["not-listed", "syntax", "not-listed"]), "--both: what is on both")
    r = lab.run("--both", old, "--fold=provider", "--except", lab.write("o2", "a@a.de\n"), stdin=new)
    same([row[1] for row in r.rows()[1:]], ["2", "5"], "together, and in the forms that duplicates are compared by")
    r = lab.run("--except", old, "--except", lab.write("o3", '{"mail": "c@c.de"}\n'), stdin=new)
    same([row[1] for row in r.rows()[1:]], ["5"], "several, also JSON Lines")
    for octets, said in (("", "there is no address in this list"), ("PK\x03\x04", "is"), ("x\ny\n", "there is no address in this list"), ('email\n"a@a.de\n', "never closed")):
        r = lab.run("--except", lab.write("odd", octets), stdin=new)
        check(r.status == 65 and r.out == b"" and said in r.err, f"a list that is none stops: {octets!r}", r)
    same(lab.run("--except", lab.write("head", "email,n\n"), stdin="email\na@a.de\n").out, b"email\na@a.de\n", "a header alone is a list that nobody is on")
    same(lab.run("--except", lab.path("absent"), stdin=new).status, 66, "one that is not there is 66")
    for args in (["--except", "-", "--suppress", "-", old], ["--both", "-"], ["--rejects", old, "--except", old]):
        same(lab.run(*args, stdin=new, rejects=False).status, 64, f"no file for two purposes {args[:2]}")


def winners():
    """A duplicate tells which row of which list is kept, however it was found."""
    a = lab.write("wa.csv", "email,seen\nx@x.de,2020-01-01\n\"y\n\",1\ny@y.de,2022-02-02\nx@x.de,2020-01-01\n")
    b = lab.write("wb.csv", "E-Mail;seen\n;\nX@x.de;2021-01-01\ny@y.de;2021-01-01\n")
    c = lab.write("wc.csv", "seen,email\n2019-01-01,x@x.de\n2023-01-01,x@x.de\n2023-01-01,x@x.de\n")

    def told(*args):
        r = lab.run(*args, a, b, c)
        return [(os.path.basename(row["file"]), row["line"], row["detail"].replace(lab.dir + os.sep, "")) for row in r.rejected() if row["reason"] == "duplicate"]
    first = "x@x.de; kept: wa.csv, line 2"
    same(told(), [("wa.csv", "6", first), ("wb.csv", "3", first), ("wb.csv", "4", "y@y.de; kept: wa.csv, line 5"), *[("wc.csv", n, first) for n in "234"]], "a duplicate tells the row that is kept")
    last = "x@x.de; kept: wc.csv, line 3"
    newest = [("wa.csv", "2", last), ("wa.csv", "6", last), ("wb.csv", "3", last), ("wb.csv", "4", "y@y.de; kept: wa.csv, line 5"), ("wc.csv", "2", last), ("wc.csv", "4", last)]
    same(told("--keep", "newest:seen"), newest, "also with --keep newest, and one that led for a while tells the last one")
    long = [lab.write(f"w{k}.csv", "email,seen\n" + "".join(f"u{(n * 7919 + k) % 120000}@a.de,20{(n + k) % 20 + 10}-01-01\n" for n in range(130000))) for k in range(2)]
    for args in ([], ["--keep", "newest:seen"]):
        one, small = (lab.run(*args, "--memory", size, *long) for size in ("64M", "1M"))
        check(one.rejects == small.rejects and one.rejects.count(b"; kept: ") > 130000, f"temporary files change nothing of it {args}", small.err)
        kept = {row[0]: row for row in one.rows()}
        lines = [open(name, encoding="ascii").read().split("\n") for name in long]
        wrong = 0
        for row in one.rejected():
            name, line = row["detail"].split("; kept: ")[1].split(", line ")
            wrong += lines[long.index(name)][int(line) - 1] != ",".join(kept[row["email"]])
        same(wrong, 0, f"and each is true {args}")
    r = lab.run(a)
    same([row["detail"] for row in r.rejected() if row["reason"] == "duplicate"], ["x@x.de"], "of one list it is the address")


def objects(octets):
    return [json.loads(line) for line in octets.decode().splitlines()]


def json_lines():
    r = lab.run("--jsonl", "--suggest", stdin='E-Mail;;reason;E-Mail\r\n A@A.de;"say ""x"";\r\ny";\xe4;2\r\nb@@b.de;;\\;\r\na@a.de;\r\nq\x40gmial.com;1;2;3\r\n'.encode("latin-1"))
    same(objects(r.out), [{"E-Mail": "A@a.de", "2": 'say "x";\r\ny', "reason": "ä", "E-Mail_2": "2", "suggestion": ""},
                          {"E-Mail": "q\x40gmial.com", "2": "1", "reason": "2", "E-Mail_2": "3", "suggestion": "gmail.com"}], "--jsonl: an object a row, each key once")
    same([(o["E-Mail"], o["reason"], o["reason_2"], o["line"], len(o)) for o in objects(r.rejects)],
         [("b@@b.de", "\\", "syntax", 4, 8), ("a@a.de", "", "duplicate", 5, 8)], "and the rejects")
    r = lab.run("--jsonl", "--annotate", rejects=False, stdin="Ann,a@a.de\nBob,b@b.de")
    same(objects(r.out), [{"1": n, "email": a, "status": "kept", "reason": "", "detail": ""} for n, a in (("Ann", "a@a.de"), ("Bob", "b@b.de"))], "a list without a header")
    again = lab.run(stdin=r.out)
    same(again.rows()[1:], [["Ann", "a@a.de", "kept", "", ""], ["Bob", "b@b.de", "kept", "", ""]], "is read again as what it was")
    r = lab.run("--jsonl", "--jsonl", stdin='{"mail": "a@a.de", "n": {"x": "\\u20ac"}}\n{"mail": "", "n": null}\n')
    same(([o["mail"] for o in objects(r.out)], r.status), (["a@a.de"], 0), "from JSON Lines to JSON Lines")
    r = lab.run("--jsonl", stdin='email\ra\nb@a.de\rc@c.de\r')
    same((objects(r.out), [o["email"] for o in objects(r.rejects)]), ([{"email": "c@c.de"}], ["a\nb@a.de"]), "a line break that is none in this list")
    r = lab.run("--jsonl", stdin='email,n\na@a.de,"x\nb@b.de,2\nc@c.de,3\n')
    same(([o["n"] for o in objects(r.out)], [o["email"] for o in objects(r.rejects)]), (["2", "3"], ['a@a.de,"x']), "what a quote tore is one text")
    long = "email#n\n" + "".join(f"u{n % 20000}@a.de#{n}\n" for n in range(30000))
    r = lab.run("--jsonl", "--delimiter=#", stdin=long)
    same((len(objects(r.out)), objects(r.out)[-1], len(objects(r.rejects))), (20000, {"email": "u19999@a.de", "n": "19999"}, 10000), "a long one, with any delimiter and no sep= line")
    same((lab.run("--jsonl", stdin="").out, lab.run("--jsonl", stdin="email\n").out), (b"", b""), "nothing comes of nothing")


for part in (united, compared, winners, json_lines):
    attempt(part)
lab.close()
done()
