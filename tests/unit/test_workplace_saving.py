"""Where saving fails nothing has changed: kollect.ini, the passwords, what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backends import null

from kollect.app.workspace import Workspace
from kollect.errors import StorageTrouble, Trouble
from kollect.settings.model import Passwords, Settings, Shop
from kollect.storage.data_folder import DataFolder
from tests.helpers.memory_keyring import MemoryKeyring

OLD, NEW = Settings(mail_address="old@shop.example"), Settings(mail_address="new@shop.example")
OLD_PASSWORDS, NEW_PASSWORDS = Passwords("old-in", "old-out"), Passwords("new-in", "new-out")


@pytest.fixture(params=[MemoryKeyring, null.Keyring], ids=["keyring", "no keyring"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    before = keyring.get_keyring()
    keyring.set_keyring(request.param())
    place = Workspace(DataFolder(tmp_path), lambda news: None)
    place.open()
    place.save(OLD, OLD_PASSWORDS)
    yield place
    place.close()
    keyring.set_keyring(before)


def raising(error: BaseException) -> Callable[..., None]:
    def fall(*_: object, **__: object) -> None:
        raise error

    return fall


FULL = StorageTrouble("ディスクがいっぱいです", happened="", cure="")
STEPS = (
    "kollect.settings.ini_file.save",
    "kollect.settings.passwords.PasswordStore.set",
    "kollect.app.workspace.Workspace._vault",
)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [FULL, RuntimeError("x"), MemoryError(), SystemExit(1)])
def test_nothing_has_changed_where_it_fails(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
):
    ini = place.folder.ini.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(step, raising(error))
        with pytest.raises(type(error)):
            place.save(NEW, NEW_PASSWORDS)
    assert place.folder.ini.read_bytes() == ini
    assert place.settings().mail_address == "old@shop.example"
    assert place.passwords() == OLD_PASSWORDS


def test_a_keyring_that_fails_at_the_second_password(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
):
    ini = place.folder.ini.read_bytes()
    vault = place._vault()
    kept = vault.set

    def fail_at_send(which: str, password: str) -> bool:
        if which == "send" and password == "new-out":
            raise FULL
        return kept(which, password)

    with monkeypatch.context() as patch:
        patch.setattr(vault, "set", fail_at_send)
        with pytest.raises(Trouble):
            place.save(NEW, NEW_PASSWORDS)
    assert place.folder.ini.read_bytes() == ini
    assert place.passwords() == OLD_PASSWORDS


def test_a_ledger_that_cannot_be_opened_at_the_first_saving(tmp_path: Path):
    """The passwords are kept under a name that stands there."""
    folder = DataFolder(tmp_path / "data")
    place = Workspace(folder, lambda news: None)
    place.open()
    folder.database.mkdir()
    try:
        with pytest.raises(StorageTrouble):
            place.save(replace(NEW, shop=Shop(name="店")), NEW_PASSWORDS)
        assert not folder.ini.exists()
        assert place.settings() == Settings()
    finally:
        place.close()


def test_what_was_saved_is_in_force(place: Workspace):
    place.save(NEW, NEW_PASSWORDS)
    assert place.settings().mail_address == "new@shop.example"
    assert place.passwords() == NEW_PASSWORDS
    assert "new@shop.example" in place.folder.ini.read_text("utf-8")


def test_whoever_waits_for_mail_by_the_old_settings_polls_at_once(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
):
    woken: list[Settings] = []
    monkeypatch.setattr(place, "poll_now", lambda: woken.append(place.settings()))
    place.save(NEW, NEW_PASSWORDS)
    assert woken == [NEW], "and finds the new ones in force"


def test_a_paper_that_was_printed_is_printed_where_the_checklist_cannot_be_written(
    tmp_path: Path,
):
    """kollect.db is none."""
    place = Workspace(DataFolder(tmp_path), lambda news: None)
    place.folder.database.mkdir()
    place.papers_made()
