#!/usr/bin/env python3
"""mailbulk's dry run: what is written is read back by Python's email package; what is wrong is told and stops it."""
import email
import email.policy
import hashlib
import hmac
import base64
import html.parser
import mailbox
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
from mailbulk_kit import TOOL, Work, attempt, check, done, skip  # noqa: E402


def dry(work, *arguments, **more):
    """Status, messages, what was said."""
    done_process = work.run(*arguments, **more)
    path = work.file("out.mbox")
    with open(path, "wb") as f:
        f.write(done_process.stdout)
    box = mailbox.mbox(path, factory=lambda f: email.message_from_bytes(f.read().replace(b"\n>From ", b"\nFrom "), policy=email.policy.default))
    return done_process.returncode, list(box), done_process.stderr.decode()


def render():
    with Work("From: Caf\u00e9 News <news@example.org>\nReply-To: a@example.org, \"B, C\" <b@example.org>\nTo: {{name}} <{{email}}>\n"
              "Subject: {{name|friend}}, your {{plan}} \u2013 plan\nX-City: {{city}}\n\n"
              "Dear {{name|friend}},\n{{#city}}\nyou live in {{city}}.\n{{/city}}\n{{^city}}\nwhere do you live?\n{{/city}}\nFrom now on.\n.\n") as work:
        work.write("list.csv", '\ufeffemail,name,city,plan\nann@example.net,"Doe, Ann ""A"" <x@y>",K\u00f6ln,gold\n'
                   'b@b\u00fccher.example,\u0418\u0432\u0430\u043d,"New\nYork",free\n  <c@example.net>  ,,,"a,b"\n')
        status, box, said = dry(work)
        check(status == 65 and not said.count("line 2"), "a line break in a cell stops where it is bound for a header", said)
        work.write("list.csv", '\ufeffemail,name,city,plan\nann@example.net,"Doe, Ann ""A"" <x@y>",K\u00f6ln,gold\n'
                   'b@b\u00fccher.example,\u0418\u0432\u0430\u043d,New York,free\n  <c@example.net>  ,,,"a,b"\n')
        status, box, said = dry(work)
        check(status == 0 and len(box) == 3, "three rows, three messages", said)
        one, two, three = box
        check(one["To"].addresses[0].display_name == 'Doe, Ann "A" <x@y>' and one["To"].addresses[0].addr_spec == "ann@example.net"
              and len(one["To"].addresses) == 1, "a name is a name, whatever it is made of", one["To"])
        check(two["Subject"] == "\u0418\u0432\u0430\u043d, your free \u2013 plan", "a Subject in another script", two["Subject"])
        check(two["To"].addresses[0].addr_spec == "b@xn--bcher-kva.example", "an internationalised domain", two["To"])
        check(one["From"].addresses[0].display_name == "Caf\u00e9 News" and len(one["Reply-To"].addresses) == 2, "the template's own fields")
        check(one.get_content() == 'Dear Doe, Ann "A" <x@y>,\nyou live in K\u00f6ln.\nFrom now on.\n.\n', "the body", repr(one.get_content()))
        check(three.get_content() == "Dear friend,\nwhere do you live?\nFrom now on.\n.\n", "sections and defaults", repr(three.get_content()))
        check("X-City" not in three and one["X-City"] == "K\u00f6ln", "a field without a value is left out")
        check(len({m["Message-ID"] for m in box}) == 3 and all(m["Date"] for m in box), "Date, and a Message-ID each")
        check(all(len(line) <= 998 for m in box for line in m.as_bytes().split(b"\n")), "no line is too long")


