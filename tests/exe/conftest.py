"""A Windows PC for the tests of a file, and for each test a stick with kollect.exe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exe.wine import PC, Stick


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.exe)


@pytest.fixture(scope="module")
def pc(tmp_path_factory: pytest.TempPathFactory, display: str) -> Iterator[PC]:
    pc = PC(tmp_path_factory.mktemp("pc"))
    yield pc
    pc.switch_off()


@pytest.fixture
def stick(tmp_path: Path, pc: PC) -> Iterator[Stick]:
    """In a folder with a Japanese name and a space in it."""
    stick = Stick(tmp_path / "USB メモリ（店頭）" / "コレクト", pc)
    yield stick
    stick.kill()
