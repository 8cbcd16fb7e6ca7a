#!/usr/bin/env python3
"""A DNS server that lies: the first label of a name says what it does with the question. UDP and TCP on one port.

    ok…       one MX                       addr…     no MX, an address
    self…     MXs localhost and 127.0.0.1
    part…     MXs localhost and another one
    null…     a null MX                    none…     neither
    nx…       NXDOMAIN                     fail…     SERVFAIL
    drop…     never an answer              once…     no answer to the first question
    trunc…    truncated, whole over TCP    trfail…   truncated, and TCP closes at once
    garbage…  octets that are no message   loop…     a name that points to itself
    wrongid…  an answer to another question, then none
    code-N    response code N              refer…    a referral to other servers
    alias…    a CNAME to ok, not followed  dead…     a CNAME to none, not followed
    circle…   two CNAMEs in a circle       other…    a record of another type
    noreply…  NXDOMAIN in a query          stilltr…  truncated, over TCP too
    negative… a CNAME (a day), no data (SOA: five minutes)

Under a top-level domain that is not "lab" everything is NXDOMAIN; with Dns(wildcard=True) everything has an address. With
Dns(zone={"name": {TXT: ["text"], MX: True}}) these names have these records and nothing else exists; None is SERVFAIL.
MX may be [(preference, host)] too, and SRV is [(priority, weight, port, host)].
"""
import os
import socket
import struct
import threading
import time

A, NS, CNAME, SOA, MX, TXT, AAAA, SRV = 1, 2, 5, 6, 15, 16, 28, 33
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def question_of(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    return labels, kind, query[12:at + 5]


def message(query, question, code=NOERROR, answers=(), truncated=False, ttl=60):
    flags = 0x8180 | code | (0x0200 if truncated else 0)
    body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data for kind, data in answers)
    return query[:2] + struct.pack(">HHHHH", flags, 1, len(answers), 0, 0) + question + body


def record(owner, kind, ttl, data):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def whole(query, question, flags=0x8180, answers=(), authority=()):
    """A message of records with owners of their own."""
    return (query[:2] + struct.pack(">HHHHH", flags, 1, len(answers), len(authority), 0) + question + b"".join(answers) +
            b"".join(authority))


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def odd(word, number, query, question, own):
    """What servers say that do not know, or do not say it well; None when word is none of these."""
    here = b"\xc0\x0c"
    soa = record(wire("lab"), SOA, 700, wire("ns.lab") + wire("x.lab") + struct.pack(">IIIII", 1, 2, 3, 4, 300))
    answers = {
        "code-": {"flags": 0x8180 | number},
        "refer": {"flags": 0x8100, "authority": [record(wire("lab"), NS, 60, wire("ns.elsewhere.lab"))]},
        "alias": {"answers": [record(here, CNAME, 60, wire("ok.lab"))]},
        "dead": {"answers": [record(here, CNAME, 60, wire("none.lab"))]},
        "circle": {"answers": [record(here, CNAME, 60, wire("b.lab")), record(wire("b.lab"), CNAME, 60, wire(own))]},
        "other": {"answers": [record(here, TXT, 60, b"\3odd")]},
        "noreply": {"flags": 0x0103},
        "stilltr": {"flags": 0x8380},
        "negative": {"answers": [record(here, CNAME, 86400, wire("none.lab"))], "authority": [soa]},
    }
    return whole(query, question, **answers[word]) if word in answers else None


def mx(name=b"\x04mail\xc0\x0c", preference=10):
    return MX, struct.pack(">H", preference) + name


def zone_mx(hosts):
    if isinstance(hosts, bool):
        return [mx() if hosts else mx(b"\0", 0)]
    return [mx(wire(host), preference) for preference, host in hosts]


