"""A real Postfix with its own configuration, queue and mailboxes, on free ports.

It delivers to every address there is, so a test that wants a customer for itself invents one. What
each customer got can be read; what comes for an address of MAILBOX_DOMAIN lies in Dovecot's
mailbox of that name. Postfix wants root to start.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.mail import address
from tests.helpers.certificates import Certificates
from tests.helpers.daemon import Daemon, free_ports
from tests.helpers.dovecot import Dovecot

MAILBOX_DOMAIN = "mailbox.example"
"""Of the shops whose blank mails come by SMTP, from outside, as in real life."""
OWN_DOMAINS = (
    MAILBOX_DOMAIN,
    "shop.example",
    "customer.example",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "softbank.ne.jp",
    "example.jp",
)
"""Taken from everybody; any other domain only from those who have logged in."""

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = postfix.example
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_header_rewrite_clients =
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:all/
transport_maps = inline:{{ {mailboxes}=mailbox: }}
mailbox_destination_recipient_limit = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 80000000
default_transport = virtual
smtpd_recipient_restrictions =
  permit_sasl_authenticated, reject_unauth_destination
smtpd_relay_restrictions =
smtpd_client_restrictions =
smtpd_sender_restrictions = check_sender_access regexp:{folder}/senders
smtpd_data_restrictions = check_recipient_access regexp:{folder}/recipients
smtpd_delay_reject = no
smtpd_error_sleep_time = 0
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = {certificate.cert_file}
smtpd_tls_key_file = {certificate.key_file}
smtpd_tls_security_level = may
"""

# virtual(8) makes no name of a folder out of an address
_INTO_MAILBOX = """#!/bin/sh
cd {folder}/mail && mkdir -p "$1/tmp" "$1/new" "$1/cur" && name="$(date +%s%N).P$$.smtp" &&
cat >"$1/tmp/$name" && mv "$1/tmp/$name" "$1/new/$name" || exit 75
"""
_RECIPIENTS = """
/^unknown@/  550 5.1.1 User unknown
/^full@/  552 5.2.2 Mailbox full
/^later@/  450 4.2.0 Try again later
"""
_SENDERS = """
/^stranger@/  553 5.7.1 Sender address rejected: not owned by user
"""

_BOXES = "@docomo.ne.jp customers/\n" + "".join(
    f"check{number}@shop.example check{number}/\n" for number in range(1, 1000)
)
INTO_DOVECOT = """
virtual_mailbox_base = {dovecot}/mail
virtual_mailbox_maps = texthash:{folder}/boxes
"""
"""What is sent to the shop, check1@shop.example and so on, lies in its Dovecot mailbox; an address
with a plus nobody knows."""
WITH_PLUS = f"{INTO_DOVECOT}recipient_delimiter = +\n"
UNKNOWN_COME_BACK = f"{INTO_DOVECOT}smtpd_reject_unlisted_recipient = no\n"
"""The address is found out to be nobody's only after the mail was taken."""

