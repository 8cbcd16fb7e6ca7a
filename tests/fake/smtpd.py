#!/usr/bin/env python3
"""A fake SMTP and LMTP server for tests: behaves as told, notes every octet, keeps every message.

    smtpd.py [options]            prints its port on a line of its own and serves until it is killed
    smtpd.py --fork [options]     prints "PORT PID" and leaves; the server goes on in the background

In a shell test, with neither sleeping nor polling:

    set -- $($TOP_SRCDIR/tests/fake/smtpd.py --fork --dir box -r 'RCPT:brown@ 550 5.1.1 Unknown')
    port=$1 server=$2; trap 'kill $server' EXIT
    mailsend --smtp smtp://127.0.0.1:$port …

Options
    --lmtp                speak LMTP (LHLO, a verdict for each recipient)
    --socket PATH         listen on a Unix socket; the port is printed as 0
    --port N              (0) --host ADDRESS (127.0.0.1)
    --dir DIR             keep messages as DIR/0001.eml (octets as received, dots unstuffed) and DIR/0001.json
                          (from, rcpts, mail_args, rcpt_args, user, tls, via, lines' faults); written whole, then renamed
    --log FILE            what happened, one JSON object a line (see below)
    --ext LIST            comma-separated EHLO lines; default
                          PIPELINING,8BITMIME,SMTPUTF8,DSN,ENHANCEDSTATUSCODES
                          e.g. --ext 'PIPELINING,CHUNKING,SIZE 100000,LIMITS RCPTMAX=50,REQUIRETLS' (or --ext '' for none);
                          SIZE, RCPTMAX and MAILMAX are enforced, so is SMTPUTF8 for addresses outside ASCII
    --cert FILE --key FILE    offer STARTTLS; --tls: TLS from the first octet; --client-ca FILE: a client certificate is demanded
    --tls-max 1.2         no newer TLS
    --auth LIST           PLAIN,LOGIN,CRAM-MD5,SCRAM-SHA-1,SCRAM-SHA-256,XOAUTH2,OAUTHBEARER; offered under TLS only,
                          or always with --auth-plain-text; --require-auth: MAIL needs it
    --user NAME:PASSWORD  repeatable;  --token TOKEN: repeatable, for the OAuth mechanisms
    -r, --rule RULE       repeatable; --rules FILE: the same, one a line
    --window N            the socket's receive buffer (SO_RCVBUF): the client gets on in small steps
    --connections N       leave after N connections have ended
    --life SECONDS        leave in any case after that time (default 300)

Rules: STEP[:TEXT][@N|@N-M|@N-][&C] ACTION[; ACTION…]
    STEP     connect, tls (after a handshake), EHLO, HELO, LHLO, STARTTLS, AUTH, auth (a line within AUTH), MAIL, RCPT, DATA,
             content (octets of a message have come), dot (the verdict of a message; in LMTP of a recipient), BDAT, RSET, NOOP, QUIT,
             any (whatever command)
    :TEXT    only when the command's argument contains TEXT (dot: the recipients, or in LMTP the recipient);
             content:N means after N octets
    @N       only the Nth time in the whole run that step and text match (@2-4: second to fourth; @3-: from the third on)
    &C       only on the Cth connection
    ACTION   550 5.1.1 text     this reply instead of the usual one; "|" starts a further line: 250-a|250 b
             raw "octets"       exactly these (Python escapes: \\r \\n \\x00; \\x41*1000 repeats the last octet) instead of the usual reply
             drip SECONDS "octets"   the same, one octet each SECONDS
             drop               close the connection          reset   close it with RST
             stall [SECONDS]    neither read nor write, for ever or that long
             flush              send what waits now (replies are otherwise sent when all that was received is answered)
             unread             after a reply to BDAT: the chunk is taken as commands
             usual              the usual reply, after what came before
The first rule that matches counts. With no reply among its actions and no drop or reset, the usual reply follows.

The log: {"t": seconds, "conn": N, "event": …} with
    open · tls (version, cipher, server_name, client_cert) · recv/send (data, as Latin-1) · flight (n, bytes, data: what was received between two writes
    of ours) · command (line) · auth (mech, user, ok) · message (id, from, rcpts, bytes) · end (flights, bytes_in, bytes_out, records: TLS records received,
    messages, how: quit, eof, drop, reset or error)
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import ssl
import struct
import sys
import time

START = time.monotonic()


class Gone(Exception):
    """The connection is over; the text says how."""


def unescape(text):
    """Octets of a quoted rule text: Python escapes, and X*N for N times the octet (or escape) X."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    text = re.sub(r'(\\x[0-9a-fA-F]{2}|\\?.)\*(\d+)', lambda m: m[1] * int(m[2]), text)
    return text.encode('utf-8').decode('unicode_escape').encode('latin-1')


