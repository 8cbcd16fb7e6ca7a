#!/usr/bin/env python3
"""mailsend in sendmail's place: its options, and the programs that call it."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, TOOL, Lab, attempt, check, same, skip  # noqa: E402

lab = Lab()
SENDMAIL = lab.path("bin/sendmail", b"")
os.unlink(SENDMAIL)
os.symlink(TOOL, SENDMAIL)


def call(*args, stdin=CLEAN, server=(), run=None):
    """Run sendmail (or what calls it), its server given by the configuration."""
    url = lab.serve(*server)
    lab.path("config/pipemail/config", f"smtp = {url}\nfrom = %U@example.net\n")
    try:
        result = run() if run else lab.tool(*args, stdin=stdin, name=SENDMAIL)
    finally:
        messages, meta, _ = lab.collect()
    return result, messages, meta


def options():
    for args in (["-t", "-i"], ["-ti"], ["-oi", "-t"], ["-t", "-oi", "-oem", "-f", "x@example.org"], ["-i", "-fx@example.org", "bob@example.org"],
                 ["-bm", "-B8BITMIME", "-N", "never", "-R", "hdrs", "-V", "id1", "-G", "-n", "-L", "tag", "-O", "Timeout=1m", "--", "bob@example.org"],
                 ["-A", "x", "-h", "3", "-d0.1", "-X", "/dev/null", "-U", "bob@example.org"]):
        r, messages, meta = call(*args)
        check(r.returncode == 0 and messages == [CLEAN] and meta[0]["rcpts"] == ["bob@example.org"], " ".join(args), r.stderr, r.returncode)
        if any(a.startswith("-f") for a in args):
            same(meta[0]["from"], "x@example.org", "-f is the envelope's sender")
    r, messages, _ = call("-i", "bob@example.org", stdin=CLEAN.replace(b".and a dot", b".\r\nbehind a dot"))
    check(b"behind a dot" in messages[0], "a dot ends nothing", messages)
    r, messages, _ = call("-F", "Backup Job", "-t", stdin=b"To: bob@example.org\nSubject: x\n\ny\n")
    check(b"Backup Job <" in messages[0] and b"@example.net>" in messages[0], "-F is the name in From", messages)
    for args in (["-bd"], ["-Y"], ["-f"], ["a@exa\rmple.org"], []):
        r, messages, _ = call(*args)
        check(r.returncode == 64 and not messages, f"sendmail {args} is 64", r.returncode, r.stderr)
    r, messages, _ = call("-bp")
    check(r.returncode == 0 and not messages, "-bp shows the spool")


def cron():
    mail = (b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
            b"Content-Transfer-Encoding: 8bit\nX-Cron-Env: <SHELL=/bin/sh>\n\nout\xc3\xbc\n")
    r, messages, meta = call("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root", stdin=mail)
    check(r.returncode == 0 and meta[0]["rcpts"] == ["root@example.net"] and meta[0]["from"] == "root@example.net", "cron's form",
          r.stderr, meta)
    check(b"<root@example.net>" in messages[0] and b"Cron Daemon" in messages[0], "From becomes an address", messages)


def git():
    path = subprocess.run(["git", "--exec-path"], stdout=subprocess.PIPE, check=False, text=True).stdout.strip() if shutil.which("git") else ""
    if not os.path.exists(path + "/git-send-email"):
        skip("git send-email", "git-email is not installed")
        return
    repo = lab.home + "/repo"
    env = {**lab.env, "GIT_CONFIG_NOSYSTEM": "1"}

    def git_run(*args):
        return subprocess.run(["git", "-C", repo, "-c", "user.name=Jörg", "-c", "user.email=j@example.org", *args], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    os.mkdir(repo)
    git_run("init", "-q")
    lab.path("repo/file", "Grüße\n")
    git_run("add", "file")
    git_run("commit", "-q", "-m", "Add Grüße")
    r, messages, meta = call(run=lambda: git_run("send-email", "-1", "--to=bob@example.org", "--confirm=never", f"--sendmail-cmd={SENDMAIL}"))
    # Perl's words, and git's own, for a module of Perl that is not installed (Mail::Address is no part of git everywhere).
    absent = re.search(rb"Can't locate \S+ in @INC|The '\S+' module is not here|perl: not found", r.stdout)
    if r.returncode != 0 and absent:
        skip("git send-email", absent.group().decode())
        return
    check(r.returncode == 0 and len(messages) == 1 and meta[0]["rcpts"] == ["bob@example.org", "j@example.org"][:len(meta[0]["rcpts"])],
          "git send-email", r.stdout, meta)


def mutt():
    if shutil.which("mutt") is None:
        skip("mutt", "not installed")
        return

    def run():
        return subprocess.run(["mutt", "-F", "/dev/null", "-e", f"set sendmail='{SENDMAIL} -oem -oi'; set from=ann@example.org; set copy=no;"
                               " set use_envelope_from", "-s", "hello", "bob@example.org"], input=b"body\n", env=lab.env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=30)
    r, messages, meta = call(run=run)
    check(r.returncode == 0 and len(messages) == 1 and meta[0]["rcpts"] == ["bob@example.org"], "mutt", r.stdout, meta)


for part in (options, cron, git, mutt):
    attempt(part)
lab.done()
