"""Takes the pictures: settles the window, and asks ImageMagick for it with its frame."""

from __future__ import annotations

import subprocess
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from kollect.ui.framework.dialogs import Dialog
from kollect.ui.main import Program

PATIENCE = 30.0
COLOURS = 96
DESK = "#5b7897"


class Album:
    """The pictures go into `folder`, one file for each name; `only` limits them to some."""

    def __init__(self, program: Program, folder: Path, only: tuple[str, ...] = ()) -> None:
        self.program = program
        self.window = program.window
        self.root = program.window.root
        self._folder = folder
        self._only = only

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
        if self._only and not any(one in name for one in self._only):
            return
        # with its frame, so that the title can be read
        self._import(name, window.wm_frame())

    def display(self, name: str, left: int, top: int, width: int, height: int) -> None:
        """A picture of a part of the display, with a colour where no window is."""
        if self._only and not any(one in name for one in self._only):
            return
        context = tk.Toplevel(self.root, background=DESK)
        context.overrideredirect(True)
        context.geometry(f"{context.winfo_screenwidth()}x{context.winfo_screenheight()}+0+0")
        context.lower()
        self.settle()
        self._import(name, "root", "-crop", f"{width}x{height}+{left}+{top}")
        context.destroy()

    def _import(self, name: str, window: str, *crop: str) -> None:
        path = self._folder / f"{name}.png"
        subprocess.run(
            ["import", "-silent", "-window", window, *crop, "+repage", "-strip", str(path)],
            check=True,
            timeout=PATIENCE,  # of a window that has gone it asks for another, by a click
        )
        # in few colours, or a README full of pictures is slow to load
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
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
