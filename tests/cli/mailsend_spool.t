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


def later():
    """--fcc, --report and --log happen when it is sent at last."""
    empty()
    copy, log = lab.home + "/sent.mbox", lab.home + "/log"
    r = subprocess.run([TOOL, "--spool", "--smtp", CLOSED, "--fcc", "sent.mbox", "--log", log, "--report=json", "jones@example.org"], input=CLEAN,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=lab.env, cwd=lab.home, check=False)
    check(r.returncode == 0 and b'"status":"spooled"' in r.stdout and not os.path.exists(copy), "kept: no copy yet", r.stdout, r.stderr)
    r = flush("--report=json", "--log", log)
    check(r.status == 0 and r.report()["status"] == "sent" and r.report()["queue_id"], "--flush --report=json", r)
    same([m.get("Subject") for m in mailbox.mbox(copy)], ["hello"], "the copy is made when it was sent")
    lines = open(log).read().splitlines()
    check(len(lines) == 2 and "status=spooled" in lines[0] and "status=sent exitcode=0" in lines[1] and "recipients=jones@example.org" in lines[1]
          and "messageid=<1@example.org>" in lines[1], "--log: a line each", lines)
    config = lab.path("keys", f"spool = yes\nfcc = {copy}\nlog = {log}\nsmtp = {CLOSED}\n")
    r = lab.tool("--config", config, "brown@example.org", stdin=CLEAN)
    check(r.returncode == 0 and len(entries()) == 1 and len(open(log).readlines()) == 3, "the keys spool, fcc and log", r.stderr)
    r = flush("--config", config)
    check(r.status == 0 and len(list(mailbox.mbox(copy))) == 2 and len(open(log).readlines()) == 4, "and at --flush", r)
    r = lab.send("--log", "/no/such/dir/log", "jones@example.org")
    check(r.status == 0 and len(r.messages) == 1 and "/no/such/dir/log" in r.err, "a log that cannot be written is told", r)
    r = lab.send("--log", log, "jones@example.org", server=("-r", 'RCPT 550 5.1.1 No \\"such\\" user'))
    check("exitcode=67" in open(log).readlines()[-1] and "No " in open(log).readlines()[-1], "a refusal in the log", open(log).read())


def pause():
    empty()
    lab.tool("--spool", "--smtp", CLOSED, "jones@example.org", stdin=CLEAN)
    check(flush(server=["-r", "MAIL 451 4.3.0 Later"]).status == 75, "deferred: it has to wait")
    r = flush()
    check(r.status == 75 and not r.messages and "waits until 20" in r.err and "--flush=now" in r.err, "--flush says so", r)
    r = lab.tool("--flush=later")
    check(r.returncode == 64, "--flush=later", r.stderr)
    url = lab.serve()
    r = lab.tool("--flush=now", "--smtp", url)
    messages, _, _ = lab.collect()
    check(r.returncode == 0 and messages == [CLEAN] and not entries(), "--flush=now does not wait", r.stderr)
    lab.tool("--spool", "--smtp", CLOSED, "jones@example.org", stdin=CLEAN)
    flush(server=["-r", "MAIL 451 4.3.0 Later"])
    text = open(entries()[0]).read()
    with open(entries()[0], "w") as f:
        f.write("".join("next 99999999999\n" if line.startswith("next ") else line for line in text.splitlines(True)))
    r = flush()
    check(r.status == 0 and r.messages == [CLEAN], "a clock that was set back does not freeze it", r)