class Rule:
    def __init__(self, text):
        when, _, actions = text.strip().partition(' ')
        m = re.fullmatch(r'([A-Za-z]+)(?::(.*?))?(?:@(\d+)(-(\d*))?)?(?:&(\d+))?', when)
        if not m or not actions:
            sys.exit(f'smtpd.py: not a rule: {text}')
        self.step, self.text = m[1], (m[2] or '').lower()
        self.first = int(m[3] or 1)
        self.last = (int(m[5]) if m[5] else None) if m[4] or not m[3] else self.first
        self.conn = int(m[6]) if m[6] else None
        self.actions = [a.strip() for a in re.findall(r'(?:"[^"]*"|[^;"])+', actions)]
        for action in self.actions:
            if not re.match(r'\d\d\d|(raw|drip|drop|reset|stall|flush|unread|usual)\b', action):
                sys.exit(f'smtpd.py: not an action: {action}')
        self.seen = 0

    def matches(self, step, argument, conn):
        if self.step not in (step, 'any') or (self.step == 'any' and not step.isupper()):
            return False
        if self.conn not in (None, conn) or (step != 'content' and self.text not in argument.lower()):
            return False
        self.seen += 1
        return self.first <= self.seen and (self.last is None or self.seen <= self.last)


class Link:
    """A connection: buffered replies, an optional TLS layer over memory, the log."""

    def __init__(self, server, reader, writer, number):
        self.server, self.reader, self.writer, self.number = server, reader, writer, number
        self.buffer, self.out, self.flight = bytearray(), bytearray(), bytearray()
        self.tls = self.tls_in = self.tls_out = None
        self.flights = self.bytes_in = self.bytes_out = self.records = 0
        self.cipher = bytearray()

    def log(self, event, **what):
        self.server.log(event, self.number, **what)

    def note_flight(self):
        if self.flight:
            self.flights += 1
            self.log('flight', n=self.flights, bytes=len(self.flight), data=self.flight.decode('latin-1'))
            self.flight.clear()

    def count_records(self, data):
        self.cipher += data
        while len(self.cipher) >= 5:
            size = 5 + int.from_bytes(self.cipher[3:5], 'big')
            if len(self.cipher) < size:
                return
            self.records += self.cipher[0] == 23
            del self.cipher[:size]

    async def pull(self):
        """Octets from the peer, deciphered; none at its end."""
        while True:
            if self.tls:
                try:
                    return self.tls.read(65536)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError as e:
                    raise Gone(f'tls: {e.reason}')
            data = await self.reader.read(65536)
            if not data or not self.tls:
                return data
            self.count_records(data)
            self.tls_in.write(data)

    async def fill(self):
        await self.flush()
        try:
            data = await self.pull()
        except (ConnectionError, ssl.SSLError):
            raise Gone('reset by peer')
        if not data:
            raise Gone('eof')
        self.bytes_in += len(data)
        self.flight += data
        self.buffer += data
        self.log('recv', data=data.decode('latin-1'))

    def say(self, octets):
        self.out += octets

    async def flush(self):
        if not self.out:
            return
        self.note_flight()
        data, self.out = bytes(self.out), bytearray()
        self.bytes_out += len(data)
        self.log('send', data=data.decode('latin-1'))
        try:
            if self.tls:
                self.tls.write(data)
                data = self.tls_out.read()
            self.writer.write(data)
            await self.writer.drain()
        except (ConnectionError, ssl.SSLError):
            raise Gone('reset by peer')

    async def line(self):
        while (end := self.buffer.find(b'\n')) < 0:
            await self.fill()
        line = bytes(self.buffer[:end + 1])
        del self.buffer[:end + 1]
        return line

    async def octets(self, n):
        while len(self.buffer) < n:
            await self.fill()
        data = bytes(self.buffer[:n])
        del self.buffer[:n]
        return data

    async def handshake(self, context):
        await self.flush()
        self.tls_in, self.tls_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self.tls_in, self.tls_out, server_side=True)
        self.tls_in.write(bytes(self.buffer))      # what was injected behind STARTTLS breaks the handshake, as it must
        self.buffer.clear()
        while True:
            try:
                tls.do_handshake()
                failure = None
            except ssl.SSLWantReadError:
                failure = 'more'
            except ssl.SSLError as e:
                failure = f'tls: {e.reason}'
            self.writer.write(self.tls_out.read())
            try:
                await self.writer.drain()
            except ConnectionError:
                raise Gone('tls: reset by peer')
            if failure is None:
                break
            if failure != 'more':
                raise Gone(failure)
            data = await self.reader.read(65536)
            if not data:
                raise Gone('tls: eof in the handshake')
            self.tls_in.write(data)
        self.tls = tls
        self.log('tls', version=tls.version(), cipher=tls.cipher()[0], server_name=tls.context.asked.get(id(tls)),
                 client_cert=bool(tls.getpeercert(True)))

    def shut(self, reset):
        if reset:
            sock = self.writer.get_extra_info('socket')
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.writer.transport.abort()
        else:
            self.writer.close()


