"""A shim built (that of the crash tests, or another), and the environment in which a tool runs under it."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import BUILD, TOP  # noqa: E402


def compiler():
    """Of C, or None."""
    return shutil.which(os.environ.get("CC", "cc").split()[0]) or shutil.which("gcc") or shutil.which("clang")


def build(library, source="killpoint.c"):
    """False where there is no C compiler."""
    if compiler():
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-I", BUILD, "-o", library, os.path.join(TOP, "tests/cli", source), "-ldl"],
                       check=True)
    return bool(compiler())


def environment(tool, shim, **more):
    env = {"LD_PRELOAD": shim, **more}
    with open(tool, "rb") as f:
        if b"__asan_init" in f.read():
            env["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return env
