#!/usr/bin/env python3
"""mailbulk sends everything: messages of 64 KiB to 100 MB, every way that content leaves, in memory that stays flat."""
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import killpoint  # noqa: E402
from mailbulk_kit import BUILD, THOROUGH, TOOL, Run, Server, Work, check, done, skip  # noqa: E402

RECEIVE = os.path.join(BUILD, "tests/fake/receive")
FIXED = {"SOURCE_DATE_EPOCH": "1795420800"}     # so that the dry run and the sending make the same messages
BDAT = ("PIPELINING,CHUNKING,8BITMIME,SIZE 0", "mx.example ESMTP Postfix")
PATIENCE = 600 if THOROUGH else 100


class Receiver:
    """The receiver in C, which counts messages and adds up their hashes."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([RECEIVE, *arguments], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def stats(self):
        with socket.create_connection(("127.0.0.1", self.port)) as s, s.makefile("rb") as lines:
            s.sendall(b"STATS\r\n")
            lines.readline()
            return lines.readline().decode().split()


class Line:
    """A line to a port on which each octet takes its time."""

    def __init__(self, port, seconds):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.to, self.seconds = self.listener.getsockname()[1], port, seconds
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            two = socket.create_connection(("127.0.0.1", self.to))
            for a, b in ((one, two), (two, one)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def carry(self, a, b):
        queue, lock = [], threading.Condition()

        def give():
            while True:
                with lock:
                    while not queue:
                        lock.wait()
                    due, data = queue.pop(0)
                time.sleep(max(0, due - time.monotonic()))
                try:
                    b.sendall(data) if data else b.shutdown(socket.SHUT_WR)
                except OSError:
                    return
                if not data:
                    return
        threading.Thread(target=give, daemon=True).start()
        data = b"x"
        while data:
            try:
                data = a.recv(65536)
            except OSError:
                data = b""
            with lock:
                queue.append((time.monotonic() + self.seconds, data))
                lock.notify()

    def close(self):
        self.listener.close()


def expected(work, *arguments):
    """What the receiver has to come to: messages, octets, sum, xor."""
    dry = work.run("--transactional", *arguments, env=FIXED)
    return subprocess.run([RECEIVE, "--mbox"], input=dry.stdout, stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout.decode().split()


def send(work, port, *arguments, env=None):
    work.forget()
    words = ["--send", "--transactional", "--journal", work.journal, "--smtp", f"smtp://127.0.0.1:{port}", "--timeout", "20", *arguments]
    return Run(work.run(*words, env={**FIXED, **(env or {})}, timeout=PATIENCE))


def noise(work, name, size):
    with open(work.file(name), "wb") as f:
        for at in range(0, size, 1 << 20):
            f.write(os.urandom(min(1 << 20, size - at)))


def sizes():
    """The same file for all, and one a row; over DATA, BDAT, a receiver that takes a little at a time, and a line of 20 ms."""
    steps = [65536 - 700, (128 << 10) // 4 * 3, (1 << 20) + 1, 5 << 20] + ([20 << 20, 100 << 20] if THOROUGH else [])
    with Work(rows=4) as work, Receiver() as data, Receiver(*BDAT) as bdat, Receiver("PIPELINING", "mx", "1") as small, \
            Receiver(*BDAT, "1") as small_bdat:
        lines = [Line(data.port, 0.02), Line(bdat.port, 0.02)]
        ways = [("DATA", data, data.port), ("BDAT", bdat, bdat.port), ("a tiny window, DATA", small, small.port),
                ("a tiny window, BDAT", small_bdat, small_bdat.port), ("20 ms away, DATA", data, lines[0].port), ("20 ms away, BDAT", bdat, lines[1].port)]
        for i, size in enumerate(steps):
            noise(work, "User 0", size)
            for k in range(1, 4):
                noise(work, f"User {k}", size + k)
            for own in (False, True):
                attach = ("--attach", work.file("{{name}}" if own else "User 0"))
                want = expected(work, *attach)
                for name, receiver, port in ways:
                    if ("20 ms" in name or "tiny" in name) and size > (2 << 20) and not THOROUGH:
                        continue
                    began = time.monotonic()
                    r = send(work, port, "-j", "2", *attach)
                    got = receiver.stats()
                    check(r.status == 0 and got[:4] == want and want[0] == "4",
                          f"{size} octets, {'one file a row' if own else 'the same for all'}, {name} ({time.monotonic() - began:.1f} s)", r.status, r.said, got, want)
        for line in lines:
            line.close()


def pieces():
    """A socket that takes N octets at once, for every kind of N: no wake-up is lost."""
    with Work(rows=3) as work, Receiver() as data, Receiver(*BDAT) as bdat:
        shim = work.file("tiny.so")
        if not killpoint.build(shim, "tinysocket.c"):
            skip("every number of octets at a time", "no C compiler for the shim")
            return
        noise(work, "a.bin", 110000)
        attach = ("--attach", work.file("a.bin"))
        want = expected(work, *attach)
        odd = [13, 255, 4095, 4096, 65535, 65536, 131071, 131072, 131073, 1 << 20]
        for n in [*range(1, 400), *odd] if THOROUGH else [1, 2, 3, *odd]:
            for name, receiver in (("DATA", data), ("BDAT", bdat)):
                r = send(work, receiver.port, "-j", "3", *attach, env=killpoint.environment(TOOL, shim, TINY_SEND=str(n)))
                got = receiver.stats()
                check(r.status == 0 and got[:4] == want, f"{n} octets at a time, {name}", r.status, r.said, got, want)


def memory():
    """20 connections with a large attachment: what each holds is bounded."""
    size = (100 if THOROUGH else 16) << 20
    with Work(rows=40) as work, Receiver() as receiver:
        if os.environ.get("SANITIZERS", "no") not in ("", "no"):
            skip("memory of 20 connections", "the sanitizers hold memory back")
            return
        noise(work, "large", size)
        os.symlink("large", work.file("large2"))
        for own in (False, True):
            work.write("list.csv", "email,name\n" + "".join(f"{e},large{'2' if i % 2 else ''}\n" for i, e in enumerate(work.everybody)))
            work.forget()
            words = [TOOL, "--send", "--transactional", "--journal", work.journal, "--smtp", f"smtp://127.0.0.1:{receiver.port}", "-j", "20", "--attach",
                     work.file("{{name}}" if own else "large"), work.file("t.eml")]
            peak = work.file("peak")
            wrapped = [sys.executable, "-c", "import resource,subprocess,sys; s=subprocess.call(sys.argv[2:]); "
                       "open(sys.argv[1],'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)); sys.exit(s)", peak, *words]
            with open(work.list, "rb") as f:
                r = subprocess.run(wrapped, stdin=f, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
            got = receiver.stats()
            with open(peak, encoding="ascii") as f:
                mib = int(f.read()) / 1024
            check(r.returncode == 0 and got[0] == "40" and int(got[1]) > 40 * size, f"{size >> 20} MiB over 20 connections", r.stderr, got)
            check(mib < 48, f"memory stays flat, {'one file a row' if own else 'the same for all'}: {mib:.0f} MiB")


def changed():
    """A file that changes while it is sent: no message is half of one and half of the other."""
    with Work(rows=2) as work, Receiver() as receiver:
        noise(work, "a.bin", 30 << 20)
        line = Line(receiver.port, 0.05)
        for own, size in ((False, 20 << 20), (True, 20 << 20), (False, 30 << 20)):
            work.write("list.csv", "email,name\n" + "".join(f"{e},a.bin\n" for e in work.everybody))
            noise(work, "a.bin", 30 << 20)
            work.forget()
            words = [TOOL, "--send", "--transactional", "--journal", work.journal, "--smtp", f"smtp://127.0.0.1:{line.port}", "-j", "1", "--retry-pause", "0",
                     "--attach", work.file("{{name}}" if own else "a.bin"), work.file("t.eml"), work.list]
            p = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "HOME": work.path, "XDG_CONFIG_HOME": work.path})
            limit = time.monotonic() + 60
            while p.poll() is None and not reading(p.pid, work.file("a.bin")) and time.monotonic() < limit:
                time.sleep(0.001)
            if size == 30 << 20:
                with open(work.file("a.bin"), "r+b") as f:
                    f.write(b"in its place")
            else:
                os.truncate(work.file("a.bin"), size)
            out, said = p.communicate(timeout=PATIENCE)
            said = said.decode()
            got = receiver.stats()
            if own:
                check(p.returncode == 0 and got[0] == "2", "a row's own file changes: its message begins anew with the new one", p.returncode, said, got)
            else:
                check(p.returncode == 74 and "changed" in said and got[0] == "0" and out.count(b"deferred") == 2,
                      f"the file of all messages {'has other bytes' if size == 30 << 20 else 'changes'}: the run stops with 74, rows stay to be sent", p.returncode, said, got, out)
        line.close()


def signed():
    """Signatures are made by other threads: in order, and of the size that MAIL said."""
    with Work(rows=60) as work, Receiver() as data, Receiver(*BDAT) as bdat:
        noise(work, "a.bin", 3 << 20)
        keys = [("1024", ["genrsa", "-traditional", "1024"]), ("2048", ["genrsa", "-traditional", "2048"]), ("1032", ["genrsa", "-traditional", "1032"]),
                ("ed25519", ["genpkey", "-algorithm", "ed25519"])]
        for name, command in keys:
            with open(work.file("key"), "wb") as f:
                subprocess.run(["openssl", *command], stdout=f, stderr=subprocess.DEVNULL, check=True)
            for attach in ((), ("--attach", work.file("a.bin"))) if name == "2048" else ((),):
                options = ("--dkim-domain", "example.org", "--dkim-selector", "s", "--dkim-key", work.file("key"), *attach)
                want = expected(work, *options)
                for way, receiver in (("DATA", data), ("BDAT", bdat)):
                    r = send(work, receiver.port, "-j", "3", *options)
                    got = receiver.stats()
                    check(r.status == 0 and got[:4] == want and want[0] == "60", f"signed with {name}, {'a large attachment, ' if attach else ''}{way}",
                          r.status, r.said, got, want)


def proof():
    """What a server does with a chunk that it refuses is tried on the wire, once a connection, and never told by its name."""
    ext = ("--ext", "PIPELINING,CHUNKING,8BITMIME")
    postfix = ("-r", "connect 220 mx.example ESMTP Postfix")
    for rules, what, chunks in (((), "it reads it, and has no name", True), (("-r", "BDAT@1 502 5.5.1 no; unread", *postfix), "it runs it, and calls itself Postfix", False),
                                (("-r", "BDAT@1 drop", *postfix), "it hangs up", None)):
        with Work(rows=150) as work, Server(work, *ext, *rules) as server:
            r = work.send(server, "-j", "1")
            server.quiet()
            lines = [e["line"] for e in server.events("command")]
            bdat, data = (sum(line.startswith(word) for line in lines) for word in ("BDAT", "DATA"))
            check(r.status == 0 and len(server.messages()) == 150 and r.count("sent") == 150, f"{what}: everybody is mailed once", r.status, r.said)
            check(lines[1:3] == ["MAIL FROM:<news@example.org>", "BDAT 6"] and "RSET" in lines[3:5] + [""] or chunks is None, f"{what}: asked first", lines[:8])
            if chunks is not None:
                check((bdat, data) == ((151, 0) if chunks else (1, 150)), f"{what}: {'chunks' if chunks else 'no chunks'} then", bdat, data)
    with Work(rows=50) as work, Server(work, *ext) as server:
        r = work.send(server, "-j", "1")
        server.quiet()
        check(r.status == 0 and not any(e["line"] == "BDAT 6" for e in server.events("command")), "it is not worth it for few rows")


def reading(pid, path):
    """Does the process have that file and a connection?"""
    try:
        has = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return False
    return os.path.realpath(path) in has and any(name.startswith("socket:") for name in has)


for scenario in (sizes, pieces, memory, changed, signed, proof):
    began = time.monotonic()
    scenario()
    print(f"# {scenario.__name__}: {time.monotonic() - began:.1f} s")
done()
