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


def public(top):
    """The modules that other floors or the tools use: {floor: names}."""
    used = {floor: set() for floor in FLOORS}
    for path in sources(top, "common", "cmd"):
        for target in INCLUDE.findall(read(os.path.join(top, path))):
            floor, _, name = target.partition("/")
            if floor in used and path.split("/")[1] != floor:
                used[floor].add(name.removesuffix(".h"))
    return used


def picture(top):
    """The same as HACKING.md draws it."""
    text = read(os.path.join(top, "HACKING.md"))
    return {floor: set(re.split(r" · |\s+", re.search(rf"^common/{floor} +(.*)$", text, re.M)[1])) for floor in FLOORS}


bad = breaches(TOP)
check(not bad, "every include points downward", *bad)
check(len(sources(TOP, "common", "cmd")) > 50, "there was something to look at")
drawn = picture(TOP)
missing = [f"{floor}: {name}" for floor, names in public(TOP).items() for name in sorted(names - drawn[floor])]
check(not missing, "HACKING.md's picture has every module that others use", *missing)
gone = [f"{floor}: {name}" for floor, names in drawn.items() for name in sorted(names)
        if not os.path.exists(os.path.join(TOP, "common", floor, name + ".h"))]
check(not gone, "and none that is not there", *gone)
check(planted("common/text/x.c", '#include "io/file.h"'), "a planted include from above is found")
check(planted("cmd/mailsend/x.c", '#include "cmd/mailbulk/y.h"'), "one of another tool's is found")
check(planted("common/base/x.c", '#include "str.h"'), "one that names no floor is found")
done()
