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
    r = lab.send("-t", stdin=b"From: a@example.org\nTo: web-team, Bob <bob@example.org>\n\ny\n")
    check(r.status == 0 and '"web-team, Bob" is read as the name of bob@example.org' in r.err, "a word that becomes part of a name is told", r)
    r = lab.send("-t", stdin=b'From: a@example.org\nTo: "Doe, John" <bob@example.org>\n\ny\n')
    check(r.status == 0 and "is read as" not in r.err, "a name in quotes is not", r)
    r = lab.send("-t", stdin=b"From: Doe, John\nTo: bob@example.org\n\ny\n")
    check(r.status == 65 and not r.messages and "From" in r.err, "From: Doe, John", r)
    r = lab.send("-t", "--envelope-from", "a@example.org", stdin=b"From: Doe, John\nTo: bob@example.org\n\ny\n")
    check(r.status == 0 and field(r.messages[0], "From") == "Doe, John", "is left alone when an option names the sender", r)


def from_key():
    """from = …: one address or patterns, anything else is an error with its line."""
    for value in ("a@e.example (Ann)", '"quoted local"@e.example', "Ann <a@e.example>", "%U@%H", "*@e.example", "a@e.example, *@f.example", "Team: a@e.example"):
        r = lab.send("--config", lab.path("key", f"from = {value}\n"), "-s", "x", "-b", "y", "bob@example.org")
        check(r.status == 0, f"from = {value}", r)
    for value in ("root", "Doe, John", "Ann a@e.example", "a..b@e.example", "Group: a@e.example, b@e.example;", ""):
        r = lab.send("--config", lab.path("key", f"timeout = 5\nfrom = {value}\n"), "-s", "x", "-b", "y", "bob@example.org")
        check(r.status == 78 and "key:2: from:" in r.err and not r.messages, f"from = {value}", r)
    r = lab.send("-f", "Ann @ Work <a@e.example>", "-s", "x", "-b", "y", "bob@example.org")
    same(field(r.messages[0], "From"), '"Ann @ Work" <a@e.example>', "a name with an @ in it")
    r = lab.send("-t", stdin=b"From: a..b@e.example\nTo: bob@example.org\n\ny\n")
    check(r.status == 65 and "a..b@e.example" in r.err, "a From that is not an address is 65", r)
    r = lab.send("Doe, Jane <j@example.org>")
    check(r.status == 64 and "Doe" in r.err and not r.messages, "the words of a name are not recipients beside a finished message either", r)


CRON = (b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> test\nContent-Type: text/plain; charset=UTF-8\n"
        b"Auto-Submitted: auto-generated\n\nout\n")
PLAIN = b"To: bob@example.org\nSubject: x\n\ny\n"


def place():
    """16.2: sendmail's place."""
    config = "from = %U@example.net\n"
    r, messages, meta = as_sendmail("-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root", stdin=CRON, config=config)
    check(r.returncode == 0 and (meta[0]["from"], meta[0]["rcpts"]) == ("root@example.net", ["root@example.net"]), "cronie's form", r.stderr, meta)
    for option in ("-f", "-r"):
        r, messages, meta = as_sendmail("-t", option, "www-data", stdin=PLAIN, config=config)
        check(r.returncode == 0 and meta[0]["from"] == "www-data@example.net" and field(messages[0], "From") == "www-data@example.net",
              f"{option} www-data is the sender, and the From that is missing", r.stderr, meta, messages)
    r, messages, meta = as_sendmail("-t", "-f", "app@example.com", stdin=PLAIN, config=config)
    check(r.returncode == 0 and field(messages[0], "From") == "app@example.com", "without a From header -f is the From", messages)
    r, messages, meta = as_sendmail("-t", "-f", "<>", stdin=b"From: a@example.org\n" + PLAIN)
    check(r.returncode == 0 and meta[0]["from"] == "" and field(messages[0], "From") == "a@example.org", "-f <> sends from nobody", r.stderr, meta)
    r, messages, _ = as_sendmail("-bi")
    check((r.returncode, r.stdout, messages) == (0, b"", []), "-bi has nothing to do")
    r = lab.send("-t", "-i", "-oi", "-oem", "-odb")
    check(r.status == 0 and r.messages == [CLEAN], "-i, -oi, -oem and -odb under the name mailsend", r)
    r = lab.send("-t", "-oQ/tmp")
    check(r.status == 64 and not r.messages, "another -o is refused", r)


