#!/usr/bin/env python3
"""Nothing is lost and nothing goes twice: --spool, --flush, killed at every step; --fcc."""
import glob
import mailbox
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, TOOL, Lab, Run, attempt, check, same, skip  # noqa: E402

lab = Lab()
SPOOL = lab.env["XDG_STATE_HOME"] + "/pipemail/spool/"
CLOSED = "smtp://127.0.0.1:1"


def entries():
    return sorted(glob.glob(SPOOL + "*.env"))


def states():
    return [line.split(" ", 1)[1].strip() for f in entries() for line in open(f) if line.startswith("state ")]


def empty():
    for f in glob.glob(SPOOL + "*"):
        os.unlink(f)


def rewind():
    """As if the pause were over."""
    for f in entries():
        text = open(f).read()
        with open(f, "w") as out:
            out.write("".join("next 0\n" if line.startswith("next ") else line for line in text.splitlines(True)))


def flush(*args, server=(), **more):
    url = lab.serve(*server)
    try:
        r = lab.tool("--flush", "--smtp", url, *args, **more)
    finally:
        seen = lab.collect()
    return Run(r, *seen)


def keep():
    r = lab.tool("--spool", "--smtp", CLOSED, "jones@example.org", "brown@example.org", stdin=CLEAN)
    check(r.returncode == 0 and len(entries()) == 1, "out of reach: kept", r.stderr)
    r = lab.tool("--list-spool")
    check(b"waiting" in r.stdout and b"jones@example.org,brown@example.org" in r.stdout, "--list-spool shows it", r.stdout)
    check(os.stat(entries()[0]).st_mode & 0o77 == 0, "for nobody else to read")
    r = flush(server=["-r", "RCPT:brown@ 450 4.2.0 Later"])
    check(r.messages == [CLEAN] and r.meta[0]["rcpts"] == ["jones@example.org"] and r.status in (1, 75), "--flush sends it", r)
    r = flush()
    check(not r.messages and r.status == 75, "who was deferred has to wait", r)
    rewind()
    r = flush()
    check(r.messages == [CLEAN] and r.meta[0]["rcpts"] == ["brown@example.org"] and r.status == 0, "then gets it, and only he", r)
    check(not os.listdir(SPOOL) or os.listdir(SPOOL) == [".lock"], "nothing is left", os.listdir(SPOOL))
    url = lab.serve("-r", "MAIL@1 451 4.3.0 Later")
    lab.tool("--spool", "--smtp", url, "--tls=off", "bob@example.org", stdin=CLEAN)
    rewind()
    r = Run(lab.tool("--flush", cwd="/"), *lab.collect())
    check(r.messages == [CLEAN] and r.status == 0, "--flush reaches the server in the way that was given, wherever it is called", r)
    r = lab.send("--spool", "bob@example.org", server=["-r", "MAIL 451 4.3.0 Later"])
    check(r.status == 0 and states() == ["waiting"], "4xx: kept", r)
    empty()
    for name, rule, want, kept in (("5xx", "MAIL 550 5.7.1 No", 69, []), ("refused recipient", "RCPT 550 5.1.1 No", 67, []),
                                   ("unknown outcome", "dot drop", 79, ["unknown"])):
        r = lab.send("--spool", "bob@example.org", server=["-r", rule])
        check(r.status == want and states() == kept, f"{name}: kept {kept}", r, states())
    r = flush()
    check(r.status == 79 and not r.messages and states() == ["unknown"] and "<1@example.org>" in r.err,
          "an unknown outcome is not sent again by itself", r)
    empty()
    r = lab.tool("--spool", "--smtp", CLOSED, "-f", "ann@example.org", "-s", "x", "-a", "/bin/sh", "--bcc", "c@example.org", "b@example.org",
                 "--report=json", stdin=b"body\n")
    check(b'"status":"spooled"' in r.stdout and b'"exit":0' in r.stdout, "the report says so", r.stdout, r.stderr)
    r = flush()
    check(len(r.messages) == 1 and sorted(r.meta[0]["rcpts"]) == ["b@example.org", "c@example.org"], "a composed one, with Bcc", r)
    same(list(r.parsed().iter_attachments())[0].get_payload(decode=True), open("/bin/sh", "rb").read(), "its attachment is whole")
    empty()


