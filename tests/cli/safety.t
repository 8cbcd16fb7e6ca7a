#!/usr/bin/env python3
"""Files that say who must not be mailed, read by both tools: whoever is on one is not mailed, and a file that cannot be
understood stops the run. Each case shows who would have been mailed, so that a person too many is seen."""
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import killpoint  # noqa: E402
from tap import BUILD, attempt, check, compiler, done, same, skip  # noqa: E402

TOOLS = ("listscrub", "mailbulk")
PEOPLE = ("ann@a.example", "bob@a.example", "keep@b.example")
ANN, BOB, KEEP = PEOPLE
TEMPLATE = "From: News <news@example.org>\nTo: {{email}}\nSubject: News\n\nText.\n"
DIR = tempfile.TemporaryDirectory(prefix="safety-")


def path(name):
    return os.path.join(DIR.name, name)


def write(name, octets):
    with open(path(name), "wb") as f:
        f.write(octets if isinstance(octets, bytes) else octets.encode())
    return path(name)


write("t.eml", TEMPLATE)
write("list.csv", "email\nAnn\x40A.example\n" + "".join(p + "\n" for p in PEOPLE[1:]))


class Run:
    """status, who would be mailed (of those who were written out), what was said."""

    def __init__(self, tool, *options, env=None):
        end = [path("list.csv")] if tool == "listscrub" else [path("t.eml"), path("list.csv")]
        more = ["--allow-reserved"] if tool == "listscrub" else []
        environment = {**os.environ, "HOME": DIR.name, "XDG_CONFIG_HOME": DIR.name, "LC_ALL": "C", **(env or {})}
        run = subprocess.run([os.path.join(BUILD, tool), *more, *options, *end], capture_output=True, timeout=60, env=environment)
        self.status, self.said = run.returncode, run.stderr.decode("utf-8", "replace")
        if tool == "listscrub":
            self.mailed = {line.lower() for line in run.stdout.decode().splitlines() if line != "email"}
        else:
            self.mailed = {to.lower() for to in re.findall(r"^To: (\S+)", run.stdout.decode(), re.M)}

    def __str__(self):
        return f"status {self.status}, mailed {sorted(self.mailed)}\n{self.said[:1200]}"


def suppresses(name, octets, who, said=(), options=()):
    """Both tools take the file, mail everybody but these people, and say this."""
    file = write("list", octets)
    for tool in TOOLS:
        r = Run(tool, *options, "--suppress", file)
        check(r.status == 0 and r.mailed == set(PEOPLE) - set(who) and all(x in r.said for x in said), f"{tool}: {name}", r)


def stops(name, octets, said, status=65, options=()):
    """Neither tool mails anybody."""
    file = write("list", octets) if octets is not None else path("list")
    for tool in TOOLS:
        r = Run(tool, *options, "--suppress", file)
        check(r.status == status and not r.mailed and file in r.said and all(x in r.said for x in said), f"{tool}: {name}", r)


def hashes():
    for kind in ("md5", "sha1", "sha256"):
        def digest(address, kind=kind):
            return hashlib.new(kind, address.encode()).hexdigest()
        for case in (str.lower, str.upper, str.title):
            said = ["suppress ", ": 2 entries (2 hashes)"]
            suppresses(f"{kind}, bare digits, {case.__name__}", f"{case(digest(ANN))}\n{case(digest(BOB))}\n", PEOPLE[:2], said)
            suppresses(f"{kind}, with its name, {case.__name__}", f"{case(kind)}:{case(digest(ANN))}\n{kind}: {case(digest(BOB))}\n", PEOPLE[:2], said)
            suppresses(f"{kind}, a column, {case.__name__}", f"id,Email {case(kind)},reason\n1,{case(digest(ANN))},x\n2,{case(digest(BOB))},y\n", PEOPLE[:2], said)
        suppresses(f"{kind}, a column called hash", f"hash;since\r\n{digest(ANN)};2026-01-01\r\n", [ANN], [": 1 entry (1 hash)"])
    md5, sha1, sha256 = (hashlib.new(k, a.encode()).hexdigest() for k, a in (("md5", ANN), ("sha1", BOB), ("sha256", KEEP)))
    suppresses("every kind in one file", f"{md5}\n{sha1}\n{sha256}\n", PEOPLE, ["3 hashes"])
    suppresses("a column for each kind, filled as it comes", f"md5,sha256\n{md5},\n,{sha256}\n", [ANN, KEEP], ["2 hashes"])
    suppresses("an address that is masked, and its hash", f"email,md5\na**\x40a.example,{md5}\n", [ANN])
    suppresses("a number that looks like a hash, and an address", f"{'0' * 32},{ANN}\n", [ANN])

    sha512 = "".join(hashlib.sha512(a.encode()).hexdigest() + "\n" for a in PEOPLE)
    stops("SHA-512, bare", sha512, [":1: no usable entry", "128 digits"])
    stops("SHA-512 by its name", "sha512:" + sha512, [":1: no usable entry", "not supported"])
    stops("a column of SHA-512", "email_sha512\n" + sha512, [":2: no usable entry", "not supported"])
    stops("CRC-32", "cbf43926\n0e7e3b2f\n", [":1: no usable entry", "8 digits"])
    stops("SHA-3 has as many digits as SHA-2", "sha3-256\n" + hashlib.sha3_256(ANN.encode()).hexdigest() + "\n", [":2: no usable entry", "not supported"])
    stops("a hash that is cut", f"sha256:{sha256[:20]}\n", [":1: no usable entry", "not a SHA-256 hash"])
    stops("digits that are not the hash that the column promises", f"sha1\n{md5}\n", [":2: no usable entry", "not a SHA-1 hash"])
    stops("a hash in base64", "sha256\nuvvwB0iZlDGEDbXbQDoZPFkGzYYPR0rZ8YhFyPa5P9Y=\n", [":2: no usable entry", "not a SHA-256 hash"])


