#!/usr/bin/env python3
"""What listscrub reads, rejects and writes: in and out, for every reason."""
import csv
import io
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, TOOL, TOP, attempt, check, done, same, skip  # noqa: E402

lab = Lab()
HEADER = "name,email,note\n"


def forms():
    """CSV as it comes: what is kept passes octet for octet."""
    cases = [
        ("LF", b"name,email\nA,a@a.de\n", None),
        ("CRLF", b"name,email\r\nA,a@a.de\r\n", None),
        ("CR alone", b"name,email\rA,a@a.de\rB,b@a.de\r", None),
        ("semicolons", b"name;email\n\"A;B\";a@a.de\n", None),
        ("tabs", b"name\temail\nA, B\ta@a.de\n", None),
        ("bars", b"name|email\nA, B|a@a.de\n", None),
        ("quoted line breaks", b"name,email\n\"A\nB\r\nC\",a@a.de\n", None),
        ("doubled quotes", b'name,email\n"A ""B"" C",a@a.de\n', None),
        ("quotes within a cell", b'name,email\nA "B" C,a@a.de\n', None),
        ("quotes that need not be", b'"name","email"\n"A","a@a.de"\n', None),
        ("NUL octets in other columns", b"name,email\nA\0B,a@a.de\n", None),
        ("a header with blanks", b" Name , E-Mail \nA,a@a.de\n", None),
        ("no final line end", b"name,email\nA,a@a.de", b"name,email\nA,a@a.de\n"),
        ("no final line end, CRLF", b"name,email\r\nA,a@a.de", b"name,email\r\nA,a@a.de\r\n"),
        ("a BOM", b"\xef\xbb\xbfemail,name\na@a.de,A\n", b"email,name\na@a.de,A\n"),
        ("a BOM and a plain list", b"\xef\xbb\xbfa@a.de\nb@a.de\n", b"a@a.de\nb@a.de\n"),
        ("a plain list", b"a@a.de\nb@a.de\n", None),
        ("no header, several columns", b"A,a@a.de\nB,b@a.de\n", None),
        ("a row of a megabyte", b"name,email\n" + b"x" * 1000000 + b",a@a.de\n", None),
        ("ten thousand columns", b"email" + b",c" * 9999 + b"\na@a.de" + b"," * 9999 + b"\n", None),
        ("only a header", b"name,email\n", None),
        ("nothing", b"", None),
        ("Latin-1 in other columns", b"name,email\nJ\xfcrgen,a@a.de\n", "name,email\nJ\u00fcrgen,a@a.de\n".encode()),
    ]
    for name, octets, want in cases:
        r = lab.run(stdin=octets)
        check(r.status == 0 and r.out == (octets if want is None else want), f"{name}: kept as it stands", r)
        piped = lab.run(lab.write("list.csv", octets))
        same((piped.status, piped.out), (r.status, r.out), f"{name}: the same from a file")
    for option in ("--header", "--no-header", "--annotate", "--suggest"):
        same(lab.run(option, stdin="").out, b"", f"nothing, {option}: nothing")
    r = lab.run(stdin=b"name,email\nJ\xfcrgen,a@a.de\n")
    check("line 2 is not UTF-8" in r.err and "Windows-1252" in r.err, "Windows-1252 is recognised and said", r)
    r = lab.run(stdin="name,email\nA,a@a.de\n".encode("utf-16"))
    check(r.status == 0 and "UTF-16" in r.err and r.out == b"name,email\nA,a@a.de\n", "UTF-16 is read, which is said", r)


def columns():
    same(lab.run(stdin="address,email\nMain St,a@a.de\n").rows()[1][1], "a@a.de", "the surest name wins")
    r = lab.run(stdin="address,contact\nMain St,a@a.de\nBack St,b@@a.de\n")
    same(r.reasons(), ["syntax"], "an address of a street is none: the column that holds addresses is taken")
    r = lab.run("--email", "second", stdin="first,second\na@a.de,b@@a.de\n")
    same(r.reasons(), ["syntax"], "--email by name")
    r = lab.run("--email", "2", stdin="a@a.de,b@@a.de\n")
    check(r.status == 0 and b"syntax" in r.rejects, "--email by number", r)
    r = lab.run("--email", "third", stdin="first,second\na@a.de,b@a.de\n")
    check(r.status == 65 and "third" in r.err and "first, second" in r.err, "a column that is not there is named, and those that are", r)
    for args in (["--consent", "third"], ["--keep", "newest:third"], ["--active", "third", "--inactive", "1y"], ["--email", "third"]):
        r = lab.run(*args, stdin="email\na@a.de\n")
        check(r.status == 65 and f"({args[0]})" in r.err, f"{args[0]}: and which option asked for it", r)
    for header, row, said in (("work,home", "a@a.de,b@a.de", True), ("mail,email", "a@a.de,b@a.de", True), ("email,email", "a@a.de,b@a.de", True),
                              ("email,boss", "a@a.de,b@a.de", False), ("email,mail", "a@a.de,by air", False), ("address,e-mail", "Elm St,a@a.de", False)):
        r = lab.run(stdin=f"{header}\n{row}\n")
        check(r.status == 0 and ("--email settles it" in r.err) == said, f"{header}: {'two columns that may be meant are' if said else 'nothing is'} said", r)
    r = lab.run("--email", "home", stdin="work,home\na@a.de,b@a.de\n")
    check("settles" not in r.err, "nor where it is settled", r)
    r = lab.run(stdin="a,b\n1,2\n")
    check(r.status == 65 and "--email" in r.err, "no column holds addresses", r)
    r = lab.run("--header", stdin="a@a.de\nb@a.de\n")
    same(r.out, b"a@a.de\nb@a.de\n", "--header: the first row is no data")
    r = lab.run("--header", "--annotate", stdin="a@a.de\nb@a.de\n", rejects=False)
    same(r.out, b"a@a.de,status,reason,detail\nb@a.de,kept,,\n", "and gets the names of the columns added")
    r = lab.run("--no-header", "--annotate", stdin="email\nb@a.de\n", rejects=False)
    same(r.out, b"email,rejected,syntax,the address has no @\nb@a.de,kept,,\n", "--no-header: it is")
    r = lab.run("-d", ";", stdin="name,x;email\nA,B;a@a.de\n")
    same(r.out, b"name,x;email\nA,B;a@a.de\n", "--delimiter settles it")
    same(lab.run("-d", "ab", stdin="").status, 64, "a delimiter is one character")


