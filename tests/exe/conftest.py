"""A Windows PC for the tests of a file, and for each test a stick with kollect.exe."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.exe import desktop_driver
from tests.exe.wine import EXE, PC, Stick


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.exe)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of a test that fails there is a picture: dist/failed-….png."""
    report = yield
    if report.when == "call" and report.failed and item.get_closest_marker("exe"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            desktop_driver.picture(EXE.with_name(f"failed-{item.name}.png"))
    return report


@pytest.fixture(scope="module")
def pc(tmp_path_factory: pytest.TempPathFactory, display: str) -> Iterator[PC]:
    pc = PC(tmp_path_factory.mktemp("pc"))
    yield pc
    pc.switch_off()


@pytest.fixture
def second_pc(tmp_path: Path, display: str) -> Iterator[PC]:
    """Another one, which knows nothing of the first."""
    pc = PC(tmp_path / "second")
    yield pc
    pc.switch_off()


_users = itertools.count(1)


@pytest.fixture
def user() -> str:
    """A mailbox for this test alone."""
    return f"exe{os.getpid()}x{next(_users)}"


@pytest.fixture
def stick(tmp_path: Path, pc: PC) -> Iterator[Stick]:
    """In a folder with a Japanese name and a space in it."""
    stick = Stick(tmp_path / "USB メモリ（店頭）" / "コレクト", pc)
    yield stick
    stick.kill()