def workbook():
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", "<Types/>")
        z.writestr("xl/workbook.xml", "<workbook/>")
        z.writestr("xl/sharedStrings.xml", "<sst><si><t>" + "</t></si><si><t>".join(PEOPLE) + "</t></si></sst>")
    return octets.getvalue()


def no_lists():
    text = "email\n" + "\n".join(PEOPLE) + "\n"
    stops("an Excel workbook", workbook(), ["Excel"])
    stops("a compressed list", gzip.compress(text.encode()), ["gzip"])
    stops("an HTML page", "<!DOCTYPE html>\n<html><body>\nPlease log in.\n</body></html>\n", ["HTML"])
    stops("an HTML page with an address in it", f"<!DOCTYPE html>\n<html><body>\n{ANN}\n{BOB}\n</body></html>\n", ["HTML"])
    stops("a PDF document", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + text.encode(), ["PDF"])
    stops("words", "The list could not be\nexported: try again\n", [":1: no usable entry"])
    stops("a header of other columns", "who;why\n", ["no column of this header is known"])
    stops("rows with nothing in the column", "email,name\n,Ann\n,Bob\n", [":2: no usable entry"])


def empty():
    for name, octets in (("zero bytes", b""), ("a BOM alone", b"\xef\xbb\xbf"), ("blank lines and comments", b"\n# nobody yet\n\n")):
        stops(f"{name}", octets, ["empty", "--allow-empty"])
        suppresses(f"{name}, with --allow-empty", octets, [], [": 0 entries"], ["--allow-empty"])
    stops("words, with --allow-empty", "nothing here\n", [":1: no usable entry"], options=["--allow-empty"])
    for header in ("email\n", "\ufeffEmail;Reason\r\n", "sha256", "# exported\nid,domain\n"):
        suppresses(f"a header alone, {header.strip()!r}", header, [], [": 0 entries"])


def forms():
    suppresses("a BOM", b"\xef\xbb\xbfann@a.example\r\nbob@a.example\r\n", [ANN, BOB], ["2 entries (2 addresses)"])
    suppresses("semicolons", f"id;reason;E-Mail\n7;gone, at last;{ANN}\n", [ANN])
    suppresses("Windows-1252", f"name,email\nZo\xeb,{ANN}\nR\xfcdiger,{BOB}\n".encode("cp1252"), [ANN, BOB])
    for name in ("utf-16", "utf-16-le", "utf-16-be"):
        octets = f"E-Mail\treason\r\n{ANN}\tZo\u00eb asked\r\n{BOB}\t\r\n".encode(name)
        suppresses(name, octets, [ANN, BOB], ["2 entries (2 addresses)"])
        suppresses(f"{name}, hashes", f"{hashlib.sha1(ANN.encode()).hexdigest()}\n{hashlib.md5(BOB.encode()).hexdigest()}\n".encode(name),
                   [ANN, BOB], ["2 entries (2 hashes)"])
        stops(f"{name}, words", "Try again\nlater\n".encode(name), [":1: no usable entry"])
    suppresses("a line for spreadsheets, and titles", f"sep=;\r\nOur list, as of today\r\n\r\nid;email\r\n7;{ANN}\r\n", [ANN], ["1 entry"])
    suppresses("JSON Lines", json.dumps({"id": 1, "email": ANN}) + "\n" + json.dumps({"id": 2, "email": BOB}) + "\n", [ANN, BOB])
    suppresses("comments", f"# who left\n\n{ANN} # by telephone\n", [ANN], ["1 entry (1 address)"])
    suppresses("addresses, domains and hashes", f"{KEEP}\n@a.example\nmd5:{'0' * 32}\n", PEOPLE,
               ["3 entries (1 address, 1 domain, 1 hash)"])


