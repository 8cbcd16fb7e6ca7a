#!/usr/bin/env python3
"""make bench-bulk: mailbulk beside its floors and its peers on the same work, in one run.

The receiver (tests/fake/receive) counts messages and adds up their hashes: a run of mailbulk counts only when they are those of its
dry run, each once. The floors are a client in C that renders nothing and remembers nothing (tests/bench/flood): lock-step DATA, DATA
that overlaps, BDAT in a window. The peers send as many messages of the same size: Postfix's smtp-source, Python's smtplib, a loop
around curl (a hundredth of them). All tools take turns (A B C A B C ...), so that a machine that grows slower slows all of them; the ratio
is the median of the ratios of each turn.

    bulk.py BUILDDIR [--rows N] [--octets N] [--runs N] [--connections N,N] [--journal DIR] [--delay MS] [case ...]

Cases: data, bdat, far (both, over a line of --delay ms, fewer rows), render (dry runs into /dev/null: text, HTML with its text, DKIM).
--journal DIR: where the journal is (default: --dir); /dev/shm takes the disk out. Ours is "mailbulk", and "mailbulk, shm" with the journal there.
"""
import argparse
import os
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
CASES = ("render", "data", "bdat", "far")
FIXED = {"SOURCE_DATE_EPOCH": "1795420800"}


