"""TAP for tests in Python: check(ok, name, *diagnostics), then done(). And the files of the tree, for the lints.

attempt(part, *arguments) is for the parts of a long test: one that raises counts as failed, and the next ones run."""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback

TOP = os.environ.get("TOP_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TOP_BUILDDIR") or TOP
# make check-long: every case of a sweep, where make check takes a sample.
THOROUGH = bool(os.environ.get("PIPEMAIL_THOROUGH"))
# make check-portable: the programs run under an emulator, slowly, and what memory they use is not theirs alone.
EMULATED = bool(os.environ.get("PIPEMAIL_EMULATED"))
_count = 0
_failed = 0
_done = False


def restore_signals():
    """Signals as a shell's user has them. Whoever starts the tests in the background or under nohup may have SIGINT, SIGHUP or SIGCHLD
    ignored; children inherit that, and our tools keep to it. (Python itself ignores SIGPIPE and SIGXFSZ, and gives them back to children.)"""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


restore_signals()


def check(ok, name, *diagnostics):
    global _count, _failed
    _count += 1
    print(f"{'ok' if ok else 'not ok'} {_count} - {name}")
    if not ok:
        _failed += 1
        for text in diagnostics:
            for line in str(text).splitlines():
                print(f"# {line[:1000]}")
    sys.stdout.flush()
    return bool(ok)


def same(got, want, name):
    return check(got == want, name, f"got  {got!r}", f"want {want!r}")


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def attempt(part, *arguments, **named):
    """One part of a test. An exception in it is a failure of that part; time-outs and SystemExit are too."""
    began = time.monotonic()
    try:
        part(*arguments, **named)
    except (Exception, SystemExit):  # whatever it is, the other parts are still worth running
        check(False, f"{part.__name__} runs to its end", traceback.format_exc())
    if time.monotonic() - began >= 0.1:
        print(f"# {part.__name__}: {time.monotonic() - began:.1f} s", flush=True)


def sample(cases, nth, first=0):
    """Every nth of the cases from a first one on, where the whole sweep was not asked for; fewer under an emulator."""
    step = 1 if THOROUGH else nth * 10 if EMULATED else nth
    return list(cases)[first % step::step]


def skip_all(why):
    """Nothing of this test can run here."""
    global _done
    _done = True
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def failures():
    """How many checks failed so far."""
    return _failed


def finish():
    """Print the plan; how many checks failed."""
    global _done
    _done = True
    print(f"1..{_count}", flush=True)
    return _failed


def done():
    sys.exit(1 if finish() else 0)


def _cut_short():
    """An exception that nobody caught: the plan is printed nevertheless, with the failure in it."""
    if _count > 0 and not _done:
        check(False, "the test runs to its end")
        print(f"1..{_count}", flush=True)


atexit.register(_cut_short)


def sources(top, *folders, endings=(".c", ".h")):
    """Paths below top, relative to it, in order."""
    found = []
    for folder in folders:
        for where, _, names in os.walk(os.path.join(top, folder)):
            found += [os.path.relpath(os.path.join(where, n), top) for n in names if n.endswith(endings)]
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def compiler():
    """The C compiler that the tree was built with, as a list of words ("ccache gcc" are two), or any that is there; [] for none."""
    for words in (os.environ.get("CC", "").split(), ["cc"], ["gcc"], ["clang"]):
        if words and all(shutil.which(word) for word in words if not word.startswith("-")):
            return words
    return []


def shared_object(library, source, *flags):
    """A source of the tree as a library to preload; False where there is no C compiler."""
    words = compiler()
    if words:
        subprocess.run([*words, "-shared", "-fPIC", "-O1", "-I", BUILD, "-o", library, os.path.join(TOP, source), *flags], check=True)
    return bool(words)