def counts():
    mixed = f"email,reason\n{ANN},asked\nb ob@a.example,asked\n{KEEP},asked\nsha512:00,asked\n"
    file = write("list", mixed)
    line = f"suppress {file}: 2 entries (2 addresses), 2 unusable lines, first: line 3: 'b ob\x40a.example' is not an address"
    suppresses("lines that cannot be used are counted, and the first is named", mixed, [ANN, KEEP], [line])
    for tool in TOOLS:
        r = Run(tool, "--quiet", "--suppress", file)
        check(line in r.said, f"{tool}: and so they are with --quiet", r)
    r = Run("mailbulk", "--suppress", file)
    check(re.search(r"0 errors, \d+ warnings?$", r.said, re.M) and int(re.search(r"(\d+) warning", r.said).group(1)) == r.said.count("warning: "),
          "mailbulk: they are a warning like the others", r)
    r = Run("mailbulk", "--send", "--transactional", "--smtp", "smtp://127.0.0.1:1", "--journal", path("journal"), "--suppress", write("book", workbook()))
    check(r.status == 65 and not os.path.exists(path("journal")), "mailbulk --send stops before it connects or writes anything", r)
    other = write("other", "@c.example\n")
    r = Run("listscrub", "--summary=json", "--suppress", file, "--suppress", other, f"--drop-role={write('roles', 'boss' + chr(10))}",
            f"--drop-disposable={write('domains', 'x.example' + chr(10) + '?' + chr(10))}", "--report", path("report.html"))
    lists = json.loads(r.said.strip().splitlines()[-1])["safety_lists"]
    same([(x["option"], os.path.basename(x["file"]), x["entries"], x["addresses"], x["domains"], x["roles"], x["unusable"], x.get("first_unusable_line"))
          for x in lists],
         [("suppress", "list", 2, 2, 0, 0, 2, 3), ("suppress", "other", 1, 0, 1, 0, 0, None), ("drop-role", "roles", 1, 0, 0, 1, 0, None),
          ("drop-disposable", "domains", 1, 0, 1, 0, 1, 2)], "each file in the JSON summary")
    check("first_unusable_why" in lists[0] and "b ob" in lists[0]["first_unusable_why"], "with why", lists)
    with open(path("report.html"), encoding="utf-8") as f:
        page = f.read()
    check("2 unusable lines, first: line 3: &#39;b ob\x40a.example" in page and f"drop-disposable {path('domains')}: 1 entry" in page,
          "and in the report", page[-2500:])


def words():
    """--drop-role=FILE and --drop-disposable=FILE of listscrub."""
    def drops(name, option, octets, who, said=(), options=()):
        r = Run("listscrub", *options, f"--{option}={write('list', octets)}")
        check(r.status == 0 and r.mailed == set(PEOPLE) - set(who) and all(x in r.said for x in said), f"--{option}: {name}", r)

    def refuses(name, option, octets, said, options=()):
        r = Run("listscrub", *options, f"--{option}={write('list', octets)}")
        check(r.status == 65 and not r.mailed and path("list") in r.said and all(x in r.said for x in said), f"--{option}: {name}", r)

    drops("a role", "drop-role", "# ours\nAnn@\r\n", [ANN], ["drop-role ", "1 entry (1 role)"])
    drops("a domain", "drop-disposable", "\ufeff*.A.example # gone\n", [ANN, BOB], ["drop-disposable ", "1 entry (1 domain)"])
    drops("a line that is none", "drop-role", "ann\nbob the builder\n", [ANN], ["1 unusable line, first: line 2: 'bob the builder' is not"])
    drops("a line that is none", "drop-disposable", "a..example\na.example\n", [ANN, BOB], ["1 unusable line, first: line 1: 'a..example' is not a domain"])
    drops("UTF-16, a table", "drop-disposable", "domain;since\r\na.example;2026\r\n".encode("utf-16"), [ANN, BOB], ["1 entry (1 domain)"])
    drops("a header alone", "drop-disposable", "domain\n", [], [": 0 entries"])
    drops("a header alone", "drop-role", "role\n", [], [": 0 entries"])
    for option in ("drop-role", "drop-disposable"):
        refuses("zero bytes", option, b"", ["empty", "--allow-empty"])
        drops("zero bytes, with --allow-empty", option, b"", [], [": 0 entries"], ["--allow-empty"])
        refuses("an Excel workbook", option, workbook(), ["Excel"])
        refuses("a compressed list", option, gzip.compress(b"a.example\nann\n"), ["gzip"])
        refuses("an HTML page", option, b"<!DOCTYPE html>\n<html>\n</html>\n", ["HTML"])
        refuses("words", option, b"not a word\n! ?\n", [":1: no usable entry"])
    for name, status in (("absent", 66), (".", 65)):
        r = Run("listscrub", f"--drop-role={path(name)}")
        check(r.status == status and not r.mailed and path(name) in r.said, f"--drop-role: what cannot be opened, {name}", r)
    r = Run("listscrub", "--drop-role=/proc/self/mem")
    check(r.status == 74 and not r.mailed and "/proc/self/mem" in r.said, "--drop-role: what cannot be read", r)


