#!/usr/bin/env python3
"""listscrub --mx on a server that lies, drops, truncates and stalls: what is not known never rejects."""
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fake"))
from dns import Dns, message, mx, whole  # noqa: E402
from listscrub_kit import Lab, TOOL, attempt, check, done, same  # noqa: E402

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
    dns_self = Dns()
    r = lab.run("--mx", "--resolver", dns_self.address, *QUICK, "--dns-cache", lab.path("self"), stdin=listed("ok1", "self", "part"))
    same([(row["email"], row["detail"]) for row in r.rejected()], [("x\x40self.lab", "its MX is localhost: nobody can send there")], "MXs that are localhost take no mail, one of others is enough")
    r = lab.run("--mx", "--resolver", dns_self.address, *QUICK, "--dns-cache", lab.path("self"), stdin=listed("ok1", "self", "part"))
    same(([row["email"] for row in r.rejected()], sum(name == "self.lab" for name, _, _ in dns_self.asked)), (["x\x40self.lab"], 1), "the cache knows it")
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


def answering(code, after=0, answers=()):
    """A server that answers everything alike from some question on."""
    dns = Dns()
    honest = dns.reply

    def reply(query, over_tcp):
        if len(dns.asked) < after:
            return honest(query, over_tcp)
        dns.asked.append(("?", 0, over_tcp))
        return message(query, query[12:], code, answers) if code is not None else None
    dns.reply = reply
    return dns


def belief():
    """A resolver that has gone wrong is noticed: rows are kept, and it is said."""
    fine = [f"ok{i}" for i in range(200)]

    def not_judged(dns, names, what, why):
        r = lab.run("--mx", "--resolver", dns.address, *QUICK, "--annotate", "--summary=json", rejects=False, stdin=names)
        same((r.status, {tuple(row[1:]) for row in r.rows()[1:]}, r.summary()["dns"]), (75, {("kept", "", "the domain was not judged")}, "not judged"), what)
        check(why in r.err, "and why", r)
    lies = "does not find names that do exist"
    not_judged(answering(3), listed(*fine), "NXDOMAIN for everything", lies)
    not_judged(answering(0), listed(*fine), "no data for everything", lies)
    not_judged(answering(3), "email\nx\x40gmail.com\n", "NXDOMAIN for a large provider", lies)
    not_judged(answering(3, after=60), listed(*fine), "NXDOMAIN for everything from the middle on", lies)
    not_judged(answering(0, after=60), listed(*fine), "no data from the middle on", lies)
    not_judged(answering(0, answers=[mx()]), listed(*fine), "an MX for everything", "names that do not exist")
    not_judged(answering(0, answers=[mx(b"\0", 0)]), listed(*fine), "a null MX for everything", "names that do not exist")
    not_judged(answering(2, after=60), listed(*fine), "SERVFAIL from the middle on", "no answer for")
    start = time.monotonic()
    not_judged(answering(None), listed(*[f"ok{i}" for i in range(5000)]), "silence", "nobody answers")
    check(time.monotonic() - start < 15, "and 5,000 domains are not waited for one by one")
    dns = Dns()
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, "--annotate", "--summary=json", rejects=False,
                stdin=listed(*fine, "fail", *[f"nx{i}" for i in range(90)], "dead", "null"))
    same((r.status, r.summary()["kept"], r.summary()["reasons"]["no-mail-domain"]), (75, 201, 92), "many dead domains in a row are believed when another is alive")
    same([row[1:] for row in r.rows() if row[0].startswith("x\x40fail")], [["kept", "", "no answer for now about the domain"]],
         "a domain that is not known for now is told apart from one that takes mail")
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, stdin=listed("nx1", "nx2", "nx3", "none"))
    same((r.status, r.reasons()), (0, ["no-mail-domain"] * 4), "a short list may be all dead")


