#!/usr/bin/env python3
"""mailsend --setup: where it finds servers, what it writes, to whom it shows a password, what it never overwrites."""
import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import TOOL, TOP, Lab, attempt, check, same, skip  # noqa: E402

sys.path.insert(0, os.path.join(TOP, "tests/fake"))
from dns import MX, SRV, Dns  # noqa: E402

lab = Lab()
CONFIG = lab.path("config/pipemail/config")
SUBMISSIONS, SUBMISSION, POP3S = "_submissions._tcp.", "_submission._tcp.", "_pop3s._tcp."
SECRET = "correct horse"


def certificate():
    """Of localhost, signed by itself."""
    template, key, cert = lab.path("t.cfg", 'cn = "localhost"\ndns_name = "localhost"\nca\ncert_signing_key\ntls_www_server\nexpiration_days = 9\n'), \
        lab.path("key.pem"), lab.path("cert.pem")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    subprocess.run(["certtool", "--generate-privkey", "--key-type", "ecdsa", "--outfile", key], **quiet)
    subprocess.run(["certtool", "--generate-self-signed", "--load-privkey", key, "--template", template, "--outfile", cert], **quiet)
    return ["--cert", cert, "--key", key], ["--ca-file", cert]


def setup(address, *args, zone=None, **more):
    """One run; the questions that the name server heard."""
    server = Dns(zone=zone or {})
    result = lab.tool("--setup", address, "--resolver", server.address, *args, **more)
    return result, [name for name, _, _ in server.asked]


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def keys(text):
    """What is not a comment."""
    return dict(line.split(" = ", 1) for line in text.decode().splitlines() if " = " in line and not line.startswith("#"))


def fresh():
    if os.path.exists(CONFIG):
        os.unlink(CONFIG)


def providers():
    """The table answers without the DNS; the text tells what the provider wants."""
    for domain, smtp, words in (("gmail.com", "smtps://smtp.gmail.com:465", ["#password-command", "#token-command", "500 messages a day"]),
                                ("Outlook.com", "smtp://smtp-mail.outlook.com:587", ["#token-command", "Passwords are refused"]),
                                ("icloud.com", "smtp://smtp.mail.me.com:587", ["#password-command", "app password"]),
                                ("posteo.de", "smtps://posteo.de:465", ["#password-command"])):
        address = "ann@" + domain
        r, asked = setup(address, "-n")
        found = keys(r.stdout)
        check(r.returncode == 0 and found["smtp"] == smtp and found["user"] == address and found["from"] == address, f"{address}: its server",
              r.stdout + r.stderr)
        check(all(word in r.stdout.decode() for word in words) and "# Source: https://" in r.stdout.decode(), "what it wants, and who says so", r.stdout)
        same(asked, [], "nobody is asked")
    check("#password-command" not in setup("ann@" + "hotmail.com", "-n")[0].stdout.decode(), "no password where none is taken")
    check(not os.path.exists(CONFIG), "-n writes nothing")


def dns():
    """SRV records before mail exchangers; TLS from the start before STARTTLS; the lowest priority, then the highest weight."""
    zone = {SUBMISSIONS + "a.example": {SRV: [(20, 9, 465, "late.a.example"), (10, 1, 465, "light.a.example"), (10, 5, 4465, "Heavy.a.example")]},
            SUBMISSION + "a.example": {SRV: [(0, 0, 587, "start.a.example")]}, POP3S + "a.example": {SRV: [(0, 0, 995, "pop.a.example")]}}
    r, _ = setup("ann@a.example", "-n", zone=zone)
    found = keys(r.stdout)
    same((r.returncode, found.get("smtp"), found.get("pop")), (0, "smtps://heavy.a.example:4465", "pop3s://pop.a.example:995"), "SRV records")
    check("outside that domain" not in r.stdout.decode(), "within the domain", r.stdout)
    zone = {SUBMISSIONS + "b.example": {SRV: [(0, 0, 0, ".")]}, SUBMISSION + "b.example": {SRV: [(0, 0, 587, "mail.elsewhere.example")]}}
    r, _ = setup("ann@b.example", "-n", zone=zone)
    same(keys(r.stdout).get("smtp"), "smtp://mail.elsewhere.example:587", "a service that is not offered is passed over")
    check("outside that domain" in r.stdout.decode(), "a host elsewhere is pointed out", r.stdout)
    zone = {SUBMISSIONS + "c.example": {SRV: [(0, 1, 465, "smtp.fastmail.com")]}, "c.example": {}}
    r, _ = setup("ann@c.example", "-n", zone=zone)
    check("Fastmail" in r.stdout.decode() and "outside" not in r.stdout.decode(), "a known provider's host in SRV", r.stdout)
    for exchanger, smtp in (("aspmx.l.google.com", "smtps://smtp.gmail.com:465"), ("d-example.mail.protection.outlook.com", "smtp://smtp.office365.com:587"),
                            ("in1-smtp.messagingengine.com", "smtps://smtp.fastmail.com:465")):
        r, _ = setup("ann@d.example", "-n", zone={"d.example": {MX: [(20, "other.example"), (10, exchanger)]}})
        same(keys(r.stdout).get("smtp"), smtp, f"the mail exchanger {exchanger}")
    r, _ = setup("ann@d.example", "-n", zone={"d.example": {MX: [(10, "notgoogle.com")]}})
    check(r.returncode == 68 and b"--smtp URL" in r.stderr and not r.stdout, "a name that ends alike is not the provider's; 68", r.stderr)
    same(setup("ann@e.example", "-n", zone={SUBMISSIONS + "e.example": None, SUBMISSION + "e.example": None, "e.example": None})[0].returncode, 75,
         "a name server in trouble is 75")
    r, _ = setup("ann@f.example", "-n", zone={SUBMISSIONS + "f.example": {SRV: [(0, 0, 465, "a\nuser = eve.example")]}, "f.example": {}})
    check(r.returncode == 68 and not r.stdout, "what is not a host name goes into no file", r.stdout + r.stderr)


