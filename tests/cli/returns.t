#!/usr/bin/env python3
"""What came back, proved and remembered: tokens, Message-IDs, the files that grow, confirmations, and a whole campaign."""
import csv
import email
import email.header
import hashlib
import io
import json
import mailbox
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import BUILD, attempt, check, done, same  # noqa: E402
from returns_mails import BULK, bounce, box, campaign_of, complaint, key, lab, leave_token, letter  # noqa: E402

COLUMNS = "email,reason,code,first,last,count,source,words"


def table(text):
    text = text.decode() if isinstance(text, bytes) else text
    return {row["email"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def read(name):
    with open(lab.path(name), encoding="utf-8") as f:
        return f.read()


def printed(*args, **named):
    r = lab.run("--print-suppressed", *args, rejects=False, **named)
    return table(r.out), r


def reasons():
    mails = [bounce("gone@a.de"), bounce("gone@a.de", day=24), bounce("full@a.de", "5.2.2", "552 5.2.2 Mailbox full", 20),
             bounce("full@a.de", "5.2.2", "552 5.2.2 Mailbox full", 20, to="x@example.org"), bounce("full@a.de", "5.2.2", "552 5.2.2 still full", 22),
             bounce("odd@a.de", "5.0.0", "554 Transaction failed", 20), bounce("odd@a.de", "5.0.0", "554 Transaction failed", 21),
             letter("left@a.de", "leave@example.org", "unsubscribe"), complaint("cross@a.de")]
    path = box("r.mbox", *mails)
    found, r = printed("--bounces", path)
    same(r.out.decode().splitlines()[0], COLUMNS, "the columns")
    same({e: (w["reason"], w["code"], w["count"]) for e, w in found.items()},
         {"gone@a.de": ("no-mailbox", "5.1.1", "2"), "left@a.de": ("unsubscribe", "", "1"), "cross@a.de": ("complaint", "", "1")}, "a reason for each")
    same((found["gone@a.de"]["first"], found["gone@a.de"]["last"]), ("2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"), "first and last")
    check(found["gone@a.de"]["source"] == path + ":2 unproved" and "User unknown" in found["gone@a.de"]["words"], "source and words", found["gone@a.de"])
    found, r = printed("--bounces", path, "--soft-limit", "2")
    same((found.get("full@a.de", {}).get("count"), "odd@a.de" in found), ("2", False), "soft bounces count by days, and only those that say something of the mailbox")
    found, r = printed("--bounces", path, "--soft-limit", "3")
    check("full@a.de" not in found, "two reports of one day count once", r)
    found, r = printed("--bounces", path, "--soft-limit", "2", "--soft-window", "1d")
    check("full@a.de" not in found, "--soft-window", r)
    found, r = printed("--bounces", path, "--bounces", path, "--summary=json")
    same((found["gone@a.de"]["count"], r.summary()["reports_read_before"]), ("2", 9), "the same mailbox twice counts once")
    results = lab.write("later.csv", "email,status,code,enhanced,reply,attempts,message_id,relay,time\nfull@a.de,sent,250,2.0.0,ok,1,<x@example.org>,mx,2026-11-25T00:00:00Z\n")
    found, r = printed("--bounces", results, "--bounces", path, "--soft-limit", "2")
    check("full@a.de" not in found and "gone@a.de" in found, "a later delivery clears soft bounces only", r)
    lines = "".join(json.dumps({"email": e, "status": s, "code": c, "enhanced": n, "reply": w, "time": "2026-11-2%dT00:00:00Z" % d, "message_id": "<1@x>"}) + "\n" for d, (e, s, c, n, w) in enumerate([
        ("gone@a.de", "refused", 550, "5.1.1", "User unknown"), ("fine@a.de", "sent", 250, "2.0.0", "ok")]))
    found, r = printed("--bounces", lab.write("r.jsonl", lines), "--bounces", results)
    same(list(found), ["gone@a.de"], "results as JSON Lines")


def growing():
    gone = lab.path("gone.csv")
    path = box("g.mbox", bounce("gone@a.de"), bounce("full@a.de", "5.2.2", "552 5.2.2 Mailbox full", 20), bounce("ann@nowhere.example", "5.1.2", "550 5.1.2 Host unknown"))
    args = ("--allow-reserved", "--suppress", gone, "--bounces", path, "--update-suppressed", gone, "--soft-limit", "2")
    rows = "email\ngone@a.de\nfull@a.de\nfine@a.de\nann@nowhere.example\n"
    r = lab.run(*args, stdin=rows)
    same((r.status, r.reasons()), (0, ["bounced", "bounced"]), "the list that is not there yet is made")
    first = read("gone.csv")
    found = table(first)
    same(list(found), ["gone@a.de", "full@a.de", "@nowhere.example"], "a row for each, and a domain that is gone")
    same((first.splitlines()[0], found["full@a.de"]["words"]), (COLUMNS, "counted until 2027-02-18: 552 5.2.2 Mailbox full"), "a soft bounce says until when it counts")
    r = lab.run(*args, stdin=rows)
    same((read("gone.csv"), r.reasons()), (first, ["suppressed", "suppressed"]), "a second run changes nothing")
    r = lab.run("--allow-reserved", "--suppress", gone, stdin=rows + "bob@nowhere.example\n")
    same((r.out, r.status), (b"email\nfull@a.de\nfine@a.de\n", 0), "what is counted still suppresses nobody")
    out = subprocess.run([BULK, "--suppress", gone, lab.write("t.eml", "From: a@example.org\nSubject: x\n\nx\n")], input=rows.encode(), capture_output=True, timeout=60)
    check(b"To: full@a.de" in out.stdout and b"To: gone@a.de" not in out.stdout, "nor in mailbulk", out.stdout, out.stderr)
    more = box("g2.mbox", bounce("full@a.de", "5.2.2", "552 5.2.2 Mailbox full", 22), bounce("gone@a.de", day=25))
    left = lab.write(f".{os.path.basename(gone)}.{7:016x}", "half")
    r = lab.run("--bounces", more, "--update-suppressed", gone, "--soft-limit", "2", stdin=rows)
    check(not os.path.exists(left), "what a killed run left beside it is removed")
    found = table(read("gone.csv"))
    same((found["full@a.de"]["count"], found["full@a.de"]["words"], found["gone@a.de"]["count"]), ("2", "552 5.2.2 Mailbox full", "2"), "counts go on from run to run")
    r = lab.run("--suppress", gone, stdin=rows)
    check(b"full@a.de" not in r.out, "and at the limit it is suppressed", r)
    with open(gone, "a", encoding="utf-8") as f:
        f.write("address,reason,code,date\nold@a.de,bounced,5.1.1,2026-01-01\n")
    r = lab.run("--suppress", gone, stdin="email\nold@a.de\nfine@a.de\n")
    check(r.out == b"email\nfine@a.de\n" and "unusable" not in r.err, "a header after >> passes", r)
    r = lab.run("--forget", "gone@a.de", "--update-suppressed", gone, rejects=False)
    text = read("gone.csv")
    check(r.status == 0 and "gone@a.de" not in text and "sha256:" + hashlib.sha256(b"gone@a.de").hexdigest() in text, "--forget leaves a hash", r, text)
    r = lab.run("--suppress", gone, stdin=rows)
    check(b"gone@a.de" not in r.out, "which suppresses", r)
    lab.write("hand.csv", COLUMNS + "\nman@a.de,asked by phone,,,,,,\nplain@a.de,,,,,,,\n")
    lab.run("--bounces", box("h.mbox", bounce("man@a.de", "5.7.1", "550 5.7.1 spam"), bounce("plain@a.de", "5.2.2", "552 5.2.2 Mailbox full")), "--update-suppressed", lab.path("hand.csv"), stdin=rows)
    same({e: (w["reason"], w["words"]) for e, w in table(read("hand.csv")).items()}, {"man@a.de": ("asked by phone", ""), "plain@a.de": ("", "")}, "rows that a person wrote stay as they are")
    other = lab.write("esp.csv", "email,score\na@a.de,1\n")
    r = lab.run("--bounces", path, "--update-suppressed", other, stdin=rows)
    same((r.status, read("esp.csv")), (65, "email,score\na@a.de,1\n"), "a file with other columns is not written over")
    export = lab.write("listmonk.csv", "uuid,email,name,attributes,status,created_at\n1,in@a.de,A,{},enabled,2026-01-01\n2,out@a.de,B,{},blocklisted,2026-01-01\n")
    r = lab.run("--suppress", export, stdin="email\nin@a.de\nout@a.de\n")
    same(r.out, b"email\nin@a.de\n", "an export of listmonk suppresses whom it blocks")


def locked():
    gone = lab.path("locked.csv")
    path = box("l.mbox", bounce("gone@a.de"))
    lab.write("locked.csv.lock", f"{os.getpid()} {os.uname().nodename}\n")
    child = subprocess.Popen([os.path.join(BUILD, "listscrub"), "--bounces", path, "--update-suppressed", gone, "--print-suppressed"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.time() + 20
    while child.poll() is None and time.time() < deadline and not os.path.exists(gone):
        if time.time() > deadline - 19:
            break
        time.sleep(0.01)
    check(child.poll() is None and not os.path.exists(gone), "a second run waits for the first")
    os.remove(lab.path("locked.csv.lock"))
    child.communicate(timeout=60)
    same((child.returncode, list(table(read("locked.csv")))), (0, ["gone@a.de"]), "and goes on after it")


def damaged():
    long = "From x Mon Nov 23 09:00:00 2026\nFrom: a@b.de\nSubject: x\n\n" + "x" * (5 << 20) + "\n\n"
    text = open(box("ok.mbox", bounce("gone@a.de")), encoding="utf-8").read()
    path = lab.write("long.mbox", text + long + text.replace("gone@a.de", "also@a.de").replace("Message-ID: <", "Message-ID: <2"))
    found, r = printed("--bounces", path)
    check(list(found) == ["gone@a.de", "also@a.de"] and "message 2 has a line of more than" in r.err, "a line without end: the message is named, the rest is read", r)
    found, r = printed("--bounces", lab.write("cr.mbox", text.replace("\n", "\r")))
    same(list(found), ["gone@a.de"], "an mbox with CR for line ends")
    found, r = printed("--bounces", lab.write("ebcdic.eml", letter("MAILER-DAEMON@mx.example", "me@b.de", "Returned mail", "", more="Content-Type: text/plain; charset=IBM037\n").encode()
                                              + "The following address failed:\n<gone@a.de>: 550 5.1.1 User unknown\n".encode("cp037")))
    same(list(found), ["gone@a.de"], "any charset that the system knows")
    found, r = printed("--bounces", lab.write("empty.mbox", ""))
    same((r.status, len(found)), (0, 0), "an empty mailbox is the happy case")
    for part in ("new", "cur", "tmp"):
        os.makedirs(lab.path("md/" + part))
    os.symlink("nowhere", lab.path("md/new/1.gone"))
    lab.write("md/cur/2.x:2,S", bounce("gone@a.de"))
    found, r = printed("--bounces", lab.path("md"))
    same((r.status, list(found)), (0, ["gone@a.de"]), "a file that vanishes from a Maildir")
    person = letter("Ann <ann@a.de>", "news@example.org", "A question", "How are you?\nFrom here.")
    path = box("rest.mbox", bounce("gone@a.de"), person, letter("b@a.de", "news@example.org", "Out of office", "x", more="Auto-Submitted: auto-replied\n"))
    found, r = printed("--bounces", path, "--rest", lab.path("people.mbox"), "--summary=json")
    kept = mailbox.mbox(lab.path("people.mbox"))
    got = [re.sub(r"(?m)^>(>*From )", r"\1", m.as_string()) for m in kept]
    same((got, r.summary()["not_understood"], r.summary()["auto_replies"]), ([person], 1, 1), "--rest keeps what was not understood, byte for byte")


def proof():
    results = lab.write("sent.csv", "email,status,code,enhanced,reply,attempts,message_id,relay,time\n" + "".join(
        f"u{i}@a.de,sent,250,2.0.0,ok,1,<m{i}@example.org>,mx,2026-11-20T00:00:00Z\n" for i in range(30)))
    mails = [bounce("u1@a.de", returned="m1@example.org"), bounce("u2@a.de", returned="m3@example.org"), complaint("redacted", "m4@example.org"), complaint("redacted", "unknown@example.org")]
    path = box("p.mbox", *mails)
    found, r = printed("--bounces", path, "--bounces", results, "--unproved", lab.path("unproved.csv"), "--rest", lab.path("p-rest.mbox"))
    same({e: (w["reason"], w["source"].split()[-1]) for e, w in found.items()},
         {"u1@a.de": ("no-mailbox", "proved"), "u2@a.de": ("no-mailbox", "unproved"), "u4@a.de": ("complaint", "proved")}, "a Message-ID proves a report, and finds whose complaint it is")
    same([row["email"] for row in csv.DictReader(io.StringIO(read("unproved.csv")))], ["u2@a.de", ""], "--unproved")
    check("Feedback-Type" in read("p-rest.mbox"), "a complaint that finds nobody is for a person")
    found, r = printed("--trust=proof", "--bounces", results, "--bounces", path)
    same(list(found), ["u1@a.de", "u4@a.de"], "--trust=proof")
    crowd = box("crowd.mbox", bounce([f"u{i}@a.de" for i in range(11)]), bounce(["x@a.de"] + [f"y{i}@a.de" for i in range(9)], day=24))
    found, r = printed("--bounces", crowd)
    check(len(found) == 10 and "u1@a.de" not in found and "crowd.mbox:1" in r.err, "one message that would suppress more than 10 is not believed", r)
    batch = lab.write("batch.csv", "email,status,code,enhanced,reply,attempts,message_id,relay,time\n" + "".join(
        f"u{i}@a.de,sent,250,2.0.0,ok,1,<same@example.org>,mx,2026-11-20T00:00:00Z\n" for i in range(30)))
    found, r = printed("--bounces", box("crowd2.mbox", bounce([f"u{i}@a.de" for i in range(20)], returned="same@example.org")), "--bounces", batch)
    same(len(found), 20, "unless its Message-ID was sent to all of them")
    journal = "".join(line + "\t%08x\n" % __import__("zlib").crc32(line.encode()) for line in (
        "C\t2026-11-20T00:00:00Z\tid\tfp\t", f"T\t2026-11-20T00:00:00Z\t{'0' * 32}\tu5@a.de\tm5@example.org",
        f"S\t2026-11-20T00:00:01Z\t{'0' * 32}\tu5@a.de\t250\tok\t\t\t\tm5@example.org", f"F\t2026-11-20T00:00:01Z\t{'1' * 32}\tu6@a.de\t550\tUser unknown\tno-mailbox\trcpt\t5.1.1\tm6@example.org"))
    found, r = printed("--bounces", lab.write("x.journal", journal), "--bounces", box("j.mbox", complaint("redacted", "m5@example.org")))
    same({e: w["reason"] for e, w in found.items()}, {"u5@a.de": "complaint", "u6@a.de": "no-mailbox"}, "journals of mailbulk")


def tokens():
    rows = "email\nann@a.de\nbob@a.de\n"
    mails = [letter("Stranger <s@b.de>", f"leave+{leave_token('ann@a.de')}@example.org", "unsubscribe", "x"),
             letter("Bob <bob@a.de>", f"leave+{'x' * 43}@example.org", "unsubscribe", "x")]
    path = box("t.mbox", *mails)
    r = lab.run("--token-key", key, "--bounces", path, stdin=rows)
    same((r.out, r.reasons()), (b"email\nbob@a.de\n", ["unsubscribed"]), "a wish counts for whose token it is, and a wrong token for nobody")
    found, r = printed("--token-key", key, "--bounces", path, lab.write("l.csv", rows))
    same(list(found), ["ann@a.de"], "also when only printing, with a list")
    check(found["ann@a.de"]["source"].endswith(" proved"), "which is proof", found)
    r = lab.run("--bounces", path, stdin=rows)
    same(r.reasons(), ["unsubscribed"], "without a key it is who writes")
    log = lab.write("log", f'192.0.2.1 - - [24/Nov/2026:09:00:00 +0000] "POST /leave?{leave_token("bob@a.de")} HTTP/1.1" 200 0\n')
    found, r = printed("--token-key", key, "--tokens", log, lab.write("l.csv", rows))
    same([(e, w["reason"], w["last"]) for e, w in found.items()], [("bob@a.de", "unsubscribe", "2026-11-24T09:00:00Z")], "--tokens reads a log")
    r = lab.run("--token-key", key, "--bounces", box("low.mbox", letter("s@b.de", f"LEAVE+{leave_token('ann@a.de').lower()}@EXAMPLE.ORG", "", "x")), stdin=rows)
    same(r.reasons(), ["unsubscribed"], "tokens compare without case")


def returns():
    odd = "j\u00fcrgen@a.de"
    long = "a-very-long-name-that-fills-the-local-part@example.net"
    rows = f"email\nann@a.de\n{long}\n{odd}\n"
    sent = {str(email.header.make_header(email.header.decode_header(str(m["To"])))): frm for frm, m in campaign_of(rows, "--verp", "--envelope-from", "bounces@example.org")}
    ann = sent["ann@a.de"]
    check(re.fullmatch(r"bounces\+ann=a\.de\+[a-z2-7]{16}@example\.org", ann), "a signed address for bounces", sent)
    check(re.fullmatch(r"bounces\+[0-9a-f]{32}\+[a-z2-7]{16}@example\.org", sent[long]), "a long one has the row's key", sent)
    forged = ann.replace("ann=", "bob=")
    mails = [bounce("inner@c.de", to=ann.upper()), bounce("bob@a.de", to=forged), bounce(long, to=sent[long], day=24)]
    found, r = printed("--token-key", key, "--bounces", box("v.mbox", *mails), lab.write("l.csv", rows + "bob@a.de\n"))
    found = {e.lower(): w for e, w in found.items()}
    check(found["ann@a.de"]["source"].endswith(" proved"), "it proves a bounce, without case", r)
    check("bob@a.de" not in found, "what somebody made up counts for nobody", r)
    check(found[long]["source"].endswith(" proved"), "and so does the key, by the list", r)


ASK = "From: news@example.org\nSubject: Please confirm your email\n\nClick {{confirm}} or say yes.\n"


def confirmations():
    rows = "email\n" + "".join(f"{n}@a.de\n" for n in ("link", "reply", "no", "away", "forged", "other", "late", "quiet"))
    asked = {m["To"].split("@")[0]: m for _, m in campaign_of(rows, "--confirm", "mailto:join@example.org", "--list-id", "news.example.org", template=ASK)}
    to = {n: m["Reply-To"] for n, m in asked.items()}
    token = {n: re.search(r"\+([^@]+)@", a).group(1) for n, a in to.items()}
    link = re.search(r"mailto:\S+", asked["link"].get_payload()).group(0)
    same(link, f"mailto:{to['link']}?subject=confirm%20{token['link']}", "{{confirm}} is a link by mail")
    again = "Re: Please confirm your email"
    mails = [letter("link@a.de", to["link"], f"confirm {token['link']}"), letter("reply@a.de", to["reply"].lower(), again, "Ja, bitte!\n\n> Click"),
             letter("no@a.de", to["no"], again, "No, I did not ask for this\n"), letter("away@a.de", to["away"], again, "yes", more="Auto-Submitted: auto-replied\n"),
             letter("forged@a.de", to["forged"].replace(token["forged"], token["forged"][:-1] + ("a" if token["forged"][-1] != "a" else "b")), again, "yes"),
             letter("Other <elsewhere@b.de>", to["other"], again, "> quoted\nYES"), letter("late@a.de", to["late"], again, "yes"), letter("late@a.de", "leave@example.org", "unsubscribe", day=24),
             letter("quiet@a.de", f"join+{leave_token('quiet@a.de')}@example.org", f"confirm {leave_token('quiet@a.de')}")]
    path = box("y.mbox", *mails)
    lst = lab.write("l.csv", rows)
    args = ("--token-key", key, "--bounces", path, "--update-confirmed", lab.path("yes.csv"), "--confirmed", lab.path("yes.csv"))
    r = lab.run(*args, lst)
    same(sorted(table(read("yes.csv"))), ["link@a.de", "other@a.de", "reply@a.de"], "who said yes, from whatever address, with the right token")
    same((r.out.decode().split(), sorted(set(r.reasons()))), (["email", "link@a.de", "reply@a.de", "other@a.de"], ["not-confirmed", "unsubscribed"]), "--confirmed keeps only these")
    row = table(read("yes.csv"))["link@a.de"]
    check(list(row) == ["email", "date", "message_id", "source", "text"] and row["date"] == "2026-11-23T09:00:00Z" and len(row["text"]) == 8, "the record of a consent", row)
    before = read("yes.csv")
    lab.run(*args, lst)
    same(read("yes.csv"), before, "a second run changes nothing")
    r = lab.run("--token-key", key, "--bounces", path, "--print-confirmed", "--confirm-within", "1d", lst, rejects=False)
    same(len(table(r.out)), 3, "--confirm-within")
    old = box("old.mbox", letter("link@a.de", to["link"], f"confirm {token['link']}", day=29))
    r = lab.run("--token-key", key, "--bounces", old, "--print-confirmed", "--confirm-within", "2d", lst, rejects=False)
    same(len(table(r.out)), 0, "a request that is too old")
    lab.run("--token-key", key, "--bounces", box("w.mbox", letter("link@a.de", "leave@example.org", "STOP", day=25)), "--update-confirmed", lab.path("yes.csv"), "--update-suppressed", lab.path("left.csv"), lst)
    check("link@a.de" not in table(read("yes.csv")) and table(read("left.csv"))["link@a.de"]["reason"] == "unsubscribe", "a later withdrawal wins")
    lab.run("--token-key", key, "--bounces", path, "--update-confirmed", lab.path("yes.csv"), "--update-suppressed", lab.path("left.csv"), lst)
    check("link@a.de" not in table(read("yes.csv")), "and an old yes does not come back")
    log = lab.write("yeslog", f"token\n{token['quiet']}\n")
    r = lab.run("--token-key", key, "--confirm-tokens", log, "--print-confirmed", lst, rejects=False)
    same(list(table(r.out)), ["quiet@a.de"], "--confirm-tokens")
    r = lab.run("--forget", "reply@a.de", "--update-confirmed", lab.path("yes.csv"), rejects=False)
    check("reply@a.de" not in read("yes.csv") and r.status == 0, "--forget takes a confirmation away", r)


def usage():
    for args in (["--update-suppressed", "x"], ["--tokens", key], ["--forget", "a@a.de"], ["--trust=some", "--bounces", key], ["--soft-window", "soon", "--bounces", key],
                 ["--print-suppressed", "--print-confirmed", "--bounces", key], ["--rest", "x"], ["--forget", "nobody", "--update-suppressed", lab.path("n.csv")],
                 ["--bounces", key, "--update-suppressed", key]):
        r = lab.run(*args, stdin="email\n", rejects=False)
        same((r.status, r.out), (64, b""), "usage: " + " ".join(args[:2]))
    r = lab.run("--token-key", lab.path("nokey"), "--bounces", box("e.mbox"), stdin="email\n")
    same(r.status, 66, "no such key")
    r = lab.run("--token-key", lab.write("short", "x\n"), "--bounces", box("e.mbox"), stdin="email\n")
    same(r.status, 78, "a key that is too short")


for part in (reasons, growing, locked, damaged, proof, tokens, returns, confirmations, usage):
    attempt(part)
lab.close()
done()
