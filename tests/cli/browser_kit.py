"""A headless Chromium for tests, driven over a pipe (DevTools protocol), and a port that hears whatever it asks for."""
import base64
import fcntl
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_path():
    return next((found for found in map(shutil.which, BROWSERS) if found), None)


class Ear:
    """A listening port on loopback. What connects is noted and gets a short page."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.heard = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            peer.settimeout(2)
            try:
                self.heard.append(peer.recv(4096).split(b"\r\n")[0])
                peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nheard\r\n")
            except OSError:
                self.heard.append(b"a connection")
            peer.close()

    def close(self):
        self.socket.close()


class Browser:
    """One page. Whatever it asked for that is neither a file nor data is in .asked, its dialogs in .dialogs."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="browser-")
        to_it, self.write = os.pipe()
        self.read, from_it = os.pipe()
        # The browser talks over its descriptors 3 and 4, which may be ours for something else now.
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_it, from_it)]

        def give():
            os.dup2(theirs[0], 3)
            os.dup2(theirs[1], 4)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.home}/profile",
                 "--remote-debugging-pipe"]
        self.process = subprocess.Popen([browser_path(), *flags, "about:blank"], pass_fds=(3, 4), preexec_fn=give, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home})
        for fd in (to_it, from_it, *theirs):
            os.close(fd)
        self.octets, self.number, self.session = b"", 0, None
        self.asked, self.dialogs, self.loaded, self.targets = [], [], 0, set()
        self.call("Target.setDiscoverTargets", discover=True)
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(domain + ".enable")

    def event(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "data:", "about:")):
            self.asked.append(params["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self.send("Page.handleJavaScriptDialog", accept=True)
        elif method == "Page.loadEventFired":
            self.loaded += 1
        elif method == "Target.targetCreated" and params["targetInfo"]["type"] == "page":
            self.targets.add(params["targetInfo"]["targetId"])

    def receive(self, deadline):
        while b"\0" not in self.octets:
            if not select.select([self.read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.read, 1 << 20)
            if not more:
                raise EOFError("the browser has ended")
            self.octets += more
        line, _, self.octets = self.octets.partition(b"\0")
        message = json.loads(line)
        self.event(message)
        return message

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        return self.number

    def call(self, method, timeout=60, **params):
        number, deadline = self.send(method, **params), time.monotonic() + timeout
        while True:
            message = self.receive(deadline)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def open(self, url, timeout=60):
        """Load a page to its end, frames and all, and whatever it does in its first moments."""
        before, deadline = self.loaded, time.monotonic() + timeout
        self.call("Page.navigate", url=url)
        while self.loaded == before:
            self.receive(deadline)
        self.settle()

    def open_plain(self, url, timeout=60):
        """The same where scripts are off, and with them every clock of the page."""
        before, deadline = self.loaded, time.monotonic() + timeout
        self.call("Page.navigate", url=url)
        while self.loaded == before:
            self.receive(deadline)

    def settle(self):
        """Two turns of the page's own clock and frames: everything that it had begun has been asked for."""
        self.value("new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done, 60)), 60))")

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def until(self, expression, timeout=60):
        """Wait until the expression is true."""
        deadline = time.monotonic() + timeout
        while not self.value(expression):
            if time.monotonic() > deadline:
                return False
        return True

    def look(self, width, height, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def scripts(self, on):
        self.call("Emulation.setScriptExecutionDisabled", value=not on)

    def click(self, x, y, button="left"):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)
        self.settle()

    def picture(self, name=None):
        """A PNG of what is seen; kept as $KEEP_PICTURES/name where that is set."""
        octets = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if name and os.environ.get("KEEP_PICTURES"):
            with open(os.path.join(os.environ["KEEP_PICTURES"], name), "wb") as f:
                f.write(octets)
        return octets

    def close(self):
        try:
            self.session = None
            self.call("Browser.close", timeout=10)
        except (OSError, EOFError, TimeoutError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.read)
        os.close(self.write)
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def hostile(port):
    """HTML that tries what mail tries: to run, to load, to send, to lead away. Each attempt has a name by which it would be heard."""
    at = f"http://127.0.0.1:{port}/"
    run = "fetch('" + at + "NAME');top.document.title='owned';window.name='owned';new Image().src='" + at + "NAME2'"

    def js(name):
        return run.replace("NAME", name)
    return f"""<!DOCTYPE html><html><head><title>t</title>
<meta http-equiv="refresh" content="0; url={at}refresh"><meta http-equiv="x-dns-prefetch-control" content="on">
<meta http-equiv="Content-Security-Policy" content="default-src * 'unsafe-inline'">
<base href="{at}base/" target="_top">
<link rel="stylesheet" href="{at}stylesheet"><link rel="prefetch" href="{at}prefetch"><link rel="preconnect" href="{at}">
<link rel="dns-prefetch" href="{at}"><link rel="preload" as="image" href="{at}preload"><link rel="icon" href="{at}icon">
<link rel="prerender" href="{at}prerender"><link rel="modulepreload" href="{at}modulepreload"><link rel="manifest" href="{at}manifest">
<script type="speculationrules">{{"prefetch":[{{"source":"list","urls":["{at}rules"]}}]}}</script>
<style>@import "{at}import"; @import url({at}import2); body{{background:url({at}background)}} p{{background:u\\72l({at}escaped)}}
 @font-face{{font-family:x;src:url({at}font)}} h1{{font-family:x;list-style:url('{at}list')}} h1::before{{content:url({at}content)}}
 div{{background-image:image-set("{at}set" 1x);cursor:url({at}cursor),auto}}</style>
<script>{js("script")}</script><script src="{at}script-src"></script></head>
<body onload="{js("onload")}" background="{at}body-background"><h1>Dear reader</h1><p>text</p>
<scr<script>ipt>{js("split")}</script></scr</script>ipt>
<img src="{at}img" onerror="{js("onerror")}"><img src=x onerror="{js("onerror2")}"><img srcset="{at}srcset 1x"><img src="//127.0.0.1:{port}/scheme">
<img src="base-relative"><img src="file:///etc/hostname"><img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{js("svg-image")}'/>">
<picture><source srcset="{at}source"><img src="{at}picture"></picture>
<svg onload="{js("svg")}"><image href="{at}svg-image" xlink:href="{at}svg-image2"/><use href="{at}use#x"/><script>{js("svg-script")}</script>
 <foreignObject><iframe src="{at}foreign"></iframe></foreignObject><animate onbegin="{js("begin")}" attributeName=x dur=1s/></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={js("mutation")}&gt;">
<noscript><p title="</noscript><img src={at}noscript onerror={js("noscript")}>"></noscript>
<form action="{at}form" id=f><input name=a autofocus onfocus="{js("focus")}"><input type=image src="{at}input">
 <button formaction="{at}formaction">go</button></form><form action="{at}form2"></form>
<iframe src="{at}iframe"></iframe><iframe srcdoc="<script>{js("srcdoc")}</script><img src={at}srcdoc-image>"></iframe>
<iframe src="javascript:{js("frame-js")}"></iframe><frameset><frame src="{at}frame"></frameset>
<object data="{at}object" type="text/html"></object><embed src="{at}embed"><applet code="{at}applet"></applet>
<video src="{at}video" poster="{at}poster" autoplay></video><audio src="{at}audio" autoplay></audio><video><track src="{at}track" default></video>
<table background="{at}table"><tr><td background="{at}td" style="background:url({at}style)">x</td></tr></table>
<details open ontoggle="{js("toggle")}"><summary>x</summary></details><marquee onstart="{js("marquee")}">x</marquee>
<a href="{at}link" ping="{at}ping" target="_top" style="position:fixed;top:0;left:0;right:0;bottom:0;z-index:9">everywhere</a>
<a href="javascript:{js("link-js")}">js</a><a href="file:///etc/passwd">file</a><a href="data:text/html,<script>{js("data")}</script>">data</a>
</body></html>"""
