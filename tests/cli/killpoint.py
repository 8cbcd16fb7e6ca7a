"""A shim built (that of the crash tests, or another), and the environment in which a tool runs under it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
from tap import shared_object  # noqa: E402


def build(library, source="killpoint.c"):
    """False where there is no C compiler."""
    return shared_object(library, "tests/cli/" + source, "-ldl")


def environment(tool, shim, **more):
    env = {"LD_PRELOAD": shim, **more}
    with open(tool, "rb") as f:
        if b"__asan_init" in f.read():
            env["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return env
