"""More servers for mailsend: Exim, OpenSMTPD and aiosmtpd. Each refuses gone@… and keeps what it takes as files, one a message.

Exim and OpenSMTPD conflict with Postfix as packages, so that they may be named: $PIPEMAIL_EXIM and $PIPEMAIL_OPENSMTPD are their
programs, from packages that were only unpacked. Each runs in a mount namespace where the users that it was built for exist and
where what it writes to is empty, so that the machine stays as it is. The network is the machine's: loopback.
"""
import glob
import os
import pwd
import signal
import subprocess
import sys
import threading

import servers

REFUSED = "gone"


def program(name, variable):
    named = os.environ.get(variable)
    return named if named and os.access(named, os.X_OK) else servers.tool(name)


def uid_of(user, otherwise=61000):
    """The one it has, or gets from sealed()."""
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return otherwise


def sealed(where, users, empty, command, **kwargs):
    """Start a command in a mount namespace of its own with more users and with empty folders."""
    lines = ["set -e", "mount --make-rprivate /"]
    for name in ("passwd", "group"):
        with open("/etc/" + name, encoding="utf-8") as f:
            text = f.read()
        for i, user in enumerate(users):
            if not any(line.startswith(user + ":") for line in text.splitlines()):
                text += f"{user}:x:{61000 + i}:61000:{user}:/nonexistent:/bin/false\n" if name == "passwd" else f"{user}:x:{61000 + i}:\n"
        lines.append(f"mount --bind {servers.write(os.path.join(where, name), text)} /etc/{name}")
    for folder in empty:
        lines.append(f"mount -t tmpfs -o mode=0755 tmpfs {folder}")
    lines.append('exec "$@"')
    return subprocess.Popen(["unshare", "--mount", "sh", "-c", "\n".join(lines), "sh", *command], stdin=subprocess.DEVNULL, **kwargs)


def unsealable():
    """Why sealed() would not work here (in a chroot, for one), or None."""
    made = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    return None if made else "no mount namespace of its own is to be had here"


class Server:
    """What the three have in common: a port, a log, files with what was delivered."""

    def __init__(self, where, name):
        self.where = os.path.join(where, name)
        self.mail = os.path.join(self.where, "mail")
        self.port = servers.free_port()
        self.log = os.path.join(self.where, "log")
        os.makedirs(self.mail)
        owner = pwd.getpwnam("mail")
        os.chown(self.mail, owner.pw_uid, owner.pw_gid)
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(servers.DEADLINE)

    def up(self, name):
        servers.wait_for(name, lambda: servers.listens(self.port) or self.process.poll() is not None)
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                raise RuntimeError(f"{name} ended: {f.read()}")

    def files(self):
        return {p for p in glob.glob(os.path.join(self.mail, "**"), recursive=True) if os.path.isfile(p) and "/tmp/" not in p[len(self.mail):]}


class Exim(Server):
    """AUTH PLAIN, LOGIN and CRAM-MD5 behind STARTTLS; a message for many is one file, with its recipients in Envelope-to."""

    @staticmethod
    def missing():
        return servers.cannot_mount() if program("exim4", "PIPEMAIL_EXIM") else "Exim is not installed"

    def __init__(self, where, certificate, chunking=True, pipelining=True):
        super().__init__(where, "exim" + "-lock" * (not pipelining) + "-data" * (not chunking))
        # Without a configuration at the place it was built for Exim has no root's rights when it delivers: all is its user's.
        path, owner = program("exim4", "PIPEMAIL_EXIM"), uid_of("Debian-exim")
        with open(certificate.key, encoding="ascii") as f:
            key = servers.write(os.path.join(self.where, "key.pem"), f.read(), 0o600)
        for name in (self.where, self.mail, key):
            os.chown(name, owner, -1)
        config = servers.write(os.path.join(self.where, "exim.conf"), f"""
exim_path = {path}
deliver_drop_privilege
primary_hostname = exim.mail.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
spool_directory = {self.where}/spool
log_file_path = {self.where}/%slog
pid_file_path = {self.where}/pid
keep_environment =
host_lookup =
rfc1413_hosts =
message_size_limit = 60M
recipients_max = 100
smtp_accept_max = 0
tls_advertise_hosts = *
tls_certificate = {certificate.cert}
tls_privatekey = {key}
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
chunking_advertise_hosts = {"*" if chunking else ""}
pipelining_advertise_hosts = {"*" if pipelining else ""}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = recipient
begin acl
recipient:
  deny message = no such user here
       local_parts = {REFUSED}
  accept
begin routers
all:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = {self.mail}
  maildir_format
  create_directory
  batch_max = 1000
  envelope_to_add
  return_path_add
begin retry
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = $auth2
  server_condition = ${{if and{{{{eq{{$auth2}}{{{servers.USER}}}}}{{eq{{$auth3}}{{{servers.PASSWORD}}}}}}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_set_id = $auth1
  server_condition = ${{if and{{{{eq{{$auth1}}{{{servers.USER}}}}}{{eq{{$auth2}}{{{servers.PASSWORD}}}}}}}}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{servers.USER}}}{{{servers.PASSWORD}}}fail}}
  server_set_id = $auth1
""")
        command = [path, "-C", config, "-bdf", "-q1h"]
        with open(self.log, "ab") as log:
            self.process = sealed(self.where, ["Debian-exim"], [], command, stdout=log, stderr=log)
        self.up("Exim")


