#!/usr/bin/env python3
"""Dates of activity and of --keep newest: both readings are tried, the column decides, doubt keeps the row."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same  # noqa: E402

lab = Lab()
ENV = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23
ACTIVE = ["--inactive", "90d", "--active", "seen"]


def table(dates, name="seen"):
    return f"email,{name}\n" + "".join(f'u{i}@a.de,"{date}"\n' for i, date in enumerate(dates))


def judged(dates, *args, encoding="utf-8", pipe=True):
    """What became of each row, by its date: kept or the reason; and the summary."""
    octets = table(dates).encode(encoding)
    source = [] if pipe else [lab.write("list.csv", octets)]
    r = lab.run(*(args if "--inactive" in args else [*ACTIVE, *args]), "--summary=json", *source, stdin=octets if pipe else b"", env=ENV)
    gone = {row["email"]: row["reason"] for row in r.rejected()}
    return [gone.get(f"u{i}@a.de", "kept") for i in range(len(dates))], r.summary(), r


def orders():
    for pipe in (True, False):
        where = "a pipe" if pipe else "a file"
        # Without any other date: 10/11 is recent either way, 1/2 old either way, 11/3 is in doubt.
        fates, found, r = judged(["10/11/2026", "01/02/2026", "11/03/2026", "03/11/2026"], pipe=pipe)
        same(fates, ["kept", "inactive", "kept", "kept"], f"both readings are tried, from {where}")
        same((found["undecided_dates"], found["unread_dates"]), (2, 0), "and only what differs is in doubt")
        for evidence, want in (("23/10/2026", ["inactive", "kept"]), ("10/23/2026", ["kept", "inactive"])):
            fates, found, r = judged(["11/03/2026", "03/11/2026", evidence], pipe=pipe)
            same((fates[:2], found["undecided_dates"]), (want, 0), f"{evidence} decides for the rows before it, from {where}")
    fates, found, r = judged(["11/03/2026", "23/10/2026", "10/23/2026"])
    same((fates, found["undecided_dates"]), (["kept"] * 3, 1), "a column that contradicts itself decides nothing")
    fates, found, r = judged(["11/03/2026"] * 5000 + ["23/10/2026"])
    same((set(fates[:-1]), found["kept"]), ({"inactive"}, 1), "the one date that decides is far away")
    r = lab.run(*ACTIVE, stdin=table(["11/03/2026", "10/11/2026"]), env=ENV)
    check("1 date of activity may have the day or the month first: such rows are kept" in r.err, "it is said", r)
    r = lab.run(*ACTIVE, "--annotate", stdin=table(["11/03/2026"]), rejects=False, env=ENV)
    same(r.rows()[1][2:], ["kept", "", "'11/03/2026' may be two dates: day or month first?"], "and stands beside the row")
    for order, want in (("dmy", ["inactive", "kept"]), ("mdy", ["kept", "inactive"]), ("auto", ["kept", "kept"])):
        fates, found, r = judged(["11/03/2026", "03/11/2026"], f"--dates={order}")
        same(fates, want, f"--dates={order}")
    fates, found, r = judged(["26/11/03", "26-03-11", "26.11.03", "23/11/2026"], "--dates=ymd")
    same((fates, found["unread_dates"]), (["kept", "inactive", "kept", "kept"], 1), "--dates=ymd, and what is not written so is unreadable")
    same(lab.run(*ACTIVE, "--dates=sometimes", stdin="").status, 64, "an order that is not one")
    fates, found, r = judged(["11/03/2026", "2026-10-23", "23.10.2026", "5/5/2026"])
    same(fates, ["kept", "kept", "kept", "inactive"], "dates whose form tells nothing of others decide nothing")
    # The files of one run are one column.
    first, second = lab.write("1.csv", table(["11/03/2026"])), lab.write("2.csv", table(["x", "23/10/2026"]))
    r = lab.run(*ACTIVE, first, second, env=ENV)
    same([row["seen"] for row in r.rejected()], ["11/03/2026"], "the second list decides for the first")


def kinds():
    none = ["", " ", "never", "NULL", "n/a", "0", "0000-00-00", "0000-00-00 00:00:00", "1900-01-01", "01/01/1900", "1970-01-01", "1970-01-01T01:00:00+01:00",
            "9999-12-31", "9999-12-31 23:59:59", "31/12/9999"]
    fates, found, r = judged(none)
    same(fates, ["inactive"] * len(none), "blank cells and placeholders are no activity")
    same((found["unread_dates"], found["undecided_dates"]), (0, 0), "and not in doubt")
    check("'1900-01-01' is a placeholder, not a date" in [row["detail"] for row in r.rejected()], "with why", r)
    r = lab.run("--consent", "seen", stdin=table([*none[4:], "2026-11-01", "46330"]))
    same([row[1] for row in r.rows()[1:]], ["2026-11-01", "46330"], "nor are they consent")
    fates, found, r = judged(["soon", "2026-13-45", "last spring", "2024-01-01"])
    same((fates, found["unread_dates"]), (["kept"] * 3 + ["inactive"], 3), "what cannot be read is kept and counted")
    r = lab.run(*ACTIVE, stdin=table(["soon", "2024-01-01"]), env=ENV)
    check("1 date of activity could not be read: such rows are kept" in r.err, "and said", r)
    recent = ["2026-11-03", "3.11.2026", "3. November 2026", "3 nov. 2026", "3 de noviembre de 2026", "3 novembro 2026", "3 listopada 2026", "3 Kas\u0131m 2026",
              "1er septembre 2026", "2 pa\u017adziernika 2026", "30 ao\u00fbt 2026 24:00", "3-Okt-2026", "D\u00e9c. 3, 2026", "2026W45", "2026-W45-2", "46329", "46329.75",
              "2026-11-03 24:00", "1793664000", "1793664000123", "3-Nov-26", "20261103", "Nov 3rd, 2026"]
    old = [date.replace("2026", "2025").replace("46329", "45964").replace("-26", "-25").replace("17936", "17621") for date in recent]
    same(judged(recent)[0], ["kept"] * len(recent), "forms of dates, recent ones")
    fates = judged(old)[0]
    same([d for d, f in zip(old, fates) if f != "inactive"], [], "the same, and too old")
    r = lab.run(*ACTIVE, stdin=b"email,seen\na@a.de,3. M\xe4rz 2026\nb@a.de,3. M\xe4rz 2027\n", env=ENV)
    same([row["email"] for row in r.rejected()], ["a@a.de"], "a month in Latin-1")


def several():
    head = "email,opened,clicked,bought\n"
    rows = ["a@a.de,2024-01-01,,2026-11-01", "b@a.de,2024-01-01,2023-01-01,", "c@a.de,,,", "d@a.de,2024-01-01,soon,", "e@a.de,soon,2026-11-01,", "f@a.de,,1900-01-01,2024-01-01"]
    args = ["--inactive", "90d", "--active", "opened", "--active", "clicked", "--active", "bought"]
    r = lab.run(*args, stdin=head + "\n".join(rows) + "\n", env=ENV)
    same([row["email"] for row in r.rejected()], ["b@a.de", "c@a.de", "f@a.de"], "several --active: the latest counts")
    same([row["detail"] for row in r.rejected()], ["'2024-01-01' is too long ago", "no date", "'2024-01-01' is too long ago"], "with why")
    check("1 date of activity could not be read" in r.err, "a row that another column settles is not in doubt", r)
    r = lab.run("--inactive", "90d", "--active", "opened", "--active", "absent", stdin=head, env=ENV)
    check(r.status == 65 and "no column 'absent' (--active)" in r.err, "each of them has to be there", r)
    # Each column has an order of its own.
    r = lab.run("--inactive", "90d", "--active", "opened", "--active", "clicked", env=ENV,
                stdin="email,opened,clicked\na@a.de,11/03/2026,\nb@a.de,,11/03/2026\nc@a.de,23/10/2026,10/23/2026\n")
    same([row["email"] for row in r.rejected()], ["a@a.de"], "each column decides for itself")


def newest():
    def winner(*dates, args=()):
        text = "email,on,n\n" + "".join(f"a@a.de,{date},{i}\n" for i, date in enumerate(dates))
        r = lab.run("--keep", "newest:on", *args, "--summary=json", stdin=text)
        return [row[2] for row in r.rows()[1:]][0], r.summary()["undecided_dates"]
    same(winner("02/03/2026", "01/05/2026", "23/01/2026"), ("1", 0), "--keep newest: the column decides")
    same(winner("02/03/2026", "01/05/2026", "01/23/2026"), ("0", 0), "either way")
    same(winner("02/03/2026", "01/05/2026", args=["--dates=dmy"]), ("1", 0), "or --dates")
    same(winner("02/03/2026", "01/05/2026"), ("0", 2), "or nothing does: counted, the earlier reading holds")
    same(winner("1900-01-01", "9999-12-31", "2020-01-01", "0000-00-00"), ("2", 0), "placeholders are older than all dates")
    same(winner("46000", "3. M\u00e4rz 2026", "45000"), ("1", 0), "all forms count")
    # Together with all that reads a list more than once.
    text = "email,on,n\n" + "".join(f"u{i % 4000}@a.de,{i % 12 + 1:02}/{i % 9 + 1:02}/2026,{i}\n" for i in range(12000)) + "x@a.de,23/01/2026,0\n"
    plain = lab.run("--keep", "newest:on", stdin=text)
    tight = lab.run("--keep", "newest:on", "--memory", "1M", lab.write("long.csv", text))
    same((plain.out, plain.err), (tight.out, tight.err), "a file in little memory as a pipe in much")


for part in (orders, kinds, several, newest):
    attempt(part)
lab.close()
done()