class Session:
    """One client's conversation."""

    def __init__(self, server, link):
        self.server, self.link, self.o = server, link, server.o
        self.greeted = self.user = None
        self.messages = 0
        self.forget()

    def forget(self):
        self.sender, self.rcpts, self.mail_args, self.rcpt_args, self.content = None, [], '', [], None

    # Rules

    async def act(self, step, argument=''):
        """True when a rule has answered; the usual reply is then left out."""
        for rule in self.server.rules:
            if rule.matches(step, argument, self.link.number):
                return await self.perform(rule)
        return False

    async def perform(self, rule):
        link, answered = self.link, False
        self.unread = False
        for action in rule.actions:
            word, _, rest = action.partition(' ')
            if re.match(r'\d\d\d', action):
                link.say(b''.join(part.encode('utf-8', 'surrogateescape') + b'\r\n' for part in action.split('|')))
                answered = True
            elif word == 'raw':
                link.say(unescape(rest))
                answered = True
            elif word == 'drip':
                pause, _, text = rest.partition(' ')
                for octet in unescape(text):
                    link.say(bytes([octet]))
                    await link.flush()
                    await asyncio.sleep(float(pause))
                answered = True
            elif word in ('drop', 'reset'):
                await link.flush()
                raise Gone(word)
            elif word == 'stall':
                await link.flush()
                await asyncio.sleep(float(rest or 1e6))
            elif word == 'flush':
                await link.flush()
            elif word == 'unread':
                self.unread = True
            elif word == 'usual':
                return False
        return answered

    def reply(self, text):
        lines = text.split('\n')
        for i, line in enumerate(lines):
            self.link.say(f'{line[:3]}{" -"[i < len(lines) - 1]}{line[4:]}\r\n'.encode())

    # The conversation

    async def run(self):
        if self.o.tls:
            await self.link.handshake(self.server.context)
            await self.act('tls')
        if not await self.act('connect'):
            self.reply(f'220 {self.o.name} {"LMTP" if self.o.lmtp else "ESMTP"} fake')
        while True:
            line = (await self.link.line()).rstrip(b'\r\n').decode('utf-8', 'surrogateescape')
            self.link.log('command', line=line.encode('utf-8', 'surrogateescape').decode('latin-1'))
            verb, _, argument = line.partition(' ')
            verb = verb.upper()
            if verb == 'BDAT':
                await self.bdat(argument)
                continue
            if await self.act(verb, argument):
                continue
            handler = getattr(self, 'do_' + verb.lower(), None) if verb.isalpha() else None
            if handler is None:
                self.reply('500 5.5.1 Unknown command')
            else:
                await handler(argument)

    async def do_ehlo(self, argument):
        if self.o.lmtp:
            self.reply('500 5.5.1 LHLO is wanted here')
            return
        await self.hello(argument)

    async def do_lhlo(self, argument):
        if not self.o.lmtp:
            self.reply('500 5.5.1 EHLO is wanted here')
            return
        await self.hello(argument)

    async def hello(self, argument):
        self.greeted = argument
        self.forget()
        lines = [f'250 {self.o.name}'] + ['250 ' + e for e in self.server.extensions]
        if self.server.context and not self.link.tls:
            lines.append('250 STARTTLS')
        if self.o.auth and (self.link.tls or self.o.auth_plain_text):
            lines.append('250 AUTH ' + self.o.auth.replace(',', ' '))
        self.reply('\n'.join(lines))

    async def do_helo(self, argument):
        self.greeted = argument
        self.forget()
        self.reply(f'250 {self.o.name}')

    async def do_noop(self, argument):
        self.reply('250 2.0.0 Ok')

    async def do_rset(self, argument):
        self.forget()
        self.reply('250 2.0.0 Ok')

    async def do_vrfy(self, argument):
        self.reply('252 2.0.0 Try it')

    async def do_quit(self, argument):
        self.reply('221 2.0.0 Bye')
        await self.link.flush()
        raise Gone('quit')

    async def do_starttls(self, argument):
        if not self.server.context or self.link.tls:
            self.reply('502 5.5.1 Not offered')
            return
        self.reply('220 2.0.0 Go ahead')
        await self.link.handshake(self.server.context)
        self.greeted = None
        self.forget()
        await self.act('tls')

    async def do_mail(self, argument):
        m = re.match(r'(?i)FROM:\s*<(.*?)>(?: (.*))?$', argument)
        args = (m and m[2]) or ''
        size = re.search(r'(?i)\bSIZE=(\d+)', args)
        limit = self.server.limit('SIZE')
        if not self.greeted:
            self.reply('503 5.5.1 Say hello first')
        elif self.o.require_auth and not self.user:
            self.reply('530 5.7.0 Authentication required')
        elif not m:
            self.reply('501 5.5.4 Syntax: MAIL FROM:<address>')
        elif self.sender is not None:
            self.reply('503 5.5.1 Nested MAIL')
        elif not m[1].isascii() and 'SMTPUTF8' not in args.upper():
            self.reply('553 5.6.7 SMTPUTF8 required')
        elif limit and size and int(size[1]) > limit:
            self.reply('552 5.3.4 Message too big')
        elif self.server.limit('MAILMAX') and self.messages >= self.server.limit('MAILMAX'):
            self.reply('421 4.7.0 Too many transactions')
            await self.link.flush()
            raise Gone('drop')
        else:
            self.sender, self.mail_args = m[1], args
            self.reply('250 2.1.0 Ok')

    async def do_rcpt(self, argument):
        m = re.match(r'(?i)TO:\s*<(.*?)>(?: (.*))?$', argument)
        most = self.server.limit('RCPTMAX')
        if self.sender is None:
            self.reply('503 5.5.1 MAIL first')
        elif not m or not m[1]:
            self.reply('501 5.1.3 Syntax: RCPT TO:<address>')
        elif not m[1].isascii() and 'SMTPUTF8' not in self.mail_args.upper():
            self.reply('553 5.6.7 SMTPUTF8 required')
        elif most and len(self.rcpts) >= most:
            self.reply('452 4.5.3 Too many recipients')
        else:
            self.rcpts.append(m[1])
            self.rcpt_args.append(m[2] or '')
            self.reply('250 2.1.5 Ok')

    async def do_data(self, argument):
        if not self.rcpts or self.content is not None:
            self.reply('554 5.5.1 No valid recipients' if self.sender is not None else '503 5.5.1 MAIL first')
            return
        self.reply('354 End with a dot')
        content, edge = bytearray(), self.server.edge()
        while (line := await self.link.line()) != b'.\r\n':
            content += line[1:] if line[:1] == b'.' else line
            if edge is not None and len(content) >= edge:
                edge = None
                await self.act('content')
        await self.verdict(bytes(content), 'DATA')

    async def bdat(self, argument):
        words = argument.split()
        size = int(words[0]) if words and words[0].isdigit() else 0
        self.unread = False
        answered = await self.act('BDAT', argument)
        if self.unread:
            return
        chunk = await self.link.octets(size)
        if answered:
            return
        if not self.rcpts:
            self.reply('503 5.5.1 No valid recipients')
            return
        self.content = (self.content or b'') + chunk
        if self.server.edge() is not None and len(self.content) >= self.server.edge():
            await self.act('content')
        if len(words) > 1 and words[1].upper() == 'LAST':
            await self.verdict(self.content, 'BDAT')
        else:
            self.reply(f'250 2.0.0 {size} octets received')

    async def verdict(self, content, via):
        limit = self.server.limit('SIZE')
        kept = []
        if limit and len(content) > limit:
            for _ in self.rcpts if self.o.lmtp else [0]:
                self.reply('552 5.3.4 Message too big')
        elif self.o.lmtp:
            for i, rcpt in enumerate(self.rcpts):
                if not await self.act('dot', rcpt):
                    kept.append(i)
                    self.reply(f'250 2.0.0 <{rcpt}> delivered')
        elif not await self.act('dot', ' '.join(self.rcpts)):
            kept = list(range(len(self.rcpts)))
            self.reply(f'250 2.0.0 Ok: queued as {self.server.stored + 1:04d}')
        if kept:
            self.server.store(self, content, via, kept)
        self.messages += 1
        self.forget()

    # AUTH

    async def do_auth(self, argument):
        mech, _, initial = argument.partition(' ')
        mech = mech.upper()
        if mech not in (self.o.auth or '').upper().split(',') or not (self.link.tls or self.o.auth_plain_text):
            self.reply('504 5.5.4 Unrecognised mechanism')
            return
        try:
            user = await getattr(self, 'auth_' + mech.lower().replace('-', '_'))(initial)
        except (ValueError, IndexError):
            user = None
        self.link.log('auth', mech=mech, user=user, ok=bool(user))
        if user:
            self.user = user
            self.reply('235 2.7.0 Welcome')
        else:
            self.reply('535 5.7.8 Bad credentials')

    async def challenge(self, octets):
        self.reply('334 ' + base64.b64encode(octets).decode())
        line = (await self.link.line()).strip()
        if await self.act('auth', line.decode('latin-1')):
            raise ValueError
        if line == b'*':
            raise ValueError
        return base64.b64decode(line, validate=True)

    async def first(self, initial):
        if initial == '':
            return await self.challenge(b'')
        return b'' if initial == '=' else base64.b64decode(initial, validate=True)

    def password(self, user):
        return self.server.users.get(user)

    async def auth_plain(self, initial):
        _, user, password = (await self.first(initial)).decode().split('\0')
        return user if self.password(user) == password else None

    async def auth_login(self, initial):
        user = (base64.b64decode(initial, validate=True) if initial else await self.challenge(b'Username:')).decode()
        password = (await self.challenge(b'Password:')).decode()
        return user if self.password(user) == password else None

    async def auth_cram_md5(self, initial):
        nonce = f'<{os.getpid()}.{time.monotonic_ns()}@{self.o.name}>'.encode()
        user, _, digest = (await self.challenge(nonce)).decode().rpartition(' ')
        want = hmac.new((self.password(user) or '').encode(), nonce, 'md5').hexdigest()
        return user if self.password(user) and digest == want else None

    async def auth_scram_sha_1(self, initial):
        return await self.scram('sha1', initial)

    async def auth_scram_sha_256(self, initial):
        return await self.scram('sha256', initial)

    async def scram(self, name, initial):
        first = (await self.first(initial)).decode()
        gs2, bare = re.match(r'([ny],[^,]*,)(.*)', first).groups()
        fields = dict(f.split('=', 1) for f in bare.split(','))
        user = fields['n'].replace('=2C', ',').replace('=3D', '=')
        salt, nonce = os.urandom(12), fields['r'] + base64.b64encode(os.urandom(12)).decode()
        server_first = f'r={nonce},s={base64.b64encode(salt).decode()},i=4096'
        final = (await self.challenge(server_first.encode())).decode()
        without, _, proof = final.rpartition(',p=')
        signed = f'{bare},{server_first},{without}'.encode()
        salted = hashlib.pbkdf2_hmac(name, (self.password(user) or '').encode(), salt, 4096)
        client_key = hmac.new(salted, b'Client Key', name).digest()
        signature = hmac.new(hashlib.new(name, client_key).digest(), signed, name).digest()
        want = bytes(a ^ b for a, b in zip(client_key, signature))
        good = without == f'c={base64.b64encode(gs2.encode()).decode()},r={nonce}'
        if not (good and self.password(user) and base64.b64decode(proof) == want):
            return None
        server_key = hmac.new(salted, b'Server Key', name).digest()
        await self.challenge(b'v=' + base64.b64encode(hmac.new(server_key, signed, name).digest()))
        return user

    async def bearer(self, initial, split):
        fields = dict(f.split('=', 1) for f in (await self.first(initial)).decode().split('\x01') if '=' in f)
        if fields.get('auth', '').removeprefix('Bearer ') in self.o.token:
            return fields.get('user') or split(fields) or 'token'
        await self.challenge(b'{"status":"401","schemes":"bearer","scope":"mail"}')
        return None

    async def auth_xoauth2(self, initial):
        return await self.bearer(initial, lambda fields: None)

    async def auth_oauthbearer(self, initial):
        return await self.bearer(initial, lambda fields: fields.get('n,a'))


