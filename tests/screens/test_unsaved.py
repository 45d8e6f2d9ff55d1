"""ESC asks only where the user has changed something."""

from __future__ import annotations

from contextlib import closing

import pytest

from kollect.mailing.outbox import Outbox
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from tests.helpers.ui_driver import Person, press, settle
from tests.screens.every import SCREENS, fill


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_that_was_only_opened_is_left_without_a_question(
    program: Program, dialogs: Person, name: str
):
    fill(program)
    SCREENS[name][1](program)
    settle(program.window.root)
    press(program.window.root, "Escape")
    assert isinstance(program.window.screen, MenuScreen)
    assert dialogs.asked == []


def test_so_is_a_copy_of_a_mailing(program: Program):
    fill(program)
    with closing(Outbox(program.workspaces.real.folder.database)) as outbox:
        written = outbox.mailing(2)
    screen = program.window.open(
        MailingComposeScreen, program.workspaces, program.go, written, as_copy=True
    )
    assert screen.subject.value
    assert not screen.has_unsaved_changes()