def normal_form():
    cases = [
        ("blanks around", " a@a.de\t", "a@a.de"), ("capitals in the domain", "Ann@A.DE", "Ann@a.de"),
        ("a display name", "Ann Lee <ann@a.de>", "ann@a.de"), ("a quoted name", '"Lee, Ann" <ann@a.de>', "ann@a.de"),
        ("brackets only", "<ann@a.de>", "ann@a.de"), ("mailto:", "mailto:ann@a.de", "ann@a.de"),
        ("a no-break space", "ann@a.de\u00a0", "ann@a.de"), ("marks of direction", "\u202aann@a.de\u202c", "ann@a.de"), ("U-labels stay", "ann@bücher.de", "ann@bücher.de"),
        ("in lower case", "ann@BÜCHER.de", "ann@bücher.de"), ("A-labels stay", "ann\x40XN--bcher-kva.de", "ann\x40xn--bcher-kva.de"),
        ("a local part outside ASCII", "jürgen@a.de", "jürgen@a.de"),
        ("U-labels beside A-labels", "ann\x40BÜCHER.xn--P1AI", "ann\x40bücher.xn--p1ai"),
        ("the same behind such a local part", "jürgen\x40BÜCHER\u3002xn--P1AI", "jürgen\x40bücher.xn--p1ai"),
        ("and beside a label written from right to left", "ann\x40אב.xn--P1AI", "ann\x40אב.xn--p1ai"),
    ]
    for name, cell, want in cases:
        quoted = '"' + cell.replace('"', '""') + '"' if '"' in cell else cell
        r = lab.run(stdin=f"email,x\n{quoted},1\n")
        same([row[0] for row in r.rows()[1:]], [want], name)
    r = lab.run("--ascii", stdin="email\nann@bücher.de\n")
    same(r.out, b"email\nann\x40xn--bcher-kva.de\n", "--ascii")
    r = lab.run(stdin='email,x\n"a@a.de",1\n"b@A.de",2\n')
    same(r.out, b'email,x\n"a@a.de",1\nb@a.de,2\n', "a cell is rewritten only when its value changes")
    r = lab.run(stdin=b"email,x\nann@b\xfccher.de,1\n")
    same(r.out.decode(), "email,x\nann@b\u00fccher.de,1\n", "an address in Windows-1252 becomes UTF-8")
    r = lab.run(stdin=b"email,x\nJ\xfcrgen <j\xfcrgen@A.DE>,1\nann@B\xdcCHER.de,2\n\x8aann\x40A.de,3\n")
    same(r.out.decode(), "email,x\nj\u00fcrgen@a.de,1\nann@b\u00fccher.de,2\n\u0160ann\x40a.de,3\n", "and is put in normal form")
    r = lab.run("--ascii", stdin=b"email,x\nann@b\xfccher.de,1\n")
    same(r.out, b"email,x\nann\x40xn--bcher-kva.de,1\n", "and is understood")


