"""A real Dovecot with its own configuration and folders, on free ports, for the tests of one run.

Every user name exists and has the same password, so a test that wants a mailbox for itself invents
a name.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.certificates import Certificates
from tests.helpers.daemon import Daemon, free_ports

# No anvil-auth-penalty: it makes every further login from this machine wait after a wrong password.
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
auth_verbose = yes
protocols = pop3 imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate.cert_file}
ssl_key = <{certificate.key_file}
ssl_min_protocol = TLSv1.2
mail_location = maildir:{folder}/mail/%n
mail_fsync = never
maildir_very_dirty_syncs = no
mail_max_userip_connections = 200
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n allow_all_users=yes
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 1
  {login}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap-login {{
  service_count = 0
  {login}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3 {{
  service_count = 1000
  process_limit = 200
}}
service imap {{
  service_count = 1000
  process_limit = 200
}}
service auth {{
  client_limit = 2000
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
service anvil {{
  {anvil}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {anvil}
}}
{users}
"""

# An ordinary user cannot become another one, nor lock a process into a folder.
_ORDINARY_USER = """
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
"""


class Dovecot:
    """The running server, and its mailboxes as they lie on disk."""

    host = "localhost"
    password = "S3cret-pw!"

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self.folder = folder
        self.ca_file = str(certificates.ca_file)
        self.auth_socket = folder / "auth"
        """Where Postfix asks about passwords (SASL type dovecot); open to every user."""
        self.log_file = folder / "dovecot.log"
        self._certificate = certificates.good
        self._serial = itertools.count(1_000_000_000)
        self._daemon = Daemon("Dovecot", self._answers, self._log)
        self.pop3 = self.pop3s = self.imap = self.imaps = 0

    def start(self) -> None:
        self.pop3, self.pop3s, self.imap, self.imaps = free_ports(4)
        for name in ("run", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
        os.chown(self.folder / "mail", *_mail_owner())
        config = self.folder / "dovecot.conf"
        config.write_text(self._config(), "utf-8")
        self._daemon.start([_program(), "-F", "-c", str(config)])

    def stop(self) -> None:
        self._daemon.stop()

    def deliver(self, user: str, *mails: bytes) -> Path:
        """Put mails into the user's mailbox, the newest last; returns where the last one lies."""
        box = self._box(user)
        for raw in mails:
            name = f"{next(self._serial)}.M1P{os.getpid()}.test"
            draft = box / "tmp" / name
            draft.write_bytes(raw)
            os.chown(draft, *_mail_owner())
            path = draft.rename(box / "new" / name)
        return path

    def mails(self, user: str) -> list[bytes]:
        """The raw mails that are there, oldest first."""
        return [path.read_bytes() for path in self._files(user)]

    def empty(self, user: str) -> None:
        for path in self._files(user):
            path.unlink(missing_ok=True)

    def _files(self, user: str) -> list[Path]:
        box = self._box(user)
        files = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
        return sorted(files, key=lambda path: path.name)

    def _box(self, user: str) -> Path:
        box = self.folder / "mail" / user.partition("@")[0]
        for name in ("tmp", "new", "cur"):
            (box / name).mkdir(parents=True, exist_ok=True)
            os.chown(box / name, *_mail_owner())
        os.chown(box, *_mail_owner())
        return box

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.pop3), 1) as line,
        ):
            line.settimeout(2)
            return line.recv(100).startswith(b"+OK")
        return False

    def _log(self) -> str:
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else "(no log)"

    def _config(self) -> str:
        import grp  # Linux only, where the tests that need no mail server also run on Windows

        root = os.getuid() == 0
        uid, gid = _mail_owner()
        ordinary = _ORDINARY_USER.format(
            name=getpass.getuser(), group=grp.getgrgid(os.getgid()).gr_name
        )
        return _CONFIG.format(
            folder=self.folder,
            certificate=self._certificate,
            password=self.password,
            uid=uid,
            gid=gid,
            login="" if root else "chroot =",
            anvil="" if root else "chroot =",
            users="" if root else ordinary,
            pop3=self.pop3,
            pop3s=self.pop3s,
            imap=self.imap,
            imaps=self.imaps,
        )


def _program() -> str:
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = "Dovecot is not installed (apt install dovecot-pop3d dovecot-imapd)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _mail_owner() -> tuple[int, int]:
    """Dovecot never opens mailboxes as root: there they belong to nobody."""
    import pwd

    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid
    return os.getuid(), os.getgid()


@contextlib.contextmanager
def running_dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """A Dovecot for the time of the block."""
    _program()
    # Not below pytest's folder: Postfix's user could not enter it, and sockets want short paths.
    with tempfile.TemporaryDirectory(prefix="kollect-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        server = Dovecot(Path(folder), certificates)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    with running_dovecot(certificates) as server:
        yield server
