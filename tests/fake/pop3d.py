#!/usr/bin/env python3
"""A fake POP3 server for tests: serves a folder of messages, behaves as told, notes every command.

    pop3d.py --fork --dir DIR [options]    prints "PORT PID" and leaves; the server goes on in the background
    pop3d.py --dir DIR [options]           prints its port and serves until it is killed

The mailbox is DIR: each file NAME.eml is a message (octets as they are, dots unstuffed) with the UID NAME, in order of name. What was
deleted goes to DIR/deleted when QUIT was answered, and only then. One session at a time has the mailbox ([IN-USE] for others).

Options
    --user NAME:PASSWORD   (ann:secret)
    --capa LIST            comma-separated lines of CAPA (TOP,UIDL,USER,PIPELINING,RESP-CODES); '' : CAPA is unknown
    --no-uidl              UIDL is unknown
    --uid NAME=UID         another UID for a message; repeatable
    --no-stuffing          a line of a message that begins with a dot is sent as it is
    --lf                   every line of the server ends in LF alone
    --lf-bodies            lines of messages do, and their end is a dot and CRLF
    --whole-lists          LIST n and UIDL n are answered with the whole list
    --yes                  a command that does not exist is answered with +OK
    --renumber             UIDs are new in each session
    --stall-pipelined      nothing more is said when commands come together after the login
    --cert FILE --key FILE offer STLS; --tls: TLS from the first octet
    --log FILE             every command received, one a line; "-- open", "-- end" for connections
    --life SECONDS         leave when nobody has connected for that time (default 300)
    --delay SECONDS        before each answer that is written, for round trips
    -r, --rule RULE        repeatable: STEP[:TEXT][@N] ACTION

Rules: STEP is greeting, tls, or a command (RETR, DELE, QUIT…); :TEXT only when its argument is TEXT; @N only the Nth time that it matches
(@N-: from then on). ACTION:
    say TEXT      this instead of the usual answer (Python escapes; a line end is added)
    raw TEXT      exactly these octets instead of the usual answer
    cut N         the usual answer, but close the connection after N octets of it
    reset N       the same with RST
    stall N       the same, then say nothing more
    drip N S      N octets of it, then one each S seconds
    also TEXT     the usual answer and these octets behind it
    close         no answer, close
    endless TEXT  the usual first line, then TEXT for ever
    lose          QUIT: answer +OK and delete nothing
"""
import argparse
import base64
import codecs
import os
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time


class Gone(Exception):
    pass


class Rule:
    def __init__(self, text):
        head, _, self.argument = text.partition(" ")
        self.action, _, self.argument = self.argument.partition(" ")
        head, at, times = head.partition("@")
        self.step, self.colon, self.text = head.partition(":")
        self.first = int(times.rstrip("-")) if at else 1
        self.last = self.first if at and not times.endswith("-") else 1 << 60
        self.seen = 0

    def matches(self, step, argument):
        if self.step != step or (self.colon and self.text != argument):
            return False
        self.seen += 1
        return self.first <= self.seen <= self.last


def octets(text):
    return codecs.decode(text.replace("\n", "\\n"), "unicode_escape").encode("latin-1")


class Server:
    def __init__(self, options):
        self.o = options
        self.rules = [Rule(r) for r in options.rule]
        self.uids = dict(u.split("=", 1) for u in options.uid)
        self.end = b"\n" if options.lf else b"\r\n"
        self.box = threading.Lock()
        self.talk = threading.Lock()

    def log(self, line):
        if self.o.log:
            with self.talk, open(self.o.log, "a", encoding="latin-1") as f:
                f.write(line + "\n")

    def rule(self, step, argument):
        with self.talk:
            for r in self.rules:
                if r.matches(step, argument):
                    return r
        return None

    def context(self):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(self.o.cert, self.o.key)
        return c