def lossy():
    """One packet in ten is lost, some answers are late, some come from elsewhere."""
    dns = Dns()
    honest, chance, lost = dns.reply, random.Random(1), Counter()

    def losing(query, over_tcp):
        """Three of one question's in a row would be bad luck; with it the test would be one of luck, too."""
        if chance.random() < 0.1 and lost[query[12:]] < 3:
            lost[query[12:]] += 1
            return None
        return honest(query, over_tcp)
    dns.reply = losing
    r = lab.run("--mx", "--resolver", dns.address, "--summary=json", "--dns-timeout", "0.3", stdin=listed(*[f"ok{i}" for i in range(1000)], *[f"nx{i}" for i in range(10)]))
    same((r.status, r.reasons()), (0, ["no-mail-domain"] * 10), "a server that loses one packet in ten")
    late = Dns(delay=0.5)
    r = lab.run("--mx", "--resolver", late.address, "--dns-timeout", "0.2", stdin=listed("ok1", "nx", "addr"))
    same((r.status, r.reasons()), (0, ["no-mail-domain"]), "an answer that comes after the next try is taken")
    slow = Dns()
    answered = slow.reply
    slow.reply = lambda query, over_tcp: (time.sleep(1 if over_tcp else 0), answered(query, over_tcp))[1]
    r = lab.run("--mx", "--resolver", slow.address, "--dns-timeout", "0.4", "--annotate", rejects=False, stdin=listed("ok1", "ok2", "trunc"))
    same((r.status, r.rows()[3][1:]), (0, ["kept", "", ""]), "over TCP an answer has the time of all tries")
    stalled, gate = Dns(), threading.Event()
    replied = stalled.reply
    stalled.reply = lambda query, over_tcp: (gate.wait(60) if over_tcp else 0, replied(query, over_tcp))[1]
    r = lab.run("--mx", "--resolver", stalled.address, *QUICK, "--summary=json", stdin=listed(*[f"ok{i}" for i in range(300)], "trunc1", "trunc2", "nx"))
    gate.set()
    same((r.status, r.reasons(), r.summary()["dns_undecided"]), (75, ["no-mail-domain"], 2), "TCP that stalls holds up nothing else")
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elsewhere = Dns()
    answer = elsewhere.udp

    class Elsewhere:
        recvfrom = staticmethod(answer.recvfrom)
        sendto = staticmethod(other.sendto)
    elsewhere.udp = Elsewhere
    r = lab.run("--mx", "--resolver", elsewhere.address, "--dns-timeout", "0.05", stdin=listed("ok1", "nx"))
    check(r.reasons() == [] and r.status in (0, 75), "an answer from another port is none", r)
    other.close()


def suggestions():
    dns = Dns()
    honest = dns.reply
    dns.reply = lambda query, over_tcp: (message(query, query[12:], 0, [mx()] if query[-3] == 15 else [])
                                         if b"gmial" in query or b"hotmial" in query else honest(query, over_tcp))
    r = lab.run("--mx", "--resolver", dns.address, *QUICK, "--suggest", "--drop-role", "--annotate", rejects=False,
                stdin="email\nx\x40gmial.com\ninfo\x40hotmial.com\nx\x40yaho.com\n")
    same([(row[2], row[4]) for row in r.rows()[1:]], [("", ""), ("role", ""), ("no-mail-domain", "yahoo.com")],
         "no suggestion for a domain that takes mail or that nobody asked about")


def broken_caches():
    dns = Dns()
    rows = listed("ok1", "nx", "null")
    first = "# listscrub --dns-cache: domain verdict expiry\n"
    later = int(time.time()) + 3000

    def run(cached, *more):
        return lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", cached, *more, stdin=rows)

    def right(r, what):
        return same((r.status, r.reasons()), (0, ["no-mail-domain"] * 2), what) or check(False, "which was", r)
    for damage in ("ok1.lab acc", "ok1.lab accepts", "\0\0\0\0", "ok1.lab nxdomain x", "OK1.lab nxdomain 1", "ok1.lab perhaps 1"):
        path = lab.write("cache", f"{first}nx.lab nxdomain {later}\n{damage}")
        r = run(path)
        right(r, f"a cache that ends in {damage!r}")
        check("1 damaged lines" in r.err and f"nx.lab nxdomain {later}\n" in open(path).read(), "is said and mended", r)
    for text in ("", first[:20], first):
        right(run(lab.write("cache", text)), f"a cache that is {text!r}")
    path = lab.write("cache", f"{first}ok1.lab nxdomain {later + 10 ** 8}\n")
    right(run(path), "what claims to hold for years is asked anew")
    os.mkfifo(lab.path("fifo"))
    r = run(lab.path("fifo"))
    right(r, "a FIFO is no cache")
    check("no regular file" in r.err, "which is said", r)
    right(run(lab.dir), "nor is a directory")
    same(lab.run("--mx", "--resolver", dns.address, "--dns-cache", lab.path("rejects.csv"), stdin=rows).status, 64, "--rejects and --dns-cache on one file")
    with open(lab.write("out", first), "r+b") as out:
        status = subprocess.run([TOOL, "--mx", "--resolver", dns.address, "--dns-cache", lab.path("out")], input=rows.encode(), stdout=out,
                                stderr=subprocess.DEVNULL, timeout=60).returncode
        same(status, 64, "standard output and --dns-cache on one file")


