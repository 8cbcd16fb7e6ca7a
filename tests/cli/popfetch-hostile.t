#!/usr/bin/env python3
"""popfetch against servers that drop, stall, lie and shout: exit status, what is said, what is stored, and that it ends in time."""
import os
import re
import resource
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
from popfetch_kit import THOROUGH, Server, Work, attempt, check, compare, done, message, skip  # noqa: E402

THREE = {f"u{i}": message(i) for i in range(1, 4)}
SECOND = {"u1": THREE["u1"]}
NOT_SECOND = {"u1": THREE["u1"], "u3": THREE["u3"]}


def play(work, name, rules, status, words="", stored=None, then=THREE, options=(), args=(), within=15, timeout="2"):
    """One run against the rules, then one against a server that behaves. stored: what the first leaves; then: what the second does."""
    work.clean()
    state = ("--state", work.file("state", "it"))
    began = time.monotonic()
    with Server(work, THREE, *options, rules=rules) as server:
        run = work.fetch(server, *state, "--timeout", timeout, *args, "in.mbox", timeout=60)
    took = time.monotonic() - began
    said = run.stderr.decode("utf-8", "replace")
    wrong = []
    if run.returncode != status:
        wrong.append(f"status {run.returncode} and not {status}")
    if not re.search(words, said, re.S):
        wrong.append(f"nothing said about {words}")
    if took > within:
        wrong.append(f"took {took:.1f} s")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", said):
        wrong.append("control characters")
    try:
        wrong += compare(work.mbox(), stored or {})
        if then is not None:
            with Server(work, None) as server:
                again = work.fetch(server, *state, "in.mbox")
            if again.returncode != 0:
                wrong.append(f"then {again.returncode}: {again.stderr.decode()}")
            wrong += [f"then {w}" for w in compare(work.mbox(), then)]
    except AssertionError as e:
        wrong.append(f"no mbox: {e}")
    check(not wrong, name, *wrong, said[:600])


def test_lines(work):
    play(work, "no greeting", ["greeting stall 0"], 75, "no greeting within 2 s")
    play(work, "a greeting that is none", ["greeting say 220 smtp.example"], 76, "greeting")
    play(work, "a greeting that refuses", ["greeting say -ERR go away"], 69, "go away")
    play(work, "a server that is busy", ["greeting say -ERR [SYS/TEMP] later"], 75)
    play(work, "a greeting octet by octet", ["greeting drip 0 1"], 75, "no greeting", within=6)
    play(work, "a greeting without end", ["greeting endless x"], 76, "")
    play(work, "a long line", ["greeting raw +OK " + "x" * 30000], 76, "without end")
    play(work, "closed at once", ["greeting close"], 75, "closed")
    play(work, "reset at once", ["greeting reset 0"], 75)
    play(work, "colours in a refusal", ["PASS say -ERR \\x1b[31mred\\x07"], 77, "red")
    play(work, "octets outside ASCII in a refusal", ["PASS say -ERR \\xc2\\x9bx\\xff"], 77)
    play(work, "a format in a refusal", ["PASS say -ERR %s%n%d"], 77, "%s%n%d")


def test_login(work):
    for text, status in (("[AUTH] no", 77), ("[IN-USE] x", 75), ("[LOGIN-DELAY 30] x", 75), ("[SYS/TEMP] x", 75), ("no", 77), ("[SYS/PERM] x", 69), ("Server Unavailable. 21", 75)):
        play(work, f"login refused: {text}", [f"PASS say -ERR {text}"], status, re.escape(text))
    play(work, "closed instead of an answer to PASS", ["PASS close"], 75, "PASS")
    play(work, "stalled at PASS", ["PASS stall 0"], 75, "no reply to PASS")
    play(work, "CAPA without end", ["CAPA endless X\\r\\n"], 76, "")
    play(work, "half of CAPA", ["CAPA cut 8"], 75)
    play(work, "an answer too many", ["USER also +OK\\r\\n"], 76, "answers nothing")
    work.clean()
    with Server(work, THREE) as server:
        run = subprocess.run([work.command(server)[0], "--pop", f"pop3://ann@127.0.0.1:{server.port}", "--password-file", work.password, "in.mbox"],
                             env=work.environment(), capture_output=True, timeout=60, cwd=work.dir, stdin=subprocess.DEVNULL)
        check(run.returncode == 76 and not server.commands("USER") and not server.commands("PASS"),
              "no password without TLS", run.returncode, run.stderr.decode())


