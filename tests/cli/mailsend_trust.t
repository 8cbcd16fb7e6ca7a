#!/usr/bin/env python3
"""Whom mailsend trusts and what it shows to whom: TLS, pins, logins, secrets; --probe; DKIM by another verifier."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import CLEAN, Lab, attempt, check, same, skip  # noqa: E402

lab = Lab()


def certificate(name, lines, issuer=None):
    """A key and a certificate, signed by itself or by issuer."""
    template, key, cert = lab.path(name + ".cfg", "\n".join(lines) + "\n"), lab.path(name + ".key"), lab.path(name + ".pem")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    subprocess.run(["certtool", "--generate-privkey", "--key-type", "ecdsa", "--outfile", key], **quiet)
    how = ["--load-ca-certificate", lab.path(issuer + ".pem"), "--load-ca-privkey", lab.path(issuer + ".key"), "--generate-certificate"] \
        if issuer else ["--generate-self-signed"]
    subprocess.run(["certtool", *how, "--load-privkey", key, "--template", template, "--outfile", cert], **quiet)
    return ["--cert", cert, "--key", key]


def tls():
    certificate("ca", ['cn = "Test CA"', "ca", "cert_signing_key", "expiration_days = 9"])
    good = certificate("good", ['cn = "127.0.0.1"', 'ip_address = "127.0.0.1"', 'dns_name = "localhost"', "tls_www_server",
                                "expiration_days = 9"], "ca")
    other = certificate("other", ['cn = "other.example"', 'dns_name = "other.example"', "tls_www_server", "expiration_days = 9"], "ca")
    old = certificate("old", ['cn = "127.0.0.1"', 'ip_address = "127.0.0.1"', "tls_www_server", 'activation_date = "2020-01-01 00:00:00"',
                              'expiration_date = "2021-01-01 00:00:00"'], "ca")
    ca = ["--ca-file", lab.path("ca.pem")]
    for extra in ([], ["--tls"]):
        r = lab.send("--tls=require", *ca, "bob@example.org", "--report=json", server=[*good, *extra])
        check(r.status == 0 and r.meta[0]["tls"] and r.report()["tls"]["version"], f"TLS {extra or 'by STARTTLS'}", r)
    pin = r.report()["tls"]["pin"]
    for name, cert, args in (("an unknown CA", good, []), ("another host", other, ca), ("an expired one", old, ca)):
        r = lab.send("--tls=require", *args, "bob@example.org", server=cert)
        check(r.status == 76 and not r.messages, f"a certificate of {name} is 76", r)
    r = lab.send("--tls=require", "--pin", pin, "bob@example.org", server=good)
    same(r.status, 0, "--pin stands for the chain")
    r = lab.send("--tls=require", "--pin", "sha256:" + "0" * 64, *ca, "bob@example.org", server=good)
    check(r.status == 76 and not r.messages, "a wrong pin is 76", r)
    r = lab.send("--tls=require", *ca, "bob@example.org", server=["--ext", "PIPELINING"])
    check(r.status == 76 and not r.messages, "no STARTTLS where TLS is required", r)
    r = lab.send("--tls=require", *ca, "bob@example.org", server=[*good, "-r", "STARTTLS raw \"220 Go\\r\\n250 injected\\r\\n\""])
    check(r.status == 76 and not r.messages, "what is put behind STARTTLS's answer is fatal", r)
    r = lab.send("--tls=require", *ca, "--require-tls", "bob@example.org", server=[*good, "--ext", "PIPELINING,REQUIRETLS"])
    check(r.status == 0 and "REQUIRETLS" in r.meta[0]["mail_args"], "--require-tls", r)
    r = lab.send("--tls=require", *ca, "--require-tls", "bob@example.org", server=good)
    check(r.status == 69 and not r.messages, "is refused where the server has none", r)
    client = certificate("me", ['cn = "ann"', "tls_www_client", "expiration_days = 9"], "ca")
    r = lab.send("--tls=require", *ca, "--client-cert", client[1], "--client-key", client[3], "bob@example.org",
                 server=[*good, "--client-ca", lab.path("ca.pem")])
    check(r.status == 0 and any(e.get("client_cert") for e in r.events), "a client certificate", r)
    return good, ca


def loopback(good, ca):
    """A server of this machine without a login: STARTTLS is used whoever signed its certificate. Whoever says whom to trust is obeyed."""
    r = lab.send("bob@example.org", "--report=json", server=good)
    check(r.status == 0 and r.meta[0]["tls"] and r.report()["tls"]["verified"] is False, "an unverifiable certificate is used", r)
    r = lab.send("--probe", server=good)
    check(r.status == 0 and b"not verified" in r.out, "--probe says so", r)
    r = lab.send(*ca, "bob@example.org", "--report=json", server=good)
    check(r.status == 0 and r.report()["tls"]["verified"] is True, "one that can be verified is", r)
    pin = r.report()["tls"]["pin"]
    me = certificate("me2", ['cn = "ann"', "tls_www_client", "expiration_days = 9"], "ca")
    other = certificate("ca2", ['cn = "Other CA"', "ca", "cert_signing_key", "expiration_days = 9"])
    password = lab.path("pw", "x\n")
    for args in (["--tls=require"], ["--pin", "sha256:" + "0" * 64], ["--ca-file", other[1]], ["--client-cert", me[1], "--client-key", me[3]],
                 ["--require-tls"], ["--user", "u", "--password-file", password]):
        r = lab.send(*args, "bob@example.org", server=[*good, "--ext", "PIPELINING,REQUIRETLS"])
        check(r.status == 76 and not r.messages, f"{args[0]} verifies", r)
    r = lab.send("--tls=require", "bob@example.org", server=good)
    check(f"--pin {pin}" in r.err and "--ca-file" in r.err and r.err.count("\n") == 1, "the error says the way out", r)
    r = lab.send("--tls=require", "--pin", pin, "bob@example.org", server=good)
    check(r.status == 0, "and it is one", r)


def wrong_port(good, ca):
    for server, scheme, want in (([*good, "--tls"], "smtp", "speaks TLS from the start: use smtps://"), ([], "smtps", "does not speak TLS")):
        url = lab.serve(*server).replace("smtps://", "X://").replace("smtp://", "X://").replace("X://", scheme + "://")
        r = lab.tool("--smtp", url, *ca, "--timeout", "8", "bob@example.org", stdin=CLEAN)
        lab.collect()
        check(r.returncode == 76 and want.encode() in r.stderr and r.stderr.count(b"\n") == 1, f"{scheme}:// at {server[-1:]}",
              r.returncode, r.stderr)
    url = lab.serve("-r", "connect@1 stall 60").replace("smtp://", "smtps://")
    r = lab.tool("--smtp", url, *ca, "--timeout", "20", "bob@example.org", stdin=CLEAN)
    lab.collect()
    check(r.returncode == 76 and b"does not speak TLS from the start: use smtp://" in r.stderr, "a server that lets the first connection wait", r.stderr)


def dsn():
    r = lab.send("--dsn=success", "bob@example.org", server=("--ext", "PIPELINING"))
    check(r.status == 0 and len(r.messages) == 1 and "does not offer delivery reports" in r.err, "DSN that is not offered is said", r)
    r = lab.send("--dsn=success", "--dsn-required", "bob@example.org", server=("--ext", "PIPELINING"))
    check(r.status == 69 and not r.messages and "delivery reports" in r.err, "--dsn-required: 69", r)
    r = lab.send("--dsn=success", "--dsn-required", "bob@example.org")
    check(r.status == 0 and "NOTIFY=SUCCESS" in r.meta[0]["rcpt_args"][0] and not r.err, "and where it is offered all is well", r)
    r = lab.send("--dsn=never", "bob@example.org", server=("--ext", "PIPELINING"))
    check(r.status == 0 and not r.err, "never is nothing to ask for", r)


def logins(good, ca):
    secret = "s3cret pässword"
    password = ["--password-file", lab.path("password", secret + "\n")]
    server = [*good, "--require-auth", "--user", "ann:" + secret, "--token", "tok-2"]
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
        trace = lab.path("trace-" + mechanism)
        r = lab.send("--tls=require", *ca, "--user", "ann", *password, "--trace", trace, "bob@example.org", server=[*server, "--auth", mechanism])
        check(r.status == 0 and r.meta[0]["user"] == "ann", f"AUTH {mechanism}", r)
        seen = open(trace, encoding="utf-8").read()
        check(secret not in seen and "AUTH" in seen and "YW5u" not in seen, "no secret in the trace", seen)
    r = lab.send("--tls=require", *ca, "--user", "ann", "--password-file", lab.path("wrong", "wrong\n"), "bob@example.org",
                 server=[*server, "--auth", "PLAIN"])
    check(r.status == 77 and not r.messages, "a wrong password is 77", r)
    count = lab.path("tokens", "#!/bin/sh\nif [ -e \"$0.used\" ]; then echo tok-2; else : > \"$0.used\"; echo tok-1; fi\n", 0o700)
    for mechanism in ("XOAUTH2", "OAUTHBEARER"):
        r = lab.send("--tls=require", *ca, "--user", "ann", "--auth", mechanism.lower(), "--token-command", count, "bob@example.org",
                     server=[*server, "--auth", mechanism])
        check(r.status == 0 and len(r.messages) == 1, f"{mechanism}: a refused token is asked for again", r)
        os.unlink(count + ".used")
        r = lab.send("--tls=require", *ca, "--user", "ann", "--auth", mechanism.lower(), "--token-command", "echo s3cret-token",
                     "bob@example.org", server=[*server, "--auth", mechanism])
        check(r.status == 77 and "the server refuses the token (status 401, scope mail): 5" in r.err and "s3cret" not in r.err,
              f"{mechanism}: why the token is refused", r)
    r = lab.send("--user", "ann", *password, "bob@example.org", server=["--auth", "PLAIN", "--auth-plain-text", "--user", "ann:" + secret])
    check(r.status != 0 and not r.messages and "AUTH" not in "".join(r.commands()), "no password in clear", r)
    r = lab.send("--user", "ann", *password, "--tls=off", "bob@example.org",
                 server=["--auth", "PLAIN", "--auth-plain-text", "--user", "ann:" + secret])
    same(r.status, 0, "but to a loopback address when --tls=off is said")
    r = lab.send("--user", "ann", "--password-file", lab.path("open", secret, 0o644), *ca, "bob@example.org", server=[*server, "--auth", "PLAIN"])
    check(r.status == 78, "a password file that others can read is 78", r)
    r = lab.send("--tls=require", *ca, "--probe", "--user", "ann", *password, server=[*server, "--auth", "PLAIN,LOGIN"])
    check(r.status == 0 and b"mail can be sent" in r.out and b"TLS" in r.out and len(r.out.splitlines()) <= 10 and not r.messages, "--probe", r)
    r = lab.send("--tls=require", *ca, "--probe", "--json", server=[*good, "--ext", "PIPELINING,SIZE 1000", "--auth", "PLAIN"])
    found = json.loads(r.out)
    check(found["works"] and found["size"] == 1000 and found["auth"] == ["PLAIN"] and found["tls"]["version"], "--probe --json", r)
    r = lab.send("--tls=require", "--probe", "--json", server=good)
    check(r.status == 76 and not json.loads(r.out)["works"], "--probe of what does not work", r)


def trust():
    if shutil.which("certtool") is None:
        skip("TLS", "certtool is not installed")
        return
    known = tls()
    loopback(*known)
    wrong_port(*known)
    dsn()
    logins(*known)


VERIFY = """
import dkim, sys
record = {%r: %r}
message = sys.stdin.buffer.read()
sys.exit(0 if dkim.verify(message, dnsfunc=lambda name, timeout=5: record.get(name if isinstance(name, bytes) else name.encode())) else 1)
"""


def dkim():
    python = next((p for p in (sys.executable, "/usr/bin/python3") if shutil.which(p) and subprocess.run(
        [p, "-c", "import dkim, nacl"], stderr=subprocess.DEVNULL, check=False).returncode == 0), None)
    if python is None:
        skip("DKIM by another verifier", "dkimpy is not installed")
        return
    if shutil.which("openssl") is None:
        skip("DKIM by another verifier", "openssl is not installed")
        return
    odd = CLEAN.replace(b"A line.", b" A  line \t \r\n\r\nand\tmore.") + b"\r\n\r\n \r\n"
    for kind, bits in (("rsa", 2048), ("ed25519", None)):
        key = lab.path(kind + ".pem")
        command = ["openssl", "genpkey", "-algorithm", "RSA" if bits else "ED25519", "-out", key] + (["-pkeyopt", f"rsa_keygen_bits:{bits}"] if bits else [])
        subprocess.run(command, stderr=subprocess.DEVNULL, check=True)
        der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], stdout=subprocess.PIPE, check=True).stdout
        public = subprocess.run(["base64", "-w0"], input=der if bits else der[-32:], stdout=subprocess.PIPE, check=True).stdout
        record = b"v=DKIM1; k=%s; p=%s" % (kind.encode(), public)
        sign = ["--dkim-domain", "example.org", "--dkim-selector", "s1", "--dkim-key", key]
        for name, args, message in (("clean", [], CLEAN), ("odd blanks", [], odd), ("no body", [], CLEAN.split(b"\r\n\r\n")[0] + b"\r\n\r\n"),
                                    ("composed", ["-f", "ann@example.org", "-s", "Grüße " * 20, "-a", "/bin/sh"], "Grüße\n".encode())):
            r = lab.send(*sign, *args, "bob@example.org", stdin=message)
            if not check(r.status == 0 and len(r.messages) == 1, f"{kind}, {name}: signed", r):
                continue
            v = subprocess.run([python, "-c", VERIFY % (b"s1._domainkey.example.org.", record)], input=r.messages[0], stderr=subprocess.PIPE, check=False)
            check(v.returncode == 0, f"{kind}, {name}: verified by dkimpy", v.stderr.decode(), r.messages[0][:900])
            more = r.messages[0].replace(b"\r\nSubject:", b"\r\nFrom: evil@example.org\r\nSubject:", 1)
            v = subprocess.run([python, "-c", VERIFY % (b"s1._domainkey.example.org.", record)], input=more, stderr=subprocess.DEVNULL, check=False)
            check(v.returncode != 0, f"{kind}, {name}: a second From breaks it")
        resigned = lab.send("bob@example.org", stdin=r.messages[0])
        same(resigned.messages, r.messages[:1], "a signed message goes on untouched")
    r = lab.send("--dkim-domain", "example.org", "--dkim-selector", "s1", "--dkim-key", lab.path("bad", "nonsense"), "bob@example.org")
    check(r.status == 78 and not r.messages, "a bad key is 78", r)
    r = lab.send("--dkim-key", lab.path("rsa.pem"), "bob@example.org")
    same(r.status, 64, "a key without selector is 64")


attempt(dkim)
attempt(trust)
lab.done()
