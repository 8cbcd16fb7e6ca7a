#!/usr/bin/env python3
"""A mailing of 1,000 and all that comes back from it: the files that grow end right, in one run or in many, and the handlers
of the web in examples/ write down what listscrub reads."""
import csv
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import TOP, attempt, check, done, same, skip  # noqa: E402
from returns_mails import bounce, box, campaign_of, complaint, key, lab, leave_token, letter  # noqa: E402

PEOPLE = [f"p{i:03d}@{'people.example' if i % 10 else f'd{i}.example'}" for i in range(1000)]
KINDS = [  # status, words, reason: three of each
    ("5.1.1", "550 5.1.1 User unknown", "no-mailbox"), ("5.0.0", "550 Requested action not taken: mailbox does not exist", "no-mailbox"),
    ("5.1.2", "550 5.1.2 Host unknown", "no-domain"), ("5.1.6", "551 5.1.6 The recipient has moved", "moved"),
    ("5.2.2", "552 5.2.2 Mailbox full", "full"), ("5.2.1", "550 5.2.1 This account is disabled", "disabled"),
    ("5.7.1", "550 5.7.1 Message rejected as spam", None), ("5.7.26", "550 5.7.26 SPF and DKIM failed", None),
    ("5.7.1", "550 5.7.1 blocked using zen.spamhaus.org", None), ("5.1.1", "550 5.1.1 <news@example.org>: Sender address rejected: User unknown", None)]


def table(name):
    with open(lab.path(name), encoding="utf-8", newline="") as f:
        return {row["email"]: row for row in csv.DictReader(f)}


def make():
    """The mails, what was sent, and what is right."""
    rows = "email\n" + "".join(p + "\n" for p in PEOPLE)
    template = "From: news@example.org\nSubject: News\n\nHello {{email}}. Yes: {{confirm}}\n"
    sent = campaign_of(rows, "--verp", "--envelope-from", "bounces@example.org", "--confirm", "mailto:join@example.org", template=template)
    by = {m["To"]: (frm, m["Message-ID"].strip("<>"), m["Reply-To"]) for frm, m in sent}
    results = lab.write("sent.csv", "email,status,code,enhanced,reply,attempts,message_id,relay,time\n" + "".join(
        f"{p},sent,250,2.0.0,ok,1,<{by[p][1]}>,mx,2026-11-22T00:00:00Z\n" for p in PEOPLE))
    mails, gone, yes = [], {}, set()
    for i in range(30):
        status, words, reason = KINDS[i % 10]
        person = PEOPLE[i * 10 + (0 if reason == "no-domain" else 1)]
        mails.append(bounce(person, status, words, to=by[person][0], returned=by[person][1]))
        if reason:
            gone["@" + person.split("@")[1] if reason == "no-domain" else person] = reason
    for i in range(5):
        person = PEOPLE[400 + i]
        mails.append(complaint("redacted" if i < 2 else person, by[person][1]))
        gone[person] = "complaint"
    for i in range(8):
        person = PEOPLE[501 + i]
        to = f"leave+{leave_token(person)}@example.org"
        mails.append(letter("else@where.example" if i < 3 else person, to, "" if i == 3 else "unsubscribe", 'Apple Mail sent this email to unsubscribe from the message "News"' if i == 3 else "",
                            more="Auto-Submitted: auto-replied\n" if i == 3 else "", ident=f"left{i}@x.example"))
        gone[person] = "unsubscribe"
    for i in range(40):
        person = PEOPLE[601 + i]
        token = re.search(r"\+([^@]+)@", by[person][2]).group(1)
        mails.append(letter(person, by[person][2], f"confirm {token}" if i % 2 else "Re: News", "" if i % 2 else "Yes, please", ident=f"yes{i}@x.example"))
        yes.add(person)
    for i in range(6):
        person = PEOPLE[701 + i]
        mails.append(letter(person, by[person][2], "Out of office", "yes", more="Auto-Submitted: auto-replied\n", ident=f"away{i}@x.example"))
    victim = PEOPLE[801]
    mails.append(bounce(victim, to=by[PEOPLE[802]][0].replace("p802", "p801"), returned="made@up.example"))
    mails.append(letter("else@where.example", f"leave+{leave_token(PEOPLE[803])[:-1]}x@example.org", "unsubscribe", ident="forged@x.example"))
    return rows, results, mails, gone, yes


