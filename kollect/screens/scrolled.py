"""A frame that scrolls when its contents are higher than the window: nothing is ever cut off."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

_SCROLLS_ITSELF = tk.Text | tk.Listbox | ttk.Treeview
_STEP = 60
_MARGIN = 12


class Scrolled(ttk.Frame):
    """Put widgets into `inside`. The bar shows only when needed; the focus is kept in view."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._canvas = tk.Canvas(
            self,
            highlightthickness=0,
            borderwidth=0,
            background=ttk.Style(self).lookup("TFrame", "background"),
            yscrollincrement=1,
            width=1,
            height=1,
        )
        self._bar = ttk.Scrollbar(self, command=self._canvas.yview, takefocus=False)
        self._canvas.configure(yscrollcommand=self._bar.set)
        self._canvas.grid(row=0, column=0, sticky="nsew")
        self._bar.grid(row=0, column=1, sticky="ns")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.inside = ttk.Frame(self._canvas)
        self._item = self._canvas.create_window(0, 0, window=self.inside, anchor="nw")
        self.inside.bind("<Configure>", lambda event: self._fit())
        self._canvas.bind("<Configure>", lambda event: self._fit())
        top = self.winfo_toplevel()
        self._watch = top.bind("<FocusIn>", self._focused, add=True)
        _teach_wheel(top)

    def see(self, widget: tk.Misc) -> None:
        """Scroll so that this widget is visible, if it lies inside."""
        if not str(widget).startswith(f"{self.inside}."):
            return
        self.update_idletasks()
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        bottom = top + widget.winfo_height()
        height = self._canvas.winfo_height()
        seen = self._canvas.canvasy(0)
        if bottom + _MARGIN > seen + height:
            seen = bottom + _MARGIN - height
        seen = min(seen, max(0, top - _MARGIN))
        whole = max(1, self.inside.winfo_reqheight())
        self._canvas.yview_moveto(seen / whole)

    def scroll(self, steps: int) -> None:
        if self._needed():
            self._canvas.yview_scroll(steps * _STEP, "units")

    def _needed(self) -> bool:
        return self.inside.winfo_reqheight() > self._canvas.winfo_height()

    def _fit(self) -> None:
        width, height = self._canvas.winfo_width(), self._canvas.winfo_height()
        whole = max(self.inside.winfo_reqheight(), height)
        self._canvas.itemconfigure(self._item, width=width, height=whole)
        self._canvas.configure(scrollregion=(0, 0, width, whole))
        if self._needed():
            self._bar.grid()
        else:
            self._bar.grid_remove()

    def _focused(self, event: tk.Event) -> None:
        if self.winfo_exists() and isinstance(event.widget, tk.Misc) and self.winfo_ismapped():
            self.see(event.widget)

    def destroy(self) -> None:
        top = self.winfo_toplevel()
        super().destroy()
        top.unbind("<FocusIn>", self._watch)


def _teach_wheel(top: tk.Misc) -> None:
    """The wheel scrolls what the pointer is over; it never changes a value in passing."""
    for name in ("TCombobox", "TSpinbox"):
        for event in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            top.unbind_class(name, event)
    top.bind_all("<MouseWheel>", lambda event: _wheel(event, -1 if event.delta > 0 else 1))
    top.bind_all("<Button-4>", lambda event: _wheel(event, -1))
    top.bind_all("<Button-5>", lambda event: _wheel(event, 1))


def _wheel(event: tk.Event, steps: int) -> None:
    widget = event.widget
    while isinstance(widget, tk.Misc):
        if isinstance(widget, _SCROLLS_ITSELF):
            return
        if isinstance(widget, Scrolled):
            widget.scroll(steps)
            return
        widget = widget.master
