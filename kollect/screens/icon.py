"""The program's own icon on its windows, in place of Tk's feather."""

from __future__ import annotations

import contextlib
import tkinter as tk

from kollect.desktop.icon_file import icon_file


def give_icon(root: tk.Tk) -> None:
    """Every window of the program gets the icon; where there is none, Tk's own stays."""
    file = icon_file()
    if file is None:
        return
    with contextlib.suppress(tk.TclError):
        if file.suffix == ".png":
            root.iconphoto(True, tk.PhotoImage(master=root, file=file))
        else:
            root.iconbitmap(default=str(file))
