#!/usr/bin/env python3
"""mailsend against servers that drop, stall, lie and shout: exit status, what is said, and what was delivered."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lint'))
from tap import BUILD, TOP, attempt, check, done, skip_all  # noqa: E402

MAILSEND = os.path.join(BUILD, 'mailsend')
SMTPD = os.path.join(TOP, 'tests/fake/smtpd.py')
MESSAGE = b'From: me@example.org\r\nTo: you@example.org\r\nSubject: x\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n' \
          b'Message-ID: <hostile@example.org>\r\n\r\nhello\r\n.\r\nend\r\n'
# More than the kernel takes of a connection that nobody reads.
BIG = MESSAGE + b'0123456789abcdefghijklmnopqrstuvwxyz\r\n' * 600000
SECRET = 'geheim-7-wort'

pool = ThreadPoolExecutor(4)  # most of the time is waiting
runs = []


class Server:
    """The fake, for one run."""

    def __init__(self, where, rules, options):
        self.box, self.log = os.path.join(where, 'box'), os.path.join(where, 'log')
        command = [sys.executable, SMTPD, '--fork', '--dir', self.box, '--log', self.log, '--life', '60', *options]
        for rule in rules:
            command += ['-r', rule]
        port, pid = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout.split()
        self.port, self.pid = int(port), int(pid)

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)

    def messages(self):
        names = sorted(n for n in os.listdir(self.box) if n.endswith('.eml')) if os.path.isdir(self.box) else []
        return [open(os.path.join(self.box, n), 'rb').read() for n in names]

    def events(self, kind):
        with open(self.log, encoding='utf-8') as f:
            return [e for e in map(json.loads, f) if e['event'] == kind]

    def commands(self):
        return [e['line'] for e in self.events('command')]


def send(*args, **keys):
    runs.append(pool.submit(play, *args, **keys))


def play(name, rules, status, words='', delivered=0, rcpts=('you@example.org',), message=MESSAGE, server=(), options=(), within=20.0,
         more=None):
    """One run. words: a pattern that standard error must have; more(server, stderr): what else must hold."""
    with tempfile.TemporaryDirectory(prefix='hostile-') as where:
        s = Server(where, rules, server)
        env = {'PATH': os.environ.get('PATH', ''), 'HOME': where, 'LC_ALL': 'C'}
        for key in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LD_LIBRARY_PATH'):
            if key in os.environ:
                env[key] = os.environ[key]
        password = os.path.join(where, 'password')
        with open(os.open(password, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
            f.write(SECRET + '\n')
        command = [MAILSEND, '--smtp', f'smtp://localhost:{s.port}', '--envelope-from', 'me@example.org', '--timeout', '2',
                   *(o.replace('@PASSWORD@', password) for o in options), '--', *rcpts]
        began = time.monotonic()
        try:
            run = subprocess.run(command, input=message, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=within + 10)
            rc, err = run.returncode, run.stderr
        except subprocess.TimeoutExpired as e:
            rc, err = 'did not end', e.stderr or b''
        took = time.monotonic() - began
        got = s.messages()
        s.stop()
        text = err.decode('utf-8', 'replace')
        raw = [c for c in err if (c < 0x20 and c != 0x0a) or c == 0x7f]
        ok = rc == status and re.search(words, text) is not None and len(got) == delivered and took < within and not raw
        ok = ok and all(m == message for m in got) and SECRET not in text
        notes = [f'status {rc}, wanted {status}; {len(got)} delivered, wanted {delivered}; {took:.1f} s; raw controls: {raw}', text]
        if ok and more is not None:
            ok = more(s, text)
            notes.append(s.commands())
        return (ok, name, *notes)


def silent(s, text):
    """Nothing of the transaction was sent."""
    return not any(c.startswith(('MAIL', 'RCPT', 'DATA')) for c in s.commands())


def never_auth(s, text):
    return not any(c.startswith('AUTH') for c in s.commands())


def content_not_sent(s, text):
    return not any('Subject: x' in e['data'] for e in s.events('recv'))


def greeting():
    send('the usual, to begin with', [], 0, delivered=1)
    send('554 greets', ['connect 554 5.7.1 no'], 69, '554 5.7.1 no', more=silent)
    send('421 greets', ['connect 421 4.3.2 busy'], 75, '421 4.3.2 busy', more=silent)
    send('nobody greets', ['connect stall'], 75, 'no greeting within 2', more=silent)
    send('a drop greets', ['connect drop'], 75, 'closed', more=silent)
    send('a reset greets', ['connect reset'], 75, more=silent)
    send('a greeting drop by drop', ['connect drip 0.5 "220 mx.example ESMTP and so on"'], 75, 'no greeting within', within=10, more=silent)
    send('a greeting without an end', [r'connect raw "220 \x41*1000000"'], 76, more=silent)
    send('a web server', ['connect raw "HTTP/1.1 400 Bad Request\\r\\n\\r\\n"; drop'], 76, 'web server', more=silent)
    send('a TLS server', [r'connect raw "\x15\x03\x01\x00\x02\x02\x28"; drop'], 76, more=silent)
    send('a greeting and a half', ['connect raw "220 mx\\r\\n250 ok\\r\\n"'], 76, more=silent)
    send('EHLO: a lone 250 of another code', ['EHLO raw "250-mx\\r\\n550 no\\r\\n"'], 76, 'two codes', more=silent)
    send('EHLO refused, HELO taken', ['EHLO 502 5.5.1 what'], 0, delivered=1)
    send('EHLO refused, HELO refused', ['EHLO 550 no', 'HELO 550 no'], 69, more=silent)
    send('EHLO dropped', ['EHLO drop'], 75, 'closed', more=silent)
    send('EHLO and a reply more', ['EHLO raw "250 mx\\r\\n250 ok\\r\\n"'], 76, more=silent)


def tls():
    require = ['--tls=require']
    send('STARTTLS is not offered', [], 76, 'STARTTLS', options=require, more=silent)
    offered = ['EHLO raw "250-mx\\r\\n250 STARTTLS\\r\\n"']
    send('STARTTLS 454', offered + ['STARTTLS 454 4.7.0 not now'], 75, '454', options=require, more=silent)
    send('STARTTLS 501', offered + ['STARTTLS 501 no'], 76, '501', options=require, more=silent)
    send('STARTTLS with a reply behind it', offered + ['STARTTLS raw "220 go\\r\\n250 AUTH PLAIN\\r\\n"'], 76, options=require, more=silent)
    send('STARTTLS tried, with a reply behind it', offered + ['STARTTLS raw "220 go\\r\\n250 x\\r\\n"'], 76, options=['--tls=try'], more=silent)
    send('STARTTLS, then nothing', offered + ['STARTTLS raw "220 go\\r\\n"; stall'], 75, 'TLS handshake', options=require, more=silent)
    send('STARTTLS, then the end', offered + ['STARTTLS raw "220 go\\r\\n"; drop'], 75, options=require, more=silent)


def login():
    auth = ['--auth', 'PLAIN,LOGIN,CRAM-MD5', '--auth-plain-text', '--user', 'me:' + SECRET]
    clear = ['--tls=off', '--user', 'me', '--password-file', '@PASSWORD@']
    send('a login in clear, where it was asked for', [], 0, delivered=1, server=auth, options=clear)
    send('a login that is refused', ['AUTH 535 5.7.8 no'], 77, '535 5.7.8 no', server=auth, options=clear, more=silent)
    send('a login that is put off', ['AUTH 454 4.7.0 later'], 75, '454', server=auth, options=clear, more=silent)
    send('a login and a drop', ['AUTH drop'], 75, server=auth, options=clear, more=silent)
    send('challenges without an end', ['EHLO usual', 'any 334 YQ=='], 76, server=auth, options=clear + ['--auth=login'], more=silent)
    send('a challenge that is none', ['AUTH 334 ~~~'], 76, server=auth, options=clear + ['--auth=cram-md5'], more=silent)
    send('no login offered', [], 77, options=clear, more=lambda s, t: silent(s, t) and never_auth(s, t))
    send('only what we do not know', [], 77, 'NTLM', server=['--auth', 'NTLM', '--auth-plain-text'], options=clear, more=never_auth)
    send('a password and no TLS', [], 76, server=auth, options=clear[1:], more=lambda s, t: silent(s, t) and never_auth(s, t))


def envelope():
    three = ('a@example.org', 'b@example.org', 'c@example.org')
    send('MAIL 550', ['MAIL 550 5.7.1 not you'], 69, '550 5.7.1 not you', more=content_not_sent)
    send('MAIL 451', ['MAIL 451 4.7.1 later'], 75, '451 4.7.1 later', more=content_not_sent)
    send('MAIL 421', ['MAIL 421 4.3.2 bye; drop'], 75, '421', more=content_not_sent)
    send('MAIL and a reply more', ['MAIL raw "250 ok\\r\\n250 ok\\r\\n"'], 76, more=content_not_sent)
    send('MAIL 354', ['MAIL 354 go'], 76, more=content_not_sent)
    send('MAIL refused and RCPT taken', ['MAIL 550 no', 'RCPT 250 ok', 'DATA 354 go'], 76, more=content_not_sent)
    send('RCPT 550', ['RCPT 550 5.1.1 unknown'], 67, '550 5.1.1 unknown', more=content_not_sent)
    send('RCPT 450', ['RCPT 450 4.2.0 greylisted'], 75, '450 4.2.0 greylisted', more=content_not_sent)
    send('one of three 550', ['RCPT:b@ 550 5.1.1 unknown'], 1, 'b@example.org.*550 5.1.1 unknown', delivered=1, rcpts=three)
    send('one of three 550, and all or nothing', ['RCPT:b@ 550 5.1.1 unknown'], 67, 'b@example.org.*550 5.1.1', rcpts=three,
         options=['--all-or-nothing'], more=content_not_sent)
    send('all of three 550 and 354 all the same', ['RCPT 550 no', 'DATA 354 go'], 67, rcpts=three, more=content_not_sent)
    send('RCPT dropped', ['RCPT drop'], 75, more=content_not_sent)
    send('a million octets of refusal', [r'RCPT raw "550 \x41*1000000\r\n"'], 76, more=content_not_sent)
    send('a refusal for a terminal', [r'RCPT raw "550 \x1b]0;owned\x07\x1b[31m\xc2\x9b31m \x00\x08 %s%n\r\n"'], 67, r'\\x1b',
         more=lambda s, t: '\x9b' not in t)
    send('SIZE is too small', [], 69, 'octets', server=['--ext', 'PIPELINING,SIZE 100'], more=silent)


def content():
    send('DATA 554', ['DATA 554 5.7.1 no'], 69, '554 5.7.1 no', more=content_not_sent)
    send('DATA 421', ['DATA 421 4.3.2 bye; drop'], 75, '421', more=content_not_sent)
    send('DATA 250', ['DATA 250 ok'], 76, more=content_not_sent)
    send('DATA dropped', ['DATA drop'], 75, 'closed', more=content_not_sent)
    send('half of 354', ['DATA raw "354 g"; drop'], 75, more=content_not_sent)
    send('354 and 250 at once', ['DATA raw "354 go\\r\\n250 queued\\r\\n"'], 76, more=content_not_sent)
    send('552 in the middle', ['content:100000 552 5.3.4 too big; drop'], 69, '552 5.3.4 too big', message=BIG)
    send('421 in the middle', ['content:100000 421 4.3.2 bye; drop'], 75, '421 4.3.2 bye', message=BIG)
    send('250 in the middle', ['content:100000 250 thanks; flush; stall'], 76, message=BIG)
    send('a drop in the middle', ['content:100000 drop'], 75, message=BIG)
    send('a reset in the middle', ['content:100000 reset'], 75, message=BIG)
    send('nobody reads in the middle', ['content:100000 stall'], 75, message=BIG)


def verdict():
    unknown = 'may have been delivered|hostile@example.org'
    send('the verdict is 554', ['dot 554 5.7.1 spam'], 69, '554 5.7.1 spam')
    send('the verdict is 452', ['dot 452 4.3.1 full'], 75, '452 4.3.1 full')
    send('the verdict is 421', ['dot 421 4.3.2 bye; drop'], 75, '421 4.3.2 bye')
    send('the verdict is a drop', ['dot drop'], 79, unknown)
    send('the verdict is a reset', ['dot reset'], 79, unknown)
    send('the verdict does not come', ['dot stall'], 79, unknown)
    send('the verdict comes by halves', ['dot raw "250 o"; drop'], 79, unknown)
    send('the verdict has two codes', ['dot raw "250-ok\\r\\n554 no\\r\\n"'], 79)
    send('the verdict has four digits', ['dot raw "2500 ok\\r\\n"'], 79)
    send('the verdict has two digits', ['dot raw "25 ok\\r\\n"'], 79)
    send('the verdict is 354', ['dot 354 go'], 79)
    send('the verdict has no words', ['dot raw "250\\r\\n"'], 0)
    send('the verdict has a NUL', [r'dot raw "250 \x00 ok\r\n"'], 0)
    send('two verdicts: neither is believed', ['dot raw "250 ok\\r\\n554 no\\r\\n"'], 79)
    send('QUIT is not answered', ['QUIT stall'], 0, delivered=1, within=10)
    send('QUIT is a drop', ['QUIT drop'], 0, delivered=1)
    send('QUIT is a reset', ['QUIT reset'], 0, delivered=1)


def chunking():
    server = ['--ext', 'PIPELINING,CHUNKING', ]
    known = ['connect 220 mx.example ESMTP Postfix']
    send('BDAT', known, 0, delivered=1, server=server, more=lambda s, t: any(c.startswith('BDAT') for c in s.commands()))
    send('BDAT refused', known + ['BDAT 554 5.7.1 no'], 69, '554', server=server)
    send('BDAT dropped', known + ['BDAT drop'], 79, server=server)
    send('BDAT unknown, and the chunk is read as commands', known + ['BDAT 502 what; unread'], 76, server=server)
    send('no BDAT ahead of RCPT at a stranger\'s', ['RCPT 550 no', 'BDAT 502 what; unread'], 67, server=server,
         more=lambda s, t: not any(c.startswith(('Subject', 'BDAT')) for c in s.commands()))


def result(run):
    check(*run.result())


def main():
    if not os.access(MAILSEND, os.X_OK):
        skip_all('mailsend is not built')
    for part in (greeting, tls, login, envelope, content, verdict, chunking):
        attempt(part)
    for run in runs:
        attempt(result, run)
    done()


main()
