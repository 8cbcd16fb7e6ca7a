#!/usr/bin/env python3
"""Lists as people have them, through listscrub into mailbulk: what listscrub keeps is what mailbulk writes to, row for row. Files
that are not lists are named."""
import bz2
import csv
import email
import email.policy
import gzip
import io
import json
import lzma
import mailbox
import os
import random
import subprocess
import sys
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import BUILD, Lab, TOOL, attempt, check, done, same  # noqa: E402

MAILBULK = os.path.join(BUILD, "mailbulk")
lab = Lab()
ENV = {**os.environ, "HOME": lab.dir, "TMPDIR": lab.dir, "LC_ALL": "C"}
WORDS = ["Ann", "M\u00fcller", "\u00c9mile", "Zo\u00eb, Lee", "O'Neil", 'the "Boss"', "a;b", "x|y", "5 \u20ac \u2013 ok", "", " blank ", "#1", "line\nbreak", "caf\u00e9"]
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
BAD = ["", "nobody", "x@@example.org", "a b@example.org", "no.at.example.org", "two@example.org, three@example.org"]


def pipe(octets, template, *options, via_file=False):
    """listscrub | mailbulk (dry run): (status of both, [(address, body)], what they said, listscrub's output)"""
    source = [lab.write("list", octets)] if via_file else []
    scrub = subprocess.run([TOOL, "--allow-reserved", *options, *source], input=octets, capture_output=True, env=ENV, timeout=60)
    bulk = subprocess.run([MAILBULK, lab.write("m.eml", template)], input=scrub.stdout, capture_output=True, env=ENV, timeout=60)
    with open(lab.path("box"), "wb") as f:
        f.write(bulk.stdout)
    sent = []
    for m in mailbox.mbox(lab.path("box"), create=False):
        m = email.message_from_bytes(m.as_bytes(), policy=email.policy.default)
        sent.append((email.utils.parseaddr(str(m["To"]))[1], m.get_content()[4:].rstrip("\n")))
    return (scrub.returncode, bulk.returncode), sent, (scrub.stderr + bulk.stderr).decode("utf-8", "replace"), scrub.stdout


def table(rng):
    """(column names or None, rows, index of the addresses, {address: name} that should be written to)"""
    known = rng.random() < 0.6
    header = known or rng.random() < 0.6
    width = rng.choice([1, 2, 3, 5])
    at = rng.randrange(width)
    names = [f"{rng.choice(['Feld', 'colonne', 'note, old', 'x;y', 'n'])} {i}" for i in range(width)]
    if known:
        names[at] = rng.choice(["email", "E-Mail", "EMAIL ADDRESS", "Mail", "e_mail", "Correo", "recipient", "E-Mail-Adresse"])
        if width > 2 and rng.random() < 0.3:
            names[(at + 1) % width] = rng.choice(["address", "Adresse", "to"])
    elif header and rng.random() < 0.4:
        names[at] = rng.choice(["address", "adresse", "to"])
    rows, want, seen = [], {}, []
    bad = rng.choice([0, 0.1, 0.5]) if known else rng.choice([0, 0.1])
    for i in range(rng.choice([1, 2, 3, 20, 150])):
        cells = [f"{rng.choice(WORDS)}" if width > 1 else "" for _ in range(width)]
        address = f"user{i}@example{rng.choice(['', '1', '-x'])}.org"
        if rng.random() < bad and (i > 0 or known):
            address = rng.choice(BAD)
        elif seen and rng.random() < 0.1:
            address = rng.choice(seen).upper().replace("EXAMPLE", "example").replace(".ORG", ".org")
        else:
            seen.append(address)
        cells[at] = address
        # What no list of this kind can have above its rows: a first row that would be taken for another thing.
        if not header and i == 0:
            cells = [c if k == at else "first" for k, c in enumerate(cells)]
        if address in seen and address not in want:
            want[address] = cells
        rows.append(cells)
    return (names if header else None), rows, at, want


