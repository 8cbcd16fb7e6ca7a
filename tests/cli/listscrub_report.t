#!/usr/bin/env python3
"""The page of --report: one file, nothing from elsewhere, true, and drawn by a browser where there is one."""
import html.parser
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, attempt, check, done, same, skip  # noqa: E402

lab = Lab()
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
VOID = {"meta", "br", "rect", "link", "img"}


class Page(html.parser.HTMLParser):
    """Tags in pairs, what they point to, the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.links, self.tags, self.text = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action", "data", "style") and value and "width" not in value]
        self.links += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def hostile_list():
    rows = ["email,note"] + [f"user{i}@host{i % 30}.de,x" for i in range(3000)] + [f"USER{i}@host{i % 30}.de,again" for i in range(100)]
    rows += ['"<script>alert(1)</script>",x', '"<b>&amp;</b>@@",x', "x@example.com,x", "\u202eevil@@a.de,x", ",", "a@a.de,x,y", 'bücher@bücher.de,x']
    return "\n".join(rows) + "\n"


def render(path):
    browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if browser is None:
        skip("drawn by a browser", "Chromium is not installed")
        return
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={lab.path('profile')}"]
    env = {**os.environ, "HOME": lab.dir}
    picture = lab.path("page.png")
    out = subprocess.run([browser, *flags, "--window-size=1000,1600", f"--screenshot={picture}", "file://" + path], capture_output=True, env=env,
                         timeout=120)
    size = os.path.getsize(picture) if os.path.exists(picture) else 0
    check(size > 20000, "a browser draws it", out.stderr.decode("utf-8", "replace")[-1500:], size)
    out = subprocess.run([browser, *flags, "--dump-dom", "file://" + path], capture_output=True, env=env, timeout=120)
    dom = out.stdout.decode("utf-8", "replace")
    check("<script" not in dom and dom.count("<svg") > 20, "with bars and without scripts", dom[:300])
    if os.environ.get("KEEP_PICTURE"):
        shutil.copy(picture, os.environ["KEEP_PICTURE"])


def at_the_start():
    """A page that cannot be made is said before the work, and none is left of a run that failed."""
    full = "/dev/full" if os.path.exists("/dev/full") else lab.dir
    for path in (lab.path("no/where.html"), full):
        r = lab.run("--report", path, stdin="email\na@a.de\nbad\n")
        same((r.status, r.out, r.rejects), (73, b"", None), "one that cannot be created: nothing else is, either")
    same(lab.run("--report", "-", stdin="a@a.de\n").status, 64, "none goes to standard output")
    before = sorted(os.listdir(lab.dir))
    r = lab.run("--strict", "--report", lab.path("damaged.html"), stdin='a@a.de\n"open\n', rejects=False)
    same((r.status, sorted(os.listdir(lab.dir))), (65, before), "of a run that failed nothing is left")


def odd_names():
    """What a file name says is shown, cut short, and turns nothing round."""
    name = lab.write("<b>\u202e" + "n" * 200 + ".csv", "email\n" + "u@" + ".".join(["d" * 60] * 4) + ".de\n" + "a@\u05d0\u05d1.\u05e7\u05d5\u05dd\n")
    path = lab.path("odd.html")
    same(lab.run("--report", path, *[name] * 7).status, 0, "a report about a list with an odd name")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    page = Page(text)
    same((page.wrong, page.open, "\u202e" in text), ([], [], False), "is whole")
    check("<b>\\xe2\\x80\\xae" in page.text and "n" * 121 not in page.text and "and 2 more" in page.text, "and says which lists", page.text[-2000:])
    same(text.count("<bdi>"), 7, "names of lists and domains each stand for themselves")
    check("85.7" in page.text and "14.3" in page.text, "with the shares of both sorts of rows")


def whole():
    path = lab.path("report.html")
    r = lab.run("--report", path, "--summary=json", stdin=hostile_list())
    same(r.status, 0, "a report is written")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    page = Page(text)
    same((page.wrong, page.open), ([], []), "its tags are in pairs")
    same(page.links, [], "nothing is fetched from elsewhere, no handlers")
    check("script" not in page.tags and "http" not in re.sub(r"http-equiv", "", text), "no script, no address of another page")
    check("<script>alert(1)</script>" in page.text and "<b>" in page.text, "what a list says is text and no markup")
    check("\u202e" not in text, "and turns no direction of writing")
    s = r.summary()
    plain = page.text.replace("\u202f", "")
    check(all(str(n) in plain for n in (s["read"], s["kept"], s["rejected"])), "it has the numbers of the summary", s)
    check(all(name in plain for name, n in s["reasons"].items() if n > 0), "and the reasons")
    check("host0.de" in plain and "32 different domains" in plain, "and the domains")
    render(path)
    r = lab.run("--report", lab.path("empty.html"), stdin="email\n")
    same((r.status, Page(open(lab.path("empty.html"), encoding="utf-8").read()).open), (0, []), "of an empty list too")
    one = {"SOURCE_DATE_EPOCH": "1767225600"}
    pages = []
    for _ in range(2):
        lab.run("--report", path, stdin=hostile_list(), env=one)
        pages.append(open(path, "rb").read())
    check(pages[0] == pages[1], "with SOURCE_DATE_EPOCH the same list gives the same octets")


def sorted_reasons():
    path = lab.path("sorted.html")
    lab.run("--report", path, stdin="email,n\n,1\nbad,2\nbad,3\na@a.de,4\na@a.de,5\na@a.de,6\na@a.de,7\n")
    text = open(path, encoding="utf-8").read()
    at = [text.index(f"<tr><td>{reason}<br>") for reason in ("duplicate", "syntax", "empty")]
    same(at, sorted(at), "the most frequent reason first")


for part in (whole, at_the_start, sorted_reasons, odd_names):
    attempt(part)
lab.close()
done()
