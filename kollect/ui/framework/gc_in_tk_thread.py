"""Garbage is collected in Tk's thread only, while there is a window.

tkinter's variables, fonts and images tidy up in Tcl when they are collected. In another thread that
waits for Tk's thread, which may be waiting for that thread to end; and Tcl aborts the process where
an interpreter goes away in the wrong thread. Python collects wherever it happens to be.
"""

from __future__ import annotations

import gc
import tkinter as tk

EVERY_MS = 2000


def collect_here(root: tk.Misc) -> None:
    """From now on collect garbage in the thread of this root."""
    gc.disable()
    root.after(EVERY_MS, _collect, root)


def _collect(root: tk.Misc) -> None:
    """As much as Python would have done by itself by now."""
    try:
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                break
    finally:
        root.after(EVERY_MS, _collect, root)
