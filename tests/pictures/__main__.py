"""python -m tests.pictures [--size normal|large|huge] [--geometry 1024x524] [--scale 150]
                         [--screen 1024x600] [--out DIR] [--readme] [--scenes NAME …] [name …]

Without arguments: every screen and dialog in 標準, into a new folder for temporary files. --scale:
as on a display of so many per cent. With names: only those pictures; with --scenes: only those
functions of tests/pictures, which is quicker. --readme: those that the README shows, into
assets/screens.

On Windows, the windows stand on the display that is there; `./build.sh exe album` has one under
Wine, with the same arguments.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import tempfile
import tkinter as tk
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

from kollect.desktop.dpi import enable_dpi_awareness
from kollect.settings.model import TextSize
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.gc_in_tk_thread import collect_here
from kollect.ui.framework.window import give_icon
from kollect.ui.main import Program
from tests.helpers import display
from tests.pictures.album import ASSETS, Album, shown_in_readme
from tests.pictures.scenes import NEEDED, SCENES

LONGEST_SCENE = 120
"""Seconds; a scene that hangs says where, instead of waiting for ever."""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.pictures")
    options.add_argument("--size", type=TextSize, default=TextSize.NORMAL)
    options.add_argument("--screen", default="1920x1080")
    options.add_argument("--geometry", default="1024x700")
    options.add_argument("--scale", type=int, default=100)
    options.add_argument("--out", type=Path)
    options.add_argument("--readme", action="store_true")
    options.add_argument("--scenes", action="extend", nargs="+", default=[])
    options.add_argument("names", nargs="*")
    chosen = options.parse_args()
    folder = chosen.out or (ASSETS if chosen.readme else Path(tempfile.mkdtemp("-kollect")))
    folder.mkdir(parents=True, exist_ok=True)
    if chosen.readme:
        wanted = shown_in_readme().__contains__
    else:
        wanted = partial(_has_one_of, chosen.names or [""])
    # the passwords of a picture belong into no keyring
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    with (
        _display(chosen.screen),
        tempfile.TemporaryDirectory() as name,
    ):
        enable_dpi_awareness()
        root = tk.Tk(className="Kollect")
        give_icon(root)
        root.tk.call("tk", "scaling", chosen.scale / 100 * 96 / 72)
        # else a thread that collects a variable of Tk waits a second for each: there is no mainloop
        collect_here(root)
        program = Program(root, DataFolder(Path(name) / "kollect"))
        root.report_callback_exception = _give_up
        program.show_menu()
        program.window.on_text_size = lambda size: None
        program.window.set_text_size(chosen.size)
        root.focus_force()
        album = Album(program, folder, wanted)
        for scene in SCENES:
            if not chosen.scenes or scene.__name__ in (*chosen.scenes, NEEDED.__name__):
                faulthandler.dump_traceback_later(LONGEST_SCENE, exit=True)
                root.geometry(f"{chosen.geometry}+0+0")
                scene(album)
        faulthandler.cancel_dump_traceback_later()
        program.workspaces.real.close()
        program.window.close()


def _display(screen: str) -> AbstractContextManager[object]:
    if sys.platform == "win32":
        return nullcontext()
    return contextmanager(display.start)(f"{screen}x24")


def _has_one_of(parts: Sequence[str], name: str) -> bool:
    return any(part in name for part in parts)


def _give_up(kind: type, error: BaseException, trace: object) -> None:
    """A picture of an error dialog would hide that something failed."""
    traceback.print_exception(error)
    os._exit(1)


main()