class Dns:
    def __init__(self, wildcard=False, delay=0.0, zone=None):
        self.wildcard, self.delay, self.zone = wildcard, delay, zone
        self.asked = []
        self.seen = {}
        self.heard = threading.Event()
        for _ in range(20):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind(("127.0.0.1", self.port))
            except OSError:
                self.udp.close()
                continue
            break
        self.tcp.listen(64)
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def reply(self, query, over_tcp):
        """The answer, or None for none."""
        labels, kind, question = question_of(query)
        self.asked.append((".".join(labels), kind, over_tcp))
        if self.zone is not None:
            return self.from_zone(query, question, ".".join(labels), kind, over_tcp)
        if self.wildcard:
            return message(query, question, answers=[(A, b"\x7f\0\0\1")] if kind == A else [])
        if labels[-1] != "lab":
            return message(query, question, NXDOMAIN)
        word = labels[0].rstrip("0123456789")
        one = [mx()] if kind == MX else []
        strange = odd(word, int("0" + labels[0][len(word):]), query, question, ".".join(labels))
        if strange is not None:
            return strange
        if word in ("drop", "garbage", "wrongid") or (word == "once" and self.first(question)):
            return {"garbage": os.urandom(40), "wrongid": os.urandom(2) + message(query, question, answers=one)[2:]}.get(word)
        if word in ("trunc", "trfail") and not over_tcp:
            return message(query, question, truncated=True)
        if word == "trfail":
            return None
        if word == "trunc":
            return message(query, question, answers=[mx(b"\x3f" + b"%063d" % i + b"\xc0\x0c") for i in range(100)] if kind == MX else [])
        if word == "loop":
            at = 12 + len(question)
            return message(query, question, answers=[(MX, b"\0\x0a" + struct.pack(">H", 0xc000 | (at + 14)))] if kind == MX else [])
        if word in ("self", "part"):
            return message(query, question, answers=[mx(wire("localhost")), mx(wire("127.0.0.1") if word == "self" else wire("mail.lab"))] if kind == MX else [])
        if word == "null":
            return message(query, question, answers=[mx(b"\0", 0)] if kind == MX else [])
        if word == "addr":
            return message(query, question, answers=[(A, b"\xc0\0\2\1")] if kind == A else [])
        codes = {"nx": NXDOMAIN, "fail": SERVFAIL}
        return message(query, question, codes.get(word, NOERROR), one if word in ("ok", "once") else [])

    def from_zone(self, query, question, name, kind, over_tcp):
        records = self.zone.get(name, {})
        if records is None:
            return message(query, question, SERVFAIL)
        if kind == TXT and TXT in records:
            strings = [b"".join(bytes([len(t[i:i + 255])]) + t[i:i + 255] for i in range(0, len(t) or 1, 255)) for t in
                       (text.encode() for text in records[TXT])]
            whole = message(query, question, answers=[(TXT, data) for data in strings])
            return whole if over_tcp or len(whole) <= 512 else message(query, question, truncated=True)
        if kind == SRV and SRV in records:
            return message(query, question, answers=[(SRV, struct.pack(">HHH", *numbers) + wire(host)) for *numbers, host in records[SRV]])
        if kind == MX and MX in records:
            return message(query, question, answers=zone_mx(records[MX]))
        known = records or any(other.endswith("." + name) for other in self.zone)
        return message(query, question, NOERROR if known else NXDOMAIN)

    def first(self, question):
        self.seen[question] = self.seen.get(question, 0) + 1
        return self.seen[question] == 1

    def serve_udp(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            self.heard.set()
            out = self.reply(query, False)
            if out is None:
                continue
            if self.delay > 0:
                threading.Timer(self.delay, self.udp.sendto, (out, peer)).start()
            else:
                self.udp.sendto(out, peer)

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection:
            stream = connection.makefile("rb")
            while (size := stream.read(2)) and len(size) == 2:
                query = stream.read(struct.unpack(">H", size)[0])
                out = self.reply(query, True)
                if out is None:
                    return
                try:
                    connection.sendall(struct.pack(">H", len(out)) + out)
                except OSError:
                    return


if __name__ == "__main__":
    import sys
    server = Dns(wildcard="--wildcard" in sys.argv)
    print(server.address, flush=True)
    while True:
        time.sleep(3600)