def test_lists(work):
    play(work, "STAT beyond reason", ["STAT say +OK 99999999999999999999 1"], 0, stored=THREE)
    play(work, "STAT that is no number", ["STAT say +OK some"], 0, stored=THREE)
    play(work, "LIST with two lines for ever", ["LIST endless 1 1\\r\\n2 1\\r\\n"], 76, "twice")
    play(work, "STAT that boasts", ["STAT say +OK 2000000000 1"], 0, "3 of 3", stored=THREE)
    play(work, "STAT that is too modest", ["STAT say +OK 1 1"], 0, stored=THREE)
    play(work, "LIST with a number beyond STAT", ["LIST raw +OK\\r\\n4 1\\r\\n.\\r\\n"], 1, "what\\?")
    play(work, "LIST with a number twice", ["LIST raw +OK\\r\\n1 1\\r\\n1 1\\r\\n.\\r\\n"], 76)
    play(work, "LIST without end", ["LIST endless 1 1\\r\\n"], 76)
    play(work, "LIST with sizes that are none", ["LIST raw +OK\\r\\n1 -1\\r\\n2\\r\\n3 x\\r\\n.\\r\\n"], 0, stored=THREE)
    play(work, "UIDL without end", ["UIDL endless 1 1\\r\\n"], 76, "more UIDs")
    play(work, "LIST with words", ["LIST raw +OK\\r\\none 1\\r\\n.\\r\\n"], 76)
    play(work, "LIST of one", ["LIST raw +OK\\r\\n2 1\\r\\n.\\r\\n", "UIDL raw +OK\\r\\n2 u2\\r\\n.\\r\\n"], 0, stored={"u2": THREE["u2"]})
    play(work, "LIST with sizes that are wrong", ["LIST raw +OK\\r\\n1 0\\r\\n2 99999999999\\r\\n3 1\\r\\n.\\r\\n"], 0, stored=THREE)
    play(work, "half of LIST", ["LIST cut 9"], 75)
    play(work, "UIDL with a number beyond LIST", ["UIDL raw +OK\\r\\n1 u1\\r\\n2 u2\\r\\n3 u3\\r\\n7 u7\\r\\n.\\r\\n"], 0, stored=THREE)
    play(work, "UIDL shuffled", ["UIDL raw +OK\\r\\n3 u3\\r\\n1  u1\\r\\n2 u2\\r\\n.\\r\\n"], 0, stored=THREE)
    play(work, "UIDL in trouble", ["UIDL say -ERR later"], 75)
    play(work, "LIST refused", ["LIST say -ERR no"], 69)


def whole(uid):
    """A rule's octets: the answer to RETR with the message of that UID."""
    return "+OK\\r\\n" + THREE[uid].decode().replace("\r\n.", "\r\n..").replace("\r\n", "\\r\\n") + ".\\r\\n"