def file(tls, ca):
    """Written for its owner only, once; tried."""
    url = lab.serve(*tls, "--auth", "PLAIN", "--require-auth", "--user", "ann@a.example:" + SECRET)
    zone = {SUBMISSION + "a.example": {SRV: [(0, 0, port_of(url), "localhost")]}, "a.example": {}}
    password = ["--password-file", lab.path("secret", SECRET + "\n")]
    r, _ = setup("ann@a.example", *ca, *password, zone=zone)
    check(r.returncode == 0 and os.stat(CONFIG).st_mode & 0o777 == 0o600, "written, 0600, and tried", r.stdout + r.stderr)
    check(b"Extensions" in r.stdout and b"not logged in" in r.stderr, "the probe", r.stdout + r.stderr)
    _, _, events = lab.collect()
    check(not any(e["event"] == "auth" for e in events), "a server that the unsigned DNS named sees no password", events)
    before = open(CONFIG, "rb").read()
    r, _ = setup("ann@a.example", *ca, *password, zone=zone)
    check(r.returncode == 73 and CONFIG.encode() in r.stderr and keys(r.stdout) == keys(before), "one that exists is 73, and what to add is said", r.stderr)
    same(open(CONFIG, "rb").read(), before, "and is left as it is")
    fresh()
    url = lab.serve(*tls, "--auth", "PLAIN", "--require-auth", "--user", "ann@a.example:" + SECRET).replace("127.0.0.1", "localhost")
    r, asked = setup("ann@a.example", *ca, *password, "--smtp", url)
    _, _, events = lab.collect()
    check(r.returncode == 0 and not asked and any(e["event"] == "auth" and e["ok"] for e in events), "--smtp: nobody is asked, and the login is tried",
          r.stdout + r.stderr)
    fresh()
    r, _ = setup("ann@a.example", *ca, *password, "--smtp", url)
    check(r.returncode == 75 and os.path.exists(CONFIG), "a server that is away: the file is there, the trial's status", r.stderr)
    fresh()


def wrong():
    for args in (["--setup", "ann"], ["--setup", "ann@a.example", "bob@example.org"], ["--setup", "ann@a.example", "--to", "bob@example.org"],
                 ["--resolver", "127.0.0.1", "bob@example.org"], ["--setup", "ann@gmail.com", "-A", "work"], ["--setup", "ann@gmail.com", "--smtp", "gmail.com"],
                 ["--setup", "ann@gmail.com", "--password-file", "secret"]):
        r = lab.tool(*args)
        check(r.returncode == 64 and r.stderr and not os.path.exists(CONFIG), f"{args[1:]} is 64", r.stderr)
    r = lab.tool("--setup", "ann@gmail.com", "--config", "/dev/null/config")
    same(r.returncode, 73, "where no file can be made")


def terminal(tls, ca):
    """A person may agree to the server, and gets a mail on request."""
    url = lab.serve(*tls, "--auth", "PLAIN", "--require-auth", "--user", "ann@a.example:" + SECRET)
    zone = Dns(zone={SUBMISSION + "a.example": {SRV: [(0, 0, port_of(url), "localhost")]}, "a.example": {}})
    ours, theirs = pty.openpty()
    run = subprocess.Popen([TOOL, "--setup", "ann@a.example", "--resolver", zone.address, *ca, "--password-file", lab.path("secret", SECRET + "\n")],
                           stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=lab.env, start_new_session=True)
    os.close(theirs)
    os.write(ours, b"y\ny\n")
    out = run.communicate(timeout=60)[0]
    os.close(ours)
    messages, _, events = lab.collect()
    check(run.returncode == 0 and sum(e["event"] == "auth" and e["ok"] for e in events) == 2, "agreed: the login is tried", out)
    check(len(messages) == 1 and b"\r\nTo: ann@a.example\r\n" in messages[0], "a mail to oneself", messages)
    fresh()


attempt(providers)
attempt(dns)
attempt(wrong)
try:
    trust = certificate()
except FileNotFoundError:
    skip("a trial over TLS", "certtool is not here")
else:
    attempt(lambda: file(*trust))
    attempt(lambda: terminal(*trust))
lab.done()