def as_csv(rng, names, rows):
    """(text, delimiter, how it is told)"""
    delimiter = rng.choice([",", ";", "\t", "|", "^"])
    told = delimiter == "^" or rng.random() < 0.2
    out = io.StringIO(newline="")
    end = rng.choice(["\n", "\r\n"])
    if told:
        out.write(f"sep={delimiter}{end}")
    above = rng.random()
    if names is not None and above < 0.15:
        out.write(f"# exported{end}{end}")
    elif names is not None and above < 0.3 and len(names) > 1:
        out.write(f"Our customers 2026{end}{end}")
    elif above < 0.4:
        out.write(end)
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    for row in [names, *rows] if names is not None else rows:
        writer.writerow(row)
    return out.getvalue(), delimiter


def as_json(names, rows):
    return "".join(json.dumps(dict(zip(names, row)), ensure_ascii=i % 2 == 0) + "\n" for i, row in enumerate(rows))


def tags(names, width, at):
    column = [str(i + 1) for i in range(width)] if names is None else names
    return "{{" + column[(at + 1) % width] + "}}" if width > 1 else ""


def generated():
    wrong = []
    kept = 0
    for seed in range(240):
        rng = random.Random(seed)
        names, rows, at, want = table(rng)
        if names is not None and len(set(names)) == len(names) and rng.random() < 0.15:
            text, delimiter = as_json(names, rows), ","
        else:
            text, delimiter = as_csv(rng, names, rows)
        encoding = rng.choice(ENCODINGS)
        if encoding.startswith("utf-16-") and len(text) < 40:
            encoding = "utf-16"
        octets = text.encode(encoding)
        side = (at + 1) % len(rows[0])
        template = f"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\nRow {tags(names, len(rows[0]), at)}\n"
        status, sent, said, out = pipe(octets, template, via_file=rng.random() < 0.5)
        # The mbox knows LF only, and blanks at the end of a body are not worth comparing.
        expected = [(a, c[side].rstrip() if len(c) > 1 else "") for a, c in want.items()]
        got = [(a, b.rstrip()) for a, b in sent]
        kept += len(want)
        if status != (0, 0) or got != expected:
            wrong.append(f"seed {seed}: {encoding} {delimiter!r} {status}\n# {text[:300]!r}\n# got  {got[:4]}\n# want {expected[:4]}\n# out {out[:200]!r}\n# {said}")
        elif not utf8(out):
            wrong.append(f"seed {seed}: {encoding}: the output is not UTF-8: {out[:200]!r}")
    check(not wrong, f"240 lists, {kept} rows that are kept: written to, each of them and nobody else", f"{len(wrong)} wrong", *wrong[:4])


def utf8(octets):
    try:
        octets.decode()
        return True
    except UnicodeDecodeError:
        return False


def two_columns():
    """Which of two columns is meant may change with the rows that are left: then nothing is sent, rather than to the wrong ones."""
    wrong = []
    refused = 0
    for seed in range(80):
        rng = random.Random(seed)
        fill = [rng.choice([0.3, 0.6, 1]), rng.choice([0.3, 0.6, 1])]
        names = rng.choice([["work", "home"], ["to", "kontakt"], ["address", "adresse"], ["Mail", "mail"], ["x", "to"]])
        rows = [[f"{k}{i}@example.org" if rng.random() < fill[k == "b"] else "-" for k in "ab"] for i in range(rng.choice([3, 40]))]
        text = "\n".join(",".join(row) for row in [names, *rows]) + "\n"
        if not any("@" in cell for row in rows for cell in row):
            continue
        status, sent, said, out = pipe(text.encode(), "From: a@example.org\nSubject: x\n\nRow \n")
        left = list(csv.reader(io.StringIO(out.decode())))[1:]
        if status[1] != 0:
            refused += 1
            if status[1] != 65 or "--email" not in said:
                wrong.append(f"seed {seed}: {status} {said}")
            continue
        columns = [[row[k] for row in left] for k in range(2)]
        kept = [k for k in range(2) if all("@" in cell for cell in columns[k])]
        if len(kept) != 1 or [a for a, _ in sent] != columns[kept[0]]:
            wrong.append(f"seed {seed}: {text[:200]!r} kept {left[:3]} sent {sent[:3]}")
    check(not wrong and refused > 0, "two columns with addresses: the one that was cleaned, or 65", *wrong[:3])


