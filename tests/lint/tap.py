"""TAP for tests in Python: check(ok, name, *diagnostics), then done(). And the files of the tree, for the lints."""
import os
import sys

TOP = os.environ.get("TOP_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TOP_BUILDDIR") or TOP
_count = 0
_failed = 0


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


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


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
