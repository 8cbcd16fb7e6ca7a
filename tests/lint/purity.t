#!/usr/bin/env python3
"""Below io nothing touches the world: what the objects of base, text, mail and proto want from outside is on a list."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import BUILD, TOP, check, done, read, skip, sources  # noqa: E402

# Functions of octets and numbers alone. Anything else of libc's has to be argued for here.
PURE = re.compile(r"""^(
    mem(chr|cmp|cpy|mem|move|rchr|set) | str(chr|cmp|error|len|ncmp|nlen|rchr|str|spn|cspn) | str(n)?casecmp
    | (__)?explicit_bzero(_chk)? | qsort | bsearch | malloc | calloc | realloc | free | abort
    | __(mem(cpy|move|set)|v?snprintf|explicit_bzero)_chk | v?snprintf
    | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_ | __errno_location
    # iconv(3) converts memory; opening a converter, which reads files and loads code, is io's (iconv_open is not here).
    | iconv | inet_(pton|ntop) | gnutls_\w+ | gsasl_\w+ | idn2_\w+ | cmark_\w+ | u8_\w+ | u32_\w+ | uc_\w+ | uninorm_\w+
    | __(asan|ubsan|sanitizer|sancov)_\w+
)$""", re.X)
# GnuTLS reads files and makes connections where it is asked to: these calls are not for us.
WORLDLY = re.compile(r"gnutls_(certificate_set_x509_(trust|key|crl)_file\w*|certificate_set_x509_trust_dir"
                     r"|x509_trust_list_add_trust_(file|dir)|load_file|transport_set_(int|fastopen)\w*|tdb_\w+|url_\w+)$")
# The exception: memory that ran out is said and ends the process, wherever it happens.
EXCEPTIONS = {
    "common/base/mem.o": {"write", "_exit"},
}


def wants(path):
    out = subprocess.run(["nm", "-u", path], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if line.strip()}


def defined(path):
    out = subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in out.splitlines() if line.strip()}


def breaches(objects, ours):
    bad = []
    for path, name in objects:
        for symbol in sorted(wants(path) - ours - EXCEPTIONS.get(name, set())):
            if not PURE.match(symbol) or WORLDLY.match(symbol):
                bad.append(f"{name}: {symbol}")
    return bad


floors = ("common/base", "common/text", "common/mail", "common/proto")
objects = [(os.path.join(BUILD, p[:-2] + ".o"), p[:-2] + ".o") for p in sources(TOP, *floors, endings=(".c",))]
missing = [name for path, name in objects if not os.path.exists(path)]
if subprocess.run(["sh", "-c", "command -v nm"], capture_output=True).returncode != 0:
    skip("purity", "no nm")
    done()
check(not missing, "every object of the pure floors is built", *missing)
objects = [(path, name) for path, name in objects if name not in missing]
ours = set()
for path, _ in objects:
    ours |= defined(path)
bad = breaches(objects, ours)
check(not bad, "base, text, mail and proto do not touch the world", *bad)
io = [(os.path.join(BUILD, "common/io/file.o"), "common/io/file.o")]
check(os.path.exists(io[0][0]) and breaches(io, ours), "an object that opens files would be found")
done()