class OpenSMTPD(Server):
    """AUTH PLAIN and LOGIN behind STARTTLS, unless that is left out; a file for every recipient."""

    @staticmethod
    def missing():
        return servers.cannot_mount() if program("smtpd", "PIPEMAIL_OPENSMTPD") else "OpenSMTPD is not installed"

    def __init__(self, where, certificate, tls=True, name=""):
        super().__init__(where, "opensmtpd" + name)
        listener = "tls pki here auth-optional <credentials>" if tls else ""
        hashed = subprocess.run(["openssl", "passwd", "-6", servers.PASSWORD], check=True, capture_output=True, text=True).stdout.strip()
        credentials = servers.write(os.path.join(self.where, "credentials"), f"{servers.USER} {hashed}\n")
        refused = servers.write(os.path.join(self.where, "refused"), f"{REFUSED}@mail.example\n")
        users = servers.write(os.path.join(self.where, "virtual"), "@ mail\n")
        keep = servers.write(os.path.join(self.where, "keep"), f"""#!/bin/sh
file=$(mktemp {self.mail}/.XXXXXXXXXX) && {{ printf 'X-For: %s\\n' "$1"; cat; }} >"$file" && mv "$file" "{self.mail}/${{file##*/.}}"
""", 0o755)
        config = servers.write(os.path.join(self.where, "smtpd.conf"), f"""
pki here cert "{certificate.cert}"
pki here key "{certificate.key}"
table credentials file:{credentials}
table refused file:{refused}
table people file:{users}
smtp max-message-size 60M
smtp limit max-rcpt 100
queue ttl 1h
listen on 127.0.0.1 port {self.port} {listener} hostname smtpd.mail.example
action "keep" mda "{keep} %{{rcpt}}" virtual <people>
match from any for rcpt-to <refused> reject
match from any for any action "keep"
""", 0o600)
        path = program("smtpd", "PIPEMAIL_OPENSMTPD")
        prepare = "mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd && chmod 711 /var/spool/smtpd"
        empty = ["/var/spool", "/var/lib", "/run"]
        if not os.path.isdir("/usr/libexec/opensmtpd"):  # its helpers lie beside the program that was named
            helpers = os.path.join(os.path.dirname(os.path.dirname(path)), "libexec", "opensmtpd")
            empty.append("/usr/libexec")
            prepare += f" && ln -s {helpers} /usr/libexec/opensmtpd"
        with open(self.log, "ab") as log:
            self.process = sealed(self.where, ["opensmtpd", "opensmtpq"], empty, ["sh", "-c", prepare + ' && exec "$@"', "sh", path, "-d", "-f", config],
                                  stdout=log, stderr=log)
        self.up("OpenSMTPD")

    def tls_works(self):
        """Some packages of it fail in every handshake, with OpenSSL's own client too."""
        client = subprocess.run(["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{self.port}"], input=b"",
                                capture_output=True, timeout=servers.DEADLINE)
        return client.returncode == 0


def interpreter():
    """The Python that has aiosmtpd: Debian's, where another comes first in PATH."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-c", "import aiosmtpd"], capture_output=True).returncode == 0:
            return python
    return None


class Aiosmtpd(Server):
    """Run by this file in a process of its own; a file for every message, its envelope in X- fields."""

    @staticmethod
    def missing():
        return None if interpreter() else "aiosmtpd is not installed"

    def __init__(self, where, certificate):
        super().__init__(where, "aiosmtpd")
        command = [interpreter(), os.path.abspath(__file__), self.mail, str(self.port), certificate.cert, certificate.key]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.up("aiosmtpd")


def run_aiosmtpd(mail, port, cert, key):
    import ssl

    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    class Keep:
        count = 0

        async def handle_RCPT(self, _server, _session, envelope, address, options):
            if address.startswith(REFUSED + "@"):
                return "550 5.1.1 no such user here"
            if len(envelope.rcpt_tos) == 100:
                return "452 4.5.3 too many recipients"
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            return "250 OK"

        async def handle_DATA(self, _server, _session, envelope):
            Keep.count += 1
            path = os.path.join(mail, f"{Keep.count:04}")
            with open(path + ".new", "wb") as f:
                f.write(f"X-From: {envelope.mail_from} {' '.join(envelope.mail_options)}\n".encode())
                f.write(f"X-To: {' '.join(envelope.rcpt_tos)}\n".encode() + envelope.original_content)
            os.rename(path + ".new", path)
            return "250 OK"

    def authenticator(_server, _session, _envelope, _mechanism, data):
        # Not handled: a refusal is for aiosmtpd to say.
        return AuthResult(success=(data.login, data.password) == (servers.USER.encode(), servers.PASSWORD.encode()), handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    controller = Controller(Keep(), hostname="127.0.0.1", port=int(port), tls_context=context, require_starttls=False,
                            authenticator=authenticator, auth_require_tls=True, enable_SMTPUTF8=True, data_size_limit=60_000_000)
    controller.start()
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    done.wait()
    controller.stop()


if __name__ == "__main__":
    run_aiosmtpd(*sys.argv[1:])
