#!/usr/bin/env python3
"""The page of --report: one file, nothing from elsewhere, true, and drawn by a browser where there is one."""
import html.parser
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listscrub_kit import Lab, check, done, same, skip  # noqa: E402

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
    rows += ['"<script>alert(1)</script>",x', '"<b>&amp;</b>@@",x', "x@example.com,x", "\u202eevil@@a.de,x", ",", "a@a.de", 'bücher@bücher.de,x']
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


def main():
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
    r = lab.run("--report", lab.path("no/where.html"), stdin="email\n")
    same(r.status, 73, "one that cannot be created")
    one = {"SOURCE_DATE_EPOCH": "1767225600"}
    pages = []
    for _ in range(2):
        lab.run("--report", path, stdin=hostile_list(), env=one)
        pages.append(open(path, "rb").read())
    check(pages[0] == pages[1], "with SOURCE_DATE_EPOCH the same list gives the same octets")
    lab.close()
    done()


main()
