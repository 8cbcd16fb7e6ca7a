#!/usr/bin/env python3
"""popfetch --index and --archive without a server: what they read, what they write, that a second run only adds, and that whatever
happens in the middle leaves pages that are whole and a folder that the next run completes."""
import csv
import filecmp
import html.parser
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import killpoint  # noqa: E402
from popfetch_kit import THOROUGH, TOOL, Work, attempt, check, done, skip  # noqa: E402

FROM = "From x@example.org Mon Nov 23 08:00:00 2026\n"
VOID = {"meta", "br", "link", "img", "input", "hr"}


def mail(number, subject="hello", body="Hello.\n", *more, date="Mon, 23 Nov 2026 08:00:00 +0100"):
    return (f"From: Ann <ann@example.org>\nTo: bob@example.net\nSubject: {subject}\n" + (f"Date: {date}\n" if date else "") +
            f"Message-ID: <{number}@example.org>\n" + "".join(line + "\n" for line in more) + f"\n{body}").encode()


def mbox(*messages):
    return b"".join(FROM.encode() + re.sub(rb"(?m)^(>*From )", rb">\1", m) + b"\n" for m in messages)


def rows(out):
    return list(csv.reader(io.StringIO(out.decode("utf-8"), newline="")))


class Lab(Work):
    def write(self, name, octets):
        with open(self.file(name), "wb") as f:
            f.write(octets)
        return name

    def tool(self, *args, **more):
        return self.fetch(None, *args, **more)

    def maildir(self, name, messages, folder="new"):
        for part in ("tmp", "new", "cur"):
            os.makedirs(self.file(name, part), exist_ok=True)
        for i, m in messages.items():
            with open(self.file(name, folder, i), "wb") as f:
                f.write(m)

    def archive(self, name="archive"):
        """{path: octets} of what is below the folder."""
        found = {}
        for where, _, names in os.walk(self.file(name)):
            for n in names:
                with open(os.path.join(where, n), "rb") as f:
                    found[os.path.relpath(os.path.join(where, n), self.file(name))] = f.read()
        return found