def shared_cache():
    """Others write there at the same time; and its mode stays."""
    dns = Dns()
    path = lab.path("shared")
    gate, honest = threading.Event(), dns.reply
    dns.reply = lambda query, over_tcp: (gate.wait(60), honest(query, over_tcp))[1]
    slow = subprocess.Popen([TOOL, "--mx", "--resolver", dns.address, "--dns-cache", path, lab.write("slow.csv", listed("ok1"))],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    check(dns.heard.wait(60), "one run waits")
    other = Dns()
    lab.run("--mx", "--resolver", other.address, "--dns-cache", path, stdin=listed("ok2", "nx"))
    os.chmod(path, 0o600)
    gate.set()
    same(slow.wait(60), 0, "and ends after another one")
    slow.stderr.close()
    text = open(path).read()
    check(all(name in text for name in ("ok1.lab", "ok2.lab", "nx.lab")), "what both have found is kept", text)
    same(os.stat(path).st_mode & 0o777, 0o600, "and so is the mode")
    path = lab.path("shares")
    rows = lab.write("all.csv", listed(*[f"ok{i}" for i in range(600)]))
    runs = [subprocess.Popen([TOOL, "--mx", "--resolver", other.address, "--dns-cache", path, "--shard", f"{k}/6", rows],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for k in range(1, 7)]
    same([run.wait(60) for run in runs], [0] * 6, "six shares of a list at once")
    text = open(path).read()
    same(text.count("\n"), 601, "leave one cache with all their domains")
    same(os.path.exists(path + ".lock"), False, "and no lock")
    os.chmod(lab.dir, 0o777)
    asuser = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    for mode, why in ((0o444, "cannot write"), (0o000, "cannot read")):
        os.chmod(path, mode)
        r = subprocess.run([TOOL, "--mx", "--resolver", other.address, "--dns-cache", path], input=listed("ok3", "nx").encode(),
                           capture_output=True, timeout=60, **asuser)
        same((r.returncode, r.stdout.count(b"\n")), (0, 2), f"a cache that we {why}")
        check(b"shares: Permission denied" in r.stderr, "is said", r.stderr)
        same((os.stat(path).st_mode & 0o777, open(path).read() if os.geteuid() == 0 else text), (mode, text), "and left alone")


def cache():
    dns = Dns()
    path = lab.path("cache")
    rows = listed("ok1", "nx", "null", "none", "addr")
    first = lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=rows)
    text = open(path).read()
    left = [lab.write(f".{os.path.basename(path)}.{n:016x}", "half") for n in range(2)]
    same(lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=listed("ok1")).status, 0, "with files that killed runs left")
    same([os.path.exists(name) for name in left], [False, False], "they are gone")
    check(all(f"{name} " in text for name in ("ok1.lab accepts", "nx.lab nxdomain", "null.lab null-mx", "none.lab no-host")), "the cache is text", text)
    silent = Dns()
    again = lab.run("--mx", "--resolver", silent.address, *QUICK, "--dns-cache", path, stdin=rows)
    same((again.status, again.out, again.rejects, silent.asked), (first.status, first.out, first.rejects, []), "what it knows is not asked again")
    flaky = listed("ok1", "nx", "null", "none", "addr", "fail")
    lab.run("--mx", "--resolver", dns.address, *QUICK, "--dns-cache", path, stdin=flaky)
    for server, what in ((dns, "one domain that fails again"), (answering(2), "a resolver that is broken now")):
        r = lab.run("--mx", "--resolver", server.address, *QUICK, "--dns-cache", path, "--summary=json", stdin=flaky)
        same((r.status, r.rejects, r.summary()["dns"]), (75, first.rejects, "in part"), f"{what} does not make the cache forgotten")
        check("only the cache was believed" in r.err, "and it is said", r)
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


for part in (verdicts, trouble, odd_answers, belief, lossy, suggestions, cache, broken_caches, shared_cache, interrupted):
    attempt(part)
lab.close()
done()