def parts():
    with Work("From: a@example.org\nTo: {{email}}\nSubject: Parts\n\nHello {{name}}\n{{> foot}}\n") as work:
        work.write("list.csv", "email,name,file\na@example.net,<b>&\"',one\nb@example.net,Bob,two\n")
        work.write("foot.mustache", "-- \n{{name}} again\n")
        work.write("page.html", "<p>Hi {{name}}</p><img src='cid:dot.png'>{{{name}}}\n")
        work.write("one.txt", "first\n")
        work.write("two.txt", "second\n")
        with open(work.file("dot.png"), "wb") as f:
            f.write(bytes(range(256)) * 9)
        with open(work.file("all.pdf"), "wb") as f:
            f.write(os.urandom(3000))
        status, box, said = dry(work, "--html", work.file("page.html"), "--inline", work.file("dot.png"), "--attach", work.file("all.pdf") + ",name=r\u00e9sum\u00e9.pdf",
                                "--attach", work.path + "/{{file}}.txt", "--header", "X-Row: {{name}}")
        check(status == 0 and len(box) == 2, "every kind of part", said)
        m = box[0]
        check(m.get_content_type() == "multipart/mixed", "mixed( related( alternative ) )", m.get_content_type())
        check(m.get_body(("plain",)).get_content() == "Hello <b>&\"'\n-- \n<b>&\"' again\n\n" or
              m.get_body(("plain",)).get_content() == "Hello <b>&\"'\n-- \n<b>&\"' again\n", "text as it is, with a partial",
              repr(m.get_body(("plain",)).get_content()))
        check("<p>Hi &lt;b&gt;&amp;&quot;&#39;</p>" in m.get_body(("html",)).get_content(), "values are escaped in HTML", m.get_body(("html",)).get_content())
        names = [(p.get_filename(), p.get_payload(decode=True)) for p in m.walk() if p.get_filename()]
        check([n for n, _ in names] == ["dot.png", "r\u00e9sum\u00e9.pdf", "one.txt"], "names", str([n for n, _ in names]))
        with open(work.file("all.pdf"), "rb") as f:
            check(names[1][1] == f.read() and names[2][1] == b"first\n", "attachments arrive to the octet")
        check(m["X-Row"] == "<b>&\"'", "--header has tags too", m["X-Row"])
        work.write("list.csv", "email,name,file\na@example.net,A,one\nb@example.net,Bob,../../etc/passwd\nc@example.net,C,three\n")
        status, box, said = dry(work, "--attach", work.path + "/{{file}}.txt")
        check(status == 65 and "line 3" in said and "line 4" in said, "a file that is not there, or climbs out, is a bad row", said)
        status, _, said = dry(work, "--attach", work.file("none.pdf"))
        check(status == 66 and "none.pdf" in said, "nor does an attachment for all go missing", said)
    with Work("From: a@example.org\nTo: {{email}}\nSubject: H\nContent-Type: text/html; charset=utf-8\n\n<h1>Hi {{name}}</h1><p>a &amp; b\n") as work:
        status, box, said = dry(work)
        check(status == 0 and box[0].get_content_type() == "multipart/alternative" and "Hi User 0" in box[0].get_body(("plain",)).get_content(),
              "an HTML template gets a text alternative", said)