class Server:
    def __init__(self, options):
        self.o = options
        texts = list(options.rule)
        for name in options.rules:
            with open(name, encoding='utf-8') as f:
                texts += [line for line in f if line.strip() and not line.startswith('#')]
        self.rules = [Rule(t) for t in texts]
        self.extensions = [e.strip() for e in options.ext.split(',') if e.strip()]
        self.users = dict(u.split(':', 1) for u in options.user)
        self.log_file = open(options.log, 'a', buffering=1, encoding='utf-8') if options.log else None
        self.context = self.make_context() if options.cert else None
        self.opened = self.ended = self.stored = 0
        self.done = None

    def make_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.o.cert, self.o.key or self.o.cert)
        context.asked = {}
        context.sni_callback = lambda tls, name, _: context.asked.__setitem__(id(tls), name) or None
        if self.o.tls_max:
            context.maximum_version = ssl.TLSVersion['TLSv' + self.o.tls_max.replace('.', '_')]
        if self.o.client_ca:
            context.load_verify_locations(self.o.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def limit(self, name):
        m = re.search(rf'(?i)\b{name}[ =](\d+)', '\n'.join(self.extensions))
        return int(m[1]) if m else None

    def edge(self):
        """After how many octets of content a rule wants to act."""
        sizes = [int(r.text or 0) for r in self.rules if r.step == 'content']
        return min(sizes) if sizes else None

    def log(self, event, conn, **what):
        if self.log_file:
            record = {'t': round(time.monotonic() - START, 6), 'conn': conn, 'event': event, **what}
            self.log_file.write(json.dumps(record) + '\n')

    def store(self, session, content, via, kept):
        self.stored += 1
        number = f'{self.stored:04d}'
        rcpts = [session.rcpts[i] for i in kept]
        session.link.log('message', id=number, rcpts=rcpts, bytes=len(content), **{'from': session.sender})
        if not self.o.dir:
            return
        lines = content.split(b'\r\n')
        about = {
            'from': session.sender, 'rcpts': rcpts, 'mail_args': session.mail_args,
            'rcpt_args': [session.rcpt_args[i] for i in kept], 'user': session.user, 'tls': bool(session.link.tls),
            'via': via, 'conn': session.link.number, 'helo': session.greeted, 'bytes': len(content),
            'bare_cr': sum(b'\r' in line for line in lines), 'bare_lf': sum(b'\n' in line for line in lines),
            'nul': content.count(b'\0'), 'eight_bit': not content.isascii(), 'longest': max(map(len, lines)),
        }
        for suffix, data in (('.eml', content), ('.json', json.dumps(about, indent=1).encode())):
            path = os.path.join(self.o.dir, number + suffix)
            with open(path + '.new', 'wb') as f:
                f.write(data)
            os.rename(path + '.new', path)

    async def client(self, reader, writer):
        self.opened += 1
        link = Link(self, reader, writer, self.opened)
        session = Session(self, link)
        link.log('open')
        try:
            await session.run()
        except Gone as e:
            how = str(e)
        except ConnectionError:
            how = 'reset by peer'
        link.note_flight()
        link.log('end', how=how, flights=link.flights, bytes_in=link.bytes_in, bytes_out=link.bytes_out,
                 records=link.records, messages=session.messages)
        link.shut(how == 'reset')
        self.ended += 1
        if self.o.connections and self.ended >= self.o.connections:
            self.done.set()

    async def serve(self, sock):
        self.done = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.done.set)
        if self.o.socket:
            await asyncio.start_unix_server(self.client, sock=sock)
        else:
            await asyncio.start_server(self.client, sock=sock)
        try:
            await asyncio.wait_for(self.done.wait(), self.o.life)
        except asyncio.TimeoutError:
            pass
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


