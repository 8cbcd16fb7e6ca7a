#!/usr/bin/env python3
"""The page of mailbulk --preview in Chromium: narrow and wide, light and dark; and whatever the template has, nothing runs and nothing is
loaded, beside a port that hears whatever is asked for."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser_kit import Browser, Ear, browser_path, hostile  # noqa: E402
from mailbulk_kit import Work, attempt, check, done, skip_all  # noqa: E402


def preview(browser, ear, work, html, name):
    work.write("page.html", html)
    page = work.file(name)
    out = work.run("--html", work.file("page.html"), "--preview", page, template="news.eml")
    check(out.returncode == 0 and os.path.exists(page), f"{name} is written", out.stderr.decode("utf-8", "replace"))
    return "file://" + page


def silent(browser, ear, name):
    check(not ear.heard and not browser.asked and not browser.dialogs, name, ear.heard, browser.asked, browser.dialogs)


def pictures(browser, ear, work):
    """A newsletter with a picture on the web and a tracking pixel."""
    at = f"http://127.0.0.1:{ear.port}"
    url = preview(browser, ear, work, f"<h1>Hello {{{{name}}}}</h1><img src=\"{at}/logo.png\" alt=\"Our logo\"><p>Read <a href=\"{at}/more\">more</a>.</p>"
                  f"<img src=\"{at}/open.gif\" width=1 height=1>", "newsletter.html")
    for width, dark in ((1000, False), (1000, True), (360, False), (360, True)):
        browser.look(width, 900, dark)
        browser.open(url)
        browser.picture(f"preview-{width}-{'dark' if dark else 'light'}.png")
        wide = browser.value("document.documentElement.scrollWidth")
        check(wide <= width, f"the preview fits into {width} pixels", wide)
    check(browser.value("document.querySelectorAll('iframe').length") == 2, "a frame a message")
    check(browser.value("document.body.textContent.includes('2 pictures, fonts or styles from the network: not loaded')"), "what was left out is told")
    silent(browser, ear, "pictures on the web are not asked for")


def evil(browser, ear, work):
    url = preview(browser, ear, work, hostile(ear.port), "hostile.html")
    browser.look(1000, 900)
    browser.open(url)
    check(browser.value("document.title") == "Preview" and browser.value("document.scripts.length") == 0, "nothing of the template runs in the page")
    box = browser.value("(r => [r.left + r.width / 2, r.top + 60])(document.querySelector('iframe').getBoundingClientRect())")
    browser.click(*box)
    check(browser.value("location.href") == url, "a click leads nowhere")
    silent(browser, ear, "nothing was run, loaded or sent")


if browser_path() is None:
    skip_all("Chromium is not installed")
with Work("From: a@example.org\nTo: {{email}}\nSubject: Hello {{name}}\n\nText.\n") as here, Browser() as chromium:
    here.write("news.eml", "From: a@example.org\nTo: {{email}}\nSubject: Hello {{name}}\n\nText.\n")
    here.write("list.csv", "email,name\nann@example.net,Ann\nbob@example.net,Bob\n")
    listener = Ear()
    for scenario in (pictures, evil):
        attempt(scenario, chromium, listener, here)
    listener.close()
done()
