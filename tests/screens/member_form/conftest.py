"""会員登録, opened by its key, in a shop that has given three numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from kollect.ui.main import Program
from kollect.ui.members.member_form import MemberFormScreen
from tests.helpers.member_samples import numbers
from tests.helpers.ui_driver import press


@pytest.fixture
def database(program: Program) -> Path:
    path = program.workspaces.real.folder.database
    assert numbers(path, "taro.yamada@docomo.ne.jp", "hanako@ezweb.ne.jp", "jiro@docomo.ne.jp")
    return path


@pytest.fixture
def screen(program: Program, database: Path) -> MemberFormScreen:
    press(program.window.root, "5")
    screen = program.window.screen
    assert isinstance(screen, MemberFormScreen)
    return screen
