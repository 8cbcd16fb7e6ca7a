"""A network of one's own for a child process: an empty network namespace with a loopback interface and, on its port 53, a DNS server
that knows the TXT records it is given. For verifiers that only ever ask the system's resolver. Needs root."""
import ctypes
import fcntl
import os
import socket
import struct
import threading

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1
TXT, NXDOMAIN = 16, 3


def answer(query, records):
    """A reply to one question; records: {name in lower case without final dot: text in octets}."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    question = query[12:at + 5]
    text = records.get(b".".join(labels).decode().lower())
    if text is None:
        return query[:2] + struct.pack(">HHHHH", 0x8580 | NXDOMAIN, 1, 0, 0, 0) + question
    if struct.unpack(">H", query[at + 1:at + 3])[0] != TXT:
        return query[:2] + struct.pack(">HHHHH", 0x8580, 1, 0, 0, 0) + question
    pieces = b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255] for i in range(0, len(text), 255))
    return (query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + question
            + b"\xc0\x0c" + struct.pack(">HHIH", TXT, 1, 60, len(pieces)) + pieces)


def serve(sock, records):
    while True:
        query, peer = sock.recvfrom(4096)
        sock.sendto(answer(query, records), peer)


def resolvers():
    """Whom the system asks; with no word of any, its own loopback."""
    try:
        with open("/etc/resolv.conf", encoding="utf-8") as f:
            words = [line.split() for line in f]
    except OSError:
        words = []
    found = [w[1] for w in words if len(w) > 1 and w[0] == "nameserver"]
    return [a for a in found if ":" not in a] if found else ["127.0.0.1"]


def enter(records):
    """Move this process (a child made for it) into its own network, where the system's resolvers are this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        for i, address in enumerate(a for a in resolvers() if not a.startswith("127.")):
            fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:%d" % i, socket.AF_INET, 0, socket.inet_aton(address)))
    if records is None:  # a server of the caller's will answer
        return
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", 53))
    threading.Thread(target=serve, args=(sock, records), daemon=True).start()


def run(records, work):
    """Call work() in a child with its own network; True when it returns something true."""
    child = os.fork()
    if child == 0:
        try:
            enter(records)
            os._exit(0 if work() else 1)
        except Exception as e:  # whatever it is, the child must not go on as the parent
            print(f"# {e!r}", flush=True)
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
