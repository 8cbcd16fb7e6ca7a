#!/usr/bin/env python3
"""A file includes only its own floor and the ones below, and no tool another tool's files."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import TOP, check, done, read, sources  # noqa: E402

FLOORS = ["base", "text", "mail", "proto", "io", "cli"]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def breaches(top):
    bad = []
    for path in sources(top, "common", "cmd"):
        parts = path.split("/")
        for target in INCLUDE.findall(read(os.path.join(top, path))):
            floor = target.split("/")[0]
            if parts[0] == "common":
                if floor not in FLOORS or "/" not in target:
                    bad.append(f"{path}: includes {target}, which names no floor")
                elif FLOORS.index(floor) > FLOORS.index(parts[1]):
                    bad.append(f"{path}: {parts[1]} includes {target} from above")
            elif floor == "cmd" and target.split("/")[1] != parts[1]:
                bad.append(f"{path}: includes {target} of another tool")
            elif floor != "cmd" and floor not in FLOORS:
                bad.append(f"{path}: includes {target}, which is no floor's")
    return bad


def planted(path, line):
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(os.path.join(top, os.path.dirname(path)))
        with open(os.path.join(top, path), "w", encoding="utf-8") as f:
            f.write(f"#include <config.h>\n{line}\n")
        return len(breaches(top)) == 1


bad = breaches(TOP)
check(not bad, "every include points downward", *bad)
check(len(sources(TOP, "common", "cmd")) > 50, "there was something to look at")
check(planted("common/text/x.c", '#include "io/file.h"'), "a planted include from above is found")
check(planted("cmd/mailsend/x.c", '#include "cmd/mailbulk/y.h"'), "one of another tool's is found")
check(planted("common/base/x.c", '#include "str.h"'), "one that names no floor is found")
done()
