"""A kollect.ini that cannot be used at the start: told, and mended or put right on the screen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kollect.settings import ini_file
from kollect.storage.data_folder import DataFolder
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.ui_driver import Person, all_inside, settle, shown_text
from tests.screens.conftest import close
from tests.screens.test_app import READY
from tests.screens.test_start import Lock

pytestmark = pytest.mark.real


@pytest.fixture
def written(folder: DataFolder) -> DataFolder:
    """There are settings, and those before them."""
    folder.prepare()
    ini_file.save(folder.ini, READY)
    ini_file.save(folder.ini, replace(READY, forward_address="owner@example.jp"))
    return folder


@pytest.fixture
def programs(root: tk.Tk, dialogs: Person) -> Iterator[list[Program]]:
    programs: list[Program] = []
    yield programs
    for program in programs:
        close(program)


def started(programs: list[Program], root: tk.Tk, folder: DataFolder, dialogs: Person) -> Program:
    program = Program(root, folder, lambda root: dialogs)
    programs.append(program)
    program.show_menu()
    program.after_start(Lock(), False)  # type: ignore[arg-type]
    return program


def texts(program: Program) -> list[str]:
    return [shown_text(widget) for widget in all_inside(program.window.root)]


@pytest.mark.parametrize("answer", ["前の設定に戻す", "キャンセル"])
def test_rubbish_and_the_settings_before(
    programs: list[Program], root: tk.Tk, written: DataFolder, dialogs: Person, answer: str
):
    rubbish = b"\xff\xfe\x00\xd8\x00" * 40
    written.ini.write_bytes(rubbish)
    dialogs.answers.append(answer)
    program = started(programs, root, written, dialogs)
    settle(root, lambda: not dialogs.answers)
    assert dialogs.asked[-1][0] == "設定ファイルを読めません"
    assert isinstance(program.window.screen, MenuScreen)
    mended = answer != "キャンセル"
    assert any(READY.mail_address in text for text in texts(program)) is mended
    if mended:
        assert ini_file.load(written.ini) == READY
        assert rubbish in [path.read_bytes() for path in written.path.glob("kollect.ini*")]
    else:
        assert written.ini.read_bytes() == rubbish


def test_wrong_values_are_told_beside_their_fields_and_the_others_by_name(
    programs: list[Program], root: tk.Tk, written: DataFolder, dialogs: Person
):
    text = written.ini.read_text("utf-8")
    for right, wrong in (("interval_seconds = 60", "3"), ("replies_per_hour = 5", "many")):
        assert right in text
        text = text.replace(right, f"{right.partition('=')[0]}= {wrong}")
    written.ini.write_text(text, "utf-8")
    program = started(programs, root, written, dialogs)
    settle(root, lambda: isinstance(program.window.screen, SettingsScreen))
    screen = program.window.screen
    settle(screen, lambda: screen.control.fields["collect", "interval_seconds"].error)
    assert dialogs.troubles[0].title == "設定に誤りがあります"
    told = [text for title, text in dialogs.asked if title == "設定ファイルの値が正しくありません"]
    assert any("replies_per_hour" in text for text in told)