def syntax():
    local64, label63 = "l" * 64, "d" * 63
    long_domain = ".".join([label63] * 2 + ["d" * 58])
    good = [f"{local64}@a.de", f"a@{label63}.de", f"{local64}@{long_domain}.de", "a+b@a.de", "!#$%&'*+-/=?^_`{|}~@a.de", "a@1.de",
            "a\x40a-b.de", "x\x40a.b.c.d.e.de", "почта@пример.рф", "a@例え.jp"]
    bad = ["a", "@a.de", "a@", "a@@a.de", "a b@a.de", "a@b c.de", ".a@a.de", "a.@a.de", "a..b@a.de", f"{local64}l@a.de", f"a@{label63}d.de",
           f"{local64}@{long_domain}ddd.de", "a@-a.de", "a@a-.de", "a@a_b.de", "a@a..de", "a@.a.de", "a@a.de.", "a@localhost", "a@1.2.3.4",
           "a@[1.2.3.4]", '"a b"@a.de', "a\x40xn--zz--zz.de", "a(c)@a.de", "a@a.de, b@a.de", "a@a.de, B <b@a.de>", "a@b.de c@d.de", "<a@a.de", "a\u200bb@a.de",
           "a@a\u202eb.de", "\u202ea@a.de", "a@a.de\u3002", "a@a\u00b7b.de", "a\x01@a.de", "a\0@a.de", "a@a.de\n", "\r\na@a.de",
           "a@a.de(\r)", "a@a.de\0", "a@ab--c.bücher.de", "ä@ab--c.bücher.de", "a@a≠b.de", "a\x40xn--0ug.de",
           "mailto:%61nn@a.de", "<mailto:ann%2Bx@a.de>"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["email", "want"])
    writer.writerows([[a, "good"] for a in good] + [[a, "bad"] for a in bad])
    r = lab.run(stdin=out.getvalue())
    kept = [row[0] for row in r.rows()[1:]]
    same(kept, good, "what mail servers take is kept")
    rejected = r.rejected()
    same([row["email"] for row in rejected], bad, "what they do not take is rejected, in order")
    check(all(row["reason"] == "syntax" and row["detail"] for row in rejected), "each refusal says which rule", r)
    said = {row["email"]: row["detail"] for row in rejected}
    same((said["a@[1.2.3.4]"], said['"a b"@a.de']), ("the domain is an address in brackets (see --literal)", "the local part is quoted (see --quoted)"),
         "and the option that lifts it")
    r = lab.run("--literal", "--quoted", stdin='email\na@[1.2.3.400]\n"""a""b@a.de"\n')
    same([row["detail"] for row in r.rejected()], ["the address in brackets is malformed", "the local part is badly quoted"], "or what is wrong all the same")
    check("64 octets" in [row for row in rejected if row["email"].startswith(local64 + "l")][0]["detail"], "such as 64 octets", r)
    r = lab.run("--literal", "--quoted", stdin='email\na@[192.0.2.1]\n"""a b""@a.de"\na@[IPv6:2001:db8::1]\na@[1.2.3.400]\n')
    same((len(r.rows()), r.reasons()), (4, ["syntax"]), "--literal and --quoted take those")
    plain = '"a b"@a.de\n"a,b"@a.de\n"A B"@A.de\n"Lee, Ann" <ann@a.de>\n"bob@a.de" \n"c.d"@a.de\nc.d@a.de\n'
    r = lab.run("--quoted", stdin=plain)
    same((r.out.decode(), r.rejects.count(b",duplicate,")), ('"a b"@a.de\n"a,b"@a.de\nann@a.de\nbob@a.de\n"c.d"@a.de\n', 2),
         "--quoted in a plain list: those quotes are part of the address")


def shape_and_domains():
    r = lab.run(stdin=HEADER + "A,,x\n,,\n\nB,b@a.de\nC,c@a.de,x,y,\"z,z\"\nD,d@example.com,x\nE,e@mail.test,x\nF,f@a.de,ok\n")
    same(r.reasons(), ["empty", "empty", "empty", "ragged-row", "reserved-domain", "reserved-domain"], "shape and reserved domains")
    same([row["line"] for row in r.rejected()], ["2", "3", "4", "6", "7", "8"], "with their lines")
    same([row["detail"] for row in r.rejected()][:3], ["the cell with the address is blank", "the row is blank", "the row is blank"], "and what is empty")
    same(r.out, (HEADER + "B,b@a.de,\nF,f@a.de,ok\n").encode(), "the rest is kept")
    check('y,""z,z""' in r.rejects.decode().splitlines()[4], "what is beyond the columns is not lost", r)
    r = lab.run("--allow-reserved", stdin=HEADER + "D,d@example.com,x\n")
    same(r.reasons(), [], "--allow-reserved")
    r = lab.run(stdin='name,email\n"two\nlines",x\nB,y\n')
    same([row["line"] for row in r.rejected()], ["2", "4"], "a row's line is where it begins")


def duplicates():
    rows = "A@a.de,1\na@A.de,2\nb@bücher.de,3\nB\x40xn--bcher-kva.de,4\nJ.Doe+x\x40gmail.com,5\njdoe@googlemail.com,6\na.b@a.de,7\nab@a.de,8\n"
    r = lab.run(stdin="email,n\n" + rows)
    same([row[1] for row in r.rows()[1:]], ["1", "3", "5", "6", "7", "8"], "the first of each stays, as it stood")
    r = lab.run("--fold=provider", stdin="email,n\n" + rows)
    same([row[1] for row in r.rows()[1:]], ["1", "3", "5", "7", "8"], "--fold=provider compares what the providers compare")
    same(r.rows()[3][0], "J.Doe+x@gmail.com", "and writes what stood there")
    same([row["detail"] for row in r.rejected()][-2:], ["b\x40xn--bcher-kva.de", "jdoe@gmail.com"], "the detail is what they have in common")
    r = lab.run("--no-dedupe", stdin="email,n\n" + rows)
    same(len(r.rows()), 9, "--no-dedupe")
    dated = "email,on,n\na@a.de,2026-01-01,1\nb@a.de,,2\na@a.de,2026-03-01,3\na@a.de,2026-02-01,4\nb@a.de,soon,5\na@a.de,2026-03-01,6\n"
    r = lab.run("--keep", "newest:on", stdin=dated)
    same([row[2] for row in r.rows()[1:]], ["2", "3"], "--keep newest: the newest stays in its place, the first of equal ones")
    check("1 date could not be read" in r.err, "a date that cannot be read is said", r)
    r = lab.run("--keep", "newest:on", lab.write("dated.csv", dated))
    same([row[2] for row in r.rows()[1:]], ["2", "3"], "the same from a file")
    r = lab.run(stdin="email,ok\na@example.com,1\nA@A.de,2\na@a.de,2,3\na@a.de,3\n")
    same(r.reasons(), ["reserved-domain", "ragged-row", "duplicate"], "a row that is rejected is nobody's original")


