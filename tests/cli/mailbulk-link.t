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
from mailbulk_kit import TOOL, Server, Work, check, done  # noqa: E402

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


for scenario in (large,):
    began = time.monotonic()
    scenario()
    print(f"# {scenario.__name__}: {time.monotonic() - began:.1f} s")
done()
