"""The fixtures of the sending side, for every test that asks for them. Nothing starts unasked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.postfix import postfix
from tests.helpers.scripted_smtp import ScriptedSmtp

__all__ = ["postfix", "scripted_smtp"]


@pytest.fixture
def scripted_smtp() -> Iterator[ScriptedSmtp]:
    """A server that takes everything; change its `script` before something connects."""
    with ScriptedSmtp() as server:
        yield server
