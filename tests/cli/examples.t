#!/usr/bin/env python3
"""What the README and the manual show is run as it stands: lines that begin with "$ " in a page's literal blocks, every command of the
README's blocks, and configurations are read. The network is played by tests/fake/world.py, so nothing leaves this machine."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ.get("TOP_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TOP_BUILDDIR") or TOP
sys.path.insert(0, os.path.join(TOP, "tests", "lint"))
from tap import attempt, check, done, read, skip, skip_all  # noqa: E402

# Nobody's, and under no name that RFC 2606 reserves, which listscrub would reject.
DOMAIN = "people.pipemail-examples" ".org"
NAMES = ["example.org", "*.example.org", "example.com", "*.example.com", "*.lists.example.org", "localhost", "*.gmail.com", "*.office365.com"]
# Builds the thing rather than shows it; or belongs to another program.
NOT_RUN = re.compile(r"^(\./bootstrap|\./configure|sudo |make|git clone|man )")
BOUNCE = f"""From MAILER-DAEMON Mon Nov 23 00:00:00 2026
From: MAILER-DAEMON@mail.example.org
To: ann@example.org
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; gone@{DOMAIN}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user
--b--

"""
ROWS = "name,email,plan,consent,last_seen,company,city\n" + "".join(
    f"{name},{local}@{DOMAIN},free,yes,2026-10-0{i + 1},Lorem,Leeds\n"
    for i, (name, local) in enumerate((("Ann Lee", "ann"), ("Zoë Ünal", "zoe"), ("Юлия", "julia"), ("Gone", "gone"), ("Bad", "no at sign"))))
CLEAN = "".join(line + "\n" for line in ROWS.splitlines() if "no at sign" not in line)
TEMPLATE = "From: Ann <ann@example.org>\nTo: {{name}} <{{email}}>\nSubject: Hello {{name|friend}}\n\nDear {{name|friend}},\n\nhello.\n"
MESSAGE = "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: hello\n\nHello.\n"
HTML = "<!DOCTYPE html>\n<html><body><p>Dear {{name|friend}}, <img src=\"cid:logo\"></p></body></html>\n"
RESULTS = f"email,status,code,enhanced,reply,attempts,message_id,relay,time\ngone@{DOMAIN},refused,550,5.1.1,No such user,1,<x@example.org>,mx,\n"


def prepare(where, port):
    """A home with what the examples name."""
    files = {
        "list.csv": CLEAN, "raw.csv": ROWS, "clean.csv": CLEAN, "people.csv": CLEAN, "old.csv": ROWS, "new.csv": ROWS, "results.csv": RESULTS,
        "left.csv": f"email\nzoe@{DOMAIN}\n", "suppressed.csv": f"email\nzoe@{DOMAIN}\n", "unsubscribed.txt": f"zoe@{DOMAIN}\n",
        "returned.mbox": BOUNCE, "bounces.mbox": BOUNCE, "inbox.mbox": BOUNCE,
        "addresses.txt": f"ann@{DOMAIN}\n", "list.txt": f"ann@{DOMAIN}\n", "disposable.txt": "throwaway.example\n",
        "message.eml": MESSAGE, "message.txt": "Hello.\n", "body.txt": "Hello.\n", "log.txt": "All is lost.\n", "backup.log": "done\n",
        "newsletter.eml": TEMPLATE, "hello.eml": TEMPLATE, "news.eml": TEMPLATE, "template.eml": TEMPLATE, "invoice.eml": TEMPLATE,
        "ask.eml": TEMPLATE + "\nSay yes: {{confirm}}\n",
        "news.html": HTML, "newsletter.html": HTML, "hello.html": HTML,
        "report.pdf": "%PDF-1.4 not quite\n", "logo.png": "\x89PNG not quite\n", "token.key": "0123456789abcdef0123456789abcdef\n",
    }
    for name, text in files.items():
        with open(os.path.join(where, name), "w", encoding="utf-8") as f:
            f.write(text)
    os.chmod(os.path.join(where, "token.key"), 0o600)
    with open(os.path.join(where, "password"), "w", encoding="ascii") as f:
        f.write("secret\n")
    os.chmod(os.path.join(where, "password"), 0o600)
    os.makedirs(os.path.join(where, ".config", "pipemail"))
    servers = "smtp = smtps://ann@mail.example.org\npop = pop3s://ann@mail.example.org\n"
    with open(os.path.join(where, ".config", "pipemail", "config"), "w", encoding="ascii") as f:
        f.write(f"proxy = socks5://127.0.0.1:{port}\nca-file = {where}/cert.pem\npassword-file = {where}/password\n"
                f"timeout = 20\nfrom = ann@example.org\n{servers}"
                f"[default]\n{servers}" + "".join(f"[{n}]\n{servers}" for n in ("work", "private", "lists", "home")))
    os.symlink(os.path.join(os.path.abspath(TOP), "examples"), os.path.join(where, "examples"))
    programs = os.path.join(where, "bin")
    os.mkdir(programs)
    for name in ("pass", "oauth-token", "secret-tool"):
        with open(os.path.join(programs, name), "w", encoding="ascii") as f:
            f.write("#!/bin/sh\necho secret\n")
        os.chmod(os.path.join(programs, name), 0o755)


def certificate(where):
    names = ",".join("DNS:" + n for n in NAMES)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=examples", "-addext",
                    f"subjectAltName={names}", "-keyout", os.path.join(where, "key.pem"), "-out", os.path.join(where, "cert.pem")],
                   check=True, capture_output=True)


def logical(lines):
    """Lines with those that a backslash or a pipe at the end continues."""
    whole = ""
    for line in lines:
        whole += line
        if whole.endswith(("\\", "|", "&&")):
            whole += "\n"
            continue
        yield whole
        whole = ""


def page_blocks(text):
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S):
        yield re.sub(r"^\.[A-Z].*\n", "", block, flags=re.M).replace("\\e", "\\").replace("\\-", "-").replace("\\&", "")


def page_commands(text):
    return [line[2:] for block in page_blocks(text) for line in logical(block.splitlines()) if line.startswith("$ ")]


def configurations(text):
    first = re.compile(r"\A\s*(#[^\n]*\n)*(\[[\w-]+\]|[a-z-]+ = )")
    return [b for b in page_blocks(text) if first.match(b)]


def readme_commands(text):
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) for line in logical(block.splitlines())]
    return [line for line in lines if line.strip() and not line.startswith("#") and not NOT_RUN.match(line)]


def absent(command, path):
    """The first program of a pipeline that is not installed."""
    for part in re.split(r"[|;]|&&", command):
        words = re.sub(r"^\s*([A-Z_]+=\S+ )*", "", part).split()
        if words and re.fullmatch(r"[\w./-]+", words[0]) and shutil.which(words[0], path=path) is None \
                and words[0] not in ("if", "then", "fi", "for", "do", "done", "while", "case", "esac", "read", "cd", "export"):
            return words[0]
    return None


class Sandbox:
    def __enter__(self):
        self.where = tempfile.mkdtemp(prefix="pipemail-examples-")
        certificate(self.where)
        box = os.path.join(self.where, "server.mbox")
        with open(box, "w", encoding="ascii") as f:
            f.write(BOUNCE)
        self.world = subprocess.Popen([sys.executable, os.path.join(TOP, "tests/fake/world.py"), "--cert", os.path.join(self.where, "cert.pem"),
                                       "--key", os.path.join(self.where, "key.pem"), "--mbox", box], stdout=subprocess.PIPE, text=True)
        prepare(self.where, int(self.world.stdout.readline()))
        self.env = {"HOME": self.where, "PATH": f"{os.path.abspath(BUILD)}:{self.where}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8", "K": "1", "N": "4",
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        return self

    def __exit__(self, *_):
        self.world.terminate()
        self.world.wait()
        self.world.stdout.close()
        shutil.rmtree(self.where)

    def run(self, command):
        return subprocess.run(["bash" if shutil.which("bash") else "sh", "-c", "set -o pipefail 2>/dev/null\n" + command], cwd=self.where, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=60)


def try_all(title, commands, texts):
    with Sandbox() as box:
        for command in commands:
            name = f"{title}: {' '.join(command.replace(chr(92) + chr(10), ' ').split())}".replace("#", "")
            missing = absent(command, box.env["PATH"])
            if missing is not None:
                skip(name, f"{missing} is not installed")
                continue
            run = box.run(command)
            # Without a name server, what --mx could not judge is told by 75; grep may find nothing.
            good = (0, 75) if "--mx" in command else (0, 1) if command.startswith("grep ") else (0,)
            check(run.returncode in good, name, f"status {run.returncode}", *run.stderr.splitlines()[:12])
        for i, text in enumerate(texts):
            path = os.path.join(box.where, f"example-{i}.conf")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(path, 0o600)
            run = box.run(f"mailsend --config {path} --dry-run -f stranger@example.net -b text bob@example.org")
            check(run.returncode == 0, f"{title}: configuration {i + 1} is read", run.stderr)


def cleaning(text):
    """What the README shows of a cleaning is what the program says of the list in examples/."""
    examples = [os.path.join(TOP, "examples", name) for name in ("suppressed.csv", "bounces.mbox", "list.csv")]
    run = subprocess.run([os.path.join(BUILD, "listscrub"), "--allow-reserved", "--suppress", examples[0], "--bounces", examples[1], examples[2]],
                         capture_output=True, text=True, timeout=60)
    said = run.stderr.replace(examples[0], "left.csv")
    check(said != "" and f"```\n{said}```\n" in text, "the README's cleaning is what listscrub says", *said.splitlines())


if shutil.which("openssl") is None:
    skip_all("openssl is not installed")
readme = readme_commands(read(os.path.join(TOP, "README.md")))
check(len(readme) >= 8, "the README shows commands")
attempt(try_all, "README", readme, [])
attempt(cleaning, read(os.path.join(TOP, "README.md")))
for page in sorted(os.listdir(os.path.join(TOP, "man"))):
    if page.endswith((".1", ".5", ".7")):
        text = read(os.path.join(TOP, "man", page))
        attempt(try_all, page, page_commands(text), configurations(text))
done()