def two_at_once():
    lab.tool("--spool", "--smtp", CLOSED, "bob@example.org", stdin=CLEAN)
    url = lab.serve("-r", "MAIL stall 1.5; usual")
    first = subprocess.Popen([TOOL, "--flush", "--smtp", url], env=lab.env, stderr=subprocess.PIPE)
    while not os.path.exists(lab.servers[-1][1] + ".log") or "MAIL" not in open(lab.servers[-1][1] + ".log").read():
        pass
    second = lab.tool("--flush", "--smtp", url)
    first.wait()
    first.stderr.close()
    messages, _, _ = lab.collect()
    check(second.returncode == 75 and len(messages) == 1 and not entries(), "two flushes at once send once", second.stderr, len(messages))
    empty()


def killed():
    """SIGKILL at each system call that writes, syncs, renames, unlinks or sends; then flushed again: once, or unknown."""
    if subprocess.run(["sh", "-c", "command -v strace"], stdout=subprocess.DEVNULL, check=False).returncode or os.environ.get("SANITIZERS") == "yes":
        skip("killed at every step", "strace is not installed, or a sanitizer is on")
        return
    twice, lost, unknown, steps = [], [], 0, 0
    for call in ("write", "sendto", "rename", "unlink", "fsync", "fdatasync", "close", "fcntl", "poll"):
        for step in range(1, 99):
            lab.tool("--spool", "--smtp", CLOSED, "bob@example.org", stdin=CLEAN)
            url = lab.serve()
            r = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={step}",
                                TOOL, "--flush", "--smtp", url], env=lab.env, stderr=subprocess.DEVNULL, check=False)
            lab.tool("--flush", "--smtp", url)
            messages, _, _ = lab.collect()
            waiting = states()
            if len(messages) > 1:
                twice.append((call, step))
            if not messages and waiting != ["unknown"]:
                lost.append((call, step, waiting))
            unknown += waiting == ["unknown"]
            empty()
            if r.returncode == 0:
                break
            steps += 1
    check(steps > 20, f"{steps} steps, {unknown} of them end in a state that a person has to look at")
    check(not twice, "never twice", twice)
    check(not lost, "never lost", lost)


def fcc():
    path = lab.path("sent")
    for _ in range(2):
        r = lab.send("--fcc", path, "bob@example.org", stdin=CLEAN.replace(b"A line.", b"From here\r\n>From there"))
        same(r.status, 0, "--fcc to an mbox")
    box = mailbox.mbox(path)
    check(len(box) == 2 and b"\n>From here\n>>From there\n" in open(path, "rb").read(), "both are there, quoted", open(path, "rb").read())
    box.close()
    r = lab.send("--fcc", lab.path("Sent") + "/", "bob@example.org")
    found = glob.glob(lab.path("Sent") + "/cur/*:2,S")
    check(r.status == 0 and len(found) == 1 and open(found[0], "rb").read() == CLEAN.replace(b"\r\n", b"\n"), "--fcc to a Maildir", found)
    r = lab.send("--fcc", path + "-none", "bob@example.org", server=["-r", "RCPT 550 5.1.1 No"])
    check(r.status == 67 and not os.path.exists(path + "-none"), "no copy of what was not sent", r)
    r = lab.send("--fcc", "/no/such/folder/box", "bob@example.org")
    check(r.status == 73 and len(r.messages) == 1 and "was sent" in r.err, "a copy that fails is told", r)


def interrupted():
    for rule, want in (("RCPT stall", 130), ("dot stall 1; usual", 0)):
        url = lab.serve("-r", rule)
        p = subprocess.Popen([TOOL, "--smtp", url, "--timeout=20", "bob@example.org"], env=lab.env, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(CLEAN)
        p.stdin.close()
        mark = "RCPT TO" if want else "and a dot"
        log = lab.servers[-1][1] + ".log"
        while not os.path.exists(log) or mark not in open(log).read():
            pass
        p.send_signal(signal.SIGINT)
        status = p.wait(timeout=30)
        err = p.stderr.read()
        p.stderr.close()
        messages, _, _ = lab.collect()
        if want:
            check(status == 130 and not messages, "SIGINT before the message leaves it unsent", status, err)
        else:
            check(len(messages) == 1 and status in (0, 130), "after it the verdict is waited for", status, err)


for part in (keep, two_at_once, killed, fcc, interrupted):
    attempt(part)
lab.done()
