#!/usr/bin/env python3
"""More of the message: alternatives, invitations, threads, names and types of files; too many recipients for one transaction."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailsend_lab import BUILD, CLEAN, Lab, attempt, check, same, skip  # noqa: E402

lab = Lab()
BASE = ("-f", "a@example.org", "-s", "x", "bob@example.org")
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:request\r\nBEGIN:VEVENT\r\nSUMMARY:Grüße\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def alternatives():
    ics, page, amp = lab.path("meet.ics", CALENDAR), lab.path("page.html", "<p>h</p>"), lab.path("page.amp", "<html amp4email></html>")
    r = lab.send(*BASE, "-b", "text", "--html", page, "--alternative", amp + ",type=text/x-amp-html", "--alternative", ics + ",type=text/calendar")
    m = r.parsed()
    same([p.get_content_type() for p in m.iter_parts()], ["text/plain", "text/html", "text/x-amp-html", "text/calendar"], "in order", )
    last = list(m.iter_parts())[-1]
    check(m.get_content_type() == "multipart/alternative" and last["content-type"].params["method"] == "REQUEST" and last.get_content_charset() == "utf-8"
          and last.get_payload(decode=True).decode() == CALENDAR, "an invitation has its method", r.messages)
    r = lab.send(*BASE, "-b", "text", "--alternative", ics)
    same([p.get_content_type() for p in r.parsed().iter_parts()], ["text/plain", "text/calendar"], "its type is found")
    r = lab.send(*BASE, "-b", "text", "--alternative", ics + ",type=text/calendar; method=CANCEL", "-a", ics)
    m = r.parsed()
    check(m.get_content_type() == "multipart/mixed" and list(list(m.iter_parts())[0].iter_parts())[1]["content-type"].params["method"] == "CANCEL",
          "a method that is given stays", r.messages)
    r = lab.send(*BASE, "-b", "text", "--alternative", "/no/such/file")
    check(r.status == 66 and not r.messages, "a file that is not there", r)
    r = lab.send(*BASE, "-b", "text", "--alternative", ics + ",type=nonsense")
    check(r.status == 64 and not r.messages, "a type that is none", r)


def markdown():
    """The body as it was written, and HTML made of it; nothing that runs."""
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as f:
        built = "#define HAVE_CMARK 1" in f.read()
    text = "# Grüße\n\n*Hi* [there](https://example.org/) [bad](javascript:alert(1))\n\n<script>alert(2)</script>\n\n![x](cid:logo)\n"
    r = lab.send(*BASE, "--markdown", stdin=text.encode())
    if not built:
        check(r.status == 78 and "cmark" in r.err and not r.messages, "a build without cmark says so", r)
        skip("--markdown", "this build has no cmark")
        return
    parts = {p.get_content_type(): p.get_content() for p in r.parsed().iter_parts()}
    check(r.status == 0 and list(parts) == ["text/plain", "text/html"] and parts["text/plain"].replace("\r\n", "\n") == text, "the text as it was written", r.messages)
    page = parts["text/html"]
    check("<h1>Grüße</h1>" in page and "<em>Hi</em>" in page and 'href="https://example.org/"' in page and 'src="cid:logo"' in page, "HTML of it", page)
    check("script" not in page and "alert" not in page, "raw HTML and links that run are left out", page)
    body = lab.path("body.md", text)
    for args in (["--body-file", body], ["-b", text]):
        r = lab.send(*BASE, "--markdown", *args)
        check(r.status == 0 and "<h1>" in list(r.parsed().iter_parts())[1].get_content(), f"with {args[0]}", r)
    r = lab.send(*BASE, "--markdown", stdin=CLEAN)
    check(r.status == 0 and r.parsed().is_multipart(), "it composes: a header in the body is text", r)
    r = lab.send(*BASE, "--markdown", stdin=b"")
    check(r.status == 0 and r.parsed().get_content_type() == "text/plain", "an empty body has no HTML", r.messages)
    r = lab.send(*BASE, "--markdown", "--skip-empty", stdin=b"")
    check(r.status == 0 and not r.messages, "and is skipped", r)
    r = lab.send(*BASE, "--markdown", stdin=b"Gr\xfc\xdfe\n")
    check(r.status == 65 and not r.messages, "another charset is 65", r)
    r = lab.send(*BASE, "--markdown", "--html", body, "-b", "x")
    check(r.status == 64 and not r.messages, "not beside --html", r)


def threads():
    r = lab.send(*BASE, "-b", "y", "--in-reply-to", "1@example.org")
    check(r.parsed()["in-reply-to"] == "<1@example.org>" and r.parsed()["references"] == "<1@example.org>", "--in-reply-to", r.messages)
    r = lab.send(*BASE, "-b", "y", "--in-reply-to", "<2@example.org>", "--references", "<1@example.org> 2@example.org")
    check(r.parsed()["in-reply-to"] == "<2@example.org>" and r.parsed()["references"] == "<1@example.org> <2@example.org>", "--references", r.messages)
    for bad in ("x", "<a b@c>", "a@b>c", "a@\x80"):
        r = lab.send(*BASE, "-b", "y", "--in-reply-to", bad)
        check(r.status == 64 and not r.messages, f"--in-reply-to {bad!r}", r)


def files():
    r = lab.send(*BASE, "-a", "-,name=list.txt", stdin=b"one\ntwo\n")
    m = r.parsed()
    parts = list(m.iter_attachments())
    check(r.status == 0 and len(parts) == 1 and parts[0].get_filename() == "list.txt" and parts[0].get_payload(decode=True) == b"one\ntwo\n",
          "--attach - takes standard input", r.messages)
    r = lab.send(*BASE, "-b", "body", "-a", "-", stdin=b"%PDF-1.4\n")
    check([p.get_content_type() for p in r.parsed().iter_attachments()] == ["application/pdf"] and r.parsed().get_body().get_content().strip() == "body",
          "beside a body", r.messages)
    for name, head, kind in (("shot", b"\x89PNG\r\n\x1a\n\0\0", "image/png"), ("scan", b"%PDF-1.7\n\x80", "application/pdf"), ("pic", b"\xff\xd8\xff\xe0\0", "image/jpeg"),
                             ("data", b"PK\x03\x04\0", "application/zip"), ("w", b"RIFF\0\0\0\0WEBP\0", "image/webp"), ("note", b"just text\n", "text/plain"),
                             ("blob", b"\0\1\2", "application/octet-stream"), ("log.gz", b"\x1f\x8b\x08", "application/gzip")):
        r = lab.send(*BASE, "-b", "y", "-a", lab.path(name, head))
        same([p.get_content_type() for p in r.parsed().iter_attachments()], [kind], f"the type of {name}")
    r = lab.send(*BASE, "-b", "y", "-a", lab.path("Grüße an alle, von Jörg und den anderen aus dem Büro.txt", "x\n"))
    part = list(r.parsed().iter_attachments())[0]
    head = r.messages[0].split(b"Content-Disposition")[0]
    check(part.get_filename() == "Grüße an alle, von Jörg und den anderen aus dem Büro.txt" and b"=?UTF-8?" in head and b"name*" not in head,
          "a name in RFC 2231 and for older programs in RFC 2047", r.messages)
    check(all(len(line) <= 998 for line in r.messages[0].split(b"\r\n")), "folded")


def smime():
    """Signed by GnuTLS, verified by OpenSSL."""
    if shutil.which("openssl") is None:
        skip("S/MIME", "openssl is not installed")
        return
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    kinds = (("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]))
    for kind, how in kinds:
        subprocess.run(["openssl", "req", "-x509", "-newkey", *how, "-nodes", "-days", "9", "-subj", "/CN=Ann", "-addext", "extendedKeyUsage=emailProtection",
                        "-keyout", lab.path(kind + ".key"), "-out", lab.path(kind + ".crt")], **quiet)
    big = lab.path("big.bin", os.urandom(300000))
    for kind, _ in kinds:
        sign = ("--smime-cert", lab.path(kind + ".crt"), "--smime-key", lab.path(kind + ".key"))
        for name, args, stdin in (("a text", ("-b", "Grüße\n.\n\nFrom here\n"), b""), ("standard input", (), b"one\ntwo"), ("a file", ("-b", "see", "-a", big), b""),
                                  ("nothing", ("-b", ""), b"")):
            r = lab.send(*BASE, *sign, *args, stdin=stdin)
            check(r.status == 0 and r.parsed().get_content_type() == "multipart/signed", f"{kind}: {name} is signed", r)
            mail = lab.path("signed.eml", r.messages[0])
            v = subprocess.run(["openssl", "smime", "-verify", "-in", mail, "-CAfile", lab.path(kind + ".crt"), "-purpose", "any", "-out", lab.path("content")],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            check(v.returncode == 0, f"{kind}: {name}: openssl verifies it", v.stdout, r.messages[0][:1500])
            broken = lab.path("broken.eml", r.messages[0].replace(b"Content-Type: text/plain", b"Content-Type: text/html", 1))
            v = subprocess.run(["openssl", "smime", "-verify", "-in", broken, "-CAfile", lab.path(kind + ".crt"), "-purpose", "any", "-out", lab.path("content")],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            check(v.returncode != 0, f"{kind}: {name}: and no other", v.stdout)
            m = r.parsed()
            check(m["subject"] == "x" and m["from"] == "a@example.org" and m["mime-version"] == "1.0" and len(m.get_all("content-type")) == 1, "its header", m.items())
        again = lab.send("bob@example.org", stdin=r.messages[0])
        same(again.messages, r.messages, "a signed message goes on untouched")
    r = lab.send(*BASE, "-b", "y", "--smime-cert", lab.path("rsa.crt"), "--smime-key", lab.path("ec.key"))
    check(r.status == 78 and not r.messages and "belong together" in r.err, "a key of another certificate", r)
    r = lab.send(*BASE, "-b", "y", "--smime-cert", lab.path("nonsense", "x"), "--smime-key", lab.path("ec.key"))
    check(r.status == 78 and not r.messages, "a certificate that is none", r)
    r = lab.send(*BASE, "-b", "y", "--smime-key", lab.path("ec.key"))
    check(r.status == 64 and not r.messages, "--smime-key alone", r)
    both = lab.path("both.pem", open(lab.path("ec.crt"), "rb").read() + open(lab.path("ec.key"), "rb").read())
    r = lab.send(*BASE, "-b", "y", "--smime-cert", both)
    check(r.status == 0 and r.parsed().get_content_type() == "multipart/signed", "one file for both", r)


def pgp():
    """What gpg signed is verified by gpg, octet by octet as it arrived; without a signature nothing leaves."""
    r = lab.send(*BASE, "-b", "x", "--pgp-sign", env={"PATH": lab.home})
    check(r.status == 78 and "gpg" in r.err and not r.messages, "without gpg nothing is sent", r)
    if not shutil.which("gpg"):
        skip("--pgp-sign", "gpg is not installed")
        return
    ring = lab.path("ring")
    os.mkdir(ring, 0o700)
    env = {"GNUPGHOME": ring}
    quiet = {"env": {**lab.env, **env}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        r = lab.send(*BASE, "-b", "x", "--pgp-sign", env=env)
        check(r.status == 78 and not r.messages, "nor without a key", r)
        for who in ("a@example.org", "b@example.org"):
            subprocess.run(["gpg", "--batch", "--passphrase", "", "--quick-gen-key", who, "ed25519", "sign"], check=True, **quiet)
        for args, signer in ((["--pgp-sign"], "a@example.org"), (["--pgp-sign=b@example.org"], "b@example.org")):
            r = lab.send(*BASE, "-b", "Grüße  \nFrom here\n.\n-- \nA", "-a", lab.path("n.bin", bytes(range(256))), *args, env=env)
            m = r.parsed()
            check(r.status == 0 and m.get_content_type() == "multipart/signed" and m.get_param("protocol") == "application/pgp-signature"
                  and m.get_param("micalg") == "pgp-sha256", f"{args[0]}: multipart/signed", r)
            mark = b"\r\n--" + m.get_boundary().encode()
            signed, signature = r.messages[0].split(mark)[1][2:], list(m.iter_parts())[1].get_payload(decode=True)
            check(max(signed) < 128 and not any(line.endswith((b" ", b"\t")) or line.startswith(b"From ") for line in signed.split(b"\r\n")),
                  "nothing that is changed on the way", signed)
            out = subprocess.run(["gpg", "--verify", lab.path("sig.asc", signature), lab.path("signed", signed)], stderr=subprocess.PIPE, check=False,
                                 env={**lab.env, **env})
            check(out.returncode == 0 and signer.encode() in out.stderr, "gpg verifies it", out.stderr)
        r = lab.send(*BASE, "-b", "x", "--pgp-sign=nobody@example.org", env=env)
        check(r.status == 78 and not r.messages, "a key that is not there", r)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, **quiet)
    r = lab.send(*BASE, "-b", "x", "--pgp-sign", "--smime-cert", "x.pem")
    check(r.status == 64 and not r.messages, "not beside --smime-cert", r)


def too_many():
    people = [f"u{i}@example.org" for i in range(7)]
    for ext in ("PIPELINING", "PIPELINING,CHUNKING", ""):
        for words in ("452 4.5.3 Too many recipients", "452 Too many recipients", "552 5.5.3 Too many recipients"):
            rules = ["-r", f"RCPT@4-7&1 {words}", "-r", f"RCPT@11-14&2 {words}"]
            r = lab.send("--report=json", *people, server=("--ext", ext, *rules))
            got = [p for m in r.meta for p in m["rcpts"]]
            check(r.status == 0 and sorted(got) == people and len(r.meta) >= 2 and not r.err, f"{ext}: {words}: the rest in another transaction", r, got)
    r = lab.send(*people, server=("-r", "RCPT 452 4.5.3 Too many recipients"))
    check(r.status == 75 and not r.messages, "when not even one is taken it is 75", r)
    r = lab.send(*people, server=("-r", "RCPT:u3@ 452 4.2.2 Mailbox full"))
    check(r.status == 1 and len(r.messages) == 1 and len(r.meta[0]["rcpts"]) == 6, "a full mailbox is one recipient's", r)
    r = lab.send("--all-or-nothing", *people, server=("-r", "RCPT@4-7 452 4.5.3 Too many recipients"))
    check(r.status == 75 and not r.messages, "--all-or-nothing", r)


for part in (alternatives, markdown, threads, files, smime, pgp, too_many):
    attempt(part)
lab.done()
