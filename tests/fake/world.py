#!/usr/bin/env python3
"""The network, played by one process: a SOCKS5 proxy on a port of loopback behind which every host lives.

    world.py --cert FILE --key FILE [--dir DIR] [--mbox FILE]     prints its port on a line of its own

Ports 25 and 587 of any host are an SMTP server with STARTTLS, 465 the same with TLS from the start, 24 LMTP, 110 a POP3 server with STLS, 995 with
TLS. Every login with a password or token of more than one letter is good. Mail is kept in DIR as smtpd.py does it; the POP3 mailbox is the mbox. So
examples of the manual run as they stand: their configuration has `proxy = socks5://127.0.0.1:PORT` and a CA for the names they use.
"""
import argparse
import asyncio
import mailbox
import os
import signal
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import smtpd  # noqa: E402


class AnyLogin(smtpd.Session):
    """Any password is good."""

    async def auth_plain(self, initial):
        _, user, password = (await self.first(initial)).decode().split("\0")
        return user if len(password) > 1 else None

    async def bearer(self, initial, split):
        fields = dict(f.split("=", 1) for f in (await self.first(initial)).decode().split("\x01") if "=" in f)
        return fields.get("user") or "token"


class Pop3:
    """A mailbox that is read only: what is deleted comes back."""

    def __init__(self, link, context, messages):
        self.link, self.context, self.messages = link, context, messages

    def ok(self, text="", lines=None):
        self.link.say(f"+OK {text}\r\n".encode())
        if lines is not None:
            for line in lines:
                self.link.say((b"." if line[:1] == b"." else b"") + line + b"\r\n")
            self.link.say(b".\r\n")

    def capa(self):
        names = ["TOP", "UIDL", "USER", "PIPELINING", "RESP-CODES", "SASL PLAIN OAUTHBEARER XOAUTH2"]
        self.ok("", [n.encode() for n in names + ([] if self.link.tls else ["STLS"])])

    async def run(self, tls):
        if tls:
            await self.link.handshake(self.context)
        self.ok("ready")
        while True:
            words = (await self.link.line()).decode().split()
            verb, rest = words[0].upper(), words[1:]
            if verb == "CAPA":
                self.capa()
            elif verb == "STLS":
                self.ok()
                await self.link.handshake(self.context)
            elif verb == "AUTH":
                if len(rest) < 2:
                    self.link.say(b"+ \r\n")
                    await self.link.line()
                self.ok()
            elif verb == "STAT":
                self.ok(f"{len(self.messages)} {sum(map(len, self.messages))}")
            elif verb in ("LIST", "UIDL"):
                what = [len(m) if verb == "LIST" else f"uid-{i + 1}" for i, m in enumerate(self.messages)]
                if not rest:
                    self.ok("", [f"{i + 1} {w}".encode() for i, w in enumerate(what)])
                elif rest[0].isdigit() and 0 < int(rest[0]) <= len(what):
                    self.ok(f"{rest[0]} {what[int(rest[0]) - 1]}")
                else:
                    self.link.say(b"-ERR no such message\r\n")
            elif verb in ("RETR", "TOP"):
                text = self.messages[int(rest[0]) - 1].replace(b"\r\n", b"\n")
                if verb == "TOP":
                    text = text.partition(b"\n\n")[0] + b"\n\n"
                self.ok("", text.removesuffix(b"\n").split(b"\n"))
            else:
                self.ok()
            if verb == "QUIT":
                await self.link.flush()
                raise smtpd.Gone("quit")


class World:
    def __init__(self, options):
        base = smtpd.arguments(["--cert", options.cert, "--key", options.key, "--auth", "PLAIN,XOAUTH2,OAUTHBEARER",
                                "--ext", "PIPELINING,8BITMIME,SMTPUTF8,DSN,CHUNKING,ENHANCEDSTATUSCODES,SIZE 50000000,REQUIRETLS"]
                               + (["--dir", options.dir] if options.dir else []))
        if options.dir:
            os.makedirs(options.dir, exist_ok=True)
        self.smtp = smtpd.Server(base)
        self.options, self.base = options, base
        box = mailbox.mbox(options.mbox, create=False) if options.mbox else None
        self.messages = [box.get_bytes(k) for k in box.keys()] if box is not None else []

    async def proxied(self, reader, writer):
        """The port that is asked for; any host is there."""
        _, n = await reader.readexactly(2)
        await reader.readexactly(n)
        writer.write(b"\5\0")
        _, _, _, kind = await reader.readexactly(4)
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        await reader.readexactly(length)
        port = struct.unpack(">H", await reader.readexactly(2))[0]
        writer.write(b"\5\0\0\1" + bytes(6))
        return port

    async def client(self, reader, writer):
        try:
            port = await self.proxied(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()
            return
        link = smtpd.Link(self.smtp, reader, writer, 0)
        try:
            if port in (110, 995):
                await Pop3(link, self.smtp.context, self.messages).run(port == 995)
            else:
                session = AnyLogin(self.smtp, link)
                session.o = argparse.Namespace(**{**vars(self.base), "tls": port == 465, "lmtp": port == 24})
                await session.run()
        except (smtpd.Gone, ConnectionError):
            pass
        link.shut(False)


async def serve(options):
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    server = await asyncio.start_server(World(options).client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    try:
        await asyncio.wait_for(done.wait(), options.life)
    except asyncio.TimeoutError:
        pass
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


def main():
    p = argparse.ArgumentParser(description="Every host of the network; the manual is the top of the source.")
    for name in ("--cert", "--key"):
        p.add_argument(name, required=True)
    for name in ("--dir", "--mbox"):
        p.add_argument(name)
    p.add_argument("--life", type=float, default=300)
    asyncio.run(serve(p.parse_args()))


if __name__ == "__main__":
    main()
