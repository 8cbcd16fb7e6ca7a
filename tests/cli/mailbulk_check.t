#!/usr/bin/env python3
"""mailbulk's preflight: --check and --send judge alike, --json, --dns against a name server of the test, and what readers stumble over."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fake"))
from dns import MX, TXT, Dns  # noqa: E402
from mailbulk_kit import Run, Server, Work, check, done  # noqa: E402

PLAIN = "From: News <news@example.org>\nTo: {{email}}\nSubject: For {{name}}\n\nDear {{name}}, this is a text.\n"


def judged(work, *arguments, **more):
    """--check --json: status, findings by rule, words."""
    p = work.run("--check", "--json", *arguments, **more)
    out = json.loads(p.stdout) if p.stdout else {"findings": []}
    return p.returncode, {f["rule"]: f for f in out["findings"]}, p.stderr.decode(), out


def alike():
    """What is wrong with any row stops both, before the first leaves, in the same words."""
    with Work(rows=2) as work, Server(work) as server:
        os.mkdir(work.file("folder"))
        work.write("good.txt", "good\n")
        cases = [("missing", "not there"), ("folder", "a directory"), ("../good.txt", "outside"), ("", "no name"), ("good.txt\n", "a line break")]
        os.mkfifo(work.file("pipe"))
        cases.append(("pipe", "a pipe"))
        for cell, what in cases:
            work.write("list.csv", f'email,name\na@example.net,good.txt\nb@example.net,"{cell}"\nc@example.net,good.txt\n')
            work.forget()
            arguments = ("--transactional", "--attach", work.file("") + "{{name}}", "--smtp", server.url)
            template = work.write("u.eml", PLAIN.replace("For {{name}}", "x"))
            one = work.run("--check", *arguments, template=template)
            two = work.run("--send", "--journal", work.journal, *arguments, template=template)
            wrong = [[line for line in p.stderr.decode().splitlines() if "error" in line and "line" in line] for p in (one, two)]
            check(one.returncode == two.returncode == 65 and wrong[0] == wrong[1] and len(wrong[0]) == 1 and "line 3" in wrong[0][0],
                  f"a bad attachment in row 2 ({what}) stops --check and --send alike", one.returncode, two.returncode, wrong)
        check(not server.messages(), "and nothing left")
        for cell, template in (("a\tb\x01", PLAIN), ("not a date", PLAIN.replace("Subject:", "Date: {{name}}\nSubject:"))):
            work.write("list.csv", f'email,name\na@example.net,"{"Mon, 30 Nov 2026 08:00:00 +0000"}"\nb@example.net,"{cell}"\n')
            path = work.write("u.eml", template)
            runs = [work.run(*words, "--transactional", "--journal", work.journal, "--smtp", server.url, template=path) for words in (["--check"], ["--send"])]
            check([p.returncode for p in runs] == [65, 65] and not server.messages(), f"so does {cell!r} bound for a header", [p.stderr for p in runs])


def findings():
    """Every rule by its name, severity, count, first rows."""
    with Work(rows=3) as work:
        work.write("list.csv", "email,name\n" + "".join(f"bad{i},x\n" for i in range(30)) + "a@example.net,Ann\n")
        status, by, said, whole = judged(work, "--transactional")
        check(status == 65 and whole["status"] == 65 and whole["bad"] == 30 and whole["errors"] == 30 and whole["messages"] == 1, "the numbers", whole)
        check(by["bad-row"]["count"] == 30 and by["bad-row"]["severity"] == "error" and [r["line"] for r in by["bad-row"]["rows"]] == list(range(2, 12)),
              "bad rows: how many, and the first", by)
        status, by, said, _ = judged(work, "--transactional", "--skip-bad")
        check(status == 0 and by["bad-row"]["severity"] == "warning" and by["bad-row"]["count"] == 30, "--skip-bad makes them warnings", by)
        check(judged(work, "--transactional", "--quiet")[2].count("warning") == 0, "--quiet leaves only the JSON")
        p = work.run("--json")
        check(p.returncode == 64 and b"--json requires --check" in p.stderr, "--json alone is 64", p.stderr)
        p = work.run("--check", "--resolver", "127.0.0.1")
        check(p.returncode == 64 and b"--resolver requires --dns or --by-mx" in p.stderr, "so is --resolver", p.stderr)


def rule(work, template, *arguments, rows=None):
    path = work.write("u.eml", template)
    return judged(work, "--transactional", *arguments, template=path, rows=rows)


def headers():
    with Work(rows=2) as work:
        for line, name, status in (("Date: foo", "header-malformed", 65), ("Message-ID: {{email}}", "bad-row", 65), ("List-Id: news", "header-malformed", 0),
                                   ("List-Id: <a.b>\nList-ID: <a.c>", "header-twice", 65), ("Feedback-ID: a\nFeedback-Id: b", "header-twice", 65),
                                   ("Feedback-ID: a:b:c:d:e", "header-malformed", 0), ("List-Unsubscribe: https://x.example/", "header-malformed", 0),
                                   ("List-Unsubscribe-Post: yes", "header-malformed", 0), ("Precedence: urgent", "header-malformed", 0),
                                   ("Date: Mon, 30 Nov 2026 08:00:00 +0000\nDate: Mon, 30 Nov 2026 08:00:00 +0000", "header-twice", 65)):
            got, by, said, _ = rule(work, PLAIN.replace("Subject:", line + "\nSubject:"))
            check(name in by and got == status, f"{line!r}: {name}, {status}", got, said)
        good = "List-Id: News <news.example.org>\nFeedback-ID: a:b:c:sender\nList-Unsubscribe: <https://x.example/u>, <mailto:u@example.org>\n" \
               "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nPrecedence: list\nDate: Mon, 30 Nov 2026 08:00:00 +0000 (UTC)\nReferences: <a@b> <c@d>\n"
        got, by, said, _ = rule(work, PLAIN.replace("Subject:", good + "Subject:"))
        check(got == 0 and not by, "nothing is said about good ones", said)


def content():
    with Work(rows=2) as work:
        work.write("a.png", "x")
        page = work.write("p.html", '<p>Hi {{name}} <img src="cid:a.png"><img src="cid:b.png"><img src=logo.png><a href="/more">x</a>'
                          '<a href="https://x.example/src=y">y</a><img SRC=\'https://x.example/z.png\'></p>')
        got, by, said, _ = rule(work, PLAIN, "--html", page, "--inline", work.file("a.png"))
        check(got == 0 and by["cid-nowhere"]["count"] == 1 and "b.png" in by["cid-nowhere"]["text"], "a cid: without a part", said)
        check(by["image-nowhere"]["count"] == 1 and by["link-nowhere"]["count"] == 1 and "inline-unused" not in by, "images and links that lead nowhere", said)
        got, by, said, _ = rule(work, PLAIN, "--html", work.write("q.html", "<p>{{name}}</p>"), "--inline", work.file("a.png"))
        check(list(by) == ["inline-unused"], "an image that nothing shows", said)
        got, by, said, _ = rule(work, PLAIN + "<p>tags</p>\n")
        check(list(by) == ["html-in-text"], "tags in a text", said)
        got, by, said, _ = rule(work, PLAIN, "--html", work.write("r.html", "just\nsome\nlines\n"))
        check(list(by) == ["html-without-tags"], "HTML without tags", said)
        work.write("list.csv", "email,name\n" + "".join(f"u{i}@example.net,{'x' * (200 if i % 2 else 9)}\n" for i in range(9)))
        got, by, said, _ = rule(work, PLAIN)
        check(by["subject-long"]["count"] == 4 and [r["line"] for r in by["subject-long"]["rows"]] == [3, 5, 7, 9] and said.count("subject") == 1,
              "long subjects are counted, and told once", said)
        work.rows(120)
        link = ("--unsubscribe", "https://x.example/{{email}}")
        for text, there in (("Dear {{name}} 2026 https://x.example/12345 {{unsubscribe}}\n", False), ("{{name}} {{unsubscribe}}\nExample Ltd\n10115 Berlin\n", True),
                            ("{{name}} {{unsubscribe}}\nExample Inc, 5 Main Street\n", True)):
            path = work.write("u.eml", PLAIN.split("\n\n")[0] + "\n\n" + text)
            _, by, said, _ = judged(work, *link, template=path)
            check(("postal-address-missing" not in by) == there, f"a postal address {'is seen' if there else 'is missed'}: {text!r}", said)


def provider():
    with Work(rows=1) as work:
        template = PLAIN.replace("news@example.org", "me@gmail.com")
        _, by, said, _ = rule(work, template)
        check("from-provider" in by, "From at a provider, without its servers", said)
        path = work.write("u.eml", template)
        # The server is not asked: a name that does not resolve is enough to judge by.
        for url, alarm in (("smtp://smtp.gmail.com:1", False), ("smtp://me@smtp.gmail.com:1", False), ("smtp://smtp.example.org:1", True), ("smtp://notgmail.com:1", True)):
            p = work.run("--transactional", "--smtp", url, template=path)
            check((b"whose rules" in p.stderr) == alarm, f"From at Gmail through {url}: {'told' if alarm else 'no alarm'}", p.stderr)


def key(work):
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", work.file("k.pem"), "2048"], check=True, stderr=subprocess.DEVNULL)
    public = subprocess.run(["openssl", "rsa", "-in", work.file("k.pem"), "-pubout"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return "".join(public.decode().splitlines()[1:-1])


def dns():
    with Work(rows=2) as work:
        public = key(work)
        good = {"example.org": {MX: True, TXT: ["unrelated", "v=spf1 include:_spf.relay.example ip4:192.0.2.1 -all"]}, "_spf.relay.example": {TXT: ["v=spf1 a mx ~all"]},
                "s._domainkey.example.org": {TXT: [f"v=DKIM1; k=rsa; n={'x' * 200}; p={public}"]}, "_dmarc.example.org": {TXT: ["v=DMARC1; p=none"]},
                "news.example.org": {MX: True, TXT: ["v=spf1 mx -all"]}, "bounce.example": {MX: True, TXT: ["v=spf1 -all"]}}
        signed = ("--dkim-domain", "example.org", "--dkim-selector", "s", "--dkim-key", work.file("k.pem"))

        def ask(changes, *arguments, template=PLAIN):
            server = Dns(zone={**good, **changes})
            path = work.write("u.eml", template)
            return (*judged(work, "--transactional", "--dns", "--resolver", server.address, *arguments, template=path)[:3], server)

        got, by, said, server = ask({}, *signed)
        check(got == 0 and not by, "all is well: nothing is told", said)
        check(("s._domainkey.example.org", TXT, True) in server.asked, "a long key is fetched over TCP", server.asked)
        got, by, said, _ = ask({}, *signed, template=PLAIN.replace("@example.org", "@news.example.org"))
        check(got == 0 and not by, "a subdomain is covered by its parent's record", said)
        other = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + public[44:-30] + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        cases = [
            ("another DKIM key", {"s._domainkey.example.org": {TXT: [f"v=DKIM1; p={other}"]}}, "dkim-record", 78),
            ("no DKIM key", {"s._domainkey.example.org": {}}, "dkim-record", 78),
            ("a revoked DKIM key", {"s._domainkey.example.org": {TXT: ["v=DKIM1; p="]}}, "dkim-record", 78),
            ("a key for SHA-1 only", {"s._domainkey.example.org": {TXT: [f"v=DKIM1; h=sha1; p={public}"]}}, "dkim-record", 78),
            ("a key under test", {"s._domainkey.example.org": {TXT: [f"v=DKIM1; t=y; p={public}"]}}, "dkim-testing", 0),
            ("the DNS fails for the key", {"s._domainkey.example.org": None}, "dns-unanswered", 0),
            ("no SPF", {"example.org": {MX: True}}, "spf-missing", 0),
            ("two SPF records", {"example.org": {MX: True, TXT: ["v=spf1 -all", "v=spf1 mx -all"]}}, "spf-invalid", 0),
            ("SPF with 12 look-ups", {"example.org": {MX: True, TXT: ["v=spf1 " + "a:x.example " * 12 + "-all"]}}, "spf-invalid", 0),
            ("SPF that includes itself", {"example.org": {MX: True, TXT: ["v=spf1 include:example.org -all"]}}, "spf-invalid", 0),
            ("SPF that includes nothing", {"_spf.relay.example": {}}, "spf-invalid", 0),
            ("SPF with a mistake", {"example.org": {MX: True, TXT: ["v=spf1 ipv4:1.2.3.4 -all"]}}, "spf-invalid", 0),
            ("SPF for everybody", {"example.org": {MX: True, TXT: ["v=spf1 +all"]}}, "spf-open", 0),
            ("no DMARC", {"_dmarc.example.org": {}}, "dmarc-missing", 0),
            ("DMARC without a policy", {"_dmarc.example.org": {TXT: ["v=DMARC1; rua=mailto:a@b.example"]}}, "dmarc-invalid", 0),
            ("the DNS fails for DMARC", {"_dmarc.example.org": None}, "dns-unanswered", 0),
            ("a domain that does not exist", {"example.org": {}, "s._domainkey.example.org": {}, "_dmarc.example.org": {}, "news.example.org": {}}, "mx-missing", 65),
            ("null MX", {"example.org": {MX: False, TXT: ["v=spf1 -all"]}}, "mx-null", 0),
        ]
        for what, changes, name, status in cases:
            changes = {k: v for k, v in changes.items()}
            zone = {k: v for k, v in {**good, **changes}.items() if v != {}}
            server = Dns(zone=zone)
            path = work.write("u.eml", PLAIN)
            got, by, said, _ = judged(work, "--transactional", "--dns", "--resolver", server.address, *signed, template=path)
            check(name in by and got == status, f"{what}: {name}", got, said)
        got, by, said, _ = ask({}, "--envelope-from", "b@bounce.example")
        check("dkim-none" in by and "dmarc-unaligned" in by, "neither signed nor bounces to the domain of From", said)
        got, by, said, _ = ask({}, "--envelope-from", "b@bounce.example", *signed)
        check("dmarc-unaligned" not in by, "signed for it is enough", said)
        got, by, said, _ = ask({"_dmarc.example.org": {TXT: ["v=DMARC1; p=reject; adkim=s; aspf=s"]}}, *signed, template=PLAIN.replace("@example.org", "@news.example.org"),
                               *[])
        check("dmarc-unaligned" not in by, "strict: the reverse-path is the same domain", said)
        got, by, said, _ = ask({"_dmarc.example.org": {TXT: ["v=DMARC1; p=reject; adkim=s; aspf=s"]}}, *signed, "--envelope-from", "b@example.org",
                               template=PLAIN.replace("@example.org", "@news.example.org"))
        check("dmarc-unaligned" in by, "strict: a parent's signature does not count", said)
        got, by, said, _ = ask({}, "--unsubscribe", "https://x.example/{{email}}")
        check("one-click-unsigned" in by, "a one-click link without a signature", said)
        got, by, said, _ = ask({}, "--unsubscribe", "http://x.example/{{email}}")
        check("one-click-http" in by, "a one-click link without TLS", said)
        silent = Dns(zone={}).address.split(":")[0]
        began = time.monotonic()
        p = work.run("--check", "--transactional", "--dns", "--resolver", silent + ":9", "--json", template=work.write("u.eml", PLAIN), timeout=100)
        check(p.returncode == 0 and b"did not answer" in p.stderr, f"no name server: told, not stopped for ({time.monotonic() - began:.0f} s)", p.stderr)
        with Server(work) as server:
            zone = Dns(zone={k: v for k, v in good.items() if not k.startswith("s._")})
            r = Run(work.run("--send", "--journal", work.journal, "--transactional", "--smtp", server.url, "--dns", "--resolver", zone.address, *signed,
                             template=work.write("u.eml", PLAIN)))
            check(r.status == 78 and not server.messages(), "--send --dns stops for the same reason", r.status, r.said)


for scenario in (alike, findings, headers, content, provider, dns):
    began = time.monotonic()
    scenario()
    print(f"# {scenario.__name__}: {time.monotonic() - began:.1f} s")
done()