def suppression():
    sha = "sha256:b5dc2f1cc5d2d3d2a2e9d7d3d2a1a7b6b0e4f1c2a3b4c5d6e7f8091a2b3c4d5e"
    import hashlib
    real = "sha256:" + hashlib.sha256(b"hidden@a.de").hexdigest().upper()
    plain = lab.write("plain.txt", f"# those who left\nAnn@A.de\n\n\x40closed.de\n{real}\n{sha}\n@bücher.de\n")
    table = lab.write("table.csv", "Reason,Email Address,Date\nasked by phone,bob@a.de,2026-02-03\n")
    rows = "ann@a.de\nx\x40CLOSED.de\nx\x40sub.closed.de\nHidden@a.de\nq\x40xn--bcher-kva.de\nbob@a.de\nkeep@a.de\nx\x40notclosed.de\n"
    r = lab.run("--suppress", plain, "--suppress", table, stdin="email\n" + rows)
    same(r.out, b"email\nkeep@a.de\nx\x40notclosed.de\n", "addresses, domains with what is below them, sums")
    same(set(r.reasons()), {"suppressed"}, "all of one reason")
    same(r.rejected()[-1]["detail"], "asked by phone, 2026-02-03", "with the reason and the date of the list")
    same([row["detail"] for row in r.rejected()],
         ["ann@a.de", "\x40closed.de", "\x40closed.de", "its SHA-256 hash", "\x40xn--bcher-kva.de", "asked by phone, 2026-02-03"],
         "where it has none, the entry that matched")
    r = lab.run("--fold=provider", "--suppress", lab.write("s", "johndoe\x40gmail.com\n"), stdin="email\nJohn.Doe+x\x40GoogleMail.com\n")
    same(r.reasons(), ["suppressed"], "no spelling slips past with --fold")
    one = "sha256:" + hashlib.sha256(b"j.doe@gmail.com").hexdigest()
    r = lab.run("--fold=provider", "--suppress", lab.write("s", one + "\n"), stdin="email,n\njdoe@gmail.com,1\nJ.Doe\x40gmail.com,2\nx@a.de,3\n")
    same((r.reasons(), len(r.rows())), (["suppressed", "suppressed"], 2), "if one of the copies is suppressed, all are")
    r = lab.run("--suppress", lab.write("s", "example.de\nann@a.de\n"), stdin="email\nann@a.de\n")
    check(r.status == 0 and "first: line 1: 'example.de' is not an address" in r.err and r.reasons() == ["suppressed"], "a line that is no entry is named", r)
    for header, row, want in (("email,address", ",ann@a.de", ["ann@a.de"]), ("address,email", "ann@a.de,", ["ann@a.de"]),
                              ("address,email", "bob@a.de,ann@a.de", ["ann@a.de"]), ("address,recipient", ",ann@a.de", ["ann@a.de"]),
                              ("email,recipient,domain", ",ann@a.de,a.de", ["ann@a.de"]), ("email,address,domain", ",1 Elm St,a.de", ["ann@a.de", "bob@a.de"])):
        r = lab.run("--suppress", lab.write("s", f"{header}\n{row}\n"), stdin="email\nann@a.de\nbob@a.de\n")
        same(([x["email"] for x in r.rejected()], "unusable" in r.err), (want, False), f"{header}: the first that is filled, {row}")
    for header, row in (("email,name", ",Ann"), ("address,domain", "ann@@a.de,a.de"), ("email,address", ",1 Elm St")):
        r = lab.run("--suppress", lab.write("s", f"{header}\n{row}\n"), stdin="email\nann@a.de\n")
        check(r.status == 65 and r.out == b"" and "s:2: no usable entry" in r.err, f"{header}: no entry stands in {row}, and that is said", r)
    r = lab.run("--suppress", lab.write("s", "email,name\n,\n\n#,x\nann@a.de,x\n"), stdin="email\nann@a.de\n")
    check(r.reasons() == ["suppressed"] and "unusable" not in r.err, "but not of empty lines and comments", r)
    sums = {a: hashlib.sha256(a.encode()).hexdigest() for a in ("ann@a.de", "ann@bücher.de")}
    forms = [
        ("comments and empty lines before the header", "# exported\n\nid;reason;email\n7;gone;ann@a.de\n"),
        ("a street beside the address", "Address,Email\n1 Elm Road,ann@a.de\n"),
        ("a comment behind an entry", "ann@a.de # left us\n"), ("another name for a domain", "*@a.de\n"),
        ("a column of domains", "domain,since\na.de,2026-01-01\n"), ("a column of sums", f"sha256\n{sums['ann@a.de'].upper()}\n"),
        ("a bare sum", sums["ann@a.de"]), ("whichever column is filled", "email,domain\nx@b.de,\n,a.de\n"),
        ("a comma in a name", "Lee, Zoe <zoe@a.de>\nann@a.de\n"), ("unseen blanks", "\u00a0@a.de\u200b\n"),
        ("CR line ends", "zoe@a.de\rann@a.de\r"), ("a BOM before an entry", "\ufeffann@a.de\r\n"),
    ]
    for name, text in forms:
        r = lab.run("--suppress", lab.write("s", text), stdin="email,n\nAnn@a.de,1\nb@b.de,2\n")
        same((r.reasons(), r.out, "unusable" in r.err), (["suppressed"], b"email,n\nb@b.de,2\n", False), f"suppression lists have {name}")
    r = lab.run("--suppress", lab.write("s", "email,domain\nann@a.de,a.de\n"), stdin="email\nann@a.de\nbob@a.de\n")
    same(r.out, b"email\nbob@a.de\n", "a domain beside its address is no entry")
    r = lab.run("--suppress", lab.write("s", "j\u00fcrgen@a.de\n".encode("latin-1")), stdin="email\njürgen@a.de\nb@b.de\n")
    same(r.reasons(), ["suppressed"], "a suppression list in Latin-1")
    r = lab.run("--suppress", lab.write("s", '"a b"@a.de\n'), "--quoted", stdin='email,n\n"""A b""@a.de",1\nb@b.de,2\n')
    same(r.reasons(), ["suppressed"], "a quoted local part in a plain list")
    r = lab.run("--suppress", lab.write("s", f"sha256:{sums['ann@bücher.de']}\n"), stdin="email\nann@BÜCHER.de\nb@b.de\n")
    same(r.reasons(), ["suppressed"], "the sum of an address in its own script")
    r = lab.run("--suppress", lab.write("s", "email\nann@a.de\n".encode("utf-16")), stdin="email\nann@a.de\n")
    same(r.reasons(), ["suppressed"], "a suppression list in UTF-16")
    r = lab.run("--fold=provider", "--suppress", lab.write("s", "@gmail.com\n"), stdin="email\nann\x40googlemail.com\nb@b.de\n")
    same(r.reasons(), ["suppressed"], "a suppressed domain by its other name, with --fold")
    r = lab.run("--suppress", lab.path("absent"), stdin="email\nann@a.de\n")
    check(r.status == 66 and "absent" in r.err and r.out == b"", "a list that is not there", r)


