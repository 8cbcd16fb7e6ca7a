#!/usr/bin/env python3
"""What every file of the tree keeps to: config.h first, no banned functions, sizes, no words of unfinished work."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import TOP, check, done, read, sources  # noqa: E402

BANNED = ("strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r atoi atol atoll atof gets system popen alloca mktemp "
          "tmpnam tempnam gmtime localtime ctime asctime rand srand setjmp longjmp strerror_r scanf sscanf fscanf tmpfile").split()
FUNCTION_MAX, SWITCH_MAX, FILE_MAX, COLUMNS = 50, 80, 400, 120
# A function may be longer, a file too, where a comment right above says why: "Long because …".
EXCUSE = re.compile(r"Long because ")


def bare(text):
    """The code without comments, strings and characters; line breaks stay."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(text):
    """(name, first line, lines, is a switch over states, excused) of every function that is defined."""
    code = bare(text).split("\n")
    raw = text.split("\n")
    start = None
    for i, line in enumerate(code):
        if line.startswith("{") and i > 0:
            start = i
        elif line.startswith("}") and start is not None:
            head = start - 1
            while head > 0 and code[head - 1].strip() and not code[head - 1].startswith(("}", "#")) \
                    and not raw[head - 1].rstrip().endswith(("*/", ";")):
                head -= 1
            name = re.search(r"(\w+)\(", " ".join(code[head:start]))
            above = "\n".join(raw[max(0, head - 8):head])
            body = "\n".join(code[start:i])
            if name and not line.startswith("};"):
                yield (name.group(1), start + 1, i - start + 1, "switch (" in body, bool(EXCUSE.search(above)))
            start = None


def banned(text):
    code = bare(text)
    return [(m.group(1), code.count("\n", 0, m.start()) + 1)
            for m in re.finditer(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(", code)]


def wide(text):
    """Numbers of the lines that are too wide; one with a string in it may be, where that reads better whole."""
    return [i + 1 for i, line in enumerate(text.split("\n")) if len(line.expandtabs(8)) > COLUMNS and '"' not in line]


tree = sources(TOP, "common", "cmd")
first, late, long_f, long_file, calls = [], [], [], [], []
for path in tree:
    text = read(os.path.join(TOP, path))
    if path.endswith(".c"):
        m = re.search(r"^[ \t]*#[ \t]*include.*$", text, re.M)
        if m is None or m.group(0) != "#include <config.h>":
            first.append(path)
        for name, line, n, switch, excused in functions(text):
            if n > (SWITCH_MAX if switch else FUNCTION_MAX) and not excused:
                long_f.append(f"{path}:{line}: {name} has {n} lines")
        calls += [f"{path}:{line}: {name}" for name, line in banned(text)]
    n = text.count("\n")
    if n > FILE_MAX and not EXCUSE.search(text[:2000]):
        long_file.append(f"{path}: {n} lines")
for path in sources(TOP, "tests", endings=(".c",)):
    m = re.search(r"^[ \t]*#[ \t]*include.*$", read(os.path.join(TOP, path)), re.M)
    if m is None or m.group(0) != "#include <config.h>":
        first.append(path)

too_wide = [f"{path}:{i}" for path in tree + sources(TOP, "tests", endings=(".c", ".h")) for i in wide(read(os.path.join(TOP, path)))]

words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
unfinished = [f"{path}:{i + 1}" for path in sources(TOP, "common", "cmd", "tests", "man", "completions", endings=("",))
              if "/corpus/" not in path and not path.endswith((".o", ".a", ".log", ".trs", ".pyc")) and os.path.getsize(os.path.join(TOP, path)) < 1 << 20
              and b"\0" not in open(os.path.join(TOP, path), "rb").read(4096)
              for i, line in enumerate(read(os.path.join(TOP, path)).split("\n")) if words.search(line)]

check(not first, "every .c begins with config.h", *first)
check(not calls, "no banned function is called", *calls)
check(not long_f, f"functions of at most {FUNCTION_MAX} lines ({SWITCH_MAX} with a switch over states)", *long_f)
check(not long_file, f"files of at most {FILE_MAX} lines", *long_file)
check(not too_wide, f"lines of at most {COLUMNS} columns", *too_wide)
check(not unfinished, "no words of unfinished work", *unfinished)
check(banned("x = strcpy(a, b); /* strcat(a) */ y->atoi(1)") == [("strcpy", 1)], "a planted call is found, a comment is not")
check(wide("/* " + "x" * 116 + " */\n\t" + "y" * 113 + '\nf("' + "z" * 150 + '");\n') == [1, 2], "wide lines are found, a string is let pass")
check([f[2] for f in functions("int f(void)\n{\n" + "\tg();\n" * 60 + "}\n")] == [62], "a long function is found")
done()