def aliases():
    more = lab.path("more", "# people\nann@example.com\n Bob Roe <bob@example.com>, team\n")
    text = (f"# comment\nroot: admin@example.com,\n\tops\n# in between\n  , third@example.com\n\"odd name\": odd@example.com\nops: ops@example.net # more\n"
            f"list: :include:{more}\nteam: \\team, x@example.com\nrun: |/usr/bin/procmail\nquoted: \"|prog a, b\"\nfile: /var/mail/x\n")
    path = lab.path("aliases", text)
    for name, want in (("root", ["admin@example.com", "ops@example.net", "third@example.com"]), ("ROOT@localhost", ["admin@example.com", "ops@example.net",
                       "third@example.com"]), ("list", ["ann@example.com", "bob@example.com", "team@example.org", "x@example.com"]),
                       ("root@" + os.uname().nodename, ["admin@example.com", "ops@example.net", "third@example.com"]),
                       ("\"odd name\"@localhost", None), ("nobody@localhost", ["nobody@localhost"])):
        r = lab.send("--aliases", path, name)
        if want is not None:
            check(r.status == 0 and r.meta[0]["rcpts"] == want, f"--aliases: {name}", r)
    for name, what in (("run", "command"), ("quoted", "command"), ("file", "file")):
        r = lab.send("--aliases", path, name)
        check(r.status == 78 and not r.messages and f"is a {what}" in r.err and name in r.err, f"a {what} is refused by name", r)
    for bad in (" x@example.com\n", "just words\n", ": x@example.com\n"):
        r = lab.send("--aliases", lab.path("bad", bad), "root")
        check(r.status == 78 and "bad:1:" in r.err, f"an aliases file that says {bad!r}", r)
    r = lab.send("--aliases", lab.path("gone", "root: :include:/no/such/file\n"), "root")
    check(r.status == 78 and "/no/such/file" in r.err, "an :include: file that is missing", r)
    r = lab.send("--aliases", lab.path("deep", "".join(f"a{i}: a{i + 1}, a{i + 1}\n" for i in range(60)) + "a60: end@example.com\n"), "a0")
    check(r.status == 0 and r.meta[0]["rcpts"] == ["end@example.com"], "names that double at each step end at once", r)


def words():
    """16.4: a word that is nobody is refused when composing."""
    for args in (["-s", "Disk", "is", "full"], ["-s", "x", "-b", "y", "--to", "Doe, Jane <j@example.org>"], ["-s", "x", "-b", "y", "--cc", "Nosuchuser"]):
        r = lab.send("-f", "a@example.org", *args, stdin=b"y\n")
        check(r.status == 64 and not r.messages and "neither an address nor a name" in r.err, " ".join(args), r)
    r = lab.send("-f", "a@example.org", "-s", "x", "root", stdin=b"y\n")
    check(r.status == 0 and r.meta[0]["rcpts"] == ["root@example.org"], "-s x root goes on working", r)


def first_minute():
    """16.7: what people type first is answered with what is meant."""
    for line, want in (("smtp = gmail.com", "smtps://gmail.com"), ("smtp = smtp.example.org:587", "smtp://smtp.example.org:587"), ("pop = pop.example.org", "pop3s://"),
                       ("smtp = http://x.example", "http://"), ("[work]\nsmtp = mail.example.org", "smtps://mail.example.org")):
        path = lab.path("first", f"timeout = 5\n{line}\n")
        r = lab.send("--config", path, "bob@example.org")
        number = 1 + line.count("\n") + 1
        check(r.status == 78 and f"first:{number}: " in r.err and want in r.err and not r.messages, line, r)
    r = lab.send("--config", lab.path("first", "smtp = smtp://u:s3cret@x.example\n"), "bob@example.org")
    check(r.status == 78 and "first:1: smtp" in r.err and "s3cret" not in r.err, "a password in a URL is not repeated", r)
    r = lab.tool("--smtp", "u:s3cret@x.example", "bob@example.org", stdin=CLEAN)
    check(r.returncode == 64 and b"s3cret" not in r.stderr, "nor on the command line", r.stderr)
    for args, want in ((["--host", "x"], "--smtp"), (["--port=25"], "--smtp"), (["--insecure"], "--pin"), (["--attachment", "x"], "--attach FILE"),
                       (["--password=s3cret"], "--password-command"), (["--passwordeval", "x"], "--password-command")):
        r = lab.tool(*args, "bob@example.org", stdin=CLEAN)
        check(r.returncode == 64 and want.encode() in r.stderr and b"s3cret" not in r.stderr, f"{args[0]} is answered with {want}", r.stderr)
    for tool in ("mailsend", "mailbulk", "popfetch", "listscrub"):
        path = os.path.join(os.path.dirname(TOOL), tool)
        for short, long in (("-h", "--help"), ("-V", "--version"), ("-?", "--help")):
            same(lab.tool(short, name=path).stdout, lab.tool(long, name=path).stdout, f"{tool} {short} is {long}")


