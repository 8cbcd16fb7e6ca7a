#!/usr/bin/env python3
"""Who said yes, who said no, and what is not understood: --consent and --opt-out."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same  # noqa: E402

lab = Lab()


def table(cells):
    return "email,ok\n" + "".join('u%d@a.de,"%s"\n' % (i, cell.replace('"', '""')) for i, cell in enumerate(cells))


def words():
    yes = ["VRAI", "WAHR", "vero", "Verdadero", "verdadeiro", "waar", "tak", "Sim", "da", "Evet", "s\u00ed", "Yes, I agree", "yes, please", "I agree.", "Ja, ich stimme zu",
           "Oui, j'accepte", "I accept the terms", "I consent to receive emails", "Opted In", "2026-01-02", "03/04/2026", "46000", "2026W02"]
    no = ["FAUX", "FALSCH", "falso", "n\u00e3o", "Nee", "nie", "hay\u0131r", "no", "Opted Out", "unsubscribed", "", "1900-01-01", "0000-00-00", "pending"]
    odd = ["Yes, but not by mail", "No, I agree to nothing", "I do not agree", "yes yes unsubscribe me", "I want", "mostly", "mail"]
    r = lab.run("--consent", "ok", "--summary=json", stdin=table(yes + no + odd))
    same([row[1] for row in r.rows()[1:]], yes, "words that say yes, and nothing else does")
    found = r.summary()
    same((found["unread_consent"], sorted(found["unread_values"])), (len(odd), sorted(f"ok={cell}" for cell in odd)), "what is not understood is counted by value")
    r = lab.run("--opt-out", "ok", stdin=table(["FAUX", "no", "", "0", "0000-00-00", "never", "subscribed", "opt-in", "pending"]))
    same(r.reasons(), [], "cells that are not an opt-out")
    gone = ["TRUE", "1", "yes", "x", "unsubscribed", "Opted out", "withdrawn", "2026-01-02 10:00", "Blacklisted", "too many mails"]
    r = lab.run("--opt-out", "ok", "--summary=json", stdin=table(gone))
    same((r.out, r.reasons()), (b"email,ok\n", ["opt-out"] * len(gone)), "cells that are, and doubt is for who may have said no")
    found = r.summary()
    same((found["unread_opt_out"], found["unread_values"], found["reasons"]["opt-out"]), (1, {"ok=too many mails": 1}, len(gone)), "which is counted")
    same(r.rejected()[-1]["detail"], "ok=too many mails", "and told")


def values():
    r = lab.run("--consent", "ok= active , Enabled", "--summary=json", stdin=table(["Active", "enabled ", "yes", "", "inactive", "2026-01-01"]))
    same(([row[0] for row in r.rows()[1:]], r.reasons()), (["u0@a.de", "u1@a.de"], ["no-consent"] * 4), "values of one's own take the place of ours")
    same(r.summary()["unread_consent"], 0, "and leave no doubt")
    r = lab.run("--opt-out", "ok=hard,GONE", stdin=table(["gone", "hard", "soft", "", "yes"]))
    same([row["email"] for row in r.rejected()], ["u0@a.de", "u1@a.de"], "--opt-out with values")
    r = lab.run("--consent", "a=b", stdin="email,a=b\na@a.de,yes\nb@a.de,no\n")
    same([row[0] for row in r.rows()[1:]], ["a@a.de"], "a name with '=' in it")
    r = lab.run("--consent", "ok=", stdin=table([""]))
    check(r.status == 64 and r.out == b"" and "no values after '='" in r.err, "no values are a mistake", r)
    for option in ("--consent", "--opt-out"):
        r = lab.run(option, "nothing=yes", stdin=table(["yes"]))
        check(r.status == 65 and f"no column 'nothing' ({option})" in r.err, f"{option} with a column that is not there", r)
    r = lab.run("--consent", "2=yes,ok,1", stdin=table(["1"]))
    same(r.out, b'email,ok\nu0@a.de,"1"\n', "a column by its number")


def several():
    text = "email,mail,terms,left,bounced\na@a.de,yes,1,,\nb@a.de,yes,no,,\nc@a.de,,1,,\nd@a.de,yes,1,true,\ne@a.de,yes,1,,hard\nf@a.de,yes,no,true,hard\n"
    args = ["--consent", "mail", "--consent", "terms", "--opt-out", "left", "--opt-out", "bounced=hard"]
    r = lab.run(*args, stdin=text)
    same([(row["email"][0], row["reason"]) for row in r.rejected()],
         [("b", "no-consent"), ("c", "no-consent"), ("d", "opt-out"), ("e", "opt-out"), ("f", "no-consent")], "every --consent must say yes, one --opt-out is enough")
    r = lab.run(*args, stdin="email,mail,terms,left,bounced\na@a.de,yes,1\nb@a.de,yes,1,\nc@a.de,yes,1,,\nd@a.de,yes\n")
    same(([row[0] for row in r.rows()[1:]], r.reasons()), (["c@a.de"], ["ragged-row"] * 3), "none of these cells is made up")
    r = lab.run("--opt-out", "bounced=hard", "--suppress", lab.write("s", "e@a.de\n"), stdin=text)
    same([row["reason"] for row in r.rejected()], ["suppressed", "opt-out"], "in the order of the reasons")


def withdrawn():
    """A no outweighs the yes of an older row, wherever it stands."""
    head = "email,ok,left,n\n"
    for text, options, gone in (
            ("a@a.de,yes,,1\nA@A.de,no,,2\nb@a.de,yes,,3\n", ["--consent", "ok"], {"1": "no-consent", "2": "no-consent"}),
            ("a@a.de,unsubscribed,,1\na@a.de,yes,,2\n", ["--consent", "ok"], {"1": "no-consent", "2": "no-consent"}),
            ("a@a.de,,,1\na@a.de,yes,,2\nb@a.de,maybe,,3\nb@a.de,yes,,4\nc@a.de,pending,,5\nc@a.de,ja,,6\n", ["--consent", "ok"], {"1": "no-consent", "3": "no-consent", "5": "no-consent"}),
            ("a@a.de,yes,,1\na@a.de,yes,true,2\nb@a.de,yes,,3\n", ["--consent", "ok", "--opt-out", "left"], {"1": "opt-out", "2": "opt-out"}),
            ("a@a.de,,,1\na@a.de,,too many mails,2\n", ["--opt-out", "left"], {"1": "opt-out", "2": "opt-out"}),
            ("a@a.de,2026-02-01,,1\na@a.de,2025-01-01,2026-01-01,2\n", ["--consent", "ok", "--opt-out", "left"], {"2": "opt-out"}),
            ("a@a.de,2026-01-01,,1\na@a.de,2025-01-01,2026-02-01,2\n", ["--consent", "ok", "--opt-out", "left"], {"1": "opt-out", "2": "opt-out"}),
            ("a@a.de,2026-01-01,,1\na@a.de,2025-01-01,yes,2\n", ["--consent", "ok", "--opt-out", "left"], {"1": "opt-out", "2": "opt-out"}),
            ("a.b@gmail.com,yes,,1\nab+x@googlemail.com,no,,2\n", ["--consent", "ok"], {"2": "no-consent"}),
            ("a.b@gmail.com,yes,,1\nab+x@googlemail.com,no,,2\n", ["--consent", "ok", "--fold=provider"], {"1": "no-consent", "2": "no-consent"}),
            ("a@a.de,active,,1\na@a.de,unconfirmed,,2\nb@a.de,active,,3\nb@a.de,unsubscribed,,4\n", ["--consent", "ok=active"], {"2": "no-consent", "3": "no-consent", "4": "no-consent"}),
            ("Ann <a@a.de>,yes,,1\na@a.de,no,,2,more\n", ["--consent", "ok"], {"1": "no-consent", "2": "ragged-row"})):
        for more in ([], ["--no-dedupe"], ["--keep", "newest:n"], ["--annotate"]):
            if "--annotate" in more:
                r = lab.run(*options, *more, stdin=head + text, rejects=False)
                found = {row[3]: row[5] for row in r.rows()[1:] if row[4] == "rejected" and row[5] != "duplicate"}
            else:
                r = lab.run(*options, *more, lab.write("list.csv", head + text))
                found = {row["n"]: row["reason"] for row in r.rejected() if row["reason"] != "duplicate"}
            same(found, gone, f"{text!r} {options} {more}")
    r = lab.run("--consent", "ok", stdin=head + "a@a.de,yes,,1\na@a.de,no,,2\n")
    same(r.rejected()[0]["detail"], "the row on line 3 says no", "which row it was is told")
    a, b = lab.write("a.csv", head + "a@a.de,yes,,1\n"), lab.write("b.csv", head + "a@a.de,no,,2\n")
    same(lab.run("--consent", "ok", a, b).reasons(), ["no-consent"] * 2, "in whichever list it stands")
    text = head + "".join(f"u{n}@a.de,{'no' if n % 10 == 0 else 'yes'},,{n}\n" for n in range(30000)) + "".join(f"u{n}@a.de,yes,,x{n}\n" for n in range(0, 30000, 5))
    r = lab.run("--consent", "ok", "--summary=json", stdin=text)
    found = r.summary()["reasons"]
    same((found["no-consent"], found["duplicate"]), (6000, 3000), "in a long list")


def unengaged():
    head = "email,sent,opens,clicks\n"
    rows = ["a,12,0,0", "b,12,1,0", "c,9,0,0", "d,,,", "e,10,,", "f,12,0,3", "g,12,,2026-01-01", "h,many,0,0", "i,12,some,0", "j,1.234,0,0", "k,12.0,0.0%,-", "l,50,never,no", "m,12,0.5%,", "n,0,0,0"]
    text = head + "".join(row.replace(",", "@a.de,", 1) + "\n" for row in rows)
    for options, gone in ((["SENT=sent,OPENED=opens,MIN=10"], "aefgjkl"), (["SENT=sent,OPENED=opens,OPENED=clicks,MIN=10"], "aejkl"), (["sent=2,opened=3,opened=4"], "aejkl"),
                          (["SENT=sent,OPENED=opens,OPENED=clicks,MIN=1000"], "j"), (["MIN=1,OPENED=opens,OPENED=clicks,SENT=sent"], "acejkl")):
        r = lab.run("--unengaged", *options, "--summary=json", stdin=text)
        same("".join(row["email"][0] for row in r.rejected()), gone, f"--unengaged {options}")
        same(set(r.reasons()), {"unengaged"}, "with the reason")
    same(r.summary()["unread_counts"], 2, "what cannot be read is kept and counted")
    same(r.rejected()[0]["detail"], "12 sent, none opened", "with why")
    for options in ("SENT=sent", "OPENED=opens", "sent", "SENT=sent,OPENED=opens,MIN=0", "SENT=sent,OPENED=opens,MIN=x", "SENT=sent OPENED=opens", ""):
        r = lab.run("--unengaged", options, stdin=text)
        check(r.status in (64, 65) and r.out == b"", f"--unengaged {options!r} is a mistake", r)
    r = lab.run("--unengaged", "SENT=nothing,OPENED=opens", stdin=text)
    check(r.status == 65 and "no column 'nothing' (--unengaged)" in r.err, "a column that is not there", r)
    r = lab.run("--unengaged", "SENT=a, b,OPENED=c,MIN=2", stdin='email,"a, b",c\na@a.de,3,0\n')
    same(r.reasons(), ["unengaged"], "a comma in a name")
    r = lab.run("--unengaged", "SENT=sent,OPENED=opens", stdin=head + "a@a.de,12\nb@a.de,12,0\n")
    same(r.reasons(), ["ragged-row", "unengaged"], "no count is made up")


def shown():
    cells = ["maybe"] * 3 + ["perhaps"] * 1200 + [f"v{i}" for i in range(20)] + ["a\x1bb"]
    r = lab.run("--consent", "ok", stdin=table(cells), rejects=False)
    lines = r.err.splitlines()
    start = next(i for i, line in enumerate(lines) if "were not understood" in line)
    same([line.split()[1:] for line in lines[start + 1:start + 4]], [["1,200", "ok=perhaps"], ["3", "ok=maybe"], ["1", "ok=v0"]], "values not understood, the most frequent first")
    same(lines[start + 9].split()[1:], ["15", "other", "values"], "and how many more")
    check("\x1b" not in r.err, "as they may be shown", r)
    r = lab.run("--consent", "ok", "--summary=json", lab.write("l", table([f"v{i}" for i in range(1500)] * 40)), rejects=False)
    found = r.summary()
    same((found["unread_consent"], len(found["unread_values"]), set(found["unread_values"].values())), (60000, 1000, {40}), "from a long list, within bounds")
    r = lab.run("--consent", "ok", "--keep", "newest:ok", "--summary=json", stdin=table(["maybe"] * 5))
    same((r.summary()["unread_values"], r.summary()["unread_consent"]), ({"ok=maybe": 5}, 5), "and once each where the list is read twice")


for part in (words, values, several, withdrawn, unengaged, shown):
    attempt(part)
lab.close()
done()
