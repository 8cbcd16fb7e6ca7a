#!/usr/bin/env python3
"""make bench-send: mailsend beside its peers on the same work, in one run.

Every case runs the tools in turn (A B C A B C ...), so that a machine that grows slower in the middle
slows all of them; medians are quoted, and the ratio is the median of the ratios of each turn. A run
counts only when the receiving end has seen one message of the expected content: the sink logs its
octets and SHA-256, and for mailsend both are compared with what --dry-run prints.

    send.py BUILDDIR [--runs N] [--big MB] [--huge MB] [case ...]
"""
import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

CASES = ("small", "starttls", "attach", "attach-tls", "huge")


class Sink:
    def __init__(self, build, where, tls):
        self.path = os.path.join(where, "sink-tls.log" if tls else "sink.log")
        open(self.path, "w").close()
        command = [os.path.join(build, "tests/bench/sink"), self.path]
        if tls:
            command += [os.path.join(where, "cert.pem"), os.path.join(where, "key.pem")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "SINK_CHUNKING": "1"})
        self.port = int(self.process.stdout.readline())
        self.seen = 0

    def taken(self):
        """The messages that came since the last call: (octets, sha256, octets on the wire, flights)."""
        with open(self.path) as log:
            lines = log.read().splitlines()
        new, self.seen = lines[self.seen:], len(lines)
        return [(int(a), b, int(c), int(d)) for a, b, c, d in (line.split() for line in new)]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def certificate(where):
    template = os.path.join(where, "cert.cfg")
    with open(template, "w") as f:
        f.write('cn = "localhost"\ndns_name = "localhost"\nip_address = "127.0.0.1"\n'
                'tls_www_server\nsigning_key\nexpiration_days = 2\nca\ncert_signing_key\n')
    key, cert = os.path.join(where, "key.pem"), os.path.join(where, "cert.pem")
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["certtool", "--generate-privkey", "--key-type", "rsa", "--bits", "2048",
                    "--outfile", key], **quiet)
    subprocess.run(["certtool", "--generate-self-signed", "--load-privkey", key, "--template",
                    template, "--outfile", cert], **quiet)
    return cert