def each_for_itself():
    """16.4: a recipient that is not an address is named, the others are served."""
    for bad in ("no..dot@example.org", "bob@", "a b@example.org", "x@-bad.example", "Bob <bob@example.org"):
        text = f"From: a@example.org\nTo: good@example.org, {bad}\nCc: too@example.org\n\ny\n".encode()
        failed = lab.path("failed")
        r = lab.send("-t", "--failed-to", failed, "--report=json", stdin=text)
        check(r.status == 1 and r.meta[0]["rcpts"] == ["good@example.org", "too@example.org"] and bad in r.err and "line 2, To" in r.err,
              f"-t with {bad}", r)
        check(open(failed).read() == bad + "\n" and [x["status"] for x in r.report()["recipients"]] == ["sent", "refused", "sent"],
              "--failed-to and the report name it", r.out)
        r = lab.send("-t", "--all-or-nothing", stdin=text)
        check(r.status == 65 and not r.messages, "--all-or-nothing: nobody", r)
        r = lab.send("-f", "a@example.org", "-s", "x", "-b", "y", "good@example.org", bad)
        check(r.status == 1 and r.meta[0]["rcpts"] == ["good@example.org"] and field(r.messages[0], "To") == "good@example.org" and bad in r.err,
              f"while composing: {bad}", r)
        r = lab.send("-n", "-f", "a@example.org", "-s", "x", "-b", "y", "good@example.org", bad)
        check(r.status == 1 and bad in r.err and b"To: good@example.org\r\n" in r.out, "--dry-run names it too", r)
        r = lab.send("-f", "a@example.org", "-s", "x", "-b", "y", bad)
        check(r.status == 64 and not r.messages and r.err.count("\n") == 1, f"{bad} alone is 64", r)
        r = lab.send("-t", stdin=f"From: a@example.org\nTo: {bad}\n\ny\n".encode())
        check(r.status == 65 and not r.messages and r.err.count("\n") == 1, f"{bad} alone in a header is 65", r)
    r = lab.send("-t", "bad@@example.org", "bad@@example.org", stdin=b"From: a@example.org\nTo: good@example.org\n\ny\n")
    check(r.status == 1 and r.err.count("bad@@") == 1, "it is named once", r)
    r = lab.send("good@example.org", "用户@例え.jp", server=("--ext", "PIPELINING"))
    check(r.status == 1 and r.meta[0]["rcpts"] == ["good@example.org"] and "SMTPUTF8" in r.err, "one that needs SMTPUTF8", r)
    r = lab.send("good@example.org", "bad@@example.org", server=("-r", "RCPT 550 5.1.1 No"))
    check(r.status == 67 and r.err.count("\n") >= 2, "with the others refused too it is 67", r)
    r = lab.send("--spool", "good@example.org", "bad@@example.org", server=("-r", "MAIL 451 4.3.0 Later"))
    spool = lab.env["XDG_STATE_HOME"] + "/pipemail/spool/"
    env = [open(spool + f).read() for f in os.listdir(spool) if f.endswith(".env")]
    check(len(env) == 1 and "to good@example.org" in env[0] and "bad@@" not in env[0] and "bad@@" in r.err, "only the others are kept", r, env)
    for f in os.listdir(spool):
        os.unlink(spool + f)