class Page(html.parser.HTMLParser):
    """Tags in pairs, links, identifiers."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.links, self.ids, self.text = [], [], [], set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("href", "src") and v and not v.startswith(("http", "mailto"))]
        self.ids |= {v for k, v in attrs if k == "id"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def faults(files, killed=False):
    """What is wrong with an archive: pages that are not whole, links that lead nowhere. After a kill, of what index.html leads to;
    a new message may already know the page of a month that is not there yet."""
    wrong = []
    pages = {name: Page(octets.decode("utf-8")) for name, octets in files.items() if name.endswith(".html")}
    if killed:
        reached, ahead = set(), ["index.html"]
        while ahead:
            name = ahead.pop()
            if name in pages and name not in reached:
                reached.add(name)
                if not name.startswith("messages/"):
                    ahead += [os.path.normpath(os.path.join(os.path.dirname(name), link.partition("#")[0])) for link in pages[name].links]
        pages = {name: page for name, page in pages.items() if name in reached}
    for name, page in pages.items():
        if page.open or page.wrong:
            wrong.append(f"{name}: tags not in pairs: {page.open} {page.wrong}")
        for link in page.links:
            path, _, mark = link.partition("#")
            if killed and name.startswith("messages/") and not path.startswith("../../files"):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(name), urllib.parse.unquote(path))) if path else name
            if target not in files:
                wrong.append(f"{name}: leads to {link}, which is not there")
            elif mark and target in pages and mark not in pages[target].ids and "There is no other message" not in pages[target].text:
                wrong.append(f"{name}: leads to {link}, and there is no such place")
    return wrong


def index(work):
    head = ["number", "date", "from", "to", "subject", "size", "attachments", "message_id"]
    first = mail(1, "=?utf-8?b?R3LDvMOfZQ==?=, \"Bob\"\n =?koi8-r?q?=F7?=", "text\nFrom here\n")
    second = (b"From: =?iso-2022-jp?b?GyRCOzNFRBsoQg==?= <y@example.org>\r\nTo: a@example.org,\r\n b@example.org\r\nSubject: \x1b[31m\xe9\r\n"
              b"Date: 1 Jan 99 0:00 EST\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: text/csv\r\n"
              b"Content-Disposition: attachment\r\n\r\na,b\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n--b--\r\n")
    work.write("in.mbox", mbox(first, second, mail(3, date=None)))
    out = work.tool("--index", "in.mbox", env={"XDG_CONFIG_HOME": "/nonexistent"})
    check(out.returncode == 0 and out.stderr == b"", "--index", out.stderr)
    got = rows(out.stdout)
    check(got[0] == head, "its header", got[0])
    check(got[1] == ["1", "2026-11-23T07:00:00Z", "Ann <ann@example.org>", "bob@example.net", "Gr\u00fc\u00dfe, \"Bob\" \u0412",
                     str(len(first)), "0", "<1@example.org>"], "encoded words, a quoted mbox line, a date", got[1])
    check(got[2] == ["2", "1999-01-01T05:00:00Z", "\u5c71\u7530 <y@example.org>", "a@example.org, b@example.org", "\\x1b[31m\u00e9",
                     str(len(second)), "2", ""], "charsets, CRLF, controls shown, attachments counted", got[2])
    check(got[3][1] == "" and got[3][0] == "3", "a message without a date")
    as_input = subprocess.run([TOOL, "--index", "-"], input=mbox(first, second, mail(3, date=None)), capture_output=True, env=work.environment(), timeout=60)
    check(as_input.stdout == out.stdout, "the same from standard input")
    work.maildir("dir", {"1000.P1Q2.x": second, "1000.P1Q10.x": mail(3, date=None)})
    work.maildir("dir", {"999.P1Q1.x:2,S": first}, "cur")
    check(work.tool("--index", "dir/").stdout == out.stdout, "and from a Maildir, in the order of delivery")
    work.write("one.eml", first)
    check(rows(work.tool("--index", "one.eml").stdout)[1:] == [got[1]], "and of one message in a file")
    for name, octets in (("empty.mbox", b""), ("blank.mbox", b"\n\n")):
        work.write(name, octets)
        check(rows(work.tool("--index", name).stdout) == [head], f"{name}: the header only")
    os.makedirs(work.file("elsewhere"))
    shutil.copy(work.file("in.mbox"), work.file("elsewhere", "inbox.mbox"))
    run = subprocess.run([TOOL, "--index"], cwd=work.file("elsewhere"), env=work.environment(), capture_output=True, timeout=60)
    check(run.stdout == out.stdout, "inbox.mbox is the default")


def hostile_index(work):
    # A file of one line; and what is kept of a message has a limit too.
    memory = None if b"__asan_init" in open(TOOL, "rb").read() else lambda: resource.setrlimit(resource.RLIMIT_DATA, (240 << 20, 240 << 20))
    tool = subprocess.Popen([TOOL, "--index", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=memory)
    try:
        tool.stdin.write(f"{FROM}Subject: long\n\n".encode())
        for _ in range(300):
            tool.stdin.write(b"x" * 1000000)
        tool.stdin.write(f"\n\n{FROM}Subject: hello\n\nx\n".encode())
    except BrokenPipeError:
        pass
    out, said = tool.communicate(timeout=120)
    got = [(r[4], r[5]) for r in rows(out)[1:]]
    check(tool.returncode == 0 and got == [("long", "300000016"), ("hello", "18")], "a line of 300 MB takes no memory to speak of", got, said)
    work.write("odd.mbox", b"From -\n\0\n\xff\xfe\nFrom: \0\n\n" + FROM.encode() + b"\n\n" + FROM.encode() + b"Subject:\n\tx\n y\n" + FROM.encode())
    out = work.tool("--index", "odd.mbox")
    check(out.returncode == 0 and len(rows(out.stdout)) == 4, "what is no message is a row too", out.stdout, out.stderr)
    parts = b"".join(b"--b\nContent-Type: image/png; name=x\n\nx\n" for _ in range(3000))
    work.write("parts.mbox", mbox(b"Content-Type: multipart/mixed; boundary=b\n\n" + parts))
    check(rows(work.tool("--index", "parts.mbox").stdout)[1][6] == "999", "parts are counted up to a limit")


def wrong(work):
    work.write("in.mbox", mbox(mail(1)))
    work.write("list.csv", b"email,name\na@example.org,Ann\n")
    os.makedirs(work.file("folder"))
    for status, said, *args in (
            (66, "No such file", "--index", "nowhere.mbox"), (65, "not an mbox", "--index", "list.csv"), (66, "not a Maildir", "--index", "folder/"),
            (66, "No such file", "--archive", "new", "nowhere.mbox"), (64, "give one of them", "--index", "--archive", "new", "in.mbox"),
            (64, "no option about a server", "--index", "--delete", "in.mbox"), (64, "no option about a server", "--archive", "new", "-A", "work"),
            (64, "no option about a server", "--index", "--pop", "pop3s://example.org"), (64, "no summary", "--index", "--summary=json"),
            (64, "one MAILBOX", "--index", "in.mbox", "list.csv"), (73, "No such file", "--archive", "no/where", "in.mbox"),
            (73, "not an archive of popfetch", "--archive", ".", "in.mbox"), (73, "Not a directory", "--archive", "list.csv", "in.mbox"),
            (64, "empty name", "--archive", "", "in.mbox")):
        out = work.tool(*args)
        check(out.returncode == status and said in out.stderr.decode() and out.stdout == b"", f"{' '.join(args)}: {status}, {said}",
              out.returncode, out.stderr)
    check(not os.path.exists(work.file("new")), "and no folder is made")
    with open("/dev/full", "wb") as full:
        out = subprocess.run([TOOL, "--index", "in.mbox"], stdout=full, stderr=subprocess.PIPE, env=work.environment(), cwd=work.dir, timeout=60)
    check(out.returncode == 74, "a full disk is 74", out.stderr)
    os.makedirs(work.file("foreign"))
    work.write("foreign/messages.tsv", b"a\tb\n")
    check(work.tool("--archive", "foreign", "in.mbox").returncode == 65, "a messages.tsv of another program is not touched")
    work.maildir("dir", {"1.x": mail(1), "2.x": mail(2)})
    os.mkfifo(work.file("dir", "new", "3.fifo"))
    os.symlink("/nonexistent", work.file("dir", "new", "4.link"))
    out = work.tool("--index", "dir/")
    check(out.returncode == 1 and len(rows(out.stdout)) == 3 and b"3.fifo" in out.stderr and b"4.link" in out.stderr,
          "what cannot be read in a Maildir is named, the rest is listed, status 1", out.stderr)


def many(n, first=0):
    out = []
    for i in range(first, first + n):
        more = [f"In-Reply-To: <{i - 1}@example.org>", f"References: <{i - i % 7}@example.org>"] if i % 7 else []
        if i % 5 == 2:
            more += ["Content-Type: multipart/mixed; boundary=b"]
            body = f"--b\n\ntext {i}\n--b\nContent-Type: text/html\nContent-Disposition: attachment; filename=\"p{i}.html\"\n\n<p>{i}\n--b--\n"
        else:
            body = f"text {i}\n"
        out.append(mail(i, f"{'Re: ' if i % 7 else ''}talk {i // 7}", body, *more, date=f"{1 + i % 28} {('Oct', 'Nov')[i % 2]} 2026 08:{i % 60:02}:00 +0000"))
    return out


def stamps(work, name="archive"):
    return {path: os.stat(work.file(name, path)).st_mtime_ns for path in work.archive(name)}


def incremental(work):
    work.write("in.mbox", mbox(*many(40)))
    out = work.tool("--archive", "archive", "in.mbox")
    check(out.returncode == 0 and b"40 messages added" in out.stderr and out.stdout == b"", "an archive of 40 messages", out.stderr)
    before, first = stamps(work), work.archive()
    check(not faults(first), "its pages are whole and its links lead somewhere", *faults(first)[:10])
    check(all(os.stat(work.file("archive", n)).st_mode & 0o77 == 0 for n in first), "nobody else may read it")
    out = work.tool("--archive", "archive", "in.mbox", "--summary=json")
    told = json.loads(out.stderr)
    check((told["new"], told["known"], told["messages"], told["status"]) == (0, 40, 40, 0), "a second run finds nothing new", told)
    check(stamps(work) == before, "and touches no file")
    # Read by a mail program meanwhile, some deleted there, some new, one twice.
    later = [m.replace(b"\nTo:", b"\nStatus: RO\nX-Status: A\nTo:", 1) for m in many(40)[10:]] + many(30, 40)
    work.write("in.mbox", mbox(*later, later[-1]))
    told = json.loads(work.tool("--archive", "archive", "in.mbox", "--summary=json").stderr)
    check((told["new"], told["known"], told["duplicates"], told["messages"]) == (30, 30, 1, 70), "a third one adds what is new", told)
    after, second = stamps(work), work.archive()
    kept = [n for n in first if n.startswith(("messages/", "files/"))]
    check(kept and all(before[n] == after[n] for n in kept), "and changes no page of a message")
    check(not faults(second), "everything is whole", *faults(second)[:10])
    work.write("all.mbox", mbox(*many(70)))
    for name, env in (("at-once", None), ("again", {"SOURCE_DATE_EPOCH": "1"})):
        work.tool("--archive", name, "all.mbox", env=env)
        check(work.archive(name) == second, "the same messages give the same files, at once or bit by bit")
    work.maildir("dir", {f"{1000 + i}.x:2,": m for i, m in enumerate(many(70))}, "cur")
    told = json.loads(work.tool("--archive", "archive", "dir/", "--summary=json").stderr)
    check((told["new"], told["known"]) == (0, 70), "and a Maildir of them has none that is new", told)


def parts(work):
    inner = mail(9, "an inner one", "inner text\n").decode()
    encrypted = ("--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream; name=\"../../e.asc\"\n\n"
                 "-----BEGIN PGP MESSAGE-----\n--b--\n")
    signed = f"--b\nContent-Type: message/rfc822\n\n{inner}\n--b\nContent-Type: application/pgp-signature; name=s.asc\n\nx\n--b--\n"
    smime = "MIIB\n"
    japanese = "\u65e5\u672c\u8a9e".encode("iso-2022-jp").decode("ascii")
    work.write("in.mbox", mbox(
        mail(1, "secret", encrypted, "Content-Type: multipart/encrypted; boundary=b", date=None), mail(2, "signed", signed, "Content-Type: multipart/signed; boundary=b"),
        mail(3, "smime", smime, "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"),
        mail(4, "japanese", japanese + "\n", "Content-Type: text/plain; charset=iso-2022-jp"), mail(5, "future", date="Mon, 23 Nov 9999 08:00:00 +0000"),
        mail(6, "long", "word " * 300000 + "\n"), mail(7, "inline", "-----BEGIN PGP MESSAGE-----\nx\n"),
        mail(8, "russian", "<html><meta charset=\"koi8-r\"><p>=F0=D2=C9=D7=C5=D4\n", "Content-Type: text/html", "Content-Transfer-Encoding: quoted-printable")))
    out = work.tool("--archive", "archive", "in.mbox")
    files = work.archive()
    pages = {p.text.split("\n")[0] + name: p.text for name, p in ((n, Page(o.decode())) for n, o in files.items() if n.startswith("messages/"))}

    def page(subject):
        return next(text for text in pages.values() if f"\n{subject}" in text or text.strip().startswith(subject))
    check(out.returncode == 0 and len(pages) == 8 and not faults(files), "parts of all kinds", out.stderr, *faults(files)[:5])
    check("encrypted with PGP" in page("secret") and "is encrypted with S/MIME" in page("smime") and "encrypted with PGP" in page("inline"), "that something is encrypted is told")
    check("is signed" in page("signed") and "an inner one" in page("signed") and "inner text" in page("signed"), "so is a signature, and a message within is shown")
    check("\u65e5\u672c\u8a9e" in page("japanese"), "ISO-2022-JP is read")
    check(any("\u041f\u0440\u0438\u0432\u0435\u0442".encode() in o for n, o in files.items() if n.startswith("messages/")), "and HTML that names its charset itself")
    names = sorted(os.path.basename(n) for n in files if n.startswith("files/"))
    check(names == ["attachment.txt", "e.asc", "message.eml.txt", "s.asc", "smime.p7m", "text.txt"], "attachments are files", names)
    check(max(len(o) for n, o in files.items() if n.startswith("messages/")) < 1 << 20, "a long text is a file, no endless page")
    undated = Page(files["undated.html"].decode()).text
    check("secret" in undated and "future" in undated, "what has no date, or an impossible one, has a page of its own")


def trouble(work):
    messages = many(30)
    work.write("in.mbox", mbox(*messages))
    work.tool("--archive", "whole", "in.mbox")
    whole = work.archive("whole")
    out = work.tool("--archive", "archive", "in.mbox", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)))
    check(out.returncode == 74 and b"File too large" in out.stderr, "a disk that is full is 74", out.returncode, out.stderr)
    work.tool("--archive", "archive", "in.mbox")
    check(work.archive() == whole, "and the next run completes the archive")
    # Another run is writing: it holds the lock.
    import fcntl
    with open(work.file("archive", "messages.tsv"), "r+b") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        check(work.tool("--archive", "archive", "in.mbox").returncode == 75, "two runs at once: the second is 75")
    with open(work.file("archive", "messages.tsv"), "ab") as f:
        f.write(b"0123456789")
    work.tool("--archive", "archive", "in.mbox")
    check(work.archive() == whole, "a line that was cut off goes")
    os.unlink(work.file("archive", "index.html"))
    work.tool("--archive", "archive", "in.mbox")
    check(work.archive() == whole, "an index that is missing comes again")


def stopped(work):
    """A signal: what was added is whole and can be found."""
    reader, writer = os.pipe()
    process = subprocess.Popen([TOOL, "--archive", "archive", "-"], stdin=reader, stderr=subprocess.PIPE, cwd=work.dir, env=work.environment())
    os.close(reader)
    os.write(writer, mbox(*many(20)))
    deadline = time.monotonic() + 60
    # All but the last, whose end is not known yet, have their pages.
    while sum(n.startswith("messages/") for n in work.archive()) < 19 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    os.close(writer)
    files = work.archive()
    check(process.returncode == 128 + signal.SIGINT, "Ctrl-C is 130", process.returncode, said)
    check(not faults(files) and "19 messages" in Page(files["index.html"].decode()).text, "what was added can be found", *faults(files)[:5])


def killed(work, shim):
    work.write("in.mbox", mbox(*many(9)))
    work.write("more.mbox", mbox(*many(14)))

    def run(name, **more):
        return work.tool("--archive", "archive", name, env=killpoint.environment(TOOL, shim, **more) if more else None)
    work.tool("--archive", "whole", "more.mbox")
    whole = work.archive("whole")
    run("in.mbox")
    shutil.copytree(work.file("archive"), work.file("half"))
    counted = work.file("count")
    for name, start in (("a first run", None), ("a run that adds", "half")):
        def again():
            shutil.rmtree(work.file("archive"))
            if start:
                shutil.copytree(work.file(start), work.file("archive"))
        again()
        run("more.mbox", KILL_COUNT=counted, KILL_WHAT="file")
        points = int(open(counted).read())
        bad, tried = [], 0
        for at in range(1, points + 1, 1 if THOROUGH else max(1, points // 16)):
            for how in ("after", "half") if at % 3 else ("before", "full", "io"):
                again()
                first = run("more.mbox", KILL_AT=str(at), KILL_HOW=how, KILL_WHAT="file")
                left = work.archive()
                if first.returncode not in (-9, 73, 74, 75) and not (how in ("full", "io") and first.returncode == 0):
                    bad.append(f"{how} {at}: status {first.returncode} {first.stderr.decode()}")
                left.pop(".new", None)
                if "messages.tsv" in left and "index.html" in left:
                    bad += [f"{how} {at}: {f}" for f in faults(left, True)]
                second = run("more.mbox")
                if second.returncode != 0 or work.archive() != whole:
                    bad.append(f"{how} {at}: not completed: {second.returncode} {second.stderr.decode()}")
                tried += 1
        check(points > 20 and not bad, f"{name}, {tried} times killed or failing at {points} points: whole pages, and completed by the next", *bad[:12])


def large(work):
    """Pages stay small, memory too."""
    n = 4100
    work.write("in.mbox", mbox(*(mail(i, f"number {i}", date="Mon, 23 Nov 2026 08:00:00 +0000") for i in range(n))))
    began = time.monotonic()
    out = work.tool("--archive", "archive", "in.mbox", timeout=400)
    print(f"# {n / (time.monotonic() - began):.0f} messages/s")
    files = work.archive()
    check(out.returncode == 0 and sum(name.startswith("2026-11") for name in files) == 9, "a month of 4,100 messages has 9 pages", out.stderr)
    check(max(len(o) for name, o in files.items() if name != "messages.tsv") < 1 << 20, "none of a MB")
    check(files["data/0.js"].startswith(b"popfetchArchive(0,[") and len(json.loads(files["data/1.js"].split(b",", 1)[1][:-3])) == 2000, "search data in pieces of 2,000")
    check(filecmp.cmp(work.file("archive", "style.css"), work.file("archive", "style.css")), "with its style sheet")


for scenario in (index, hostile_index, wrong, incremental, parts, trouble, stopped, large):
    with Lab() as here:
        attempt(scenario, here)
with Lab() as here:
    library = here.file("killpoint.so")
    if killpoint.build(library):
        attempt(killed, here, library)
    else:
        skip("killed at every point", "no C compiler for the shim")
done()
