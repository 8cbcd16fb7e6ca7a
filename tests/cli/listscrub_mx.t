#!/usr/bin/env python3
"""listscrub --mx on a server that lies, drops, truncates and stalls: what is not known never rejects."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fake"))
from dns import Dns, whole  # noqa: E402
from listscrub_kit import Lab, TOOL, check, done, same  # noqa: E402

lab = Lab()
QUICK = ["--dns-timeout", "0.2"]


def listed(*names):
    return "email\n" + "".join(f"x@{name}.lab\n" for name in names)


def verdicts():
    dns = Dns()
    names = ["ok1", "ok2", "addr", "null", "none", "nx", "once", "trunc"]
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed(*names))
    same((r.status, [row["email"].split("@")[1] for row in r.rejected()]), (0, ["null.lab", "none.lab", "nx.lab"]), "surely no mail rejects, nothing else")
    same(r.reasons(), ["no-mail-domain"] * 3, "with the reason")
    same([row["detail"] for row in r.rejected()],
         ["it says that it takes no mail (null MX)", "neither MX nor address", "the domain does not exist"], "and what was found")
    check(any(name.startswith("trunc") and tcp for name, _, tcp in dns.asked), "a truncated answer is asked for over TCP")
    dns = Dns()
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed(*["ok1"] * 50, "nx", *["ok1"] * 50, "nx"))
    counts = {name: sum(1 for n, kind, _ in dns.asked if n == name and kind == 15) for name in ("ok1.lab", "nx.lab")}
    same(counts, {"ok1.lab": 1, "nx.lab": 1}, "each domain is asked once")
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin="email\nx\x40OK1.lab\nx@[192.0.2.1]\n", rejects=True)
    same((r.status, r.reasons()), (0, ["syntax"]), "capitals are the same domain")
    check(not lab.run("--mx", "--resolver", dns.address, stdin="email\nx@example.com\n").out.count(b"\n") > 1 and
          not any(n == "example.com" for n, _, _ in dns.asked), "domains of rows that are rejected anyway are not asked about")


def trouble():
    dns = Dns()
    start = time.monotonic()
    fine = [f"ok{i}" for i in range(10)]
    odd = ["drop", "fail", "garbage", "wrongid"]
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed(*fine, *odd, "nx"))
    same((r.status, [row["email"] for row in r.rejected()]), (75, ["x\x40nx.lab"]), "temporary trouble is no reason to reject, and status 75")
    check("no answer for now about 4 domains" in r.err, "it is said", r)
    check(time.monotonic() - start < 30, "and does not take for ever")
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed(*fine, "trfail", "loop", "nx"))
    same((r.status in (0, 75), [row["email"] for row in r.rejected()]), (True, ["x\x40nx.lab"]), "TCP that closes and names in circles neither")
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed(*[f"ok{i}" for i in range(100)], *[f"fail{i}" for i in range(10)], "nx"))
    same((r.status, r.reasons()), (75, []), "more than a few in a hundred: nothing is judged")
    check("not judged" in r.err and "10 of 111" in r.err, "and it says so", r)
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed(*[f"ok{i}" for i in range(100)], *[f"fail{i}" for i in range(4)], "nx"))
    same((r.status, r.reasons()), (75, ["no-mail-domain"]), "a few: the others are judged")
    wild = Dns(wildcard=True)
    r = lab.run("--mx", "--resolver", wild.address, *QUICK, stdin=listed("ok1", "nx"))
    same((r.status, r.reasons()), (75, []), "a resolver that finds what cannot exist is not believed")
    check("names that do not exist" in r.err, "and it says so", r)
    silent = Dns()
    silent.reply = lambda query, over_tcp: None
    r = lab.run("--mx", "--resolver", silent.address, *QUICK, "--summary=json", stdin=listed("ok1", "nx"))
    same((r.status, r.reasons(), r.summary()["dns"]), (75, [], "not judged"), "a server that never answers")
    r = lab.run("--mx", "--resolver", "no.such.host.name:x", stdin=listed("ok1"))
    same(r.status, 64, "a resolver that is no address")


def odd_answers():
    """Only a well-formed answer to the question is a verdict; what says nothing is no "no"."""
    dns = Dns()
    fine = [f"ok{i}" for i in range(300)]
    unknown = ["refer", "other", "noreply", "stilltr", *[f"code-{n}" for n in (1, 2, 4, 5, 6, 7, 8, 9, 10, 15)]]
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, "--summary=json", stdin=listed(*fine, *unknown, "alias", "dead", "circle", "nx"))
    same((r.status, [row["email"] for row in r.rejected()]), (75, ["x\x40dead.lab", "x\x40circle.lab", "x\x40nx.lab"]),
         "referrals, other codes, other records and cut answers never reject; aliases are followed")
    same((r.summary()["dns"], r.summary()["dns_undecided"]), ("in part", len(unknown)), "and are counted")
    broken, alive = Dns(), Dns()
    for code in (1, 2, 4, 5, 9):
        broken.reply = lambda query, over_tcp, code=code: whole(query, query[12:], 0x8180 | code)
        r = lab.run("--mx", "--resolver", f"{broken.address},{alive.address}", *QUICK, stdin=listed("ok1", "addr", "nx"))
        same((r.status, r.reasons()), (0, ["no-mail-domain"]), f"where one server answers with code {code} the other one is asked")
    rude = Dns(delay=0.02)
    r = lab.run("--mx", "--resolver", rude.address, "--dns-timeout", "1", "--summary=json",
                stdin=listed(*[f"ok{i}" for i in range(1500)], *[f"trfail{i}" for i in range(30)], "nx"))
    same((r.status, r.reasons(), r.summary()["dns_undecided"]), (75, ["no-mail-domain"], 30), "TCP that closes harms no other question")
    for server in ("127.0.0.1:99999", "127.0.0.1:0", ",", "1.2.3", "127.0.0.1:", "[127.0.0.1]:53", "::1]:53"):
        same(lab.run("--mx", "--resolver", server, stdin=listed("ok1")).status, 64, f"--resolver {server}")


def cache():
    dns = Dns()
    path = lab.path("cache")
    rows = listed("ok1", "nx", "null", "none", "addr")
    first = lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=rows)
    text = open(path).read()
    check(all(f"{name} " in text for name in ("ok1.lab accepts", "nx.lab nxdomain", "null.lab null-mx", "none.lab no-host")), "the cache is text", text)
    silent = Dns()
    again = lab.run("--mx", "--resolver", silent.address, *QUICK, "--dns-cache", path, stdin=rows)
    same((again.status, again.out, again.rejects, silent.asked), (first.status, first.out, first.rejects, []), "what it knows is not asked again")
    lines = [line if line.startswith("#") else " ".join(line.split()[:2] + ["1000"]) for line in text.splitlines()]
    lab.write("cache", "\n".join(lines) + "\n")
    lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=rows)
    check(sum(1 for name, kind, _ in dns.asked if name == "ok1.lab" and kind == 15) == 2, "what ran out is", dns.asked)
    lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=listed("fail", "ok1", "ok2"))
    check("fail.lab" not in open(path).read(), "temporary trouble is not remembered")
    lab.write("cache", "what is this\n")
    r = lab.run("--mx", "--resolver", dns.address, "--dns-cache", path, stdin=rows)
    check(r.status == 65 and "cache:1" in r.err, "a file that is no cache is named, not overwritten", r)
    same(open(path).read(), "what is this\n", "and stays")
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", lab.path("no/such/cache"), stdin=rows)
    check(r.status == 0 and r.out == first.out and "no/such/cache" in r.err, "a cache that cannot be written is said, and no more", r)
    path = lab.path("negative")
    lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=listed("ok1", "negative"))
    expiry = int(dict(line.split()[::2] for line in open(path) if line[0] != "#")["negative.lab"])
    check(time.time() + 200 < expiry < time.time() + 400, "behind an alias a no holds no longer than its SOA says", expiry - time.time())
    r = lab.run("--mx", "--resolver", dns.address, "--suggest", stdin="email\nx\x40gmial.com\n")
    same((r.reasons(), r.rejected()[0]["suggestion"]), (["no-mail-domain"], "gmail.com"), "a suggestion for what does not exist")


def interrupted():
    silent = Dns()
    silent.reply = lambda query, over_tcp: None
    process = subprocess.Popen([TOOL, "--mx", "--resolver", silent.address, lab.write("list.csv", listed("ok1"))], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    check(silent.heard.wait(60), "it asks")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    same((process.returncode, out), (130, b"email\n"), "interrupted while it waits for answers")
    check(b"0 rows read" in err, "and says that nothing was done", err)


for part in (verdicts, trouble, odd_answers, cache, interrupted):
    part()
lab.close()
done()