def people():
    yes = ["yes", "Y", "TRUE", "1", "x", "opt-in", "Opt in", "double_opt-in", "\u00a0yes", "accepted", "2026-01-02", "2026-01-02T10:00:00Z",
           "S\u00cd", "s\u00ec", "\u2714\ufe0f", "\u2705", "\u2611"]
    no = ["no", "0", "", "false", "never", "pending", "maybe", "2026-13-45"]
    rows = "".join(f"c{i}@a.de,{word}\n" for i, word in enumerate(yes + no))
    r = lab.run("--consent", "ok", stdin="email,ok\n" + rows)
    same([row[1] for row in r.rows()[1:]], yes, "--consent: yes or when")
    same(r.reasons(), ["no-consent"] * len(no), "the rest has none")
    check("2 cells say neither yes nor no" in r.err, "and what cannot be read is counted", r)
    r = lab.run("--consent", "ok", stdin=b"email,ok\na@a.de,s\xed\nb@a.de,S\xcd\n")
    same(r.out.count(b"\n"), 3, "a yes in Latin-1")
    env = {"SOURCE_DATE_EPOCH": "1767225600"}  # 2026-01-01
    edges = "2025-12-31T00:00:00Z\n2025-12-30T23:59:59Z\n2025-12-31T01:00:00+01:00\n2025-12-31T00:59:59+01:00\n1767139200\n1767139199\n"
    r = lab.run("--inactive", "1d", "--active", "seen", "--no-dedupe", stdin="email,seen\n" + "".join(f"a@a.de,{line}\n" for line in edges.split()), env=env)
    same([row["seen"] for row in r.rejected()], edges.split()[1::2], "to the second, in whatever zone")
    rows = "a@a.de,2025-12-01\nb@a.de,2024-01-01\nc@a.de,\nd@a.de,soon\ne@a.de,11/03/2025\nf@a.de,\"Mon, 1 Dec 2025 10:00:00 +0000\"\n"
    r = lab.run("--inactive", "90d", "--active", "seen", stdin="email,seen\n" + rows, env=env)
    same([row[0] for row in r.rows()[1:]], ["a@a.de", "d@a.de", "e@a.de", "f@a.de"], "--inactive and --active")
    same([row["detail"] for row in r.rejected()],
         ["'2024-01-01' is too long ago", "no date"], "with why")
    check("1 date of activity could not be read" in r.err, "unreadable dates are no silent yes", r)
    same(lab.run("--inactive", "90d", stdin="").status, 64, "--inactive needs --active")
    r = lab.run("--drop-role", stdin="email\nPostmaster@a.de\nsales+x@a.de\nno-reply@a.de\nsally@a.de\n")
    same(r.reasons(), ["role"] * 3, "--drop-role")
    # RFC 2142: "request" is the end of a name there.
    names = "info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp friends-request".split()
    r = lab.run("--drop-role", stdin="email\n" + "".join(f"{name.title()}@a.de\n" for name in [*names, "request", "-request"]))
    same([row["email"].lower() for row in r.rejected()], [f"{name}@a.de" for name in names], "every name of RFC 2142")
    r = lab.run("--drop-role=" + lab.write("roles", "# ours\nsally\n"), stdin="email\nsales@a.de\nSally@a.de\n")
    same([row["email"] for row in r.rejected()], ["Sally@a.de"], "a list of one's own replaces ours")
    r = lab.run("--drop-role", lab.path("roles"), stdin="email\nsales@a.de\n")
    check(r.status == 65 and r.out == b"" and "behind '='" in r.err, "a blank before the file is noticed", r)
    rows = "email\nx\x40mailinator.com\nx\x40sub.mailinator.com\nx\x40duck.com\nx\x40simplelogin.com\nx\x40mozmail.com\nx@a.de\n"
    r = lab.run("--drop-disposable", stdin=rows)
    same([row["email"] for row in r.rejected()], ["x\x40mailinator.com", "x\x40sub.mailinator.com"], "--drop-disposable, parents matched")
    r = lab.run("--drop-disposable=" + lab.write("disposable", "duck.com\na.de\n"), stdin=rows)
    same([row["email"] for row in r.rejected()], ["x@a.de"], "an alias service never is, whatever a list says")
    forms = "\ufeff# theirs\r\n@A.de\r\n*.B.de # why\r\n.c.de\r\n*@d.de.\r\nBÜCHER.de\r\n\r\n"
    domains = ["a.de", "x.b.de", "b.de", "c.de", "d.de", "xn--bcher-kva.de"]
    r = lab.run("--drop-disposable=" + lab.write("disposable", forms), stdin="email\n" + "".join(f"x@{d}\n" for d in [*domains, "e.de"]))
    same(r.out, b"email\nx@e.de\n", "lists of domains as others write them")
    r = lab.run("--drop-role=" + lab.write("roles", "\ufeffTeam@\r\n# x\r\nChef  # y\r\n"), stdin="email\nteam@a.de\nchef@a.de\nx@a.de\n")
    same(r.out, b"email\nx@a.de\n", "and lists of roles")


