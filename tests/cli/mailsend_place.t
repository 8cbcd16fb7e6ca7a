#!/usr/bin/env python3
"""mailsend in sendmail's place on a machine: -bs, -bp, local names, set-from, shared secrets, setuid."""
import os
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, TOOL, Lab, attempt, check, same, skip  # noqa: E402

lab = Lab()
SENDMAIL = lab.path("bin/sendmail", b"")
os.unlink(SENDMAIL)
os.symlink(TOOL, SENDMAIL)


def as_sendmail(*args, stdin=CLEAN, config="from = %U@example.net\n", server=()):
    """Run sendmail, its server given by the configuration: result, messages, meta."""
    url = lab.serve(*server)
    lab.path("config/pipemail/config", f"smtp = {url}\n{config}")
    try:
        result = lab.tool(*args, stdin=stdin, name=SENDMAIL)
    finally:
        messages, meta, _ = lab.collect()
        os.unlink(lab.path("config/pipemail/config"))
    return result, messages, meta


def fields(message, name):
    head = message.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    return [line.decode().split(": ", 1)[1] for line in head if line.lower().startswith(name.lower().encode() + b": ")]


def talk(*commands, server=(), end=b"\r\n", config="from = %U@example.net\n", args=("-bs",)):
    """A session over -bs: the codes of the replies, result, messages, meta."""
    text = end.join(c if isinstance(c, bytes) else c.encode() for c in commands) + end
    r, messages, meta = as_sendmail(*args, stdin=text, server=server, config=config)
    return [line[:3].decode() for line in r.stdout.split(b"\r\n") if line and line[3:4] == b" "], r, messages, meta


HELLO = ("EHLO x", "MAIL FROM:<app@example.org>", "RCPT TO:<bob@example.org>", "DATA")


