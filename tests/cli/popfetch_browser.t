#!/usr/bin/env python3
"""What --archive writes, opened from the disk in Chromium: it can be read, searched and sorted, narrow and wide, light and dark; and hostile
mail does nothing, beside a port that hears whatever is asked for."""
import base64
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser_kit import Browser, Ear, browser_path, hostile  # noqa: E402
from popfetch_kit import Work, attempt, check, done, skip_all  # noqa: E402

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC"
FROM = "From x@example.org Mon Nov 23 08:00:00 2026\n"


def head(number, subject, *more):
    return (f"{FROM}From: Ann Lee <ann@example.org>\nTo: Bob <bob@example.net>\nSubject: {subject}\nMessage-ID: <{number}@example.org>\n"
            f"Date: Mon, 23 Nov 2026 08:{number % 60:02}:00 +0000\nMIME-Version: 1.0\n" + "".join(line + "\n" for line in more))


def part(kind, body, *more):
    octets = body if isinstance(body, bytes) else body.encode()
    return "\n".join(("--b", "Content-Type: " + kind, "Content-Transfer-Encoding: base64", *more, "",
                      base64.encodebytes(octets).decode()))


def multipart(kind, *parts):
    return f"Content-Type: multipart/{kind}; boundary=b\n\n" + "".join(parts) + "--b--\n\n"


def evil_message(port):
    return head(1, "<script>document.title='owned'</script> hostile") + multipart("alternative", part("text/plain", "the text part"),
                                                                                 part("text/html; charset=utf-8", hostile(port)))


def evil_files(port):
    page = f"<html><script>fetch('http://127.0.0.1:{port}/file');document.title='owned'</script><img src=http://127.0.0.1:{port}/file2>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"fetch('http://127.0.0.1:{port}/svg')\"><image href='http://127.0.0.1:{port}/svg2'/></svg>"
    named = [("page.html", page), ("drawing.svg", svg), ("../../up.html", page), ("noending", page), ("picture.png", page), ("mail.eml", page),
             ("web.mht", page), ("x.xhtml", page), ("a\x01b\u202egpj.htm", page), ("CON.html", page), ("page.HTML", page), ("x.xml", svg)]
    parts = [part("application/octet-stream", body, "Content-Disposition: attachment; filename*=utf-8''" + urllib.parse.quote(name))
             for name, body in named]
    return head(2, "files") + multipart("mixed", part("text/plain", "see the files"), *parts)


def good_message():
    html = ("<html><body style='background:#eef'><h1>Good day</h1><p>A picture: <img src='cid:pic@example.org' width=40 height=40></p>"
            "<p><a href='https://example.org/more'>more</a></p></body></html>")
    return head(3, "=?utf-8?q?Gr=C3=BC=C3=9Fe?= with a picture") + multipart(
        "related", part("text/html; charset=utf-8", html), part("image/png", base64.b64decode(PNG), "Content-ID: <pic@example.org>"))


def thread(n):
    return "".join(head(10 + i, ("Re: " if i else "") + "a long talk", *([f"In-Reply-To: <{9 + i}@example.org>", "References: <10@example.org>"] if i else []))
                   + f"\nMessage {i} of the talk.\n\n" for i in range(n))


def many(n):
    return "".join(head(1000 + i, f"number {i:04} {'needle' if i % 500 == 7 else 'hay'}").replace("23 Nov 2026", f"{1 + i % 28} May 2025") + "\nx\n\n"
                   for i in range(n))


class Archive:
    def __init__(self, work, port):
        self.work, self.dir = work, work.file("arch ive #1")
        with open(work.file("in.mbox"), "w", encoding="utf-8") as f:
            f.write(evil_message(port) + evil_files(port) + good_message() + thread(5) + many(4100))
        out = work.fetch(None, "--archive", self.dir, "in.mbox")
        check(out.returncode == 0, "an archive is written", out.stderr)

    def url(self, *names):
        return "file://" + urllib.parse.quote(os.path.join(self.dir, *names))

    def page(self, text):
        """The page of the message with that text."""
        found = subprocess.run(["grep", "-rlF", text, os.path.join(self.dir, "messages")], capture_output=True, text=True).stdout.split("\n")
        return os.path.relpath(found[0], self.dir)


