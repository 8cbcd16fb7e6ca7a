"""Real servers for tests, on unprivileged loopback ports in a directory of their own, ended by pid.

    with Certificate(where) as cert, Dovecot(where, cert) as dovecot, Postfix(where, cert, dovecot) as postfix: ...

Both need root to start, as they give up its rights for their own users; `missing()` says what stands in the way.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lint"))
import tap  # noqa: E402,F401 -- for the signals that it restores

USER, PASSWORD = "inbox", "correct horse"
DEADLINE = 30


def missing(*programs):
    """Why the servers cannot run here, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    for program in programs:
        if shutil.which(program, path=path) is None:
            return f"{program} is not installed"
    return None if os.geteuid() == 0 else "servers that change their user need root"


def cannot_mount():
    """Why there is no mount namespace to be had here, or None."""
    tried = subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return None if tried.returncode == 0 else "nothing can be mounted here"


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, ready):
    """Poll for a state, not for a time: a slow machine only takes longer."""
    end = time.monotonic() + DEADLINE
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not come up in {DEADLINE} s")
        time.sleep(0.02)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


class Certificate:
    """A self-signed certificate for localhost: its own CA."""

    def __init__(self, where):
        self.cert, self.key = os.path.join(where, "cert.pem"), os.path.join(where, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.cert],
                       check=True, capture_output=True)


class Dovecot:
    """POP3 with TLS, LMTP into Maildirs, and SASL for Postfix. One user, USER; others do not exist."""

    def __init__(self, where, certificate, mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256"):
        self.where = os.path.join(where, "dovecot")
        self.pop3, self.pop3s, self.lmtp = free_port(), free_port(), free_port()
        self.auth = os.path.join(self.where, "run", "auth-postfix")
        self.lmtp_socket = os.path.join(self.where, "run", "lmtp")
        self.mail = os.path.join(self.where, "mail")
        owner = pwd.getpwnam("mail")
        os.makedirs(self.mail)
        os.chown(self.mail, owner.pw_uid, owner.pw_gid)
        users = write(os.path.join(self.where, "users"), f"{USER}:{{PLAIN}}{PASSWORD}\n")
        self.log = os.path.join(self.where, "log")
        self.config = write(os.path.join(self.where, "dovecot.conf"), f"""
base_dir = {self.where}/run
state_dir = {self.where}/state
log_path = {self.log}
protocols = pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate.cert}
ssl_key = <{certificate.key}
auth_mechanisms = {mechanisms}
auth_username_format = %Ln
mail_location = maildir:{self.mail}/%n
first_valid_uid = 1
mail_fsync = never
passdb {{
  driver = passwd-file
  args = username_format=%n {users}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={self.mail}/%n
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {self.pop3}
  }}
  inet_listener pop3s {{
    port = {self.pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {self.lmtp}
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""")
        with open(os.path.join(self.where, "command.log"), "ab") as log:
            self.process = subprocess.Popen([tool("dovecot"), "-F", "-c", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("Dovecot", lambda: listens(self.pop3) and listens(self.lmtp) and os.path.exists(self.auth))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(DEADLINE)

    def messages(self):
        """How many messages lie in the mailbox."""
        count = 0
        for folder in ("new", "cur"):
            path = os.path.join(self.mail, USER, folder)
            count += len(os.listdir(path)) if os.path.isdir(path) else 0
        return count


class Postfix:
    """Submission with STARTTLS and AUTH; every recipient is USER's mailbox but gone@…, whom Dovecot does not know."""

    def __init__(self, where, certificate, dovecot, **settings):
        self.where = os.path.join(where, "postfix")
        self.config = os.path.join(self.where, "etc")
        self.submission, self.smtp = free_port(), free_port()
        self.log = os.path.join(self.where, "log")
        owner = pwd.getpwnam("postfix")
        for folder in ("etc", "spool", "data"):
            os.makedirs(os.path.join(self.where, folder))
        os.chown(os.path.join(self.where, "data"), owner.pw_uid, owner.pw_gid)
        daemons = "/usr/lib/postfix/sbin" if os.path.isdir("/usr/lib/postfix/sbin") else "/usr/libexec/postfix"
        write(os.path.join(self.config, "aliases"), "/^gone@(.*)$/ gone@$1\n/^.*@.*$/ " + USER + "@mail.example\n")
        write(os.path.join(self.config, "domains"), "/./ here\n")
        main = {
            "compatibility_level": "3.6",
            "queue_directory": os.path.join(self.where, "spool"),
            "data_directory": os.path.join(self.where, "data"),
            "daemon_directory": daemons,
            "command_directory": "/usr/sbin",
            "meta_directory": "/etc/postfix",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "myhostname": "mx.mail.example",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "virtual_mailbox_domains": f"regexp:{self.config}/domains",
            "virtual_alias_maps": f"regexp:{self.config}/aliases",
            "virtual_transport": f"lmtp:inet:127.0.0.1:{dovecot.lmtp}",
            "lmtp_destination_concurrency_limit": "8",
            "smtpd_tls_cert_file": certificate.cert,
            "smtpd_tls_key_file": certificate.key,
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": dovecot.auth,
            "smtpd_sasl_security_options": "noanonymous",
            "smtpd_peername_lookup": "no",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.where,
            "bounce_queue_lifetime": "1h",
            **settings,
        }
        write(os.path.join(self.config, "main.cf"), "".join(f"{k} = {v}\n" for k, v in main.items()))
        write(os.path.join(self.config, "master.cf"), f"""
127.0.0.1:{self.submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{self.smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
""")
        self.command("start")
        wait_for("Postfix", lambda: listens(self.submission) and listens(self.smtp))

    def command(self, verb):
        """Its own output goes to a file: daemons inherit it, and a pipe would never end."""
        with open(os.path.join(self.where, "command.log"), "ab") as log:
            return subprocess.run([tool("postfix"), "-c", self.config, verb], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.command("stop")
        pid = os.path.join(self.where, "spool", "pid", "master.pid")
        if os.path.exists(pid):
            with open(pid, encoding="ascii") as f:
                try:
                    os.kill(int(f.read().strip()), signal.SIGTERM)
                except (ProcessLookupError, ValueError):
                    pass

    def queued(self):
        """Messages that are still in its queue."""
        count = 0
        for folder in ("incoming", "active", "deferred", "maildrop"):
            for _, _, names in os.walk(os.path.join(self.where, "spool", folder)):
                count += len(names)
        return count

    def drained(self):
        """Wait until everything that was taken is delivered or bounced."""
        wait_for("an empty queue", lambda: self.queued() == 0)
