"""Takes the pictures: settles the window, and copies it with its frame from the display."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

from kollect.ui.framework.dialogs import Dialog
from kollect.ui.main import Program

TOP = Path(__file__).parents[2]
ASSETS = TOP / "assets" / "screens"
PATIENCE = 30.0
COLOURS = 96
DESK = "#5b7897"
TITLE, EDGE = 20, 1
"""Of a frame under Wine, in pixels: the window manager's, of which Windows knows nothing."""


def shown_in_readme(folder: str = "") -> set[str]:
    """The names of the pictures in assets/screens, or a folder there, that it shows."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    return {*re.findall(rf"\(assets/screens/{folder}([\w-]+)\.png\)", text)}


class Album:
    """The pictures go into `folder`, one file for each name that is `wanted`."""

    def __init__(self, program: Program, folder: Path, wanted: Callable[[str], bool]) -> None:
        self.program = program
        self.window = program.window
        self.root = program.window.root
        self._folder = folder
        self._wanted = wanted

    def wait(self, until: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Let Tk work until something is so."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError("it did not come to pass")
            self.root.update()
            time.sleep(0.01)

    def settle(self, seconds: float = 0.3) -> None:
        ends = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > ends)

    def take(self, name: str, window: tk.Toplevel | tk.Tk | None = None) -> None:
        """A picture of the window, or of a dialog."""
        window = window or self.root
        self.settle()
        if not self._wanted(name):
            return
        # with its frame, so that the title can be read
        if sys.platform == "win32":
            window.lift()
            self.settle(0.1)
            left, top = window.winfo_rootx(), window.winfo_rooty()
            width, height = window.winfo_width(), window.winfo_height()
            box = (left - EDGE, top - TITLE, left + width + EDGE, top + height + EDGE)
            self._save(name, ImageGrab.grab(box))
        else:
            self._save(name, _imported(window.wm_frame()))

    def display(self, name: str, left: int, top: int, width: int, height: int) -> None:
        """A picture of a part of the display, with a colour where no window is."""
        if not self._wanted(name):
            return
        windows = [
            self.root,
            *(w for w in self.root.winfo_children() if isinstance(w, tk.Toplevel)),
        ]
        context = tk.Toplevel(self.root, background=DESK)
        context.overrideredirect(True)
        context.geometry(f"{context.winfo_screenwidth()}x{context.winfo_screenheight()}+0+0")
        context.lower()
        if sys.platform == "win32":  # where that leaves it above the others
            for one in windows:
                one.lift()
        self.settle()
        if sys.platform == "win32":
            picture = ImageGrab.grab((left, top, left + width, top + height))
        else:
            picture = _imported("root").crop((left, top, left + width, top + height))
        self._save(name, picture)
        context.destroy()

    def _save(self, name: str, picture: Image.Image) -> None:
        """In few colours, or a README full of pictures is slow to load."""
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        path = self._folder / f"{name}.png"
        few.save(path, optimize=True)
        print(path, flush=True)

    def dialog(
        self,
        name: str,
        open_it: Callable[[], object],
        work: Callable[[Any], None] = lambda dialog: None,
    ) -> None:
        """A picture of the dialog that `open_it` opens, after `work` has worked with it."""
        failures: list[BaseException] = []

        def look() -> None:
            dialog = next((w for w in self.root.winfo_children() if isinstance(w, Dialog)), None)
            # not before it waits for its end: ended earlier, it would wait for ever
            if dialog is None or self.root.grab_current() is not dialog:
                self.root.after(50, look)
                return
            try:
                work(dialog)
                self.take(name, dialog)
            except BaseException as failure:
                failures.append(failure)
            finally:
                dialog.cancel()

        self.root.after(100, look)
        open_it()
        if failures:
            raise failures[0]


def _imported(window: str) -> Image.Image:
    """What ImageMagick sees of a window of X11."""
    done = subprocess.run(
        ["import", "-silent", "-window", window, "png:-"],
        check=True,
        capture_output=True,
        timeout=PATIENCE,  # of a window that has gone it asks for another, by a click
    )
    return Image.open(io.BytesIO(done.stdout))