def sources():
    """16.3: input whose size is not known before it is read."""
    for path in ("/proc/self/status", "/proc/cpuinfo"):
        r = lab.send("-f", "a@example.org", "-s", "x", "--body-file", path, "-a", "/proc/version", "bob@example.org")
        parts = [p.get_content() for p in r.parsed().walk() if not p.is_multipart()] if r.messages else []
        check(r.status == 0 and len(parts) == 2 and len(parts[0]) > 100, f"{path} is read to its end", r)
    size = [p for p in ("/sys/kernel/mm/transparent_hugepage/enabled", "/sys/class/net/lo/mtu", "/sys/class/net/lo/address") if os.path.exists(p)]
    if size:
        r = lab.send("-f", "a@example.org", "-s", "x", "--body-file", size[0], "bob@example.org")
        check(r.status == 0 and r.parsed().get_content().strip() == open(size[0]).read().strip(), size[0], r)
    with open("/proc/version", "rb") as f:
        url = lab.serve()
        import subprocess
        r = subprocess.run([TOOL, "--smtp", url, "-f", "a@example.org", "-s", "x", "bob@example.org"], stdin=f, env=lab.env, stderr=subprocess.PIPE,
                           check=False)
        messages, _, _ = lab.collect()
    check(r.returncode == 0 and b"Linux" in messages[0], "/proc on standard input", r.stderr)


def empty_fields():
    """16.3: an empty field counts as missing."""
    r = lab.send("-t", "-f", "a@example.org", stdin=b"From: \nTo: bob@example.org\nCc:\nDate:\nMessage-ID: \nSubject: x\n\ny\n")
    head = r.messages[0].split(b"\r\n\r\n")[0] if r.messages else b""
    counts = [head.count(b"\r\n" + n) + head.startswith(n) for n in (b"From:", b"Date:", b"Message-ID:")]
    check(r.status == 0 and counts == [1, 1, 1] and field(r.messages[0], "From") == "a@example.org" and field(r.messages[0], "Message-ID").startswith("<"),
          "empty From, Date and Message-ID are filled", r, head)


def spooled():
    """16.5: kept whenever the reason is not the message."""
    spool = lab.env["XDG_STATE_HOME"] + "/pipemail/spool/"
    failed = lab.path("failed")
    plain = ["--user", "u", "--tls=off"]
    ways = (("no configuration yet", [], None), ("out of reach", ["--smtp", "smtp://127.0.0.1:1"], None),
            ("a password command that fails", [*plain, "--password-command", "false"], ("--auth", "PLAIN", "--auth-plain-text")),
            ("a login that is refused", [*plain, "--password-file", lab.path("pw", "wrong\n")], ("--auth", "PLAIN", "--auth-plain-text", "-r", "AUTH 535 5.7.8 No")),
            ("TLS that is required and not offered", ["--tls=require"], ()), ("4xx", [], ("-r", "MAIL 451 4.3.0 Later")),
            ("a server that refuses service", [], ("-r", "connect 554 5.7.1 Go away")))
    for name, args, server in ways:
        if server is None:
            r = lab.tool("--spool", "--failed-to", failed, *args, "bob@example.org", stdin=CLEAN)
            status, err = r.returncode, r.stderr.decode()
        else:
            r = lab.send("--spool", "--failed-to", failed, *args, "bob@example.org", server=server)
            status, err = r.status, r.err
        kept = [f for f in os.listdir(spool) if f.endswith(".env")] if os.path.isdir(spool) else []
        check(status == 0 and len(kept) == 1 and err.count("\n") == 1 and "kept in the spool" in err, f"{name}: kept, status 0, one warning", status, err, kept)
        same(open(failed).read(), "", f"{name}: nobody is in --failed-to")
        for f in os.listdir(spool) if os.path.isdir(spool) else []:
            os.unlink(spool + f)
    r = lab.tool("bob@example.org", stdin=CLEAN)
    check(r.returncode == 78 and b"no mail server configured" in r.stderr and b"--smtp" in r.stderr, "no configuration, no --spool", r.stderr)


attempt(names)
attempt(from_key)
attempt(place)
attempt(aliases)
attempt(words)
attempt(first_minute)
attempt(each_for_itself)
attempt(sources)
attempt(spooled)
attempt(empty_fields)
attempt(wrong)
lab.done()
