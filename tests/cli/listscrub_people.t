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


for part in (words, values, several, shown):
    attempt(part)
lab.close()
done()