def unreadable():
    for tool in TOOLS:
        for name, status, words in (("absent", 66, "No such file"), (".", 65, "is a directory: name the list in it")):
            r = Run(tool, "--suppress", path(name))
            check(r.status == status and not r.mailed and path(name) in r.said and words in r.said, f"{tool}: what cannot be opened, {name}", r)
        r = Run(tool, "--suppress", "/proc/self/mem")
        check(r.status == 74 and not r.mailed and "/proc/self/mem" in r.said, f"{tool}: what cannot be read", r)


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* BROKEN=FILE: every read of it but the first fails. FIPS=N: hashes of that kind are refused from the Nth call on. */
ssize_t read(int fd, void *p, size_t n)
{
	static ssize_t (*real)(int, void *, size_t);
	static int count;
	char link[64] = "/proc/self/fd/", name[4096];
	const char *broken = getenv("BROKEN");

	if (real == NULL)
		real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	if (broken != NULL && fd >= 0 && fd < 1000) {
		link[14] = (char)('0' + fd / 100);
		link[15] = (char)('0' + fd / 10 % 10);
		link[16] = (char)('0' + fd % 10);
		char *digits = link + 14;

		while (digits[0] == '0' && digits[1] != '\0')
			memmove(digits, digits + 1, strlen(digits));
		ssize_t length = readlink(link, name, sizeof name - 1);

		name[length > 0 ? length : 0] = '\0';
		if (strcmp(name, broken) == 0 && count++ > 0) {
			errno = EIO;
			return -1;
		}
	}
	return real(fd, p, n);
}

int gnutls_hash_fast(int algorithm, const void *p, size_t n, void *out)
{
	static int (*real)(int, const void *, size_t, void *);
	static int count;
	const char *from = getenv("FIPS");

	if (real == NULL)
		real = (int (*)(int, const void *, size_t, void *))dlsym(RTLD_NEXT, "gnutls_hash_fast");
	if (from != NULL && algorithm == 2 && ++count >= atoi(from))
		return -22;
	return real(algorithm, p, n, out);
}
"""


def broken():
    """A file that breaks off while it is read, and hashes that the library does not compute."""
    source, shim = write("shim.c", SHIM), path("shim.so")
    words = compiler()
    if not words:
        skip("reads that fail in the middle", "no C compiler for the shim")
        return
    subprocess.run([*words, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
    file = write("list", "".join(f"gone{i}\x40c.example\n" for i in range(9000)) + ANN + "\n")
    hashed = write("hashed", "".join(hashlib.md5(a.encode()).hexdigest() + "\n" for a in PEOPLE[:1]))
    for tool in TOOLS:
        def under(*options, tool=tool, **env):
            return Run(tool, *options, env=killpoint.environment(os.path.join(BUILD, tool), shim, **env))
        r = under("--suppress", file)
        check(r.status == 0 and ANN not in r.mailed, f"{tool}: a long list with somebody at its end", r)
        r = under("--suppress", file, BROKEN=os.path.realpath(file))
        check(r.status == 74 and not r.mailed and file in r.said, f"{tool}: an error while reading is not the end of the list", r)
        r = under("--suppress", hashed)
        check(r.status == 0 and ANN not in r.mailed, f"{tool}: a list of hashes", r)
        r = under("--suppress", hashed, FIPS="1")
        check(r.status == 71 and not r.mailed and "MD5" in r.said and hashed in r.said, f"{tool}: a hash that is refused", r)
        r = under("--suppress", hashed, FIPS="2")
        check(r.status == 71 and not r.mailed and "could not be computed" in r.said, f"{tool}: a hash that is refused later", r)


for part in (hashes, no_lists, empty, forms, counts, words, unreadable, broken):
    attempt(part)
DIR.cleanup()
done()