def suggestions():
    typos = {"gmial.com": "gmail.com", "gmail.con": "gmail.com", "hotmial.com": "hotmail.com", "yaho.com": "yahoo.com", "outlok.com": "outlook.com",
             "gmaik.com": "gmail.com", "hotnail.com": "hotmail.com", "protonmial.com": "protonmail.com", "live.con": "live.com", "mac.cmo": "mac.com", "comcast.nte": "comcast.net"}
    real = ["gmail.com", "proton.me", "pm.me", "wp.pl", "abv.bg", "email.com", "mail.com", "yahoo.co.in", "hey.com", "ymail.com", "gmx.at", "live.nl",
            "a.de", "mail.de", "googlemail.com", "sky.com", "outlook.sk", "me.com", "company.com",
            "outlook.cl", "cloud.com", "jmail.com", "zmail.com", "bmail.com", "fastmail.us"]
    rows = "".join(f"x@{d}\n" for d in [*typos, *real])
    r = lab.run("--suggest", stdin="email\n" + rows)
    same(dict(row for row in (line.decode().split(",") for line in r.out.splitlines()[1:]) if row[1]),
         {"x@" + k: v for k, v in typos.items()}, "typing errors get a suggestion, real domains do not")
    check(r.status == 0 and len(r.rows()) == 1 + len(typos) + len(real), "and nothing is rejected for it", r)


def bounces():
    mbox = lab.write("bounces.mbox", """From MAILER-DAEMON Mon Nov  2 06:11:00 2026
From: MAILER-DAEMON\x40mx.a.de
To: news@b.de
Date: Mon, 2 Nov 2026 06:11:00 +0000
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

No such user.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.a.de

Final-Recipient: rfc822; Gone@A.de
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <gone@a.de>: User unknown

--b--

From MAILER-DAEMON Tue Nov  3 06:11:00 2026
From: MAILER-DAEMON\x40mx.a.de
To: news@b.de
Date: Tue, 3 Nov 2026 06:11:00 +0000
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Mailbox full.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.a.de

Final-Recipient: rfc822; full@a.de
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--b--

""")
    rows = "email\ngone@a.de\nfull@a.de\nfine@a.de\n"
    r = lab.run("--bounces", mbox, stdin=rows)
    same((r.reasons(), r.rejected()[0]["email"]), (["bounced"], "gone@a.de"), "a hard bounce rejects, a full mailbox does not")
    check("5.1.1" in r.rejected()[0]["detail"] and "2026-11-02" in r.rejected()[0]["detail"], "with code and date", r)
    r = lab.run("--bounces", mbox, "--soft-limit", "1", stdin=rows)
    same(r.reasons(), ["bounced", "bounced"], "--soft-limit")
    r = lab.run("--bounces", mbox, "--print-suppressed", rejects=False)
    same(r.out.decode().splitlines()[0], "email,reason,code,first,last,count,source,words", "--print-suppressed has a header")
    check(len(r.out.splitlines()) == 2 and r.out.splitlines()[1].lower().startswith(
        b"gone@a.de,no-mailbox,5.1.1,2026-11-02t06:11:00z,2026-11-02t06:11:00z,1,"), "and who is out", r)
    with open(mbox, "rb") as f:
        octets = f.read()
    r = lab.run("--bounces", "-", "--print-suppressed", stdin=octets, rejects=False)
    same(len(r.out.splitlines()), 2, "an mbox on standard input")
    os.makedirs(lab.path("maildir/new"))
    os.makedirs(lab.path("maildir/cur"))
    first = octets.split(b"\nFrom MAILER", 1)[0].split(b"\n", 1)[1]
    lab.write("maildir/new/1.x", first)
    r = lab.run("--bounces", lab.path("maildir"), stdin=rows)
    same(r.reasons(), ["bounced"], "a Maildir")
    r = lab.run("--bounces", lab.write("one.eml", first), stdin=rows)
    same(r.reasons(), ["bounced"], "one message")
    results = lab.write("results.csv", "email,status,code,enhanced,reply,attempts,message_id,relay,time\n"
                        "gone@a.de,refused,550,5.1.1,550 5.1.1 User unknown,1,<1@b.de>,mx,2026-11-02T06:11:00Z\n"
                        "full@a.de,refused,552,5.2.2,552 5.2.2 Mailbox full,1,<2@b.de>,mx,2026-11-02T06:11:00Z\n"
                        "fine@a.de,sent,250,2.0.0,250 ok,1,<3@b.de>,mx,2026-11-02T06:11:00Z\n")
    r = lab.run("--bounces", results, stdin=rows)
    same(r.reasons(), ["bounced"], "results of mailbulk")
    same(lab.run("--bounces", "-", stdin=octets).status, 64, "standard input is one thing at a time")
    r = lab.run("--bounces", lab.write("junk", b"\0\1\2 what is this\n"), stdin=rows)
    check(r.status == 65 and "junk" in r.err, "what is none of these is refused", r)


