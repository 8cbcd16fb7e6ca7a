#!/usr/bin/env python3
"""Files that are replaced as a whole, at every moment of a power failure: the old one or the new one, never a piece and never
nothing; and the new one once the run has ended with success."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lint"), os.path.join(HERE, "..", "cli")]
import disk as disks  # noqa: E402
from mailbulk_kit import TEMPLATE  # noqa: E402
from tap import BUILD, attempt, check, done, skip  # noqa: E402

LIST = "email,name\n" + "".join(f"user{i}@mail{i % 3}.test,User {i}\n" for i in range(60)) + "not an address,x\n"


def marked(seen):
    return any(e[0] == "mark" for e in seen)


def replaced(library, name, tool, path, stdin, *args):
    """Twice: where there is no file, and over an old one."""
    work = tempfile.mkdtemp(prefix="disk-files-")
    folder = os.path.join(work, "disk")
    try:
        for old in (None, b"an old one\n" * 90):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            file = os.path.join(folder, path)
            if old:
                with open(file, "wb") as f:
                    f.write(old)
            with open(os.path.join(work, "t.eml"), "w") as f:
                f.write(TEMPLATE)
            disk = disks.Disk(library, os.path.join(work, "record"), folder)
            command = [os.path.join(BUILD, tool), *[a.replace("FILE", file) for a in args]]
            run = subprocess.run(command, input=stdin.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=work, timeout=60,
                                 env={**os.environ, "HOME": work, **disk.environment(command[0])})
            disk.mark("told")
            with open(file, "rb") as f:
                new = f.read()
            wrong = [f"{m}: {dict(m.tree).get(file)!r}" for m in disk.moments(outside=marked, limit=400)
                     if dict(m.tree).get(file) not in ([new] if m.outside else [old, new])]
            check(not wrong and run.returncode == 0 and new != old and disk.total > 5,
                  f"{tool} {name}, {'over an old one' if old else 'new'}: the old one or the new one, {disk.total} states", run.stderr, *wrong[:9])
    finally:
        shutil.rmtree(work)


with tempfile.TemporaryDirectory() as place:
    recorder = os.path.join(place, "recorder.so")
    if not disks.build(recorder):
        skip("files without power", "no C compiler for the recorder")
    else:
        attempt(replaced, recorder, "--report", "listscrub", "report.html", LIST, "--allow-reserved", "--report", "FILE")
        attempt(replaced, recorder, "--preview", "mailbulk", "preview.html", LIST.replace("not an address,x\n", ""), "--transactional", "--preview", "FILE", "t.eml")
done()
