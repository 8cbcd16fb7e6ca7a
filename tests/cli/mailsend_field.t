#!/usr/bin/env python3
"""What cron, PHP, git, mutt and people hand to mailsend: names that should have been quoted, local names, aliases, odd input."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, TOOL, Lab, attempt, check, same  # noqa: E402

lab = Lab()
SENDMAIL = lab.path("bin/sendmail", b"")
os.unlink(SENDMAIL)
os.symlink(TOOL, SENDMAIL)
NAMES = (("Backup [host1]", '"Backup [host1]"'), (r"DOMAIN\user", r'"DOMAIN\\user"'), ("Sales :-)", '"Sales :-)"'), ("ACME, Inc.", '"ACME, Inc."'),
         ('O"Brien', r'"O\"Brien"'), ("Jane Doe", "Jane Doe"))


def as_sendmail(*args, stdin=CLEAN, config="", server=()):
    """Run sendmail, its server given by the configuration: result, messages, meta."""
    url = lab.serve(*server)
    lab.path("config/pipemail/config", f"smtp = {url}\n{config}")
    try:
        result = lab.tool(*args, stdin=stdin, name=SENDMAIL)
    finally:
        messages, meta, _ = lab.collect()
        os.unlink(lab.path("config/pipemail/config"))
    return result, messages, meta


def field(message, name):
    for line in message.split(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.startswith(name.encode() + b": "):
            return line.decode().split(": ", 1)[1]
    return None


def names():
    """16.1: one parser for an address value; its failure is never dropped."""
    for name, quoted in NAMES:
        value = f"{name} <b@e.example>"
        r = lab.send("-f", value, "-s", "x", "-b", "y", "bob@example.org")
        check(r.status == 0 and r.meta[0]["from"] == "b@e.example" and field(r.messages[0], "From") == f"{quoted} <b@e.example>", f"-f {value}", r)
        r = lab.send("-s", "x", "-b", "y", "bob@example.org", env={"EMAIL": value})
        check(r.status == 0 and field(r.messages[0], "From") == f"{quoted} <b@e.example>", f"$EMAIL {value}", r)
        config = lab.path("named", f"from = {value}\n")
        r = lab.send("--config", config, "-s", "x", "-b", "y", "bob@example.org")
        check(r.status == 0 and field(r.messages[0], "From") == f"{quoted} <b@e.example>", f"from = {value}", r)
        r = lab.send("-f", "a@example.org", "--reply-to", value, "-s", "x", "-b", "y", "bob@example.org")
        check(r.status == 0 and field(r.messages[0], "Reply-To") == f"{quoted} <b@e.example>", f"--reply-to {value}", r)
        text = f"From: {value}\nTo: {value}\nSubject: x\n\ny\n".encode()
        r = lab.send("-t", stdin=text)
        check(r.status == 0 and r.meta[0]["rcpts"] == ["b@e.example"] and r.meta[0]["from"] == "b@e.example", f"-t with {value}", r)
        same((field(r.messages[0], "From"), field(r.messages[0], "To")), (value, value), f"its header stays as it is: {value}")
    r = lab.send("-t", stdin="From: Jörg [x], Zweiter <a@e.example>\nTo: b@e.example\n\ny\n".encode(), server=("--ext", "8BITMIME"))
    check(r.status == 0 and r.parsed()["from"].addresses[0].display_name == "Jörg [x], Zweiter", "a field that has to be encoded keeps its name", r)


def wrong():
    for value in ("Ann <a@e.example", "a@e.example, b@e.example", "Doe, John", "Disk is full", "Ann <>", "a@-x.example"):
        for args in (["-f", value], ["-f", "a@example.org", "--reply-to", value]):
            if value == "a@e.example, b@e.example" and len(args) > 2:
                continue
            r = lab.send(*args, "-s", "x", "-b", "y", "bob@example.org")
            check(r.status == 64 and not r.messages and value.split(",")[0] in r.err, f"{args[-2]} {value} is refused", r)
        r = lab.send("-s", "x", "-b", "y", "bob@example.org", env={"EMAIL": value})
        check(r.status == 64 and not r.messages, f"$EMAIL {value} is refused", r)
    r = lab.send("-t", stdin=b"From: Doe, John\nTo: bob@example.org\n\ny\n")
    check(r.status == 65 and not r.messages and "From" in r.err, "From: Doe, John", r)
    r = lab.send("-t", "--envelope-from", "a@example.org", stdin=b"From: Doe, John\nTo: bob@example.org\n\ny\n")
    check(r.status == 0 and field(r.messages[0], "From") == "Doe, John", "is left alone when an option names the sender", r)


attempt(names)
attempt(wrong)
lab.done()