def bs():
    for end in (b"\r\n", b"\n"):
        codes, r, messages, meta = talk(*HELLO, "Subject: x", "", "..dot", ".", "QUIT", end=end, args=("-bs", "-odb", "-oem"))
        check(codes == ["220", "250", "250", "250", "354", "250", "221"] and r.returncode == 0, f"a session, lines ending in {end}", codes, r.stderr)
        check(len(messages) == 1 and messages[0].endswith(b"\r\n\r\n.dot\r\n") and meta[0]["rcpts"] == ["bob@example.org"]
              and meta[0]["from"] == "app@example.org" and fields(messages[0], "From") == ["app@example.org"], "its message", messages, meta)
    codes, r, messages, _ = talk(*HELLO, b"Subject: x\r\n\r\na\n.\nb\n.\r\nQUIT\nc\r\n.\n", ".", "QUIT")
    check(codes[-2:] == ["250", "221"] and len(messages) == 1 and messages[0].endswith(b"a\r\n.\r\nb\r\n.\r\nQUIT\r\nc\r\n\r\n\r\n"),
          "a dot between other line ends does not end the message", codes, messages)
    codes, r, messages, _ = talk(*HELLO, "Subject: 1", "", "x", ".", *HELLO[1:], "Subject: 2", "", "y", ".", "QUIT")
    check(len(messages) == 2 and codes.count("354") == 2, "two messages", codes, r.stderr)
    codes, r, messages, meta = talk("EHLO x", "MAIL FROM:<>", "RCPT TO:<root>", "RCPT TO:<\"a b\"@example.org>", "DATA", "", "y", ".", "QUIT")
    check(codes[-2] == "250" and meta[0]["from"] == "" and meta[0]["rcpts"] == ["root@example.net", '"a b"@example.org'], "nobody, a local name, quotes", meta)
    codes, r, messages, _ = talk("MAIL FROM:<a@b>", "EHLO x", "RCPT TO:<a@b>", "DATA", "MAIL FROM:x", "MAIL FROM:<a@b> RET=FULL", "MAIL FROM:<a@b> SIZE=3 BODY=8BITMIME",
                                 "RCPT TO:<a b@c>", "RCPT TO:<>", "DATA", "RSET", "NOOP", "VRFY x", "EXPN x", "QUIT")
    same(codes, ["220", "503", "250", "503", "503", "501", "555", "250", "501", "501", "503", "250", "250", "252", "500", "221"], "what is out of order")
    codes, _, messages, _ = talk("EHLO x", "MAIL FROM:<a@b.example>", *[f"RCPT TO:<u{i}@example.org>" for i in range(101)], "DATA", "", "y", ".", "QUIT")
    check(codes[102:104] == ["250", "452"] and len(messages) == 1, "100 recipients a message", codes[100:])
    r, messages, _ = as_sendmail("-bs", stdin=b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.")
    check(r.returncode == 65 and not messages and b"in the middle of a message" in r.stderr, "the input ends in a message: nothing is sent", r.stderr)
    r, messages, _ = as_sendmail("-bs", stdin=b"EHLO x\r\n")
    check(r.returncode == 0 and not messages, "the input ends without QUIT", r.stderr)


def bs_refused():
    two = ("EHLO x", "MAIL FROM:<app@example.org>", "RCPT TO:<bob@example.org>", "RCPT TO:<no@example.org>", "DATA", "", "y", ".", "QUIT")
    codes, r, messages, _ = talk(*two, server=("-r", "RCPT:no 550 5.1.1 No such user"))
    check(codes[-2] == "554" and not messages and b"<no@example.org>" in r.stdout and b"No such user" in r.stdout,
          "one of two is refused: nobody gets it, and the reply says why", codes, r.stdout)
    for rule, code in (("MAIL 451 4.3.0 Later", "451"), ("content 554 5.7.1 Spam", "554"), ("connect 421 4.3.2 Busy", "451"), ("content drop", "554")):
        codes, r, messages, _ = talk(*HELLO, "", "y", ".", "QUIT", server=("-r", rule))
        check(codes[-2] == code, f"{rule}: {code}", codes, r.stdout, r.stderr)
    codes, r, _, _ = talk(*HELLO, "", "y", ".", "QUIT", server=("-r", "MAIL 451 4.3.0 Later"), config="spool = yes\n")
    spool = lab.env["XDG_STATE_HOME"] + "/pipemail/spool/"
    check(codes[-2] == "250" and b"spool" in r.stdout and len([f for f in os.listdir(spool) if f.endswith(".env")]) == 1, "spool = yes: kept", codes, r.stdout)
    shutil.rmtree(spool)
    codes, r, _, _ = talk(*HELLO, "", "y", ".", "QUIT", config="nosuchkey = 1\n")
    check(codes[-2] == "451", "a configuration that is wrong is 451", codes)


def queue():
    r, _, _ = as_sendmail("-bp")
    check((r.returncode, r.stdout) == (0, b"Mail queue is empty\n"), "-bp of an empty spool", r.stdout)
    r = lab.tool("--list-spool")
    check((r.returncode, r.stdout) == (0, b""), "--list-spool is data only", r.stdout)
    r, _, _ = as_sendmail("-bi")
    check((r.returncode, r.stdout) == (0, b""), "-bi has nothing to do")
    r, _, _ = as_sendmail("-q30m")
    check((r.returncode, r.stdout) == (0, b""), "-q sends what waits", r.stderr)
    r, _, _ = as_sendmail("-bd")
    check(r.returncode == 64 and b"-bs" in r.stderr, "-bd is refused", r.stderr)


def local_names():
    """From, To, Cc and envelope get the same domain."""
    text = b"From: root (Cron Daemon)\nTo: root\nCc: Ann <ann@example.org>, ops\nSubject: x\n\ny\n"
    r, messages, meta = as_sendmail("-t", "-f", "root", stdin=text)
    check(r.returncode == 0 and meta[0]["rcpts"] == ["root@example.net", "ann@example.org", "ops@example.net"], "the envelope", meta)
    same([fields(messages[0], n) for n in ("From", "To", "Cc")], [["Cron Daemon <root@example.net>"], ["root@example.net"],
         ["Ann <ann@example.org>, ops@example.net"]], "and the header")
    for line in (b"To: undisclosed-recipients:;", b"To: Team: ann@example.org, bob@example.org;", b"To: Doe, John <a@example.org>",
                 b"To: \"root\"  <a@example.org> (x)"):
        r, messages, _ = as_sendmail("-t", "bob@example.org", stdin=line + b"\nSubject: x\n\ny\n")
        check(r.returncode == 0 and line in messages[0], f"{line} is left as it is", messages, r.stderr)
    sealed = b"DKIM-Signature: v=1; h=from:to; b=x\nFrom: a@example.org\nTo: root\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nMessage-ID: <1@example.org>\n\ny\n"
    r, messages, _ = as_sendmail("-t", stdin=sealed)
    check(r.returncode == 0 and fields(messages[0], "To") == ["root"], "a signed field is left as it is", messages, r.stderr)


def set_from():
    key = "from = %U@example.net\nset-from = gw@provider.example\n"
    r, messages, meta = as_sendmail("-t", stdin=b"From: Ann <ann@example.org>\nTo: bob@example.org\n\ny\n", config=key)
    check(r.returncode == 0 and meta[0]["from"] == "gw@provider.example" and fields(messages[0], "From") == ["Ann <gw@provider.example>"]
          and fields(messages[0], "Reply-To") == ["Ann <ann@example.org>"], "set-from of a finished message", messages, r.stderr)
    r, messages, meta = as_sendmail("-t", "-f", "www-data", stdin=b"To: root\nReply-To: c@example.org\n\ny\n", config=key)
    check(fields(messages[0], "From") == ["gw@provider.example"] and fields(messages[0], "Reply-To") == ["c@example.org"] and
          meta[0]["rcpts"] == ["root@example.net"], "a Reply-To that is there stays, and local names keep their domain", messages, meta)
    r, messages, meta = as_sendmail("-t", "-f", "<>", stdin=b"From: a@example.org\nTo: b@example.org\n\ny\n", config=key)
    check(meta[0]["from"] == "", "-f <> stays nobody", meta)
    r, messages, _ = as_sendmail("-t", stdin=b"From: Ann <GW@provider.example>\nTo: b@example.org\n\ny\n", config=key)
    check(fields(messages[0], "From") == ["Ann <GW@provider.example>"] and not fields(messages[0], "Reply-To"), "what is that address already is left", messages)
    r = lab.send("--set-from", "Alerts <gw@provider.example>", "-f", "ann@example.org", "-s", "x", "-b", "y", "bob@example.org")
    check(r.status == 0 and r.meta[0]["from"] == "gw@provider.example" and fields(r.messages[0], "From") == ["Alerts <gw@provider.example>"]
          and fields(r.messages[0], "Reply-To") == ["ann@example.org"], "--set-from while composing", r)
    r = lab.send("--set-from", "gw", "-s", "x", "-b", "y", "bob@example.org")
    check(r.status == 64 and not r.messages, "--set-from that is not an address", r)
    r = lab.send("--config", lab.path("bad", "set-from = gw\n"), "-s", "x", "-b", "y", "bob@example.org")
    check(r.status == 78 and "bad:1: set-from" in r.err, "set-from = gw", r)
    sealed = CLEAN.replace(b"From:", b"DKIM-Signature: v=1; h=from; b=x\r\nFrom:", 1)
    r = lab.send("--set-from", "gw@provider.example", "bob@example.org", stdin=sealed)
    check(r.status == 65 and not r.messages and "signature" in r.err, "a signed From is not rewritten", r)


def shared():
    """A configuration for the members of a group."""
    text = "user = u\npassword = secret\n"
    plain = ("--tls=off", "bob@example.org")
    server = ("--auth", "PLAIN", "--auth-plain-text", "--user", "u:secret")
    for mode, key, status in ((0o600, "", 0), (0o640, "", 78), (0o640, "group-readable = yes\n", 0), (0o660, "group-readable = yes\n", 78),
                              (0o644, "group-readable = yes\n", 78)):
        r = lab.send("--config", lab.path("shared", key + text, mode), *plain, server=server)
        check(r.status == status, f"a configuration of mode {mode:o} {key.strip()}", r)
        secret = lab.path("secret", "secret\n", mode)
        r = lab.send("--config", lab.path("shared", f"{key}user = u\npassword-file = {secret}\n", 0o640), *plain, server=server)
        check(r.status == status, f"a password file of mode {mode:o} {key.strip()}", r)
    r = lab.send("--config", lab.path("shared", "group-readable = perhaps\n"), *plain)
    check(r.status == 78 and "shared:1: group-readable" in r.err, "group-readable = perhaps", r)


def setuid():
    if os.getuid() != 0:
        skip("setuid", "needs root")
        return
    for tool in ("mailsend", "popfetch", "mailbulk", "listscrub"):
        for mode in (stat.S_ISUID, stat.S_ISGID):
            path = lab.path(tool, open(os.path.join(os.path.dirname(TOOL), tool), "rb").read(), 0o755)
            os.chown(path, 65534, 65534)
            os.chmod(path, 0o755 | mode)
            os.chmod(lab.home, 0o755)
            r = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=lab.env, check=False)
            # (The leak detector may not look into such a process, and ends it with a status of its own.)
            check((r.returncode == 78 or b"LeakSanitizer does not work" in r.stderr) and b"setuid" in r.stderr, f"{tool} does not run with mode {mode:o}", r.returncode, r.stderr)


def commands():
    for command, why in (("pass show a | head -1", "sh -c"), ("pass a && true", "sh -c"), ("pass a >x", "sh -c"), ("pass a; true", "sh -c")):
        r = lab.send("--user", "u", "--tls=off", "--password-command", command, "bob@example.org", server=("--auth", "PLAIN"))
        check(r.status == 64 and why in r.err and not r.messages, f"--password-command '{command}'", r)
    lab.path("bin/tell", "#!/bin/sh\necho secret\n", 0o700)
    for command in ("~/bin/tell", "sh -c 'echo secret | cat'", "printf 'secret|x' -"):
        r = lab.send("--user", "u", "--tls=off", f"--password-command={command}", "bob@example.org", server=("--auth", "PLAIN", "--auth-plain-text", "--user", "u:secret"))
        check(r.status == (77 if "printf" in command else 0), f"--password-command '{command}'", r)
    r = lab.send("--deadline", "0.3", "--user", "u", "--tls=off", "--password-command", "sleep 20", "bob@example.org", server=("--auth", "PLAIN"))
    check(r.status == 75 and "did not end in time" in r.err, "--deadline ends a command too", r)


for part in (bs, bs_refused, queue, local_names, set_from, shared, setuid, commands):
    attempt(part)
lab.done()