def spreadsheets():
    """What Excel writes, byte for byte."""
    template = "From: a@example.org\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\nRow {{Name}}\n"
    cases = {
        "CSV UTF-8": "Name,E-Mail\r\nM\u00fcller,a@example.org\r\n".encode("utf-8-sig"),
        "Unicode text": "Name\tE-Mail\r\nM\u00fcller\ta@example.org\r\n".encode("utf-16"),
        "CSV with semicolons, Windows-1252": "Name;E-Mail\r\nM\u00fcller;a@example.org\r\n".encode("cp1252"),
        "sep=;": "sep=;\r\nName;E-Mail\r\nM\u00fcller;a@example.org\r\n".encode("cp1252"),
        "sep=; in UTF-16": "sep=;\r\nName;E-Mail\r\nM\u00fcller;a@example.org\r\n".encode("utf-16"),
        "a title": "Customers;\r\n;\r\nName;E-Mail\r\nM\u00fcller;a@example.org\r\n".encode("utf-8"),
    }
    for name, octets in cases.items():
        status, sent, said, out = pipe(octets, template)
        check(status == (0, 0) and sent == [("a@example.org", "M\u00fcller")] and "M\u00fcller".encode() in out, name, said, sent, out)
        bulk = subprocess.run([MAILBULK, lab.write("m.eml", template)], input=octets, capture_output=True, env=ENV, timeout=60)
        check(bulk.returncode == 0 and "M\u00fcller".encode() in bulk.stdout or b"M=C3=BCller" in bulk.stdout, f"{name}: mailbulk alone", bulk.stderr, bulk.stdout)


def converted_twice():
    """What was converted is there again in a second reading: of a file, of a pipe, of a second list."""
    rows = "".join(f"N\u00e4me {i};u{i % 90}@example.org;2026-01-{i % 28 + 1:02}\r\n" for i in range(200))
    text = "Name;E-Mail;on\r\n" + rows
    options = ["--allow-reserved", "--keep", "newest:on", "--annotate"]
    want = lab.run(*options, stdin=text.encode(), rejects=True)
    lines = "".join(json.dumps(dict(zip(["Name", "E-Mail", "on"], line.split(";")))) + "\n" for line in rows.split("\r\n")[:-1])
    check(want.status == 0, "a list is read twice", want)
    for name, octets in (("UTF-16", text.encode("utf-16")), ("Windows-1252", text.encode("cp1252")), ("UTF-16 without a BOM", text.encode("utf-16-be"))):
        for r, how in ((lab.run(*options, stdin=octets), "pipe"), (lab.run(*options, lab.write("l", octets)), "file")):
            same((r.status, r.out), (want.status, want.out), f"{name} from a {how}, read twice")
    half = len(lines) // 2
    half = lines.index("\n", half) + 1
    one = lab.run(*options, stdin=lines.encode())
    for r, how in ((lab.run(*options, lab.write("l", lines.encode())), "file"),
                   (lab.run(*options, lab.write("l", lines[:half].encode()), lab.write("l2", lines[half:].encode())), "two files")):
        # Of several lists the file is told, and where the row is that is kept.
        got, rows_of_one = ([[cell.split("; kept: ")[0] for cell in row[:6]] for row in csv.reader(io.StringIO(x.out.decode()))] for x in (r, one))
        same((r.status, got), (one.status, rows_of_one), f"JSON Lines from a {how}, read twice")
    same([row[1:] for row in csv.reader(io.StringIO(one.out.decode()))][1:5], [row[1:] for row in csv.reader(io.StringIO(want.out.decode()), delimiter=";")][1:5],
         "and the rows are those of the CSV")
    bad = lab.run(stdin='{"email":"a@example.com","n":"x\\ny"}\n{"email":"nobody"}\noops\n')
    same([(r["line"], r["reason"]) for r in bad.rejected()][1:], [("2", "syntax"), ("3", "syntax")],
         "lines of JSON are counted as they stand")


