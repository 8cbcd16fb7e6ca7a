#!/usr/bin/env python3
"""A file includes only its own floor and the ones below, and no tool another tool's files. A folder with rooms (sub-folders)
holds to their order too."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import TOP, check, done, read, sources  # noqa: E402

FLOORS = ["base", "text", "mail", "proto", "io", "cli"]
# Rooms within a floor or a tool, the lowest first. "." is what stands on top of them; HEADS may be included by every room.
ROOMS = {
    "common/mail": ["header", "address", "message", "page", "returns", "list"],
    "cmd/listscrub": ["read", "returns", "judge", "write", "run", "."],
    "cmd/mailbulk": ["rows", "letter", "check", "send", "."],
    "cmd/popfetch": ["archive", "."],
    "cmd/mailsend": ["compose", "deliver", "spool", "."],
}
HEADS = {"cmd/listscrub/settings.h", "cmd/listscrub/reason.h", "cmd/mailbulk/settings.h", "cmd/mailsend/settings.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def place(path):
    """(folder with rooms, number of the room) of a path such as common/mail/header/word.c, or None."""
    for folder, rooms in ROOMS.items():
        if path.startswith(folder + "/"):
            inner = path[len(folder) + 1:].split("/")
            return folder, rooms.index(inner[0]) if len(inner) > 1 and inner[0] in rooms else len(rooms)
    return None


def room_breach(path, target):
    """Includes upward within one folder's rooms."""
    if not target.startswith("cmd/"):
        target = "common/" + target
    own, other = place(path), place(target)
    if own is None or other is None or own[0] != other[0] or target in HEADS:
        return None
    return f"{path}: includes {target} from a room above" if other[1] > own[1] else None


def breaches(top):
    bad = []
    for path in sources(top, "common", "cmd"):
        parts = path.split("/")
        for target in INCLUDE.findall(read(os.path.join(top, path))):
            floor = target.split("/")[0]
            if room_breach(path, target):
                bad.append(room_breach(path, target))
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
                used[floor].add(os.path.basename(name).removesuffix(".h"))
    return used


def picture(top):
    """The same as HACKING.md draws it."""
    text = read(os.path.join(top, "HACKING.md"))
    return {floor: {name for line in re.findall(rf"^common/{floor}(?:/\w+)? +(.*)$", text, re.M) for name in re.split(r" · |\s+", line)}
            for floor in FLOORS}


def headers(top, floor):
    return {os.path.basename(path).removesuffix(".h") for path in sources(top, "common/" + floor, endings=(".h",))}


bad = breaches(TOP)
check(not bad, "every include points downward", *bad)
check(len(sources(TOP, "common", "cmd")) > 50, "there was something to look at")
drawn = picture(TOP)
missing = [f"{floor}: {name}" for floor, names in public(TOP).items() for name in sorted(names - drawn[floor])]
check(not missing, "HACKING.md's picture has every module that others use", *missing)
gone = [f"{floor}: {name}" for floor, names in drawn.items() for name in sorted(names)
        if name not in headers(TOP, floor)]
check(not gone, "and none that is not there", *gone)
check(planted("common/text/x.c", '#include "io/file.h"'), "a planted include from above is found")
check(planted("cmd/mailsend/x.c", '#include "cmd/mailbulk/y.h"'), "one of another tool's is found")
check(planted("common/mail/header/x.c", '#include "mail/message/mime_scan.h"'), "a planted include from a room above is found")
check(not planted("common/mail/message/x.c", '#include "mail/header/word.h"'), "one of a room below is let pass")
check(planted("common/base/x.c", '#include "str.h"'), "one that names no floor is found")
done()
