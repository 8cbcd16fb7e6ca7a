#!/usr/bin/env python3
"""A list is the same list from a file, through a pipe in whatever pieces, behind an empty one, and read twice."""
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import BUILD, Lab, TOOL, attempt, check, done, same, sample  # noqa: E402

lab = Lab()
BOM = b"\xef\xbb\xbf"
LISTS = {
    "a BOM alone": BOM,
    "two BOMs": BOM + BOM + b"email,on\na@a.de,2026-01-01\nA@a.de,2026-01-02\n",
    "a BOM and no header": BOM + b"a@a.de,2026-01-01\nA@a.de,2026-01-02\n",
    "CR and no header": b"a@a.de,2026-01-01\rA@a.de,2026-01-02\rb@a.de,2026-01-02\r",
    "line breaks in the header": b'"e\n\nmail";"n\r\n";on\na@a.de;"x\n\ny";2026-01-01\nA@a.de;z;2026-01-02\n',
    "line breaks in the first row": b'"x\ny\n\nz",a@a.de,2026-01-01\nq,A@a.de,2026-01-02\n',
    "a quote amid a cell": b'5" pipe;email;on\n6" pipe;a@a.de;2026-01-01\n',
    "bars": b"name|email|on\nA, B|a@a.de|2026-01-01\nC, D, E|A@a.de|2026-01-02\n",
    "the addresses come late": b"one,two,on\n" + b"x,-,2026-01-01\n" * 20 + b"x,a@a.de,2026-01-01\n" * 20,
    "a quote that never closes": b'email,on\na@a.de,2026-01-01\n"b@a.de,2026-01-02\nc@a.de,2026-01-03\n',
    "a first quote that never closes": b'"email,on\na@a.de,2026-01-01\n',
}
OPTIONS = [[], ["--keep", "newest:3"], ["--no-header"], ["--header", "--annotate"]]


def in_pieces(argv, octets, cuts):
    """Each piece is taken before the next one is given. (status, standard output)"""
    with open(lab.path("out"), "wb+") as out:
        p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL)
        begin = 0
        try:
            for end in [*cuts, len(octets)]:
                p.stdin.write(octets[begin:end])
                p.stdin.flush()
                begin = end
                while p.poll() is None and struct.unpack("i", fcntl.ioctl(p.stdin, termios.FIONREAD, b"\0" * 4))[0] > 0:
                    os.sched_yield()
            p.stdin.close()
        except BrokenPipeError:
            pass
        status = p.wait(30)
        out.seek(0)
        return status, out.read()


def answers(options, octets):
    r = lab.run(*options, lab.write("list.csv", octets))
    return r.status, r.out, r.rejects


def pieces():
    rejects = lab.path("rejects.csv")
    for name, octets in LISTS.items():
        for i, options in enumerate(OPTIONS):
            whole = answers(options, octets)
            argv = [TOOL, "-q", "--rejects", rejects, *options]
            wrong = []
            for cut in sample(range(1, min(len(octets), 100)), len(OPTIONS), i):
                if os.path.exists(rejects):
                    os.remove(rejects)
                status, out = in_pieces(argv, octets, [cut])
                left = None
                if os.path.exists(rejects):
                    with open(rejects, "rb") as f:
                        left = f.read()
                if (status, out, left) != whole:
                    wrong.append(f"{cut}: {status} {out!r}")
            check(not wrong, f"{name} {' '.join(options)}: in two pieces as from a file", f"whole: {whole}", *wrong[:3])
        # Of several lists the rejects tell which one it was, and where the row is that a duplicate lost against.
        status, out, rejects_of_two = answers([lab.write("empty.csv", b"")], octets)
        rejects_of_two = re.sub(rb'"?(a\x40a\.de); kept: ' + re.escape(lab.path("list.csv").encode()) + rb', line \d+"?', rb"\1", rejects_of_two)
        for mark in (b",", b";", b"|"):
            rejects_of_two = rejects_of_two.replace(mark + lab.path("list.csv").encode(), b"").replace(mark + b"line" + mark + b"file", mark + b"line")
        same((status, out, rejects_of_two), answers([], octets), f"{name}: behind an empty list")


def nothing():
    for octets in (b"", BOM):
        for options in ([], ["--header"], ["--no-header"], ["--keep", "newest:2"], ["--header", "--email", "x", "--annotate"]):
            same(answers(options, octets), (0, b"", b""), f"{len(octets)} octets, {' '.join(options)}: nothing comes of nothing")
    same(lab.run("--header", rejects=False, stdin=b"\n").out, b"\n", "an empty line is a header")


def first_of_two():
    """What --keep writes in the second reading is what stood there in the first."""
    for name in ("a BOM and no header", "CR and no header"):
        status, out, _ = answers(["--keep", "newest:2"], LISTS[name])
        check(status == 0 and b"A@a.de" in out and b"a@a.de,2026-01-01" not in out and not out.startswith(BOM),
              f"{name}: the newest row is kept", out)


def suppressions():
    """A list of suppressions from a pipe, cut in its first line."""
    octets = BOM + b"# left in May\nname;email;on\n5\";a@a.de;2026-05-01\n"
    fifo = lab.path("fifo")
    os.mkfifo(fifo)
    wrong = []

    for cut in sample(range(1, len(octets)), 1):
        def write():
            with open(fifo, "wb", buffering=0) as f:
                for piece in (octets[:cut], octets[cut:]):
                    f.write(piece)
                    while struct.unpack("i", fcntl.ioctl(f, termios.FIONREAD, b"\0" * 4))[0] > 0:
                        os.sched_yield()

        writer = threading.Thread(target=write)
        writer.start()
        r = lab.run("--suppress", fifo, stdin=b"email\na@a.de\nb@a.de\n")
        writer.join()
        if r.out != b"email\nb@a.de\n":
            wrong.append(f"{cut}: {r}")
    check(not wrong, "suppressions in two pieces", *wrong[:2])


def campaign():
    """mailbulk tells its list in the same way."""
    octets = BOM + b'name;"e-mail";"not\ne"\nAnn;ann@a.de;x\n'
    message = lab.write("m.eml", b"From: news@a.de\nSubject: x\n\nDear {{name}}, {{e-mail}}\n")
    wrong = []

    for cut in sample(range(1, len(octets)), 2):
        status, out = in_pieces([os.path.join(BUILD, "mailbulk"), "--email", "e-mail", message], octets, [cut])
        if status != 0 or b"Dear Ann, ann@a.de" not in out:
            wrong.append(f"{cut}: {status} {out!r}")
    check(not wrong, "mailbulk's list in two pieces", *wrong[:2])


for part in (pieces, nothing, first_of_two, suppressions, campaign):
    attempt(part)
lab.close()
done()
