"""How many keys and seconds one form takes in 会員登録: with what the program fills in by itself,
and by hand, as before it knew postcodes and readings.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import tkinter as tk
from contextlib import contextmanager
from pathlib import Path

from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.gc_in_tk_thread import collect_here
from kollect.ui.main import Program
from kollect.ui.members.member_form import MemberFormScreen
from tests.helpers import display
from tests.helpers.clerk import FORMS, KEYS_A_SECOND, play
from tests.helpers.member_samples import numbers
from tests.helpers.ui_driver import settle


def form() -> None:
    """The same forms twice; seconds are those of the keys and those that the program takes."""
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    print(f"one form in 会員登録, {KEYS_A_SECOND} keys a second (target 70 keys, 25 s)\n")
    print(f"{'':30}{'keys':>6}{'most':>6}{'seconds':>9}{'of it the program':>19}")
    with contextmanager(display.start)():
        for name, by_hand in (("filled in by the program", False), ("by hand", True)):
            keys, waits = zip(*_played(by_hand), strict=True)
            typing = statistics.mean(keys) / KEYS_A_SECOND
            wait = statistics.mean(waits)
            print(
                f"{name:30}{statistics.mean(keys):>6.0f}{max(keys):>6}{typing + wait:>9.1f}"
                f"{wait:>19.1f}",
                flush=True,
            )
    print()


def _played(by_hand: bool) -> list[tuple[int, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = DataFolder(Path(name) / "kollect")
        root = tk.Tk(className="Kollect")
        collect_here(root)
        program = Program(root, folder)
        try:
            program.show_menu()
            numbers(folder.database, *(f"kyaku{n}@docomo.ne.jp" for n in range(len(FORMS))))
            program.go.members()
            settle(root)
            screen = program.window.screen
            assert isinstance(screen, MemberFormScreen)
            root.focus_force()
            screen.number.focus()
            return play(screen, by_hand=by_hand)
        finally:
            program.workspaces.real.close()
            program.window.close()
