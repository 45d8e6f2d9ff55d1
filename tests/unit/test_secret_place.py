"""Whether this PC keeps secrets is known before anything is promised."""

from __future__ import annotations

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import NoKeyringError

from kollect.settings.secret_place import has_secret_place, why_not
from tests.helpers.memory_keyring import MemoryKeyring


@pytest.mark.parametrize(
    ("backend", "keeps"),
    [(MemoryKeyring(), True), (null.Keyring(), False), (fail.Keyring(), False)],
)
def test_a_keyring_that_keeps(
    backend: KeyringBackend, keeps: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert has_secret_place() is keeps


def test_that_there_is_none_needs_no_word_of_the_program_s():
    assert why_not(NoKeyringError()) == ""
    assert why_not(RuntimeError()) == "（RuntimeError）"
