#!/usr/bin/env python3
"""mailbulk's connections: messages larger than any buffer, and a token command that takes its time."""
import email
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import killpoint  # noqa: E402
from mailbulk_kit import TOOL, Server, Work, attempt, check, done  # noqa: E402

POSTFIX = ("--ext", "PIPELINING,CHUNKING,8BITMIME", "-r", "connect 220 mx.example ESMTP Postfix")


def certificate(work):
    key, pem, template = work.file("key.pem"), work.file("cert.pem"), work.write("cfg", "\n".join(
        ['cn = "127.0.0.1"', "ca", "cert_signing_key", 'ip_address = "127.0.0.1"', "tls_www_server", "expiration_days = 9"]) + "\n")
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["certtool", "--generate-privkey", "--key-type", "ecdsa", "--outfile", key], **quiet)
    subprocess.run(["certtool", "--generate-self-signed", "--load-privkey", key, "--template", template, "--outfile", pem], **quiet)
    return pem, ("--cert", pem, "--key", key)


def large():
    """300 KiB attached, over every way that content leaves."""
    octets = bytes(i * 7 % 251 for i in range(300 << 10))
    with Work(rows=4) as work:
        with open(work.file("large.bin"), "wb") as f:
            f.write(octets)
        shim = work.file("tiny.so")
        tiny = killpoint.environment(TOOL, shim) if killpoint.build(shim, "tinysocket.c") else None
        pem, tls = certificate(work) if shutil.which("certtool") else (None, ())
        ways = [("DATA", (), (), None), ("BDAT", POSTFIX, (), None), ("a small window, DATA", ("--window", "1"), (), None),
                ("a small window, BDAT", (*POSTFIX, "--window", "1"), (), None),
                ("a server that reads late", ("-r", "content:150000 stall 0.5; usual"), (), None)]
        if pem:
            ways += [("STARTTLS, DATA", tls, ("--tls=require", "--ca-file", pem), None),
                     ("STARTTLS, BDAT", (*POSTFIX, *tls), ("--tls=require", "--ca-file", pem), None),
                     ("STARTTLS, a small window", (*tls, "--window", "1"), ("--tls=require", "--ca-file", pem), None)]
        if tiny:
            ways += [("small buffers, DATA", (), (), tiny), ("small buffers, BDAT", POSTFIX, (), tiny),
                     ("small buffers on both sides", ("--window", "1"), (), tiny)]
        if tiny and pem:
            ways.append(("small buffers, TLS", tls, ("--tls=require", "--ca-file", pem), tiny))
        for n, (name, options, arguments, env) in enumerate(ways):
            with Server(work, *options, name=f"box{n}") as server:
                work.forget()
                began = time.monotonic()
                r = work.send(server, "-j", "2", "--attach", work.file("large.bin"), "--timeout", "5", *arguments, env=env)
                got = server.messages()
                parts = [p.get_payload(decode=True) for _, o in got for p in email.message_from_bytes(o).walk() if p.get_filename() == "large.bin"]
                check(r.status == 0 and len(got) == 4 and parts == [octets] * 4, f"300 KiB, {name} ({time.monotonic() - began:.1f} s)",
                      r.status, r.out, r.said)


# The first call gives a token at once, as at the start of the run. Each further one is noted, and ends only when the server's log has
# what it waits for: the run gets that far only if the other connections go on meanwhile.
SCRIPT = """#!/bin/sh
cd '{where}' || exit 1
echo call >> calls
if [ "$(wc -l < calls)" -gt 1 ]; then
    n=0
    until [ "$(grep -c '"event": "message"' box.log)" -ge {messages} ] && [ "$(grep -c '"send", "data": "535' box.log)" -ge {refusals} ]; do
        n=$((n + 1))
        [ $n -lt 200 ] || exit 1
        sleep 0.05
    done
fi
echo token
"""
LOGIN = ("--auth", "XOAUTH2", "--auth-plain-text", "--require-auth", "--token", "token")

SLOW = ("-r", "dot stall 0.05; usual")      # so that there is still something to do


def calls(work):
    with open(work.file("calls"), encoding="ascii") as f:
        return len(f.readlines())


def token():
    """10 connections; the server refuses the token of the third and later ones once, as if it had expired meanwhile."""
    with Work(rows=200) as work, Server(work, *LOGIN, *SLOW, "-r", "AUTH@3-6 535 5.7.8 expired") as server:
        script = work.write("token", SCRIPT.format(where=work.path, messages=40, refusals=4))
        os.chmod(script, 0o755)
        r = work.send(server, "-j", "10", "--user", "me", "--auth", "xoauth2", "--token-command", script, "--tls", "off")
        server.quiet()
        events = server.events()
        refused = [e["conn"] for e in events if e["event"] == "send" and e["data"].startswith("535")]
        check(r.status == 0 and r.count("sent") == 200 and len(refused) == 4, "a slow token command: everybody is mailed", r.status, r.said, refused)
        at = [i for i, e in enumerate(events) if e["event"] == "send" and e["data"].startswith("535")]
        again = [i for i, e in enumerate(events) if e["event"] == "auth" and e["conn"] in refused]
        between = [e for e in events[max(at):min(again)] if e["event"] == "message"] if at and again else []
        check(len(again) == 4 and len(between) >= 10, f"the others go on while it runs: {len(between)} messages between refusal and new login", again)
        check(calls(work) == 2, f"the four that need it share one run ({calls(work)} calls)")
    with Work(rows=40) as work, Server(work, *LOGIN, *SLOW, "-r", "AUTH@2 535 5.7.8 expired") as server:
        script = work.write("token", SCRIPT.format(where=work.path, messages=1000, refusals=0).replace("exit 1", "exec sleep 300"))
        os.chmod(script, 0o755)
        began = time.monotonic()
        r = work.send(server, "-j", "2", "--user", "me", "--auth", "xoauth2", "--token-command", script, "--tls", "off", "--timeout", "1")
        check(r.status == 0 and r.count("sent") == 40 and calls(work) == 2, "one that hangs is given up, and the other connection does it all", r.said, calls(work))
        check(time.monotonic() - began < 20, "in time")
    with Work(rows=3) as work, Server(work, *LOGIN) as server:
        script = work.write("token", "#!/bin/sh\nexec sleep 300\n")
        os.chmod(script, 0o755)
        began = time.monotonic()
        r = work.send(server, "--user", "me", "--auth", "xoauth2", "--token-command", script, "--tls", "off", "--timeout", "1")
        check(r.status == 75 and not r.rows and "token-command" in r.said and time.monotonic() - began < 20, "one that hangs from the start: 75", r.status, r.said)


for scenario in (large, token):
    attempt(scenario)
done()
