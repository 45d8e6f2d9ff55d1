"""A real window on a real display, with a person in place of the message boxes."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from kollect.demo.server import DemoServer
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.window import Window
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from tests.helpers.ui_driver import Person, settle


class StartProcess:
    """Starts the program as a user does, on one data folder."""

    def __init__(self, folder: DataFolder, display: str) -> None:
        self._folder = folder
        self._display = display
        self.processes: list[subprocess.Popen[str]] = []

    def __call__(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "kollect", "--data", str(self._folder.path), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"DISPLAY": self._display},
            cwd=Path(__file__).parents[2],
        )
        self.processes.append(process)
        return process

    def kill_all(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


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
    """A data folder, on a PC without a keyring, where nothing starts at the login."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
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


@pytest.fixture
def start_process(display: str, folder: DataFolder) -> Iterator[StartProcess]:
    start = StartProcess(folder, display)
    yield start
    start.kill_all()


def close(program: Program) -> None:
    """End what the program may have started, whatever the test has left of its window."""
    program.go.tray.stop()
    with contextlib.suppress(tk.TclError):
        program.go.demo.close()
    program.workspaces.current.close()
    program.workspaces.real.close()
