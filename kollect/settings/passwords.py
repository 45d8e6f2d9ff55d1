"""The two passwords: in the PC's own keyring (Windows Credential Manager), not in the data folder.

A stick that is lost gives no password away; on another PC they are asked for once. Where there is
no keyring they are remembered as long as the program runs. Knows nothing of screens: who asks is
the caller's business.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from enum import StrEnum

from kollect.settings import hidden_secrets
from kollect.settings.model import Auth, Passwords, Settings
from kollect.settings.secret_place import why_not

log = logging.getLogger(__name__)

_USER = "kollect"


class Which(StrEnum):
    RECEIVE = "receive"
    SEND = "send"


class PasswordStore:
    """The passwords of one installation. No method raises because of the keyring.

    `KOLLECT_RECEIVE_PASSWORD` and `KOLLECT_SEND_PASSWORD` in the environment go before anything
    kept. What was once read or set is remembered: another PasswordStore's change is not seen.
    """

    def __init__(self, install_id: str, environ: Mapping[str, str] = os.environ) -> None:
        self._install_id = install_id
        self._environ = environ
        self._remembered: dict[Which, str] = {}
        self._complained = False

    def __repr__(self) -> str:
        return f"PasswordStore({self._install_id!r})"

    def get(self, which: Which | str) -> str:
        """The password; empty where there is none."""
        which = Which(which)
        password = self._environ.get(f"KOLLECT_{which.upper()}_PASSWORD", "")
        password = password or self._remembered.get(which) or self._kept(which)
        hidden_secrets.hide(password)
        return password

    def set(self, which: Which | str, password: str) -> bool:
        """Remember a password, and say whether it was also kept for the next start."""
        which = Which(which)
        if not password:
            self.forget(which)
            return True
        hidden_secrets.hide(password)
        # to begin with: the Windows backend saves a present one under a second name, where the old
        # password would stay for ever
        self.forget(which)
        self._remembered[which] = password
        try:
            import keyring  # here, as it takes long and the window must be there first

            keyring.set_password(self._service(which), _USER, password)
            # the backend "null" accepts everything and keeps nothing
            return keyring.get_password(self._service(which), _USER) == password
        except Exception as error:  # backends raise what they like
            self._complain(error)
            return False

    def forget(self, which: Which | str) -> None:
        """Remove a password from memory and from the keyring."""
        which = Which(which)
        self._remembered.pop(which, None)
        with contextlib.suppress(Exception):  # there was none, or there is no keyring
            import keyring

            keyring.delete_password(self._service(which), _USER)

    def find(self, settings: Settings) -> Passwords:
        """The passwords that these settings need; empty where one is missing."""
        needed = self._needed(settings)
        return Passwords(**{which.value: self.get(which) for which in needed})

    def missing(self, settings: Settings) -> tuple[Which, ...]:
        """The passwords that these settings need and that are not known on this PC."""
        return tuple(which for which in self._needed(settings) if not self.get(which))

    def _needed(self, settings: Settings) -> tuple[Which, ...]:
        if settings.send.auth is Auth.NO:
            return (Which.RECEIVE,)
        return (Which.RECEIVE, Which.SEND)

    def _kept(self, which: Which) -> str:
        try:
            import keyring

            password = keyring.get_password(self._service(which), _USER) or ""
        except Exception as error:  # locked, broken, or there is none
            self._complain(error)
            return ""
        self._remembered[which] = password
        return password

    def _service(self, which: Which) -> str:
        # a name for each password, as Windows keeps one user for each name and moves the others
        return f"kollect/{self._install_id}/{which}"

    def _complain(self, error: Exception) -> None:
        if self._complained:
            return
        self._complained = True
        log.warning(
            "このパソコンには、パスワードを覚えさせられません%s。"
            "パスワードは、コレクトを終了するまでのあいだだけ覚えておきます。",
            why_not(error),
        )
