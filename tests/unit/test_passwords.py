"""Passwords live in the PC's keyring, and a bad keyring is only a nuisance."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from kollect.settings import hidden_secrets, passwords
from kollect.settings.model import Auth, Passwords, Send, Settings
from kollect.settings.passwords import PasswordStore, Which
from tests.helpers.memory_keyring import MemoryKeyring

SETTINGS = Settings()
WITHOUT_LOGIN = Settings(send=Send(auth=Auth.NO))


class LikeWindows(MemoryKeyring):
    """Moves a present credential to a second name, as WinVaultKeyring.set_password does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if (service, username) in self.kept:
            self.kept[f"{username}@{service}", username] = self.kept[service, username]
        super().set_password(service, username, password)


class Locked(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    set_password = delete_password = get_password


class Odd(MemoryKeyring):
    """Backends let the exceptions of D-Bus and Win32 through."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(1, "CredRead", "Element not found")

    set_password = delete_password = get_password


@pytest.fixture(autouse=True)
def present_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hidden_secrets, "_secrets", ())
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def use(backend: KeyringBackend) -> KeyringBackend:
    keyring.set_keyring(backend)
    return backend


def test_kept_for_the_next_start():
    backend = use(MemoryKeyring())
    assert PasswordStore("1a2b", {}).set(Which.RECEIVE, "ひみつ pass")
    assert PasswordStore("1a2b", {}).set("send", "other")
    assert backend.kept == {
        ("kollect/1a2b/receive", "kollect"): "ひみつ pass",
        ("kollect/1a2b/send", "kollect"): "other",
    }
    later = PasswordStore("1a2b", {})
    assert later.find(SETTINGS) == Passwords("ひみつ pass", "other")
    assert later.missing(SETTINGS) == ()


def test_another_data_folder_has_its_own():
    use(MemoryKeyring())
    PasswordStore("one", {}).set(Which.RECEIVE, "first")
    other = PasswordStore("two", {})
    assert other.get(Which.RECEIVE) == ""
    assert other.missing(SETTINGS) == (Which.RECEIVE, Which.SEND)
    assert other.missing(WITHOUT_LOGIN) == (Which.RECEIVE,)


def test_only_what_is_needed_is_found():
    use(MemoryKeyring())
    vault = PasswordStore("1", {})
    vault.set(Which.RECEIVE, "receive")
    vault.set(Which.SEND, "send")
    assert vault.find(WITHOUT_LOGIN) == Passwords("receive", "")


def test_forget():
    backend = use(MemoryKeyring())
    vault = PasswordStore("1", {})
    vault.set(Which.SEND, "send")
    vault.forget(Which.SEND)
    vault.forget(Which.SEND)
    assert (vault.get(Which.SEND), backend.kept) == ("", {})
    vault.set(Which.SEND, "send")
    vault.set(Which.SEND, "")
    assert (vault.get(Which.SEND), backend.kept) == ("", {})


def test_an_old_password_does_not_stay_on_windows():
    backend = use(LikeWindows())
    vault = PasswordStore("1", {})
    vault.set(Which.SEND, "old one")
    vault.set(Which.SEND, "new one")
    assert list(backend.kept.values()) == ["new one"]


def test_the_environment_goes_first():
    use(MemoryKeyring())
    PasswordStore("1", {}).set(Which.RECEIVE, "kept")
    environ = {"KOLLECT_RECEIVE_PASSWORD": "given", "KOLLECT_SEND_PASSWORD": ""}
    vault = PasswordStore("1", environ)
    assert vault.find(SETTINGS) == Passwords("given", "")
    assert vault.missing(SETTINGS) == (Which.SEND,)


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, Locked, Odd])
def test_without_a_working_keyring_it_is_remembered(backend: type[KeyringBackend], caplog):
    use(backend())
    vault = PasswordStore("1", {})
    with caplog.at_level(logging.WARNING):
        assert vault.missing(SETTINGS) == (Which.RECEIVE, Which.SEND)
        assert not vault.set(Which.RECEIVE, "top secret")
        assert vault.find(SETTINGS) == Passwords("top secret", "")
        vault.forget(Which.RECEIVE)
        assert vault.get(Which.RECEIVE) == ""
    complaints = [r.getMessage() for r in caplog.records]
    assert len(complaints) == (0 if backend is null.Keyring else 1)
    assert "top secret" not in caplog.text


def test_a_missing_keyring_package_is_no_keyring(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    vault = PasswordStore("1", {})
    assert not vault.set(Which.SEND, "pass")
    assert vault.get(Which.SEND) == "pass"


def test_every_password_found_is_hidden_in_the_log():
    use(MemoryKeyring())
    PasswordStore("1", {}).set(Which.SEND, "from set")
    hidden_secrets._secrets = ()
    PasswordStore("1", {"KOLLECT_RECEIVE_PASSWORD": "from env"}).find(SETTINGS)
    assert hidden_secrets.redacted("a from set b from env c") == "a ***** b ***** c"


def test_no_password_in_a_repr():
    vault = PasswordStore("1", {"KOLLECT_RECEIVE_PASSWORD": "hidden"})
    found = vault.find(WITHOUT_LOGIN)
    assert "hidden" not in f"{vault!r} {found!r} {replace(found, send='hidden')!r}"


def test_keyring_is_imported_only_when_needed():
    program = (
        "import sys, kollect.settings.passwords as p\n"
        "p.PasswordStore('1')\n"
        "print('keyring' in sys.modules)"
    )
    root = Path(passwords.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"False"
