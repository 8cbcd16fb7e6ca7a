#!/usr/bin/env python3
"""What holds a run together: a list that changes under it, rows that hold others up, providers that push back, ends."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("TOP_SRCDIR", "."), "tests", "cli"))
from mailbulk_kit import TOOL, Run, Server, Work, attempt, check, done  # noqa: E402

FAST = ("--retry-pause", "0.01")


def started(work, server, *arguments, path=None):
    """A run that goes on while the test does something; end() waits for it."""
    words = [TOOL, "--send", "--transactional", "--journal", work.journal, "--smtp", server.url, *arguments, work.file("t.eml")]
    with open(work.list, "rb") as rows:
        p = subprocess.Popen(words + ([path] if path else []), stdin=subprocess.DEVNULL if path else rows, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=dict(os.environ, HOME=work.path, XDG_CONFIG_HOME=work.path))

    def end():
        p.stdout_text, p.stderr_text = p.communicate(timeout=60)
        return Run(subprocess.CompletedProcess(words, p.returncode, p.stdout_text, p.stderr_text))
    return end


def wait_for(what):
    limit = time.monotonic() + 20
    while not what() and time.monotonic() < limit:
        time.sleep(0.01)
    return what()


def change(path, how, keep_time):
    st = os.stat(path)
    with open(path, "r+", encoding="utf-8", newline="") as f:
        text = f.read()
        f.seek(0)
        f.write(how(text))
        f.truncate()
    if keep_time:
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def swap(text):
    return text.replace("user0@", "user#@").replace("user1@", "user0@").replace("user#@", "user1@")


CHANGES = [
    ("two rows change places", swap, False),
    ("two rows change places and the file has its old time", swap, True),
    ("the list is cut", lambda text: text[:20], False),
    ("the list is cut in the row that waits", lambda text: text[:text.index("@")], False),
    ("a row comes", lambda text: text + "late@example.net,Late\n", False),
    ("the list is empty", lambda text: "", False),
]


def changed_lists():
    for i, (name, how, keep_time) in enumerate(CHANGES):
        for by_path in (False, True) if i == 0 else (i % 2 == 0,):
            with Work(rows=4) as work:
                with open(work.list, encoding="utf-8") as f:
                    before = f.read()
                with Server(work, "-r", "RCPT:user0@@1 450 4.2.2 Mailbox full", "-r", "RCPT:user1@@1 450 4.2.2 Mailbox full") as server:
                    end = started(work, server, "-j", "1", "--retry-pause", "2", path=work.list if by_path else None)
                    there = wait_for(lambda: len(server.taken()) == 2)
                    change(work.list, how, keep_time)
                    r = end()
                    check(there and r.status == 74 and "changed" in r.said, f"{name}: 74", str(r.status), r.said, r.out)
                    server.quiet()
                    check(server.taken() == {"user2@example.net": 1, "user3@example.net": 1}, f"{name}: nobody is mailed in another's place",
                          str(server.taken()))
                    left = [x for x in r.rows if x["status"] == "deferred"]
                    check(r.count("sent") == 2 and sorted(x["row"] for x in left) == ["1", "2"], f"{name}: what was done and what is left is told", r.out)
                    work.write("list.csv", before)
                    r = work.send(server)
                    server.quiet()
                    check(r.status == 0 and server.taken() == dict.fromkeys(work.everybody, 1), f"{name}: a second run does the rest, once",
                          r.said, str(server.taken()))


def changed_while_read():
    """Rows that were not read yet: the next block is read from another list than was checked."""
    with Work(rows=0) as work, Server(work) as server:
        work.write("list.csv", "email,name\n" + "".join(f"user{i}@example.net,{'N' * 20000}\n" for i in range(12)))
        work.write("t.eml", "From: news@example.org\nTo: {{email}}\nSubject: x\n\nHello\n")
        end = started(work, server, "-j", "1", "--rate", "4/s")
        there = wait_for(lambda: len(server.taken()) >= 1)
        change(work.list, lambda text: text.replace("user9@", "user2@"), False)
        r = end()
        server.quiet()
        check(there and r.status == 74 and max(server.taken().values()) == 1 and len(server.taken()) < 9,
              "rows not read yet come from the list that was checked, or not at all", r.said, str(server.taken()))


def piped():
    with Work(rows=4) as work, Server(work, "-r", "RCPT:user0@@1 450 4.2.2 Full") as server:
        with open(work.list, "rb") as f:
            text = f.read()
        words = [TOOL, "--send", "--transactional", "--journal", work.journal, "--smtp", server.url, *FAST, work.file("t.eml")]
        p = subprocess.run(words, input=text, capture_output=True, timeout=60)
        check(p.returncode == 0 and server.taken() == dict.fromkeys(work.everybody, 1), "a list in a pipe has a copy of its own", p.stderr.decode())


for scenario in (changed_lists, changed_while_read, piped):
    attempt(scenario)
done()
