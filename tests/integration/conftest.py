"""The servers that misbehave when told to, and the shop between them, for all who ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.shop import PASSWORD, ShopProgram, settings_for


@pytest.fixture
def pop3() -> Iterator[ScriptedPop3]:
    with ScriptedPop3() as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


@pytest.fixture
def shop(pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path) -> ShopProgram:
    return ShopProgram(tmp_path, settings_for(pop3.port, smtp.port), PASSWORD)