def control(browser, ear, work):
    """The same HTML without protection is heard: this test can fail."""
    path = work.file("control.html")
    with open(path, "w", encoding="utf-8") as f:
        f.write(hostile(ear.port).replace('content="0; url', 'content="9; url').replace("autofocus", ""))
    browser.open("file://" + path)
    browser.until("document.title === 'owned'", 20)
    check(len(ear.heard) > 5, "unprotected, the hostile page is heard", ear.heard, browser.asked)
    check(browser.value("document.title") == "owned", "and runs")
    browser.open("about:blank")
    ear.heard.clear()
    browser.asked.clear()
    browser.dialogs.clear()


def silent(browser, ear, name):
    check(not ear.heard and not browser.asked and not browser.dialogs, name, ear.heard, browser.asked, browser.dialogs)


def evil(browser, ear, archive):
    for dark in (False, True):
        browser.look(1000, 900, dark)
        browser.open(archive.url(archive.page("the text part")))
        check(len(browser.picture(f"hostile-{'dark' if dark else 'light'}.png")) > 10000, "a page with hostile mail is drawn")
    here = browser.value("location.href")
    title = browser.value("document.title")
    check(title == "<script>document.title='owned'</script> hostile", "a subject is text", title)
    check(browser.value("document.querySelectorAll('script').length") == 0, "the page has no script")
    check(browser.value("document.querySelector('iframe').contentDocument") is None, "the frame is of another origin")
    box = browser.value("(r => [r.left, r.top, r.width, r.height])(document.querySelector('iframe').getBoundingClientRect())")
    pages = len(browser.targets)
    for button in ("left", "middle"):
        browser.click(box[0] + box[2] / 2, box[1] + min(box[3], 300) / 2, button)
    check(browser.value("location.href") == here, "a click on a link of the mail leads nowhere")
    check(len(browser.targets) == pages, "and opens nothing")
    silent(browser, ear, "nothing was run, loaded or sent")
    links = browser.value("[...document.querySelectorAll('ul.links a')].map(a => a.href)")
    check(links == [f"http://127.0.0.1:{ear.port}/link"], "the link is listed where it says where it leads, those with script and file: are not", links)
    check(browser.value("document.body.textContent.includes('not loaded')"), "that something was not loaded is told")


def files(browser, ear, archive):
    browser.open(archive.url(archive.page("see the files")))
    links = browser.value("[...document.querySelectorAll('ul.files a')].map(a => a.href)")
    check(len(links) == 12 and all(link.startswith(archive.url("files")) for link in links), "files are below the folder for them", links)
    kinds = {}
    for link in links:
        browser.open(link)
        kinds[urllib.parse.unquote(link.rsplit("/", 1)[1])] = browser.value("document.contentType")
    check(set(kinds.values()) == {"text/plain"}, "none of them is more than text when it is opened", kinds)
    names = [name.lower() for name in kinds]
    check(len(set(names)) == 12 and "_con.html.txt" in names, "names are different where case does not count, and none is a device's", names)
    check(not any(c < " " or c in "\u202e\u200e" for name in kinds for c in name), "without controls and marks of direction", list(kinds))
    silent(browser, ear, "nothing was run or loaded")


def good(browser, ear, archive):
    page = archive.url(archive.page("Gr\u00fc\u00dfe with"))
    sizes = []
    for width, dark in ((1100, False), (1100, True), (360, False), (360, True)):
        browser.look(width, 800, dark)
        browser.open(page)
        sizes.append(len(browser.picture(f"message-{width}-{'dark' if dark else 'light'}.png")))
        wide = browser.value("document.documentElement.scrollWidth")
        check(wide <= width, f"a message fits into {width} pixels", wide)
    check(min(sizes) > 4000 and len(set(sizes)) == 4, "drawn in four ways", sizes)
    check("data:image/png;base64," + PNG[:20] in browser.value("document.querySelector('iframe').srcdoc"), "the picture of the text is in it")
    check(browser.value("document.querySelector('h2').textContent") == "Gr\u00fc\u00dfe with a picture", "the subject is decoded")
    silent(browser, ear, "and nothing was asked for")


