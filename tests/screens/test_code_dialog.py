"""The stick on another PC: the code of the sheet is asked for, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kollect.app.preflight import NeedsCode, come_inside, enter, open_protected
from kollect.desktop.lock import FolderLock
from kollect.protection import conversion
from kollect.storage import database_keys
from kollect.storage.data_folder import DataFolder
from kollect.ui.code_dialog import TITLE
from tests.helpers.protected_shop import ADDRESS, CODE, OTHER, restart, rows, shop
from tests.helpers.ui_driver import window_named, windows_seen, xdotool
from tests.screens.conftest import StartProcess

pytestmark = pytest.mark.real


@pytest.fixture
def protected(folder: DataFolder) -> Iterator[DataFolder]:
    shop(folder.path)
    conversion.turn_on(folder, CODE)
    restart(folder)
    yield folder
    restart(folder)


def type_code(dialog: str, text: str) -> None:
    xdotool("windowfocus", "--sync", dialog)
    xdotool("key", "ctrl+a")
    xdotool("type", "--delay", "15", text)
    xdotool("key", "F12")


def test_the_code_opens_the_data(start_process: StartProcess, protected: DataFolder):
    start_process()
    dialog = window_named(TITLE)
    type_code(dialog, CODE.written.replace("-", "").lower())
    window_named("KKRMN101")


def test_a_wrong_one_is_told_and_can_be_mended(start_process: StartProcess, protected: DataFolder):
    files = protected.database.read_bytes()
    start_process()
    dialog = window_named(TITLE)
    type_code(dialog, OTHER.written)
    type_code(dialog, CODE.written[:-1])
    assert protected.database.read_bytes() == files
    assert not any("KKRMN101" in name for name in windows_seen())
    type_code(dialog, CODE.written)
    window_named("KKRMN101")


def test_escape_ends_and_touches_nothing(start_process: StartProcess, protected: DataFolder):
    files = protected.database.read_bytes()
    process = start_process()
    dialog = window_named(TITLE)
    xdotool("windowfocus", "--sync", dialog)
    xdotool("key", "Escape")
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 6
    assert protected.database.read_bytes() == files


def test_without_a_window(protected: DataFolder):
    lock = FolderLock(protected.path)
    try:
        assert enter(protected, lock) is None
        assert come_inside(protected) == NeedsCode()
        open_protected(protected, CODE.written)
        assert database_keys.keys_for(protected.database)
        assert any(ADDRESS in row for row in rows(protected.database)["receipt"])
    finally:
        lock.release()