def listen(options):
    """A bound and listening socket: a client may come from now on."""
    if options.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(options.socket)
    else:
        sock = socket.socket(socket.AF_INET6 if ':' in options.host else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((options.host, options.port))
    if options.window:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.window)      # inherited by what is accepted
    sock.listen(256)
    return sock, 0 if options.socket else sock.getsockname()[1]


def arguments(given=None):
    p = argparse.ArgumentParser(description='A fake SMTP and LMTP server for tests; its manual is the top of its source.')
    for flag in ('--fork', '--lmtp', '--tls', '--auth-plain-text', '--require-auth'):
        p.add_argument(flag, action='store_true')
    for name in ('--socket', '--dir', '--log', '--cert', '--key', '--client-ca', '--tls-max', '--auth'):
        p.add_argument(name)
    for name in ('--user', '--token', '--rules'):
        p.add_argument(name, action='append', default=[])
    p.add_argument('-r', '--rule', action='append', default=[])
    p.add_argument('--host', default='127.0.0.1')
    p.add_argument('--name', default='fake.example')
    p.add_argument('--ext', default='PIPELINING,8BITMIME,SMTPUTF8,DSN,ENHANCEDSTATUSCODES')
    p.add_argument('--port', type=int, default=0)
    p.add_argument('--window', type=int, default=0)
    p.add_argument('--connections', type=int, default=0)
    p.add_argument('--life', type=float, default=300)
    return p.parse_args(given)


def main():
    options = arguments()
    if options.dir:
        os.makedirs(options.dir, exist_ok=True)
    server = Server(options)
    sock, port = listen(options)
    if options.fork:
        child = os.fork()
        if child:
            print(port, child, flush=True)
            return
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
    else:
        print(port, flush=True)
    asyncio.run(server.serve(sock))


if __name__ == '__main__':
    main()
