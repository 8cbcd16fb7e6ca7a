#!/usr/bin/env python3
"""Names looked up with a DNS server and a hosts file of our own, in a network namespace that has nothing else."""
import os
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import BUILD, TOP, attempt, check, compiler, done, skip, skip_all  # noqa: E402

INSIDE = "PIPEMAIL_LOOKUP_INSIDE"
A, AAAA, NXDOMAIN, SERVFAIL, REFUSED = 1, 28, 3, 2, 5
asked = []


def record(kind, data):
    return b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\x3c" + len(data).to_bytes(2, "big") + data


def answer(label, kind):
    """(response code, records), or None for no answer at all."""
    v4, v6 = record(A, b"\x7f\0\0\1"), record(AAAA, b"\0" * 15 + b"\1")
    plain = {"fail": (SERVFAIL, []), "refuse": (REFUSED, []), "none": (0, []),
             "v4": (0, [v4] if kind == A else []), "both": (0, [v4] if kind == A else [v6]),
             "v6mute": (0, [v4]) if kind == A else None, "v6fail": (0, [v4]) if kind == A else (SERVFAIL, [])}
    return plain.get(label, (NXDOMAIN, []))


def dns(sock):
    while True:
        q, peer = sock.recvfrom(4096)
        labels, at = [], 12
        while q[at]:
            labels.append(q[at + 1:at + 1 + q[at]].decode())
            at += q[at] + 1
        kind = int.from_bytes(q[at + 1:at + 3], "big")
        asked.append(".".join(labels))
        found = answer(labels[0], kind)
        if found is not None:
            code, records = found
            sock.sendto(q[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, len(records), 0, 0, 0, 0]) + q[12:at + 5] + b"".join(records), peer)


def talk(connection):
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 fake\r\n")
        text = False
        for line in lines:
            text = text and line != b".\r\n"
            if not text:
                connection.sendall(b"221 bye\r\n" if line.startswith(b"QUIT") else b"354 go on\r\n" if line.startswith(b"DATA") else b"250 fake\r\n")
            text = text or line.startswith(b"DATA")


def smtp(listener):
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()


def start():
    """The servers; the port of the SMTP one."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 53))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=dns, args=(udp,), daemon=True).start()
    threading.Thread(target=smtp, args=(listener,), daemon=True).start()
    return listener.getsockname()[1]


def bind(where, path, text):
    own = os.path.join(where, os.path.basename(path))
    with open(own, "w") as f:
        f.write(text)
    subprocess.run(["mount", "--bind", own, path], check=True)


CASES = [  # name, status, what is said, what DNS is asked about (None: nothing)
    ("v4.test.example", 0, "", "v4.test.example"), ("both.test.example", 0, "", "both.test.example"),
    ("v6mute.test.example", 0, "", "v6mute.test.example"), ("v6fail.test.example", 0, "", "v6fail.test.example"),
    ("nx.test.example", 68, "host unknown", "nx.test.example"), ("none.test.example", 68, "no address", "none.test.example"),
    ("fail.test.example", 75, "cannot be looked up", "fail.test.example"),
    ("refuse.test.example", 75, "cannot be looked up", "refuse.test.example"),
    ("b\u00fccher.example", 68, "host unknown", "xn--bcher-kva.example"),
    ("hosts.test.example", 0, "", None), ("short", 0, "", None), ("localhost", 0, "", None), ("mail.localhost", 0, "", None),
    ("127.0.0.1", 0, "", None),
]


def module(where):
    """The environment with a source of names of our own; None where that cannot be built (no compiler, no glibc)."""
    words = compiler()
    if not words:
        return None
    built = subprocess.run([*words, "-shared", "-fPIC", "-I", BUILD, "-o", os.path.join(where, "libnss_pmtest.so.2"),
                            os.path.join(TOP, "tests/cli/nss_module.c")], capture_output=True, text=True)
    return {**os.environ, "LD_LIBRARY_PATH": where} if built.returncode == 0 else None


def others(where, port):
    """What nsswitch.conf names beside files and dns."""
    env = module(where)
    if env is None:
        skip("sources of nsswitch.conf beside files and dns", "a module for them cannot be built here")
        return
    bind(where, "/etc/nsswitch.conf", "hosts: files [SUCCESS = return] dns pmtest # and no more\n")
    for host, status, says in (("known.pmtest.example", 0, ""), ("nobody.pmtest.example", 68, "host unknown"),
                               ("stall.pmtest.example", 75, "no connection within 1 s"), ("v4.test.example", 0, "")):
        p = subprocess.run([os.path.join(BUILD, "mailsend"), "--config", "/dev/null", "--tls=off", "--timeout", "1", "--probe",
                            "--smtp", f"smtp://{host}:{port}"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, env=env)
        check(p.returncode == status and says in p.stderr, f"{host} by another source: {status}", f"{p.returncode} {p.stderr!r}")
    with open(os.path.join(where, "list.csv"), "w") as f:
        f.write("email\n" + "".join(f"user{i}@example.net\n" for i in range(20)))
    with open(os.path.join(where, "t.eml"), "w") as f:
        f.write("From: a@example.org\nTo: {{email}}\nSubject: x\n\nText\n")
    with open(os.path.join(where, "list.csv")) as rows:
        p = subprocess.run([os.path.join(BUILD, "mailbulk"), "--send", "--config", "/dev/null", "--tls=off", "--journal", os.path.join(where, "journal"),
                            "--transactional", "--smtp", f"smtp://stall.pmtest.example:{port}", "--smtp", f"smtp://127.0.0.1:{port}",
                            os.path.join(where, "t.eml")], stdin=rows, capture_output=True, text=True, timeout=30, env=env)
    check(p.returncode == 0 and p.stdout.count(",sent,") == 20, "mailbulk: a look-up that hangs keeps no other connection waiting",
          p.stdout, p.stderr)


def inside(where):
    bind(where, "/etc/resolv.conf", "nameserver 127.0.0.1\n")
    bind(where, "/etc/hosts", "127.0.0.1 hosts.test.example short\n::1 hosts.test.example short\n")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    port = start()
    for case in CASES:
        attempt(look_up, port, *case)
    attempt(others, where, port)


def look_up(port, host, status, says, question):
    asked.clear()
    p = subprocess.run([os.path.join(BUILD, "mailsend"), "--config", "/dev/null", "--tls=off", "--timeout", "20", "--probe",
                        "--smtp", f"smtp://{host}:{port}"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    ok = p.returncode == status and says in p.stderr and set(asked) == ({question} if question else set())
    check(ok, f"{host}: {status}{'' if question else ', no DNS'}", f"{p.returncode} {p.stderr!r} asked {asked}")


def main():
    if os.environ.get(INSIDE):
        with tempfile.TemporaryDirectory() as where:
            attempt(inside, where)
        done()
    probe = subprocess.run(["sh", "-c", "unshare -rmn sh -c 'command -v ip && mount --bind /etc/hosts /etc/hosts'"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        skip_all("no namespace of our own to be had (unshare, mount, ip)")
    return subprocess.run(["unshare", "-rmn", sys.executable, os.path.abspath(__file__)], env={**os.environ, INSIDE: "1"}).returncode


sys.exit(main())