class Bench:
    def __init__(self, options):
        self.o = options
        self.where = tempfile.mkdtemp(prefix="bench-send-")
        self.cert = certificate(self.where)
        self.plain = Sink(options.build, self.where, False)
        self.tls = Sink(options.build, self.where, True)
        self.small = self.file("small.eml", b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
                               b"Date: Mon, 23 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
                               b"Subject: hello\r\n\r\n" + b"A line of text that says hello.\r\n" * 20)
        self.body = self.file("body.txt", b"See the attachment.\n")
        self.mailsend = os.path.join(options.build, "mailsend")

    def file(self, name, octets):
        path = os.path.join(self.where, name)
        with open(path, "wb") as f:
            f.write(octets)
        return path

    def noise(self, name, megabytes):
        path = os.path.join(self.where, name)
        with open(path, "wb") as f:
            for _ in range(megabytes):
                f.write(os.urandom(1 << 20))
        return path

    def once(self, stdin, command):
        """(wall seconds, processor seconds, peak KiB, status) of one run."""
        # One configuration for all: none of the user's own.
        env = {"PATH": os.environ["PATH"], "HOME": self.where, "LC_ALL": "C.UTF-8",
               "SOURCE_DATE_EPOCH": "1795420800", "XDG_CONFIG_HOME": self.where,
               "SSL_CERT_FILE": self.cert}
        out = subprocess.run([os.path.join(self.o.build, "tests/bench/run"), stdin] + command,
                             stdout=subprocess.PIPE, text=True, env=env, check=True).stdout.split()
        return float(out[0]), float(out[1]), int(out[2]), int(out[3])

    def dry(self, stdin, command):
        env = {**os.environ, "SOURCE_DATE_EPOCH": "1795420800", "HOME": self.where,
               "XDG_CONFIG_HOME": self.where}
        digest, octets = hashlib.sha256(), 0
        with open(stdin, "rb") as f:
            p = subprocess.Popen(command + ["--dry-run"], stdin=f, stdout=subprocess.PIPE, env=env)
            while piece := p.stdout.read(1 << 20):
                digest.update(piece)
                octets += len(piece)
            p.wait()
        return octets, digest.hexdigest()

    def case(self, title, sink, ways, runs, octets=0, least=0):
        """ways: name -> (stdin, command); the first is ours. octets: of the payload, for a rate."""
        print(f"\n{title}")
        first = next(iter(ways))
        want = self.dry(*ways[first])
        walls = {name: [] for name in ways}
        peaks = {name: 0 for name in ways}
        bad = set()
        for turn in range(runs + 1):
            for name, (stdin, command) in ways.items():
                wall, _, peak, status = self.once(stdin, command)
                came = sink.taken()
                good = status == 0 and len(came) == 1 and came[0][0] >= least
                if name == first and good and came[0][:2] != want:
                    good = False
                if not good:
                    bad.add(name)
                    print(f"  {name}: run not counted: status {status}, {came}, wanted {want}")
                elif turn > 0:
                    walls[name].append(wall)
                    peaks[name] = max(peaks[name], peak)
                    wire = came[0][2]
                    flights = came[0][3]
                    last = (wire, came[0][0], flights)
                    walls.setdefault(name + "/last", []).append(last)
        for name in ways:
            if not walls[name]:
                print(f"  {name:12} no run counted")
                continue
            median = statistics.median(walls[name])
            pairs = list(zip(walls[name], walls[first]))
            ratio = statistics.median(b / a for b, a in pairs) if pairs else 0
            wire, content, flights = walls[name + "/last"][-1]
            rate = f"{octets / median / 1e6:8.0f} MB/s" if octets else ""
            print(f"  {name:12} {median * 1000:9.2f} ms {rate} peak {peaks[name] / 1024:7.1f} MiB  "
                  f"{ratio:6.2f} x ours  wire {100 * wire / content - 100:+.2f} %  "
                  f"flights to the verdict {flights}")
        if first in bad:
            self.failed = True

    failed = False

    def has(self, *names):
        missing = [n for n in names if shutil.which(n) is None]
        for name in missing:
            print(f"  ({name} is not installed: left out)")
        return [n for n in names if n not in missing]

    def small_ways(self, port, tls):
        url = f"smtp://127.0.0.1:{port}"
        ends = ["--envelope-from", "ann@example.org", "bob@example.org"]
        secure = ["--tls=require", "--ca-file", self.cert] if tls else ["--tls=off"]
        ways = {"mailsend": (self.small, [self.mailsend, "--smtp", url] + secure + ends)}
        have = self.has("curl", "msmtp") if tls else self.has("curl", "msmtp", "s-nail", "swaks")
        host = "localhost" if tls else "127.0.0.1"
        if "curl" in have:
            ways["curl"] = (self.small, ["curl", "-sS", f"smtp://127.0.0.1:{port}", "--mail-from",
                                         "ann@example.org", "--mail-rcpt", "bob@example.org", "-T", "-"]
                            + (["--ssl-reqd", "--cacert", self.cert] if tls else []))
        if "msmtp" in have:
            ways["msmtp"] = (self.small, ["msmtp", f"--host={host}", f"--port={port}", "--from=ann@example.org",
                                          "--auth=off"]
                             + ([f"--tls-trust-file={self.cert}", "--tls=on"] if tls else ["--tls=off"])
                             + ["bob@example.org"])
        if "s-nail" in have:
            ways["s-nail"] = (self.body, ["s-nail", "-:/", "-Sv15-compat", f"-Smta=smtp://127.0.0.1:{port}",
                                          "-Ssmtp-auth=none", "-r", "ann@example.org", "-s", "hello",
                                          "bob@example.org"])
        if "swaks" in have:
            ways["swaks"] = (self.small, ["swaks", "--server", f"127.0.0.1:{port}", "--from",
                                          "ann@example.org", "--to", "bob@example.org", "--data", "-"])
        return ways

    def attach_ways(self, port, tls, path, peers):
        url = f"smtp://127.0.0.1:{port}"
        secure = ["--tls=require", "--ca-file", self.cert] if tls else ["--tls=off"]
        ways = {"mailsend": (self.body, [self.mailsend, "--smtp", url] + secure +
                             ["-f", "ann@example.org", "-s", "big", "--message-id", "<2@example.org>",
                              "-a", path, "bob@example.org"])}
        if "s-nail" in peers:
            extra = (["-Ssmtp-use-starttls", f"-Stls-ca-file={self.cert}"] if tls else [])
            ways["s-nail"] = (self.body, ["s-nail", "-:/", "-Sv15-compat", f"-Smta=smtp://localhost:{port}",
                                          "-Ssmtp-auth=none"] + extra + ["-r", "ann@example.org", "-s", "big", "-a",
                                          path, "bob@example.org"])
        if "curl" in peers:
            ways["curl"] = (self.body, ["curl", "-sS", f"smtp://127.0.0.1:{port}", "--mail-from", "ann@example.org",
                                        "--mail-rcpt", "bob@example.org", "-F", "=hello;type=text/plain", "-F",
                                        f"=@{path};encoder=base64"]
                            + (["--ssl-reqd", "--cacert", self.cert] if tls else []))
        if "msmtp" in peers:
            ready = os.path.join(self.where, "ready.eml")
            if not os.path.exists(ready):
                with open(ready, "wb") as out, open(self.body, "rb") as body:
                    subprocess.run(ways["mailsend"][1] + ["--dry-run"], stdin=body, stdout=out, check=True)
            ways["msmtp (ready)"] = (ready, ["msmtp", "--host=localhost", f"--port={port}", "--from=ann@example.org",
                                             "--auth=off"]
                                     + ([f"--tls-trust-file={self.cert}", "--tls=on"] if tls else ["--tls=off"])
                                     + ["bob@example.org"])
        if "swaks" in peers and not tls:
            ways["swaks"] = (self.body, ["swaks", "--server", f"127.0.0.1:{port}", "--from", "ann@example.org",
                                         "--to", "bob@example.org", "--attach", f"@{path}"])
        return ways

    def run(self):
        cases = self.o.cases or CASES
        if "small" in cases:
            self.case("one small message, plain", self.plain, self.small_ways(self.plain.port, False), self.o.runs)
        if "starttls" in cases:
            self.case("one small message, STARTTLS", self.tls, self.small_ways(self.tls.port, True), self.o.runs)
        big = None
        for name, sink in (("attach", self.plain), ("attach-tls", self.tls)):
            if name not in cases:
                continue
            big = big or self.noise("big.bin", self.o.big)
            octets = os.path.getsize(big)
            peers = self.has("s-nail", "curl", "msmtp", "swaks")
            self.case(f"an attachment of {self.o.big} MB, {'STARTTLS' if 'tls' in name else 'plain'}", sink,
                      self.attach_ways(sink.port, "tls" in name, big, peers), max(3, self.o.runs // 4),
                      octets, octets * 4 // 3)
        if "huge" in cases:
            huge = self.noise("huge.bin", self.o.huge)
            octets = os.path.getsize(huge)
            self.case(f"an attachment of {self.o.huge} MB, plain", self.plain,
                      self.attach_ways(self.plain.port, False, huge, self.has("s-nail")), 3, octets, octets * 4 // 3)
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--big", type=int, default=50)
    parser.add_argument("--huge", type=int, default=1024)
    parser.add_argument("cases", nargs="*")
    bench = Bench(parser.parse_intermixed_args())
    try:
        return bench.run()
    finally:
        bench.plain.stop()
        bench.tls.stop()
        shutil.rmtree(bench.where)


if __name__ == "__main__":
    sys.exit(main())
