"""The case of the demo's phone, drawn around its screen."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from kollect.ui.framework.theme import GROUND, PHONE_BODY, PHONE_EDGE

_BEZEL = "14p"
_ROUND = "26p"


class PhoneCase(tk.Canvas):
    """What is on the phone goes into `screen`."""

    def __init__(self, parent: tk.Misc) -> None:
        ground = ttk.Style(parent).lookup("TFrame", "background") or GROUND
        super().__init__(parent, background=ground, highlightthickness=0)
        self.screen = ttk.Frame(self, style="Paper.TFrame")
        self.screen.pack(fill="both", expand=True, padx=_BEZEL, pady=("26p", "30p"))
        self.bind("<Configure>", lambda event: self._draw(event.width, event.height))

    def _draw(self, width: int, height: int) -> None:
        self.delete("all")
        _rounded(self, 1, 1, width - 2, height - 2, self.winfo_pixels(_ROUND))
        middle, speaker = width / 2, self.winfo_pixels("13p")
        self.create_line(
            *(middle - 24, speaker, middle + 24, speaker),
            fill=PHONE_EDGE,
            width=5,
            capstyle="round",
        )
        knob, low = self.winfo_pixels("9p"), height - self.winfo_pixels("15p")
        self.create_oval(
            *(middle - knob, low - knob, middle + knob, low + knob),
            outline=PHONE_EDGE,
            width=2,
        )


def _rounded(canvas: tk.Canvas, x: float, y: float, right: float, low: float, by: float) -> None:
    """A filled rectangle with round corners."""
    corners = (
        *(x + by, y, x + by, y, right - by, y, right - by, y, right, y),
        *(right, y + by, right, y + by, right, low - by, right, low - by, right, low),
        *(right - by, low, right - by, low, x + by, low, x + by, low, x, low),
        *(x, low - by, x, low - by, x, y + by, x, y + by, x, y),
    )
    canvas.create_polygon(corners, smooth=True, fill=PHONE_BODY, outline=PHONE_EDGE)
