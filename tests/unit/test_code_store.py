"""A PC keeps the code of a folder in its keyring, and a bad keyring is only a nuisance."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import keyring
import pytest
from keyring.backends import fail, null

from kollect.errors import DataCodeTrouble
from kollect.protection.code_store import CodeStore
from kollect.storage.event_log import LineFormatter
from kollect.storage.protection_mark import Mark, Protection
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.protected_shop import CODE, OTHER
from tests.unit.test_passwords import LikeWindows, Locked

MARK = Mark(Protection.ON, "ab" * 8, "cd" * 16)
RENEWED = Mark(Protection.ON, "ab" * 8, "ef" * 16)


@pytest.fixture(params=[MemoryKeyring, LikeWindows])
def backend(request: pytest.FixtureRequest) -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    made = request.param()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_kept_and_forgotten(backend: MemoryKeyring):
    store = CodeStore({})
    assert store.kept(MARK) is None
    assert store.keep(MARK, CODE)
    assert store.keep(MARK, CODE), "also where it is there already"
    assert CodeStore({}).kept(MARK) == CODE
    assert store.keep(RENEWED, OTHER)
    assert store.kept(MARK) == CODE, "a copy of the folder may still have the former one"
    store.forget(MARK)
    store.forget(RENEWED)
    store.forget(RENEWED)
    assert backend.kept == {}


def test_what_somebody_has_changed_there_is_no_code(backend: MemoryKeyring):
    store = CodeStore({})
    store.keep(MARK, CODE)
    for key in backend.kept:
        backend.kept[key] = "nonsense"
    assert store.kept(MARK) is None


def test_the_environment_goes_first(backend: MemoryKeyring):
    assert CodeStore({}).given() is None
    assert CodeStore({"KOLLECT_DATA_CODE": " "}).given() is None
    assert CodeStore({"KOLLECT_DATA_CODE": CODE.written.lower()}).given() == CODE
    with pytest.raises(DataCodeTrouble):
        CodeStore({"KOLLECT_DATA_CODE": CODE.written[:-1]}).given()


@pytest.mark.parametrize("kind", [Locked, fail.Keyring, null.Keyring])
def test_a_bad_keyring_keeps_nothing_and_raises_nothing(kind: type):
    before = keyring.get_keyring()
    keyring.set_keyring(kind())
    try:
        store = CodeStore({})
        assert store.kept(MARK) is None
        assert not store.keep(MARK, CODE)
        store.forget(MARK)
    finally:
        keyring.set_keyring(before)


def test_no_line_of_the_log_shows_it(backend: MemoryKeyring):
    CodeStore({}).keep(MARK, CODE)
    for text in (CODE.written, CODE.letters):
        record = logging.LogRecord("kollect", logging.INFO, "", 1, f"x {text} y", None, None)
        assert text not in LineFormatter().format(record)