def wrong():
    with Work("From: a@example.org\nTo: {{email}}\nSubject: Hi {{nmae}}\n\n{{plan}}\n") as work:
        status, box, said = dry(work)
        check(status == 65 and not box and 'did you mean "name"' in said and "line 3" in said and "line 5" in said,
              "a tag without a column is told with its line, nothing is written", said)
        status, box, said = dry(work, "--missing=empty")
        check(status == 0 and box[0]["Subject"].strip() == "Hi", "--missing=empty", said)
    for text, words in (("Subject: x\n\nHi\n", "From"), ("From: a@example.org, b@example.org\nSubject: x\n\nHi\n", "From"),
                        ("From: a@example.org\nSubject: x\nSubject: y\n\nHi\n", "Subject"), ("Hello {{name}},\n\nno header\n", "line 1"),
                        ("From: a@example.org\nBcc: x@example.org\n\nx\n", "Bcc"), ("From: a@example.org\nSubject: {{#a}}x\n\nx{{/a}}\n", "line 2"),
                        ("From: a@example.org\nMessage-ID: <x@example.org>\n\nx\n", "Message-ID"),
                        ("From: a@example.org\nContent-Type: multipart/mixed\n\nx\n", "--attach"),
                        ("From: a@example.org\nSubject: x\n\n{{> nothing}}\n", "nothing.mustache"),
                        ("From: a@example.org\nSubject: x\n\n{{> ../secret}}\n", "secret")):
        with Work(text) as work:
            status, box, said = dry(work)
            check(status == 65 and words in said and not box, f"refused: {text[:40]!r}", said)
    with Work() as work:
        for rows, words in (("name\nx\n", "email"), ("email,name\na@example.net\n", "line 2"), ('email,name\n"a@example.net,x\n', "line 2"),
                            ("email,name\nnobody,x\n", "line 2"), ("email,name\n,x\n", "no address"), ("", "empty")):
            work.write("list.csv", rows)
            status, box, said = dry(work)
            check(status == 65 and words in said, f"refused: {rows!r}", said)
        status, _, said = dry(work, template="none.eml")
        check(status == 66 and "none.eml" in said, "no template: 66", said)
        status, _, said = dry(work, "--rate", "fast")
        check(status == 64 and "--rate" in said, "a rate that is none: 64", said)
        status, _, said = dry(work, "-H", "X: a\nBcc: b@example.org")
        check(status == 64, "a line break in an option: 64", said)


def lists():
    with Work() as work:
        work.write("list.csv", "Name;E-Mail\nAnn;ann@example.net\n\nBob;bob@example.net\n")
        work.write("t.eml", "From: a@example.org\nTo: {{e-mail}}\nSubject: {{name}}\n\nx\n")
        status, box, said = dry(work)
        check(status == 0 and [m["Subject"] for m in box] == ["Ann", "Bob"], "semicolons, an empty line, names in another case", said)
        work.write("list.csv", "a@example.net\nb@example.net\n")
        work.write("t.eml", "From: a@example.org\nSubject: x\n\nTo {{email}}\n")
        status, box, said = dry(work)
        check(status == 0 and [m["To"] for m in box] == ["a@example.net", "b@example.net"], "plain addresses, and To is made", said)
        with subprocess.Popen(["cat", work.list], stdout=subprocess.PIPE) as cat:
            p = subprocess.run([TOOL, work.file("t.eml")], stdin=cat.stdout, capture_output=True, env={**os.environ, "HOME": work.path})
        check(p.returncode == 0 and p.stdout.count(b"\nSubject: x") == 2, "from a pipe", p.stderr.decode())
        work.rows(50)
        status, box, said = dry(work, "--limit", "7")
        check(status == 0 and len(box) == 7, "--limit", said)
        status, box, said = dry(work, "--check")
        check(status == 0 and not box and "50 messages" in said, "--check writes no messages", said)
        env = {"SOURCE_DATE_EPOCH": "1700000000"}
        a, b = (work.run(env=env).stdout for _ in range(2))
        check(a == b and b"Tue, 14 Nov 2023 22:13:20 +0000" in a, "SOURCE_DATE_EPOCH: the same bytes")
        work.rows(101)
        status, box, said = dry(work)
        check(status == 0 and len(box) == 101 and "--unsubscribe" in said, "what --send would refuse is told", said)
        status, box, said = dry(work, "--check")
        check(status == 64, "and --check has its status", said)