class Session:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.buffer = b""
        self.tls = self.auth = self.locked = False
        self.user = None
        self.names, self.deleted = [], set()
        self.stamp = time.monotonic_ns()

    # --- octets

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Gone from e

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.sock.recv(65536)
            except OSError as e:
                raise Gone from e
            if not data:
                raise Gone
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def wait(self):
        """Until the other side is gone."""
        while True:
            self.buffer = b""
            try:
                if not self.sock.recv(65536):
                    raise Gone
            except OSError as e:
                raise Gone from e

    def close(self, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def answer(self, step, argument, usual):
        """The usual answer (bytes, or a function that makes it), or what a rule says."""
        rule = self.server.rule(step, argument)
        action = rule.action if rule else "usual"
        if self.server.o.delay and b"\n" not in self.buffer and not select.select([self.sock], [], [], 0)[0]:
            time.sleep(self.server.o.delay)
        if action == "say":
            return self.send(octets(rule.argument) + self.server.end)
        if action == "raw":
            return self.send(octets(rule.argument))
        if action == "close":
            self.close()
        data = usual() if callable(usual) else usual
        if action == "usual":
            return self.send(data)
        if action == "also":
            return self.send(data + octets(rule.argument))
        if action == "endless":
            self.send(data[:data.index(b"\n") + 1])
            more = octets(rule.argument) * (65536 // max(1, len(rule.argument)) + 1)
            while True:
                self.send(more)
        words = rule.argument.split()
        self.send(data[:int(words[0])])
        if action in ("cut", "reset"):
            self.close(action == "reset")
        if action == "drip":
            for i in range(int(words[0]), len(data)):
                time.sleep(float(words[1]))
                self.send(data[i:i + 1])
            return None
        return self.wait()

    def lines(self, *lines):
        return b"".join((x if isinstance(x, bytes) else x.encode("latin-1")) + self.server.end for x in lines)

    # --- the mailbox

    def path(self, name):
        return os.path.join(self.server.o.dir, name + ".eml")

    def open_box(self):
        if not self.server.box.acquire(timeout=10):  # who was killed is not gone at once
            return False
        self.locked = True
        self.names = sorted(n[:-4] for n in os.listdir(self.server.o.dir) if n.endswith(".eml"))
        return True

    def uid(self, name):
        if self.server.o.renumber:
            return f"{name}-{self.stamp}"
        return self.server.uids.get(name, name)

    def numbers(self):
        return [i for i in range(1, len(self.names) + 1) if i not in self.deleted]

    def message(self, number, top=None):
        with open(self.path(self.names[number - 1]), "rb") as f:
            data = f.read()
        if top is not None:
            head, sep, body = data.partition(b"\r\n\r\n")
            data = head + sep + b"".join(body.splitlines(True)[:top])
        if self.server.o.lf_bodies:
            data = data.replace(b"\r\n", b"\n")
            lines = data.split(b"\n")
            body = b"\n".join(b"." + x if x.startswith(b".") else x for x in lines)
            return self.lines(f"+OK {len(data)} octets") + body + (b"" if not body or body.endswith(b"\n") else b"\n") + b".\r\n"
        if self.server.o.lf:
            data = data.replace(b"\r\n", b"\n")
        start = self.lines(f"+OK {len(data)} octets")
        dot = b"" if self.server.o.no_stuffing else b"."
        stuffed = self.server.end.join(dot + x if x.startswith(b".") else x for x in data.split(self.server.end))
        if stuffed and not stuffed.endswith(self.server.end):
            stuffed += self.server.end
        return start + stuffed + b"." + self.server.end

    def quit(self):
        rule = self.server.rule("QUIT", "")
        if rule and rule.action == "close":
            self.close()
        if rule and rule.action == "say":
            return self.send(octets(rule.argument) + self.server.end)
        if not rule:
            folder = os.path.join(self.server.o.dir, "deleted")
            os.makedirs(folder, exist_ok=True)
            for number in self.deleted:
                os.rename(self.path(self.names[number - 1]), os.path.join(folder, self.names[number - 1] + ".eml"))
        return self.send(self.lines("+OK bye"))

    # --- commands

    def capa(self):
        capa = [c for c in self.server.o.capa.split(",") if c and not (c == "UIDL" and self.server.o.no_uidl)]
        if not capa:
            return self.lines("-ERR unknown command")
        if self.server.o.cert and not self.tls:
            capa.append("STLS")
        return self.lines("+OK", *capa, ".")

    def login(self, user, password):
        if f"{user}:{password}" != self.server.o.user:
            return self.lines("-ERR [AUTH] wrong")
        if not self.open_box():
            return self.lines("-ERR [IN-USE] another session has the mailbox")
        self.auth = True
        return self.lines("+OK logged in")

    def sasl(self, argument):
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() != "PLAIN":
            return self.lines("-ERR unknown mechanism")
        if not initial:
            self.send(b"+ \r\n")
            initial = self.line()
        _, user, password = base64.b64decode(initial).decode().split("\0")
        return self.login(user, password)

    def starttls(self):
        self.answer("STLS", "", self.lines("+OK go on"))
        try:
            self.sock = self.server.context().wrap_socket(self.sock, server_side=True)
        except (OSError, ssl.SSLError) as e:
            raise Gone from e
        self.tls = True
        self.buffer = b""

    def listing(self, argument, of):
        if argument and not (argument.isdigit() and int(argument) in self.numbers()):
            return self.lines("-ERR no such message")
        if argument and not self.server.o.whole_lists:
            return self.lines(f"+OK {argument} {of(int(argument))}")
        return self.lines("+OK", *(f"{n} {of(n)}" for n in self.numbers()), ".")

    def dele(self, number):
        self.deleted.add(number)
        return self.lines("+OK")

    def transaction(self, verb, argument):
        size = lambda n: os.path.getsize(self.path(self.names[n - 1]))  # noqa: E731
        if verb == "STAT":
            return self.lines(f"+OK {len(self.numbers())} {sum(map(size, self.numbers()))}")
        if verb == "LIST":
            return lambda: self.listing(argument, size)
        if verb == "UIDL" and not self.server.o.no_uidl:
            return lambda: self.listing(argument, lambda n: self.uid(self.names[n - 1]))
        words = argument.split()
        if verb in ("RETR", "TOP", "DELE") and words and words[0].isdigit() and int(words[0]) in self.numbers():
            number = int(words[0])
            if verb == "DELE":
                return lambda: self.dele(number)
            return lambda: self.message(number, int(words[1]) if verb == "TOP" else None)
        if verb == "RSET":
            self.deleted.clear()
            return self.lines("+OK")
        if verb == "NOOP":
            return self.lines("+OK")
        return self.lines("+OK" if self.server.o.yes else "-ERR what?")

    def command(self, line):
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        if self.server.o.stall_pipelined and self.auth and b"\n" in self.buffer:
            self.wait()
        if verb == "QUIT":
            self.quit()
            return False
        if verb == "STLS" and self.server.o.cert and not self.tls:
            self.starttls()
        elif verb == "CAPA":
            self.answer(verb, argument, self.capa)
        elif verb == "USER":
            self.user = argument
            self.answer(verb, argument, self.lines("+OK"))
        elif verb == "PASS" and not self.auth:
            self.answer(verb, "", lambda: self.login(self.user, argument))
        elif verb == "AUTH" and not self.auth:
            self.answer(verb, "", lambda: self.sasl(argument))
        elif verb == "UTF8":
            self.answer(verb, argument, self.lines("+OK"))
        elif self.auth:
            self.answer(verb, argument, self.transaction(verb, argument))
        else:
            self.answer(verb, argument, self.lines("-ERR log in first"))
        return True

    def run(self):
        self.server.log("-- open")
        try:
            if self.server.o.tls:
                self.sock = self.server.context().wrap_socket(self.sock, server_side=True)
                self.tls = True
            self.answer("greeting", "", self.lines("+OK ready"))
            going = True
            while going:
                line = self.line()
                self.server.log("PASS ***" if line.upper().startswith("PASS ") else line)
                going = self.command(line)
        except (Gone, OSError):
            pass
        finally:
            if self.locked:
                self.server.box.release()
            self.server.log("-- end")
            self.sock.close()


def serve(options, listener):
    server = Server(options)
    while True:
        signal.alarm(options.life)
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Session(server, sock).run, daemon=True).start()


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--dir", required=True)
    p.add_argument("--user", default="ann:secret")
    p.add_argument("--capa", default="TOP,UIDL,USER,PIPELINING,RESP-CODES")
    p.add_argument("--no-uidl", action="store_true")
    p.add_argument("--uid", action="append", default=[])
    p.add_argument("--no-stuffing", action="store_true")
    p.add_argument("--lf", action="store_true")
    for flag in ("--lf-bodies", "--whole-lists", "--yes", "--renumber", "--stall-pipelined"):
        p.add_argument(flag, action="store_true")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--tls", action="store_true")
    p.add_argument("--log")
    p.add_argument("--life", type=int, default=300)
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--fork", action="store_true")
    p.add_argument("-r", "--rule", action="append", default=[])
    options = p.parse_args()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = listener.getsockname()[1]
    if not options.fork:
        print(port, flush=True)
        serve(options, listener)
    pid = os.fork()
    if pid:
        print(port, pid, flush=True)
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    serve(options, listener)


if __name__ == "__main__":
    sys.exit(main())