def outputs():
    rows = "email,n\na@a.de,1\nbad,2\na@a.de,3\n"
    r = lab.run("--annotate", stdin=rows, rejects=False)
    same(r.out, b"email,n,status,reason,detail\na@a.de,1,kept,,\nbad,2,rejected,syntax,the address has no @\na@a.de,3,rejected,duplicate,a@a.de\n",
         "--annotate keeps every row")
    r = lab.run("--summary=json", "-q", stdin=rows)
    s = r.summary()
    same((s["read"], s["kept"], s["rejected"], s["reasons"]["syntax"], s["reasons"]["duplicate"]), (3, 1, 2, 1, 1), "--summary=json")
    r = lab.run("-q", stdin=rows)
    same(r.err, "", "--quiet")
    r = lab.run("--rejects", "-", stdin=rows, rejects=False)
    same(r.status, 64, "the rejects do not go to standard output")
    path = lab.write("same.csv", rows)
    r = lab.run("--rejects", path, path, rejects=False)
    check(r.status == 64 and open(path).read() == rows, "nor over the list", r)
    r = lab.run("--rejects", lab.path("no/such/dir"), stdin=rows, rejects=False)
    check(r.status == 73 and r.out == b"", "rejects that cannot be created", r)
    r = lab.run(lab.write("one.csv", rows), lab.write("two.csv", rows), stdin=b"")
    same((r.rows(), len(r.rejected())), ([["email", "n"], ["a@a.de", "1"]], 5), "several lists are one")
    r = lab.run(lab.write("one.csv", rows), lab.write("two.csv", "n,email\n1,a@a.de\n"))
    same((r.rows(), len(r.rejected())), ([["email", "n"], ["a@a.de", "1"]], 3), "their columns may be in another order")
    r = lab.run(lab.path("absent.csv"))
    check(r.status == 66 and "absent.csv" in r.err, "a list that is not there", r)
    r = lab.run("--", lab.write("-odd.csv", rows))
    same(r.status, 0, "a name may begin with a hyphen")
    same(lab.run("--no-such-option").status, 64, "an unknown option")


def one_purpose():
    rows = "email\na@a.de\n"
    bounces = os.path.join(TOP, "examples", "bounces.mbox")
    files = {name: lab.write(name, text) for name, text in (("l.csv", rows), ("s.txt", "@x.de\n"), ("r.csv", "email,status,reply\n"))}
    before = {path: open(path).read() for path in files.values()}
    lists, suppress, results = files.values()
    for args in (["--rejects", suppress, "--suppress", suppress], ["--rejects", results, "--bounces", results], ["--report", lists],
                 ["--report", suppress, f"--drop-disposable={suppress}"], ["--rejects", lab.path("new"), "--report", lab.path("new")]):
        r = lab.run(*args, lists, rejects=False)
        check(r.status == 64 and r.out == b"" and {path: open(path).read() for path in before} == before,
              f"no file for two purposes: {' '.join(os.path.basename(a) for a in args)}", r)
    check(not os.path.exists(lab.path("new")), "nor is one made for them")
    for args in (["--suppress", suppress], ["--bounces", results], [f"--drop-role={suppress}"]):
        with open(args[-1].split("=")[-1], "ab") as out:
            status = subprocess.run([TOOL, *args, lists], stdout=out, stderr=subprocess.DEVNULL, timeout=60).returncode
        same((status, {path: open(path).read() for path in before}), (64, before), f"nor is what {args[0].split('=')[0]} reads written by the shell")
    for args in (["--bounces", "-"], ["--suppress", "-"], ["--suppress", "-", "--bounces", "-", lists], ["-", "-"]):
        r = lab.run(*args, stdin=rows)
        check(r.status == 64 and r.out == b"" and "standard input" in r.err, f"standard input only once: {' '.join(args[:4])}", r)
    r = lab.run("--bounces", "-", lists, stdin=open(bounces, "rb").read())
    same((r.status, r.out), (0, rows.encode()), "bounces from a pipe, the list from a file")
    r = lab.run("--rejects", "/dev/null", "--allow-empty", "--suppress", "/dev/null", lists, rejects=False)
    same((r.status, r.out), (0, rows.encode()), "/dev/null is for everything")