def index(browser, ear, archive):
    for width, dark in ((1100, False), (1100, True), (360, False), (360, True)):
        browser.look(width, 900, dark)
        browser.open(archive.url("index.html"))
        browser.picture(f"index-{width}-{'dark' if dark else 'light'}.png")
        wide = browser.value("document.documentElement.scrollWidth")
        check(wide <= width, f"the index fits into {width} pixels", wide)
    rows = "document.querySelectorAll('#found tbody tr').length"
    browser.value("document.getElementById('q').value = 'NEEDLE ann@'; document.getElementById('q').dispatchEvent(new Event('input'))")
    check(browser.until("document.getElementById('said').textContent === '9 messages'"), "a search finds all, over several pieces",
          browser.value("document.getElementById('said').textContent"))
    check(browser.value(rows) == 9 and browser.value("document.getElementById('latest').hidden"), "and shows them")
    browser.picture("search.png")
    browser.value("document.querySelectorAll('#found th button')[2].click()")
    found = browser.value("[...document.querySelectorAll('#found td.s a')].map(a => a.textContent)")
    check(found == sorted(found) and len(found) == 9, "sorted by subject", found)
    browser.value("document.querySelectorAll('#found th button')[2].click()")
    check(browser.value("[...document.querySelectorAll('#found td.s a')].map(a => a.textContent)") == found[::-1], "and the other way round")
    browser.open(browser.value("document.querySelector('#found td.s a').href"))
    check("needle" in browser.value("document.title"), "what was found can be opened")
    browser.open(archive.url("index.html"))
    browser.value("document.querySelectorAll('#latest th button')[1].click()")
    check(browser.until("document.getElementById('said').textContent === '4108 messages'"), "the whole archive is sorted from the front page")
    check(browser.value(rows) == 200, "and 200 rows of it shown")
    browser.value("document.querySelector('button.more').click()")
    check(browser.value(rows) == 400, "and more on request")
    browser.open(archive.url("2025-05-2.html"))
    browser.value("document.querySelectorAll('th button')[2].click()")
    found = browser.value("[...document.querySelectorAll('td.s a:first-child')].map(a => a.textContent)")
    check(len(found) == 500 and found == sorted(found), "the page of a month is sorted too")
    silent(browser, ear, "and nothing was asked for")


def plain(browser, ear, archive):
    """Without scripts: the same pages, by links alone."""
    browser.scripts(False)
    try:
        browser.look(1000, 900)
        browser.open_plain(archive.url("index.html"))
        check(browser.value("document.getElementById('find').hidden"), "without scripts there is no search")
        link = browser.value("[...document.querySelectorAll('dl.months a')].map(a => a.href).find(a => a.includes('2025-05'))")
        browser.open_plain(link)
        check(browser.value("document.querySelectorAll('tbody tr').length") == 500, "the page of a month has its messages")
        check(browser.value("document.querySelectorAll('nav.pages')[0].querySelectorAll('a').length") == 8, "and leads to its other pages")
    finally:
        browser.scripts(True)
    silent(browser, ear, "and nothing was asked for")


def threads(browser, ear, archive):
    browser.look(1000, 900)
    browser.open(archive.url(archive.page("Message 3 of the talk")))
    browser.open(browser.value("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'Thread').href"))
    shown = "[...document.querySelectorAll('section')].filter(s => getComputedStyle(s).display !== 'none')"
    check(browser.value(shown + ".length") == 1 and browser.value("getComputedStyle(document.querySelector('.none')).display") == "none",
          "the page of a thread shows one")
    check(browser.value(f"[...{shown}[0].querySelectorAll('li')].map(l => l.className).join()") == "d0,d1,d2,d3,d4", "with who answered whom")
    browser.picture("thread.png")
    browser.open(archive.url(archive.page("see the files")))
    browser.open(browser.value("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'Thread').href"))
    check(browser.value(shown + ".length") == 0 and browser.value("getComputedStyle(document.querySelector('.none')).display") != "none",
          "and says so when there is no other message")
    silent(browser, ear, "and nothing was asked for")


if browser_path() is None:
    skip_all("Chromium is not installed")
with Work() as here, Browser() as chromium:
    listener = Ear()
    archived = Archive(here, listener.port)
    attempt(control, chromium, listener, here)
    for scenario in (evil, files, good, index, plain, threads):
        attempt(scenario, chromium, listener, archived)
    listener.close()
done()