def unsubscribe():
    with Work("From: a@example.org\nTo: {{email}}\nSubject: x\n\nLeave: {{unsubscribe}}\n") as work:
        key = work.write("key", "a secret of enough length\n")
        work.write("list.csv", "email,name\nAnn@EXAMPLE.net,A\n")
        os.chmod(key, 0o600)
        status, box, said = dry(work, "--unsubscribe", "https://example.org/u?e={{email}}&t={{token}}", "--unsubscribe", "mailto:u@example.org?subject={{token}}",
                                "--token-key", key, "--list-id", "news.example.org", "--feedback-id", "c:x:y:z12345")
        token = base64.urlsafe_b64encode(hmac.new(b"a secret of enough length", b"ann@example.net", hashlib.sha256).digest()).decode().rstrip("=")
        link = f"https://example.org/u?e=Ann%40EXAMPLE.net&t={token}"
        got = " ".join(box[0]["List-Unsubscribe"].split())
        check(status == 0 and got.replace(" ", "") == f"<{link}>,<mailto:u@example.org?subject={token}>", "HMAC of the normalised address", got, said)
        check(box[0]["List-Id"] == "<news.example.org>" and box[0]["Feedback-ID"] == "c:x:y:z12345", "List-Id, Feedback-ID")
        check(box[0].get_content() == f"Leave: {link}\n", "{{unsubscribe}}", box[0].get_content())
        status, _, said = dry(work)
        check(status == 65 and "--unsubscribe" in said, "without the option it is no name", said)


class Frames(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.frames, self.tags, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "iframe":
            self.frames.append(dict(attrs))

    def handle_data(self, data):
        self.text += data


def signed():
    template = "From: a@example.org\nTo: {{email}}\nSubject: {{name}}\n\nText of {{name}}  with  blanks \n\n\n"
    with Work(template) as work:
        with open(work.file("all.bin"), "wb") as f:
            f.write(os.urandom(5000))
        if shutil.which("openssl") is None:
            skip("DKIM", "no openssl to make a key with")
            return
        subprocess.run(["openssl", "genrsa", "-out", work.file("k.pem"), "2048"], capture_output=True, check=True)
        p = work.run("--dkim-domain", "example.org", "--dkim-selector", "s", "--dkim-key", work.file("k.pem"), "--attach", work.file("all.bin"))
        right = 0
        for text in re.split(rb"(?m)^From \S+ \w{3} \w{3} .*\n", p.stdout)[1:]:
            head, _, body = re.sub(rb"(?m)^>(>*From )", rb"\1", text)[:-1].partition(b"\n\n")
            canonical = b"\r\n".join(re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\n")).rstrip(b"\r\n") + b"\r\n"
            given = re.search(rb"bh=([^;]+);", re.sub(rb"\s", b"", head))[1]
            right += base64.b64decode(given) == hashlib.sha256(canonical).digest()
        check(p.returncode == 0 and right == 6, "DKIM: the body's hash is of what is sent, constant parts and all", p.stderr.decode(), str(right))


def preview():
    with Work("From: a@example.org\nTo: {{email}}\nSubject: {{name}}\n\nText of {{name}}\n") as work:
        work.write("list.csv", 'email,name\na@example.net,"</pre><script>alert(1)</script>"\nb@example.net,Bob\n')
        work.write("page.html", "<p>Hi {{name}} <img src=\"cid:i.png\"></p>")
        work.write("i.png", "png")
        page = work.file("page-out.html")
        status, _, said = dry(work, "--html", work.file("page.html"), "--inline", work.file("i.png"), "--preview", page)
        with open(page, encoding="utf-8") as f:
            text = f.read()
        seen = Frames(text)
        check(status == 0 and len(seen.frames) == 2 and "script" not in seen.tags, "--preview: a frame a message, nothing of theirs in the page", said)
        check(all(f.get("sandbox", 1) is None for f in seen.frames) and "data:image/png;base64,cG5n" in seen.frames[0]["srcdoc"],
              "sandboxed, images in place", str(seen.frames))
        check("</pre><script>alert(1)</script>" in seen.text and "http" not in text.replace("http-equiv", ""),
              "values are text, and nothing is loaded from elsewhere")


for scenario in (render, parts, wrong, lists, unsubscribe, signed, preview):
    attempt(scenario)
done()
