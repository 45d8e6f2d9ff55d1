"""A real window on a real display, with a person in place of the message boxes."""

from __future__ import annotations

import contextlib
import gc
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.app import Program
from kollect.demo.server import DemoServer
from kollect.folder import DataFolder
from kollect.screens.menu import MenuScreen
from kollect.screens.window import Window
from tests.screens.hands import Person, settle


@pytest.fixture(scope="session")
def garbage_stays() -> Iterator[None]:
    """An old root that is collected in another thread ends the process: Tcl is strict."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def root(display: str, garbage_stays: None) -> Iterator[tk.Tk]:
    gc.collect()
    root = tk.Tk(className="Kollect")
    yield root
    with contextlib.suppress(tk.TclError):  # the test may have closed it
        for timer in root.tk.splitlist(root.tk.call("after", "info")):
            # not by after_cancel: it may fail, and a root that stays keeps a mainloop from ending
            root.tk.call("after", "cancel", timer)
        root.destroy()


@pytest.fixture
def dialogs(root: tk.Tk) -> Person:
    return Person(root)


@pytest.fixture
def window(root: tk.Tk, dialogs: Person) -> Window:
    window = Window(root, dialogs=dialogs)
    window.identify("TEST", locked=False)
    return window


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A data folder, on a PC without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return DataFolder(tmp_path / "data")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoServer]:
    """The demo's mail server as that of a real shop, whose passwords are known."""
    with DemoServer() as server:
        for which in ("RECEIVE", "SEND"):
            monkeypatch.setenv(f"KOLLECT_{which}_PASSWORD", server.password)
        yield server


@pytest.fixture
def program(root: tk.Tk, dialogs: Person, folder: DataFolder) -> Iterator[Program]:
    """The program as app joins it, its menu open, nothing asked yet."""
    program = Program(root, folder, lambda root: dialogs)
    program.show_menu()
    settle(root, lambda: isinstance(program.window.screen, MenuScreen))
    yield program
    close(program)


def close(program: Program) -> None:
    """End what the program may have started, whatever the test has left of its window."""
    program.resident.stop()
    with contextlib.suppress(tk.TclError):
        program.demo.close()
    program.place.close()
    program.real.close()