def damage():
    r = lab.run("--strict", stdin='email,n\na@a.de,1\nbad,2\nb@a.de,"open\nc@a.de,3\n')
    check(r.status == 65 and "line 4" in r.err, "an unterminated quote is an error with its line", r)
    same((r.out, r.reasons()), (b"email,n\na@a.de,1\n", ["syntax"]), "what came before is kept")
    check("from line 4 on" in r.err and "2 line ends" in r.err, "the rest is named", r)
    r = lab.run("--strict", stdin='email,n\na@a.de,1\n"x\ny",2\nb@a.de,"open\n')
    check("line 5: the quote that opens here" in r.err, "the line where the quote opened, not where the row began", r)


def our_addresses():
    """The cases of tests/data, as a list."""
    with open(os.path.join(TOP, "tests/data/addresses.tsv"), encoding="utf-8") as f:
        cases = [line.rstrip("\n").split("\t") for line in f]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["email"], *([json.loads(case[0])] for case in cases)])
    for options, forms in (((), ("plain",)), (("--quoted",), ("plain", "quoted")), (("--literal",), ("plain", "literal"))):
        r = lab.run("--no-dedupe", "--annotate", "--allow-reserved", *options, stdin=out.getvalue(), rejects=False)
        verdicts = [row[1] == "kept" for row in r.rows()[1:]]
        wrong = [case for case, kept in zip(cases, verdicts) if kept != (case[1] in forms)]
        check(len(verdicts) == len(cases) and not wrong, f"our addresses {' '.join(options)}", *wrong, r)


def is_email():
    """Dominic Sayers' tests, as a list: the goal that the corpora's README states."""
    path = os.path.join(os.environ.get("PIPEMAIL_CORPORA") or os.path.join(TOP, "..", "shared", "corpora"), "is_email", "tests.tsv")
    if not os.path.isfile(path):
        skip("is_email", f"{path} is not there")
        return
    with open(path, encoding="utf-8") as f:
        cases = [line.rstrip("\n").split("\t") for line in f if line.strip()]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["email"], *([json.loads(case[0])] for case in cases)])
    # (Blanks around an address are nobody's fault; and nobody's mailbox is at a top-level domain: a@io is a slip.)
    good = [case[1] in ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN") or
            (case[2] == "ISEMAIL_CFWS_FWS" and json.loads(case[0]).strip(" ") == "test\x40iana.org") for case in cases]
    good = [ok and json.loads(case[0]) != "test\x40io" for ok, case in zip(good, cases)]
    r = lab.run("--no-dedupe", "--annotate", stdin=out.getvalue(), rejects=False)
    same([row[1] for row in r.rows()[1:]], ["kept" if ok else "rejected" for ok in good], "is_email: VALID and DNSWARN are kept, nothing else is")
    r = lab.run("--no-dedupe", "--annotate", "--quoted", "--literal", stdin=out.getvalue(), rejects=False)
    forms = ("ISEMAIL_RFC5321_QUOTEDSTRING", "ISEMAIL_RFC5321_ADDRESSLITERAL")
    same([row[1] for row in r.rows()[1:]], ["kept" if ok or case[2] in forms else "rejected" for ok, case in zip(good, cases)],
         "is_email: --quoted and --literal add those two forms and nothing else")


def spectrum():
    """Every list that is read elsewhere is a list: rows in, rows out."""
    whole_lists(os.path.join(TOP, "tests/data/csv/csvs"), "our")
    corpus = os.path.join(os.environ.get("PIPEMAIL_CORPORA") or os.path.join(TOP, "..", "shared", "corpora"), "csv-spectrum", "csvs")
    if not os.path.isdir(corpus):
        skip("csv-spectrum", f"{corpus} is not there")
        return
    whole_lists(corpus, "csv-spectrum")


def whole_lists(corpus, title):
    delimiters = {"semicolons.csv": ";", "tabs.csv": "\t"}
    for name in sorted(os.listdir(corpus)):
        path = os.path.join(corpus, name)
        r = lab.run("--email", "1", "--header", "--summary=json", path)
        with open(path, newline="") as f:
            want = list(csv.reader(f, delimiter=delimiters.get(name, ",")))
        got = list(csv.DictReader(io.StringIO(r.rejects.decode(), newline=""), delimiter=delimiters.get(name, ",")))
        check(r.status == 0 and len(got) + len(r.rows()) == len(want) and
              all([row[c] for c in want[0]] == line for row, line in zip(got, want[1:])), f"{title} {name}", r)


for part in (forms, columns, normal_form, syntax, shape_and_domains, duplicates, suppression, people, suggestions, bounces, outputs, one_purpose, damage,
             our_addresses, is_email, spectrum):
    attempt(part)
lab.close()
done()