class Receiver:
    def __init__(self, build, extensions):
        self.process = subprocess.Popen([os.path.join(build, "tests/fake/receive"), extensions], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stats(self):
        with socket.create_connection(("127.0.0.1", self.port)) as s, s.makefile("rb") as lines:
            s.sendall(b"STATS\r\n")
            lines.readline()
            return lines.readline().decode().split()

    def stop(self):
        self.process.kill()
        self.process.wait()


class Line:
    """A line to a port on which each octet takes its time, both ways together a round trip."""

    def __init__(self, port, seconds):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.to, self.seconds = self.listener.getsockname()[1], port, seconds / 2
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            one, _ = self.listener.accept()
            two = socket.create_connection(("127.0.0.1", self.to))
            for s in (one, two):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for a, b in ((one, two), (two, one)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def carry(self, a, b):
        queue, changed = [], threading.Condition()

        def give():
            while True:
                with changed:
                    while not queue:
                        changed.wait()
                    due, data = queue.pop(0)
                time.sleep(max(0, due - time.monotonic()))
                try:
                    if not data:
                        b.shutdown(socket.SHUT_WR)
                        return
                    b.sendall(data)
                except OSError:
                    return
        threading.Thread(target=give, daemon=True).start()
        data = b"x"
        while data:
            try:
                data = a.recv(262144)
            except OSError:
                data = b""
            with changed:
                queue.append((time.monotonic() + self.seconds, data))
                changed.notify()


class Bench:
    def __init__(self, options):
        self.o = options
        self.where = tempfile.mkdtemp(prefix="bench-bulk-", dir=options.dir)
        self.tool = os.path.join(options.build, "mailbulk")
        self.flood = os.path.join(options.build, "tests/bench/flood")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.where, "XDG_CONFIG_HOME": self.where, "LC_ALL": "C.UTF-8", **FIXED}
        line = "It has a paragraph of ordinary words that everybody gets alike, and so on.\n"
        lines = max(1, (options.octets - 600) // len(line))
        self.text = self.write("t.eml", "From: News <news@example.org>\nTo: {{name}} <{{email}}>\nSubject: News for {{name}}\n\nDear {{name}},\n\n" +
                               line * lines + "\nYour number is {{number}}.\n")
        tag = "<p>It has a paragraph of <b>ordinary</b> words that everybody gets alike, <a href=\"https://example.org/\">here</a>.</p>\n"
        self.page = self.write("p.html", "<html><body><h1>Dear {{name}}</h1>\n" + tag * max(1, options.octets // len(tag)) + "<p>{{number}}</p>\n</body></html>\n")
        self.head = self.write("h.eml", "From: News <news@example.org>\nTo: {{name}} <{{email}}>\nSubject: News for {{name}}\n\n")
        self.failed = False

    def write(self, name, text):
        path = os.path.join(self.where, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def list(self, rows):
        return self.write(f"l{rows}.csv", "email,name,number\n" + "".join(f"user{i}@host{i % 997}.example,User Number{i},{i}\n" for i in range(rows)))

    def timed(self, command, stdin=None, stdout=subprocess.DEVNULL):
        """(wall seconds, processor seconds, status)"""
        before, began = os.times(), time.monotonic()
        with open(stdin or os.devnull, "rb") as f:
            status = subprocess.run(command, stdin=f, stdout=stdout, stderr=subprocess.DEVNULL, env=self.env, check=False).returncode
        after = os.times()
        return time.monotonic() - began, after.children_user + after.children_system - before.children_user - before.children_system, status

    def expected(self, rows):
        with open(self.list(rows), "rb") as f:
            dry = subprocess.Popen([self.tool, "--quiet", "--transactional", self.text], stdin=f, stdout=subprocess.PIPE, env=self.env)
            out = subprocess.run([os.path.join(self.o.build, "tests/fake/receive"), "--mbox"], stdin=dry.stdout, stdout=subprocess.PIPE, check=True).stdout
            dry.wait()
        return out.decode().split()

    def mailbulk(self, port, rows, connections, journal):
        def run():
            path = os.path.join(journal, f"bench-bulk-{os.getpid()}.journal")
            if os.path.exists(path):
                os.unlink(path)
            result = self.timed([self.tool, "--send", "--quiet", "--transactional", "--journal", path, "--smtp", f"smtp://127.0.0.1:{port}", "--tls", "off",
                                 "-j", str(connections), self.text], stdin=self.list(rows))
            os.unlink(path)
            return result
        return run

    def peers(self, port, rows, connections, octets):
        ways = {}
        if shutil.which("smtp-source") or os.path.exists("/usr/sbin/smtp-source"):
            source = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
            ways["smtp-source"] = (rows, lambda: self.timed([source, "-d", "-s", str(connections), "-m", str(rows), "-l", str(octets), "-f", "a@example.org",
                                                             "-t", "b@example.net", f"inet:127.0.0.1:{port}"]))
        else:
            print("  (smtp-source is not installed: left out)")
        if connections == 1:
            few = max(1, rows // 10)
            ways["smtplib"] = (few, lambda: self.smtplib(port, few, octets))
            least = max(1, rows // 100)
            if shutil.which("curl"):
                ways["curl loop"] = (least, lambda: self.curl(port, least, octets))
        return ways

    def smtplib(self, port, rows, octets):
        body = ("Subject: x\r\n\r\n" + "x" * 70 + "\r\n").encode() + (b"y" * 70 + b"\r\n") * (octets // 72)
        began, cpu = time.monotonic(), time.process_time()
        with smtplib.SMTP("127.0.0.1", port) as s:
            for _ in range(rows):
                s.sendmail("a@example.org", ["b@example.net"], body)
        return time.monotonic() - began, time.process_time() - cpu, 0

    def curl(self, port, rows, octets):
        path = self.write("curl.eml", "Subject: x\r\n\r\n" + ("y" * 70 + "\r\n") * (octets // 72))
        wall = cpu = 0
        for _ in range(rows):
            one = self.timed(["curl", "-sS", f"smtp://127.0.0.1:{port}", "--mail-from", "a@example.org", "--mail-rcpt", "b@example.net", "-T", path])
            wall, cpu = wall + one[0], cpu + one[1]
            if one[2]:
                return wall, cpu, one[2]
        return wall, cpu, 0

    def case(self, title, receiver, ways, want):
        """ways: name -> (messages, run); those that begin with "mailbulk" must deliver what is wanted, the others as many."""
        print(f"\n{title}")
        rates = {name: [] for name in ways}
        cpus = {name: [] for name in ways}
        for turn in range(self.o.runs + 1):
            for name, (rows, run) in ways.items():
                receiver.stats()
                wall, cpu, status = run()
                got = receiver.stats()
                good = status == 0 and (got[:4] == want if name.startswith("mailbulk") else int(got[0]) == rows)
                if not good:
                    print(f"  {name}: run not counted: status {status}, got {got}, wanted {want if name.startswith('mailbulk') else rows}")
                    self.failed |= name.startswith("mailbulk")
                elif turn > 0:
                    rates[name].append(rows / wall)
                    cpus[name].append(cpu / rows * 1e6)
        first = next(iter(ways))
        for name in ways:
            if not rates[name]:
                print(f"  {name:24} no run counted")
                continue
            ratio = statistics.median(a / b for a, b in zip(rates[name], rates[first])) if rates[first] else 0
            print(f"  {name:24} {statistics.median(rates[name]):10.0f} msg/s {ratio:7.2f} x {first}   {statistics.median(cpus[name]):8.1f} us of CPU a message")

    def send(self, extensions, floors, rows, connections, delay=0):
        receiver = Receiver(self.o.build, extensions)
        try:
            port = Line(receiver.port, delay).port if delay else receiver.port
            want = self.expected(rows)
            octets = int(want[1]) // rows
            ways = {"mailbulk": (rows, self.mailbulk(port, rows, connections, self.o.journal or self.where)),
                    "mailbulk, shm": (rows, self.mailbulk(port, rows, connections, "/dev/shm"))}
            for floor in floors:
                command = [self.flood, str(port), floor, str(rows), str(connections), str(octets)]
                ways["floor: " + floor] = (rows, lambda command=command: self.timed(command))
            if not delay:
                ways.update(self.peers(port, rows, connections, octets))
            line = f", {delay * 1000:.0f} ms away" if delay else ""
            self.case(f"{rows} messages of {octets} octets, {connections} connection{'s' if connections > 1 else ''}{line}, {'BDAT' if 'CHUNKING' in extensions else 'DATA'}",
                      receiver, ways, want)
        finally:
            receiver.stop()

    def render(self):
        print("\ndry runs into /dev/null: messages a second of one processor (user time), and of the clock")
        rows = self.o.rows
        rsa = os.path.join(self.where, "rsa.pem")
        with open(rsa, "wb") as f:
            subprocess.run(["openssl", "genrsa", "-traditional", "2048"], stdout=f, stderr=subprocess.DEVNULL, check=True)
        signed = ("--dkim-domain", "example.org", "--dkim-selector", "s", "--dkim-key", rsa)
        for name, n, words in (("text", rows, [self.text]), ("HTML and its text", rows, ["--html", self.page, self.head]),
                               ("text, DKIM RSA 2048", max(1, rows // 50), [*signed, self.text])):
            got = [self.timed([self.tool, "--quiet", "--transactional", *words], stdin=self.list(n)) for _ in range(self.o.runs + 1)][1:]
            self.failed |= any(status for _, _, status in got)
            print(f"  {name:24} {n / statistics.median(cpu for _, cpu, _ in got):10.0f} msg/s of processor {n / statistics.median(wall for wall, _, _ in got):10.0f} msg/s")

    def run(self):
        cases = self.o.cases or CASES
        data, bdat = "PIPELINING,8BITMIME,SIZE 0", "PIPELINING,CHUNKING,8BITMIME,SIZE 0"
        if "render" in cases:
            self.render()
        for connections in self.o.connections:
            if "data" in cases:
                self.send(data, ("lockstep", "overlapped"), self.o.rows, connections)
            if "bdat" in cases:
                self.send(bdat, ("bdat",), self.o.rows, connections)
            if "far" in cases:
                few = max(1, self.o.rows // 100)
                self.send(data, ("overlapped",), few * (1 if connections == 1 else 10), connections, self.o.delay / 1000)
                self.send(bdat, ("bdat",), few * 10, connections, self.o.delay / 1000)
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--octets", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connections", type=lambda s: [int(n) for n in s.split(",")], default=[1, 20])
    parser.add_argument("--dir", default=None)
    parser.add_argument("--journal", default=None)
    parser.add_argument("--delay", type=float, default=50)
    parser.add_argument("cases", nargs="*")
    bench = Bench(parser.parse_intermixed_args())
    try:
        return bench.run()
    finally:
        shutil.rmtree(bench.where)


if __name__ == "__main__":
    sys.exit(main())
