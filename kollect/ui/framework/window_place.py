"""Where the window stands: as it was left, on the screens there are today; else in the middle."""

from __future__ import annotations

import re
import tkinter as tk
from dataclasses import replace

from kollect.storage.screen_layout import RememberedPlace, inside
from kollect.ui.framework import tk_windows
from kollect.ui.framework.screen_memory import ScreenMemory
from kollect.ui.framework.tk_lifetime import Timer

WIDTH, HEIGHT = 1280, 800
"""Where nothing is remembered, on a screen that has room for it."""
FRAME_HEIGHT = 76
"""What the title bar and the taskbar take of a small screen."""
SETTLED_MS = 300
_GEOMETRY = re.compile(r"(\d+)x(\d+)\+(-?\d+)\+(-?\d+)")


class PlaceKeeper:
    """Puts the window in its place when it is made, and follows it from then on."""

    def __init__(self, root: tk.Tk, memory: ScreenMemory) -> None:
        self._root = root
        self._memory = memory
        self._scale = root.winfo_fpixels("72p") / 96
        self._is_paused = False
        self._not_wished = ""
        """Where the program itself has left the window."""
        self.starts_zoomed = memory.window is not None and memory.window.zoomed
        self._put()
        # not at once: on X11 a window is as large as the screen before it is known to be zoomed
        self._soon = Timer(root, self.look)
        root.bind("<Configure>", self._moved, add="+")

    def pause(self) -> None:
        """The program itself moves the window, for a while: that is nobody's wish."""
        self._is_paused = True

    def resume(self) -> None:
        """Whoever moves it from now on means it so."""
        if self._is_paused:
            self._is_paused = False
            self._not_wished = self._root.geometry()

    def _put(self) -> None:
        root, place = self._root, self._memory.window
        if place is not None:
            everywhere = (
                root.winfo_vrootx(),
                root.winfo_vrooty(),
                root.winfo_vrootwidth(),
                root.winfo_vrootheight(),
            )
            width, height, x, y = inside(place, everywhere, frame=FRAME_HEIGHT, scale=self._scale)
        else:
            across, down = root.winfo_screenwidth(), root.winfo_screenheight() - FRAME_HEIGHT
            width = min(round(WIDTH * self._scale), across)
            height = min(round(HEIGHT * self._scale), down)
            x, y = (across - width) // 2, max(0, (down - height) // 2)
        root.geometry(f"{width}x{height}+{x}+{y}")
        self._as_put = self._place(width, height, x, y)

    def _place(self, width: int, height: int, x: int, y: int) -> RememberedPlace:
        return RememberedPlace(round(width / self._scale), round(height / self._scale), x, y)

    def _moved(self, event: tk.Event) -> None:
        if event.widget is self._root:
            self._soon.start(SETTLED_MS)

    def look(self) -> None:
        """Remember where it stands now."""
        root = self._root
        self._soon.cancel()
        geometry = root.geometry()
        if self._is_paused or geometry == self._not_wished or not root.winfo_viewable():
            return
        if tk_windows.is_zoomed(root):  # its size of before is the one to come back to
            self._memory.window = replace(self._memory.window or self._as_put, zoomed=True)
        elif found := _GEOMETRY.fullmatch(geometry):
            self._memory.window = self._place(*map(int, found.groups()))