def expiry():
    empty()
    config = lab.path("expiry", "spool-for = 5d\n")
    r = lab.tool("--spool", "--smtp", CLOSED, "jones@example.org", "brown@example.org", stdin=CLEAN)
    flush("--config", config, server=["-r", "MAIL 451 4.3.0 Later"])
    for f in glob.glob(SPOOL + "*-*"):
        os.rename(f, SPOOL + "1000000000-" + os.path.basename(f).split("-", 1)[1])
    rewind()
    r = flush("--config", config, server=["-r", "MAIL:ann@ 451 4.3.0 Later", "-r", "MAIL:<> 451 4.3.0 Later"])
    check(len(entries()) == 1 and "cannot go back" in r.err and not r.messages, "no way back either: it waits on", r)
    rewind()
    r = flush("--config", config, server=["-r", "MAIL:ann@ 451 4.3.0 Later"])
    check(len(r.messages) == 1 and r.meta[0]["from"] == "" and r.meta[0]["rcpts"] == ["ann@example.org"] and not entries() and r.status == 75,
          "after spool-for it goes back to its sender", r, states())
    m = r.parsed() if r.messages else None
    check(m is not None and m.get_content_type() == "multipart/report" and m["auto-submitted"] == "auto-replied"
          and [p.get_content_type() for p in m.iter_parts()] == ["text/plain", "message/delivery-status", "message/rfc822"]
          and m.get_payload(2).get_payload(0)["Subject"] == "hello", "as a report with the message", r.messages)
    check(b"Final-Recipient: rfc822; jones@example.org" in r.messages[0] and b"451 4.3.0 Later" in r.messages[0] and
          b"brown@example.org" in r.messages[0], "that names who did not get it", r.messages)
    r = lab.tool("--spool", "--smtp", CLOSED, "--envelope-from", "<>", "jones@example.org", stdin=CLEAN)
    flush(server=["-r", "MAIL 451 4.3.0 Later"])
    for f in glob.glob(SPOOL + "*-*"):
        os.rename(f, SPOOL + "1000000000-" + os.path.basename(f).split("-", 1)[1])
    rewind()
    r = flush("--config", config, server=["-r", "MAIL 451 4.3.0 Later"])
    check(len(entries()) == 1 and "no sender to go back to" in r.err, "a message from nobody stays", r)
    empty()
    r = lab.tool("--config", lab.path("bad", "spool-for = soon\n"), "x@example.org", stdin=CLEAN)
    check(r.returncode == 78 and b"bad:1: spool-for" in r.stderr, "spool-for = soon", r.stderr)


def leftovers():
    """What a kill left is shown, and old temporary files go."""
    empty()
    lab.tool("--spool", "--smtp", CLOSED, "jones@example.org", stdin=CLEAN)
    old, young = SPOOL + ".x.msg.0123456789abcdef", SPOOL + ".y.env.0123456789abcdef"
    orphan = SPOOL + "1000000000-00.msg"
    for f in (old, young, orphan):
        with open(f, "w"):
            pass
    for f in (old, orphan):
        os.utime(f, (0, 0))
    r = lab.tool("--list-spool")
    check(b"1000000000-00.msg orphan" in r.stdout and not os.path.exists(old) and os.path.exists(young) and os.path.exists(orphan),
          "--list-spool shows what has no envelope", r.stdout, os.listdir(SPOOL))
    r = flush()
    check(r.status == 0 and len(r.messages) == 1 and "1000000000-00.msg" in r.err and os.path.exists(orphan), "--flush tells it too", r)
    os.unlink(orphan)
    lab.tool("--spool", "--smtp", CLOSED, "jones@example.org", stdin=CLEAN)
    text = open(entries()[0]).read().replace("why ", "why \x1b[31m\x7f ")
    with open(entries()[0], "w") as f:
        f.write(text)
    r = lab.tool("--list-spool")
    check(b"\x1b" not in r.stdout and b"\\x1b[31m" in r.stdout, "a server's words are escaped", r.stdout)
    empty()


def units():
    """The systemd units are right."""
    import shutil
    if shutil.which("systemd-analyze") is None:
        skip("systemd units", "systemd-analyze is not installed")
        return
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "systemd")
    names = sorted(os.listdir(top))
    same(names, ["pipemail-flush.path", "pipemail-flush.service", "pipemail-flush.timer"], "three units")
    for name in names:
        text = open(os.path.join(top, name)).read().replace("/usr/bin/mailsend", TOOL)
        lab.path("units/" + name, text, 0o644)
    r = subprocess.run(["systemd-analyze", "verify", "--user", "--man=no", *[lab.home + "/units/" + n for n in names]], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, env={**lab.env, "XDG_RUNTIME_DIR": lab.home}, check=False)
    bad = [line for line in r.stdout.decode().splitlines() if "pipemail-flush" in line]
    check(not bad, "systemd-analyze verify", r.returncode, r.stdout)


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


for part in (keep, later, pause, expiry, leftovers, units, two_at_once, killed, fcc, interrupted):
    attempt(part)
lab.done()
