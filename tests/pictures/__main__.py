"""python -m tests.pictures [--size normal|large|huge] [--geometry 1024x524]
                         [--screen 1024x600] [--out DIR] [--scenes NAME …] [name …]

Without arguments: every screen and dialog in 標準, into assets/screens. With names: only those
pictures; with --scenes: only those functions of tests/pictures, which is quicker.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import tempfile
import tkinter as tk
import traceback
from contextlib import contextmanager
from pathlib import Path

from kollect.settings.model import TextSize
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.gc_in_tk_thread import collect_here
from kollect.ui.main import Program
from tests.helpers import display
from tests.pictures.album import Album
from tests.pictures.scenes import NEEDED, SCENES

ASSETS = Path(__file__).parents[2] / "assets" / "screens"
LONGEST_SCENE = 120
"""Seconds; a scene that hangs says where, instead of waiting for ever."""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.pictures")
    options.add_argument("--size", type=TextSize, default=TextSize.NORMAL)
    options.add_argument("--screen", default="1920x1080")
    options.add_argument("--geometry", default="1024x700")
    options.add_argument("--out", type=Path, default=ASSETS)
    options.add_argument("--scenes", action="extend", nargs="+", default=[])
    options.add_argument("names", nargs="*")
    chosen = options.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    # the passwords of a picture belong into no keyring
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    with (
        contextmanager(display.start)(f"{chosen.screen}x24"),
        tempfile.TemporaryDirectory() as name,
    ):
        root = tk.Tk(className="Kollect")
        # else a thread that collects a variable of Tk waits a second for each: there is no mainloop
        collect_here(root)
        program = Program(root, DataFolder(Path(name) / "kollect"))
        root.report_callback_exception = _give_up
        program.show_menu()
        program.window.on_text_size = lambda size: None
        program.window.set_text_size(chosen.size)
        root.focus_force()
        album = Album(program, chosen.out, tuple(chosen.names))
        for scene in SCENES:
            if not chosen.scenes or scene.__name__ in (*chosen.scenes, NEEDED.__name__):
                faulthandler.dump_traceback_later(LONGEST_SCENE, exit=True)
                root.geometry(f"{chosen.geometry}+0+0")
                scene(album)
        faulthandler.cancel_dump_traceback_later()
        program.workspaces.real.close()
        program.window.close()


def _give_up(kind: type, error: BaseException, trace: object) -> None:
    """A picture of an error dialog would hide that something failed."""
    traceback.print_exception(error)
    os._exit(1)


main()
