#!/usr/bin/env python3
"""make bench-pop: popfetch beside its peers on the same work, in one run.

Every case runs the tools in turn (A B C A B C ...), so that a machine that grows slower in the middle slows all of them; medians are
quoted, and the ratio is the median of the ratios of each turn. A run counts only when each message is in the mailbox exactly once and
octet for octet as the server has it. The floor is a client that does nothing with what comes. popfetch writes, hashes and syncs.

    pop.py BUILDDIR [--runs N] [case ...]
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

# messages, octets, milliseconds of delay, TLS
CASES = {"small": (20000, 4096, 0, False), "tls": (20000, 4096, 0, True), "large": (200, 1 << 20, 0, False), "far": (400, 2048, 40, False),
         "known": (100000, 200, 0, False)}
TOOLS = ("floor", "popfetch", "mpop", "curl")


def certificate(where):
    template, key, cert = (os.path.join(where, n) for n in ("cert.cfg", "key.pem", "cert.pem"))
    with open(template, "w") as f:
        f.write('cn = "localhost"\ndns_name = "localhost"\nip_address = "127.0.0.1"\ntls_www_server\nsigning_key\nexpiration_days = 2\nca\n'
                'cert_signing_key\n')
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["certtool", "--generate-privkey", "--key-type", "rsa", "--bits", "2048", "--outfile", key], **quiet)
    subprocess.run(["certtool", "--generate-self-signed", "--load-privkey", key, "--template", template, "--outfile", cert], **quiet)
    return cert, key


class Bench:
    def __init__(self, build, where, case):
        self.build, self.where = build, where
        self.n, self.size, self.delay, self.tls = CASES[case]
        self.known = case == "known"
        self.pop = os.path.join(build, "tests/bench/pop")
        self.cert, key = certificate(where) if self.tls else ("", "")
        command = [self.pop, "serve", str(self.n), str(self.size), str(self.delay)] + ([self.cert, key] if self.tls else [])
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = self.server.stdout.readline().strip()
        self.password = os.path.join(where, "password")
        with open(os.open(self.password, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("secret\n")

    def command(self, tool):
        scheme, port, box = "pop3s" if self.tls else "pop3", self.port, os.path.join(self.where, tool + ".mbox")
        if tool == "floor":
            return [self.pop, "floor", str(self.n), str(self.size), port] + (["tls"] if self.tls else [])
        if tool == "popfetch":
            trust = ["--ca-file", self.cert] if self.tls else ["--tls", "off"]
            return [os.path.join(self.build, "popfetch"), "--pop", f"{scheme}://ann@{'localhost' if self.tls else '127.0.0.1'}:{port}", *trust,
                    "--password-file", self.password, "--state", os.path.join(self.where, "state"), "-q", box]
        if tool == "mpop":
            trust = ["--tls=on", "--tls-starttls=off", "--tls-certcheck=off"] if self.tls else ["--tls=off"]
            return ["mpop", "-q", "-k", "--host=127.0.0.1", f"--port={port}", "--user=ann", "--passwordeval=echo secret", *trust, "--received-header=off",
                    "--auth=user", "--pipelining=on", f"--uidls-file={self.where}/uidls", f"--delivery=mbox,{box}"]
        return ["curl", "-s", "-k", "-u", "ann:secret", f"{scheme}://127.0.0.1:{port}/[1-{self.n}]"]

    def clean(self):
        for name in os.listdir(self.where):
            if name.endswith((".mbox", ".out")) or name.startswith(("state", "uidls")):
                os.unlink(os.path.join(self.where, name))

    def once(self, tool):
        """(seconds, KiB); the status or a message that is not right ends it all."""
        out = os.path.join(self.where, tool + ".out")
        env = {"PATH": os.environ["PATH"], "HOME": self.where, "BENCH_STDOUT": out, "BENCH_STDERR": "1"}
        run = subprocess.run([os.path.join(self.build, "tests/bench/run"), "/dev/null", *self.command(tool)], stdout=subprocess.PIPE, text=True, env=env,
                             check=True)
        wall, _, peak, status = run.stdout.split()
        if int(status) != 0:
            sys.exit(f"{tool} ended with status {status}")
        return float(wall), int(peak)

    def check(self, tool):
        if tool == "floor":
            return
        form, path = ("concat", tool + ".out") if tool == "curl" else ("mbox", tool + ".mbox")
        if subprocess.run([self.pop, "check", str(self.n), str(self.size), form, os.path.join(self.where, path)], check=False).returncode != 0:
            sys.exit(f"{tool} did not store what the server has")


def measure(case, build, runs):
    with tempfile.TemporaryDirectory(prefix="bench-pop-", dir=os.environ.get("BENCH_DIR")) as where:
        b = Bench(build, where, case)
        tools = [t for t in TOOLS if (t in ("floor", "popfetch") or shutil.which(t)) and not (b.known and t in ("floor", "curl"))]
        found = {t: [] for t in tools}
        if b.known:
            b.once("popfetch")
            b.check("popfetch")
            # mpop syncs each message: 100,000 of them would take minutes.
            with open(os.path.join(where, "uidls"), "w") as f:
                f.write(f" {b.n} 127.0.0.1 ann\n" + "".join(f"uid-{i:012x}\n" for i in range(1, b.n + 1)))
        for turn in range(runs + 1):
            for t in tools:
                if not b.known:
                    b.clean()
                took = b.once(t)
                if not b.known:
                    b.check(t)
                if turn > 0:
                    found[t].append(took)
        b.server.kill()
        b.server.wait()
        total = b.n * b.size / 1e6
        print(f"{case}: {b.n} messages of {b.size} octets, {b.delay} ms{', TLS' if b.tls else ''}{', all known' if b.known else ''}")
        for t in tools:
            wall = statistics.median(w for w, _ in found[t])
            ratio = statistics.median(w / o for (w, _), (o, _) in zip(found[t], found["popfetch"]))
            print(f"  {t:9} {wall:7.3f} s  {b.n / wall:9.0f} messages/s  {total / wall:7.1f} MB/s  {max(p for _, p in found[t]) / 1024:6.1f} MiB  "
                  f"popfetch is {ratio:.2f} times as fast")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("case", nargs="*", help=" ".join(CASES))
    options = p.parse_intermixed_args()
    for case in options.case or CASES:
        measure(case, os.path.abspath(options.build), options.runs)


main()