_SERVICES = """
{plain} inet n - n - - smtpd
  -o smtpd_recipient_restrictions={checked}
{wrapped} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
{pipelining} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=chunking
  -o smtpd_recipient_restrictions={checked}
{simple} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=chunking,pipelining
  -o smtpd_recipient_restrictions={checked}
{impatient} inet n - n - - smtpd
  -o smtpd_timeout=1s
  -o smtpd_recipient_restrictions={checked}
{old} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=chunking,pipelining,8bitmime,smtputf8,size,starttls,auth
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
mailbox unix - n n - - pipe
  flags=R user=nobody argv={folder}/into_mailbox ${{user}}
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

_CHECKED = "permit_sasl_authenticated,reject_unauth_destination,check_recipient_access,regexp:{}"


class Postfix:
    """The running server, and what it has delivered."""

    host = "localhost"

    def __init__(
        self, folder: Path, certificates: Certificates, dovecot: Dovecot, more: str = ""
    ) -> None:
        """`more`: what main.cf says besides."""
        self.folder = folder
        self._more = more
        self.ca_file = str(certificates.ca_file)
        self.account = "shop"
        self.password = dovecot.password
        self.log_file = folder / "postfix.log"
        self._certificates = certificates
        self._dovecot = dovecot
        self._daemon = Daemon("Postfix", self._answers, self._log)
        self.plain = self.wrapped = self.pipelining = self.simple = self.old = 0
        self.impatient = 0
        """Ports: STARTTLS and login offered; TLS from the start; as the first, without CHUNKING;
        without PIPELINING too; with nothing at all. `wrapped` and `old` refuse a recipient at DATA,
        the others at RCPT. `impatient` is as `plain`, and waits a second for each command.
        """

    def start(self) -> None:
        self.plain, self.wrapped, self.pipelining, self.simple, self.old, self.impatient = (
            free_ports(6)
        )
        self._lay_out()
        self._run()

    def restart(self) -> None:
        """All of it anew, on the same ports and with the same mailboxes."""
        self.stop()
        self._run()

    def _run(self) -> None:
        etc = str(self.folder / "etc")
        env = {"PATH": os.environ.get("PATH", ""), "MAIL_CONFIG": etc}
        self._daemon.start([f"{_daemons()}/master", "-d", "-c", etc], env)

    def stop(self) -> None:
        self._daemon.stop()

    def received(self, recipient: str) -> list[bytes]:
        """What was delivered to this address so far, oldest first, as it lies on disk.

        Postfix has put its own fields in front, and ends lines by LF.
        """
        wanted = address.key(recipient)
        return [raw for raw in self.everything() if address.key(_delivered_to(raw)) == wanted]

    def wait_for(self, recipient: str, count: int = 1, seconds: float = 60) -> list[bytes]:
        """What was delivered to this address, once there are so many."""
        deadline = time.monotonic() + seconds
        while len(found := self.received(recipient)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(found) >= count, f"{recipient}: {len(found)} of {count} mails; {self._log()}"
        return found

    def delivered(self, seconds: float = 60) -> list[str]:
        """Wait until everything taken is delivered; to whom, oldest first."""
        deadline = time.monotonic() + seconds
        while any(self._queued()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(self._queued()), self._log()
        return [_delivered_to(raw) for raw in self.everything()]

    def everything(self) -> list[bytes]:
        """As `received`, to whomever."""
        files = sorted(self._mailbox().iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes() for path in files]

    def delivered_at(self) -> dict[str, float]:
        """To whom something was delivered so far, and when (seconds as of `time.time`)."""
        return {
            _delivered_to(path.read_bytes()): path.stat().st_mtime
            for path in self._mailbox().iterdir()
        }

    def empty(self) -> None:
        """Forget everything delivered, once it is."""
        self.delivered()
        for path in self._mailbox().iterdir():
            path.unlink()

    def _queued(self) -> Iterator[Path]:
        for name in ("maildrop", "incoming", "active", "deferred"):
            for path in (self.folder / "queue" / name).rglob("*"):
                with contextlib.suppress(OSError):
                    if path.is_file():
                        yield path

    def _mailbox(self) -> Path:
        return self.folder / "mail" / "all" / "new"

    def _lay_out(self) -> None:
        import grp  # Linux only, where the tests that need no mail server also run on Windows
        import pwd

        postfix, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        postdrop = grp.getgrnam("postdrop").gr_gid
        for name in ("etc", "queue", "queue/pid"):
            _owned(self.folder / name, 0, 0, 0o755)
        private = "active bounce corrupt defer deferred flush hold incoming private saved trace"
        for name in private.split():
            _owned(self.folder / "queue" / name, postfix.pw_uid, 0, 0o700)
        _owned(self.folder / "queue/public", postfix.pw_uid, postdrop, 0o710)
        _owned(self.folder / "queue/maildrop", postfix.pw_uid, postdrop, 0o730)
        _owned(self.folder / "data", postfix.pw_uid, postfix.pw_gid, 0o700)
        for name in ("mail", "mail/all", "mail/all/new", "mail/all/cur", "mail/all/tmp"):
            _owned(self.folder / name, nobody.pw_uid, nobody.pw_gid, 0o755)
        (self.folder / "into_mailbox").write_text(
            _INTO_MAILBOX.format(folder=self._dovecot.folder), "ascii"
        )
        (self.folder / "into_mailbox").chmod(0o755)
        (self.folder / "recipients").write_text(_RECIPIENTS, "ascii")
        (self.folder / "senders").write_text(_SENDERS, "ascii")
        (self.folder / "boxes").write_text(_BOXES, "ascii")
        (self.folder / "etc/main.cf").write_text(
            _MAIN.format(
                folder=self.folder,
                daemons=_daemons(),
                domains=", ".join(OWN_DOMAINS),
                mailboxes=MAILBOX_DOMAIN,
                uid=nobody.pw_uid,
                gid=nobody.pw_gid,
                auth_socket=self._dovecot.auth_socket,
                certificate=self._certificates.good,
            )
            + self._more.format(folder=self.folder, dovecot=self._dovecot.folder),
            "ascii",
        )
        (self.folder / "etc/master.cf").write_text(
            _SERVICES.format(
                folder=self.folder,
                checked=_CHECKED.format(self.folder / "recipients"),
                plain=self.plain,
                wrapped=self.wrapped,
                pipelining=self.pipelining,
                simple=self.simple,
                old=self.old,
                impatient=self.impatient,
            ),
            "ascii",
        )

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.plain), 1) as line,
        ):
            line.settimeout(5)
            if line.recv(100).startswith(b"220"):
                line.sendall(b"QUIT\r\n")
                return bool(line.recv(100))
        return False

    def _log(self) -> str:
        if not self.log_file.exists():
            return "(no log)"
        return self.log_file.read_text("utf-8", "replace")[-3000:]


def as_sent(raw: bytes) -> bytes:
    """A delivered mail as it left us: without the fields put in front, lines ended by CRLF."""
    start = raw.index(b"\nFrom: ") + 1
    return raw[start:].replace(b"\n", b"\r\n")


def _delivered_to(raw: bytes) -> str:
    field = raw.partition(b"\nDelivered-To: ")[2].partition(b"\n")[0]
    return field.decode("utf-8", "replace")


def _owned(folder: Path, uid: int, gid: int, mode: int) -> None:
    folder.mkdir()
    os.chown(folder, uid, gid)
    folder.chmod(mode)


def _daemons() -> str:
    command = ["postconf", "-d", "-h", "daemon_directory"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _needed() -> None:
    reason = ""
    if shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        reason = "Postfix is not installed (apt install postfix)"
    elif os.getuid() != 0:
        reason = "Postfix starts as root only"
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@contextlib.contextmanager
def running_postfix(
    certificates: Certificates, dovecot: Dovecot, more: str = ""
) -> Iterator[Postfix]:
    """A Postfix for the time of the block; it asks this Dovecot about passwords. `more` of
    main.cf, as `WITH_PLUS`."""
    # Its users must be able to enter the folder, and sockets want short paths.
    with tempfile.TemporaryDirectory(prefix="kollect-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        server = Postfix(Path(folder), certificates, dovecot, more)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postfix(certificates: Certificates, request: pytest.FixtureRequest) -> Iterator[Postfix]:
    _needed()
    with running_postfix(certificates, request.getfixturevalue("dovecot")) as server:
        yield server