def run(lst, *boxes):
    args = ["--allow-reserved", "--token-key", key, "--suppress", lab.path("gone.csv"), "--update-suppressed", lab.path("gone.csv"), "--update-confirmed", lab.path("yes.csv")]
    for name in boxes:
        args += ["--bounces", name]
    return lab.run(*args, lst)


def is_right(gone, yes, name):
    found = {e: row["reason"] for e, row in table("gone.csv").items()}
    same(found, gone, name + ": who is gone, and why")
    same(set(table("yes.csv")), yes, name + ": who said yes")


def campaign():
    rows, results, mails, gone, yes = make()
    lst = lab.write("list.csv", rows)
    r = run(lab.path("lits.csv"), box("back.mbox", *mails), results)
    check(r.status == 66 and r.out == b"", "a mistyped list", r)
    r = run(lst, lab.path("back.mbox"), results)
    is_right(gone, yes, "a kept mailbox")
    check(all(row["source"].endswith(" proved") for row in table("gone.csv").values()), "all of it is proved", table("gone.csv"))
    same(r.status, 0, "which ends well")
    rejected = {row["email"] for row in r.rejected()}
    check("p801@people.example" not in rejected and "p803@people.example" not in rejected, "two forgeries harm nobody", rejected)
    for name in ("gone.csv", "yes.csv"):
        shutil.copy(lab.path(name), lab.path(name + ".first"))
    r = run(lst, lab.path("back.mbox"), results)
    for name in ("gone.csv", "yes.csv"):
        with open(lab.path(name), "rb") as a, open(lab.path(name + ".first"), "rb") as b:
            check(a.read() == b.read(), f"a second run changes nothing in {name}")
    kept = [line for line in r.out.decode().split() if line != "email"]
    same(len(kept) + len(r.rejected()), 1000, "rows kept and rows rejected are the rows read")
    for name in ("gone.csv", "yes.csv"):
        os.remove(lab.path(name))
    for i in range(4):  # as cron would: each mail in one of four mailboxes
        run(lst, box(f"part{i}.mbox", *mails[i::4]), results)
    is_right(gone, yes, "four mailboxes, one after the other")


def handlers():
    token = leave_token(PEOPLE[1])
    lst = lab.write("few.csv", "email\n" + "\n".join(PEOPLE[:3]) + "\n")
    for name, program in (("leave.cgi", ["/bin/sh"]), ("leave.php", ["php"])):
        if shutil.which(program[0]) is None:
            skip(1, f"{name}: {program[0]} is not here")
            continue
        log = lab.path(name + ".log")
        for method in ("GET", "POST"):
            env = {**os.environ, "REQUEST_METHOD": method, "QUERY_STRING": token + "&x=<script>", "LEAVE_LOG": log}
            code = os.path.join(TOP, "examples", name)
            argv = program + ([code] if program[0] != "php" else ["-d", "variables_order=EGPCS", "-r", "$_SERVER['REQUEST_METHOD'] = getenv('REQUEST_METHOD'); $_SERVER['QUERY_STRING'] = getenv('QUERY_STRING'); require '" + code + "';"])
            out = subprocess.run(argv, env=env, capture_output=True, timeout=60)
            check(out.returncode == 0 and os.path.exists(log) == (method == "POST") and b"<script>" not in out.stdout, f"{name}: {method}", out)
        r = lab.run("--allow-reserved", "--token-key", key, "--tokens", log, lst)
        same([row["email"] for row in r.rejected()], [PEOPLE[1]], f"{name} writes what --tokens reads")
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx is None:
        skip(1, "nginx is not here")
        return
    with open(os.path.join(TOP, "examples", "leave-nginx.conf"), encoding="utf-8") as f:
        conf = f.read().replace("/var/log/nginx", lab.dir)
    whole = lab.write("nginx.conf", f"pid {lab.dir}/pid;\nerror_log {lab.dir}/err.log;\nevents {{}}\nhttp {{\n{conf}\n}}\n")
    out = subprocess.run([nginx, "-t", "-c", whole], capture_output=True, timeout=60)
    check(out.returncode == 0, "nginx takes the example", out)


for part in (campaign, handlers):
    attempt(part)
lab.close()
done()