def test_messages(work):
    play(work, "a message that cannot be had", ["RETR:2 say -ERR gone"], 1, "u2.*gone", stored=NOT_SECOND)
    play(work, "closed in the middle of a message", ["RETR:2 cut 60"], 1, "rest of a message", stored=NOT_SECOND)
    play(work, "reset in the middle of a message", ["RETR:2 reset 60"], 1, stored=NOT_SECOND)
    play(work, "stalled in the middle of a message", ["RETR:2 stall 60"], 1, "within 2 s", stored=NOT_SECOND)
    play(work, "a message octet by octet", ["RETR:2 drip 60 0.5"], 1, "within 1 s", stored=NOT_SECOND, within=12, timeout="1")
    play(work, "a message that takes longer than a batch waits", ["RETR:2 drip 225 0.1"], 0, stored=THREE, timeout="10")
    play(work, "closed in the middle of one that takes long", ["RETR:2@1 drip 225 0.1", "RETR:3 close"], 1, "u3.*skipped", stored={u: THREE[u] for u in ("u1", "u2")},
         timeout="10")
    play(work, "closed instead of a message", ["RETR:2 close"], 1, "RETR.*u2.*skipped", stored=NOT_SECOND)
    play(work, "closed instead of a message, and --retries 0", ["RETR:2 close"], 75, "RETR", args=("--retries", "0"), stored={})
    play(work, "closed once", ["RETR:2@1 close"], 0, "connecting again", stored=THREE)
    play(work, "a message without its end", ["RETR:2 raw +OK\\r\\nA: b\\r\\n\\r\\nhalf\\r\\n."], 1, stored=NOT_SECOND, options=("--capa", "UIDL,USER"))
    play(work, "the end of a message by lone LFs", ["RETR:2 raw +OK\\r\\nA: b\\n\\n.\\n+OK\\nx\\r\\n.\\r\\n"], 0,
         stored={**NOT_SECOND, "u2": b"A: b\r\n\r\n.\r\n+OK\r\nx\r\n"}, then=None)
    play(work, "an answer that is none, then lock step", ["RETR:2@1 say what?"], 0, "one command at a time", stored=THREE)
    # The first session's answers are of other messages than asked for: what came in it must not be kept under their names.
    shifted = ["RETR:1@1 raw " + whole("u2"), "RETR:2@1 raw " + whole("u3")]
    play(work, "answers that are one too early, then none", [*shifted, "RETR:3@1 say what?"], 0, "one command at a time", stored=THREE)
    play(work, "out of step for good", ["RETR:2 say what?"], 1, "u2.*skipped", stored=NOT_SECOND)
    play(work, "a server that knows LF only", [], 0, stored=THREE, options=("--lf",))
    play(work, "a server without CAPA", [], 0, stored=THREE, options=("--capa", ""))
    play(work, "a server without PIPELINING", [], 0, stored=THREE, options=("--capa", "UIDL,USER,TOP"))
    play(work, "a server that answers LIST n with everything", [], 0, stored=THREE, options=("--whole-lists",))
    play(work, "and takes any command", [], 0, stored=THREE, options=("--whole-lists", "--yes"))
    play(work, "and has no UIDL", [], 0, stored=THREE, options=("--whole-lists", "--yes", "--no-uidl", "--capa", ""))
    play(work, "messages with LF", [], 0, "LF, not CRLF", stored=THREE, options=("--lf-bodies",), args=("--retries", "2"))
    play(work, "messages with LF, one command at a time", [], 0, stored=THREE, options=("--lf-bodies", "--capa", "UIDL,USER,TOP"))
    play(work, "a server that stalls on pipelining", [], 0, "one command at a time", stored=THREE, options=("--stall-pipelined",))
    play(work, "SASL PLAIN", [], 0, stored=THREE, options=("--capa", "UIDL,SASL PLAIN,PIPELINING"))
    play(work, "nothing behind a goodbye", ["QUIT say -ERR whatever"], 0, stored=THREE)


def test_order_of_trouble(work):
    """A message at which every session breaks off keeps no other from being fetched or deleted."""
    work.clean()
    with Server(work, THREE, rules=["RETR:1 cut 60"]) as server:
        rest = {u: m for u, m in THREE.items() if u != "u1"}
        run = work.fetch(server, "--delete", "in.mbox")
        check(run.returncode == 1 and not compare(work.mbox(), rest) and server.left() == ["u1"], "the others come and are deleted", run.stderr.decode())
        check(len(server.commands("RETR")) <= 8, "it is asked for three times at most", server.commands("RETR"))
        again = work.fetch(server, "--delete", "in.mbox")
        check(again.returncode == 1 and not compare(work.mbox(), rest), "the next run tries again", again.stderr.decode())


def forged(line):
    """Bodies in which something ends the message early on a server that stuffs no dots, and looks like a reply."""
    whole = ".\r\n+OK\r\nSubject: forged\r\n\r\nnot from here\r\n"
    return {"a reply": ".\r\n" + line, "a message": whole, "a message and a reply": whole + ".\r\n" + line, "three": (whole + line) * 3,
            "bare": ".\r\n"}


