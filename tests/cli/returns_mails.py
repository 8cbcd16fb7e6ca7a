"""Mails as they come back to a mailing, for the tests of listscrub: bounces, complaints, answers."""
import base64
import hashlib
import hmac
import mailbox
import os
import re
import subprocess

from listscrub_kit import BUILD, Lab, check

lab = Lab()
KEY = b"a secret of sixteen or more"
key = lab.write("token.key", KEY + b"\n")
os.chmod(key, 0o600)
BULK = os.path.join(BUILD, "mailbulk")


def leave_token(address):
    return base64.urlsafe_b64encode(hmac.new(KEY, address.lower().encode(), hashlib.sha256).digest()).decode().rstrip("=")


def letter(frm, to, subject, body="", day=23, more="", ident=None):
    ident = ident or f"{abs(hash((frm, to, subject, body, day)))}@x.example"
    return (f"From: {frm}\nTo: {to}\nSubject: {subject}\nDate: {day:02d} Nov 2026 09:00:00 +0000\nMessage-ID: <{ident}>\n{more}\n{body}\n")


def bounce(recipient, status="5.1.1", words="550 5.1.1 User unknown", day=23, to="bounces@example.org", returned="", original=None):
    fields = "".join(f"\nFinal-Recipient: rfc822; {r}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {words}\n"
                     for r in ([recipient] if isinstance(recipient, str) else recipient))
    return letter("MAILER-DAEMON@mx.example", to, "Undelivered Mail Returned to Sender", f"""--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
{fields}
--b
Content-Type: message/rfc822

From: news@example.org
Message-ID: <{returned or 'other@example.org'}>

--b--
""", day, 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n')


def complaint(recipient, returned="none@example.org", day=23, return_path=""):
    return letter("feedback@fbl.example", "fbl@example.org", "FW: News", f"""--r
Content-Type: text/plain

A complaint.

--r
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
User-Agent: x/1
Original-Rcpt-To: {recipient}

--r
Content-Type: message/rfc822

{return_path}From: news@example.org
To: {recipient}
Message-ID: <{returned}>

x
--r--
""", day, "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=r\n")


def box(name, *mails):
    return lab.write(name, "".join("From MAILER-DAEMON Mon Nov 23 09:00:00 2026\n" + re.sub(r"(?m)^(>*From )", r">\1", m) + "\n" for m in mails))


def campaign_of(rows, *args, template="From: news@example.org\nSubject: News\n\nHello\n"):
    out = subprocess.run([BULK, "--transactional", "--token-key", key, *args, lab.write("c.eml", template)], input=rows.encode(), capture_output=True, timeout=60,
                         env={**os.environ, "SOURCE_DATE_EPOCH": "1795348800"})  # 2026-11-22
    check(out.returncode == 0, "mailbulk " + " ".join(args[:1]), out.stderr)
    path = lab.write("c.mbox", out.stdout)
    return [(m.get_from().split()[0], m) for m in mailbox.mbox(path)]