def not_lists():
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as z:
        z.writestr("[Content_Types].xml", "<x/>" * 50)
        z.writestr("xl/workbook.xml", "<x/>")
    ods = io.BytesIO()
    with zipfile.ZipFile(ods, "w") as z:
        z.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    text = b"email\na@example.org\n" * 30
    cases = {
        "Excel": book.getvalue(), "OpenDocument": ods.getvalue(), "Office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "gzip": gzip.compress(text),
        "xz": lzma.compress(text), "bzip2": bz2.compress(text), "zstd": b"\x28\xb5\x2f\xfd\x24\x14\xa1\x00\x00" + text, "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        "HTML": b"<!DOCTYPE html>\n<html><body><table><tr><td>a@example.org</td></tr></table>", "vCard": b"BEGIN:VCARD\r\nVERSION:3.0\r\nEMAIL:a@example.org\r\nEND:VCARD\r\n",
        "mbox": b"From a@example.org Mon Jan  1 00:00:00 2026\nFrom: a@example.org\n\nHi\n", "JSON array": b'[{"email":"a@example.org"}]\n',
    }
    message = lab.write("m.eml", "From: a@example.org\nSubject: x\n\nx\n")
    for word, octets in cases.items():
        for r, how in ((lab.run(stdin=octets), "pipe"), (lab.run(lab.write("l", octets)), "file")):
            check(r.status == 65 and word in r.err and r.out == b"", f"{word} is not a list, from a {how}", r)
        bulk = subprocess.run([MAILBULK, message], input=octets, capture_output=True, env=ENV, timeout=60)
        check(bulk.returncode == 65 and word.encode() in bulk.stderr, f"{word}: nor for mailbulk", bulk.stderr)
    r = lab.run(lab.dir)
    check(r.status == 65 and "directory" in r.err, "a directory", r)
    with open(os.devnull, "rb") as nothing:
        bulk = subprocess.run([MAILBULK, message], stdin=nothing, capture_output=True, env=ENV, timeout=60)
    check(bulk.returncode == 65 and b"empty" in bulk.stderr, "nothing, for mailbulk", bulk.stderr)


def results():
    """--bounces takes results of mailbulk that a spreadsheet has saved."""
    text = "email,status,code,enhanced,reply,time\r\ngone@example.org,refused,550,5.1.1,user unknown,2026-01-01T00:00:00Z\r\nhere@example.org,sent,250,2.0.0,ok,2026-01-01T00:00:00Z\r\n"
    for name, octets in {"as written": text.encode(), "semicolons": text.replace(",", ";").encode("utf-8-sig"), "UTF-16 with tabs": text.replace(",", "\t").encode("utf-16"),
                         "sep=;": ("sep=;\r\n" + text.replace(",", ";")).encode()}.items():
        r = lab.run("--allow-reserved", "--bounces", lab.write("results.csv", octets), stdin="email\ngone@example.org\nhere@example.org\n")
        same((r.status, r.out), (0, b"email\nhere@example.org\n"), f"results of mailbulk, {name}")
    r = lab.run("--bounces", lab.write("x.xlsx", b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(300)), stdin="email\n")
    check(r.status == 65 and "Excel" in r.err, "but not a workbook", r)


for part in (generated, two_columns, spreadsheets, converted_twice, not_lists, results):
    attempt(part)
lab.close()
done()