def test_forged(work, *options):
    """Whatever a message pretends, wherever it is: the others come whole and under their own names, and nothing is deleted that is not here."""
    plain = {f"u{i}": message(i, b"number %d\r\n" % i) for i in range(1, 6)}
    wrong = []
    for at in range(1, 6) if THOROUGH else (1, 3, 5):
        for line in ("+OK\r\n", "-ERR no\r\n", f"+OK {at} u{at}\r\n", "+OK 1 u1\r\n"):
            for name, body in forged(line).items():
                bad = {**plain, f"u{at}": message(at, b"start\r\n" + body.encode() + b"rest\r\n")}
                work.clean()
                with Server(work, bad, "--no-stuffing", *options) as server:
                    run = work.fetch(server, "--delete", "--timeout", "1", "in.mbox")
                    got, left = work.mbox(), server.left()
                lost = [u for u, m in bad.items() if u not in left and m not in got]
                lost += [f"{u} did not come" for u, m in plain.items() if u != f"u{at}" and got.count(m) != 1]
                if lost or run.returncode not in (0, 1):
                    wrong.append(f"{name} {line!r} in {at}: {run.returncode}: {lost}: {run.stderr.decode()[-600:]}")
    check(not wrong, f"forged replies at every position: nothing lost, nothing under another's name {' '.join(options)}", *wrong[:5])


def test_forged_whole(work):
    test_forged(work, "--whole-lists", "--yes")


def test_stall_is_remembered(work):
    """A server that says nothing more on pipelined commands costs one time-out in 30 days."""
    work.clean()
    with Server(work, THREE, "--stall-pipelined") as server:
        work.fetch(server, "--timeout", "1", "in.mbox")
        server.add({"u4": message(4)})
        began = time.monotonic()
        run = work.fetch(server, "--timeout", "5", "in.mbox")
        check(run.returncode == 0 and time.monotonic() - began < 4 and b"again" not in run.stderr, "the next run does not wait", run.stderr.decode())
        late = {"SOURCE_DATE_EPOCH": str(int(time.time()) + 31 * 86400)}
        run = work.fetch(server, "--timeout", "1", "in.mbox", env=late)
        check(run.returncode == 0 and b"again" in run.stderr, "after 30 days it is tried again", run.stderr.decode())
    work.clean()
    with Server(work, THREE, rules=["RETR:2@1 close"]) as server:
        work.fetch(server, "in.mbox")
        server.add({"u4": message(4), "u5": message(5)})
    work.clean()


def test_endless(work):
    """A message that never ends neither fills the disk nor the memory."""
    work.clean()
    with Server(work, THREE, rules=["RETR:2 endless 0123456789\\r\\n"]) as server:
        run = work.fetch(server, "in.mbox", timeout=120,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28)))
        check(run.returncode == 1 and b"far longer" in run.stderr, "a message without end", run.returncode, run.stderr.decode())
        check(not compare(work.mbox(), NOT_SECOND), "the others come")


def test_tls(work):
    if not shutil.which("openssl"):
        skip("TLS", "openssl is not installed")
        return
    cert, key = work.file("cert.pem"), work.file("key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", key,
                    "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    login = ["--password-file", work.password, "--timeout", "3"]
    tool = work.command(None)[0]

    def run(server, scheme, *args):
        return subprocess.run([tool, "--pop", f"{scheme}://ann@localhost:{server.port}", *login, *args, "in.mbox"], env=work.environment(),
                              capture_output=True, timeout=60, cwd=work.dir, stdin=subprocess.DEVNULL)

    for scheme, options in (("pop3", ()), ("pop3s", ("--tls",))):
        work.clean()
        with Server(work, THREE, "--cert", cert, "--key", key, *options) as server:
            bad = run(server, scheme)
            check(bad.returncode == 76 and not server.commands("PASS"), f"{scheme}: a certificate that nobody vouches for", bad.stderr.decode())
            good = run(server, scheme, "--ca-file", cert)
            check(good.returncode == 0 and not compare(work.mbox(), THREE), f"{scheme}: with --ca-file", good.returncode, good.stderr.decode())
    for rule, name in (("STLS also +OK injected\\r\\n", "an injected answer to STLS"), ("STLS say -ERR no", "STLS refused"),
                       ("CAPA raw +OK\\r\\nUSER\\r\\n.\\r\\n", "STLS stripped")):
        work.clean()
        with Server(work, THREE, "--cert", cert, "--key", key, rules=[rule]) as server:
            got = run(server, "pop3", "--ca-file", cert)
            check(got.returncode == 76 and not server.commands("USER") and not server.commands("PASS"), name, got.returncode, got.stderr.decode())


with Work() as work:
    for test in (test_lines, test_login, test_lists, test_messages, test_order_of_trouble, test_forged, test_forged_whole, test_stall_is_remembered, test_endless, test_tls):
        attempt(test, work)
done()
