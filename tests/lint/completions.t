#!/usr/bin/env python3
"""The completions are what their shells take: the syntax of each, and in bash what it offers for the beginning of an option."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import BUILD, TOP, check, done, skip  # noqa: E402

FOLDER = os.path.join(TOP, "completions")
SHELLS = {".bash": "bash", ".fish": "fish", "": "zsh"}
# Source the file and ask for what would be offered for the last word of a command line.
ASK = """
source /usr/share/bash-completion/bash_completion 2>/dev/null
source "$1" || exit 1
tool=$2; shift 2
COMP_WORDS=("$tool" "$@"); COMP_CWORD=$#; COMP_LINE="$tool $*"; COMP_POINT=${#COMP_LINE}
set -- $(complete -p "$tool")
while [ $# -gt 0 ] && [ "$1" != -F ]; do shift; done
"$2" "$tool" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(path, tool, *words):
    run = subprocess.run(["bash", "-c", ASK, "ask", path, tool, *words], capture_output=True, text=True,
                         env={**os.environ, "PATH": os.path.abspath(BUILD) + ":" + os.environ["PATH"]})
    return set(run.stdout.split()), run.stderr


names = sorted(os.listdir(FOLDER)) if os.path.isdir(FOLDER) else []
check(names, "there are completions")
for name in names:
    path = os.path.join(FOLDER, name)
    shell = SHELLS[os.path.splitext(name)[1]]
    if shutil.which(shell) is None:
        skip(f"{shell} -n {name}", f"{shell} is not installed")
        continue
    run = subprocess.run([shell, "-n", path], capture_output=True, text=True)
    check(run.returncode == 0 and not run.stderr, f"{shell} -n {name}", run.stderr)
    if shell == "bash":
        tool = name.removesuffix(".bash")
        found, said = offered(path, tool, "--qu")
        check("--quiet" in {f.rstrip("=") for f in found}, f"{tool} --qu offers --quiet", sorted(found), said)
        found, said = offered(path, tool, "--")
        check(len(found) > 10 and all(f.startswith("--") for f in found), f"{tool} -- offers its options", sorted(found), said)
done()
