"""A frame that scrolls when its contents are higher than the window: nothing is ever cut off."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from kollect.ui.framework import tk_windows
from kollect.ui.framework.tk_lifetime import Timer, later, when_idle

_SCROLLS_ITSELF = tk.Text | tk.Listbox | ttk.Treeview
_STEP = 60
SOON_MS = 20
_LAID_OUT_MS = 150
"""Words that fold have their height by then: what came into sight may have been pushed out."""
_MARGIN = 12
_BELOW = "_kollect_seen_with"
_MOST_TURNS = 3
_CALM_MS = 300
"""The bar comes or goes at most so often until nothing has moved for so long."""


class ScrollFrame(ttk.Frame):
    """Pack widgets into `inside`. The bar shows only when needed; the focus is kept in view."""

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
        # placed: a grid that has lost its bar may leave the room for it empty
        self._canvas.place(x=0, y=0, relwidth=1, relheight=1)
        self.inside = ttk.Frame(self._canvas)
        # makes the inside as high as the window at least, and leaves its own height free to tell
        # by an event that it has grown
        self._strut = ttk.Frame(self.inside, width=0)
        self._strut.pack(side="left")
        self._strut_height = 0
        self._item = self._canvas.create_window(0, 0, window=self.inside, anchor="nw")
        self._wanted: tk.Misc | None = None
        """What is to be seen; of two the latter."""
        self._due = False
        self._turns = 0
        self._tried_without = (0, 0)
        self._calm = Timer(self, self._forget_turns)
        self.inside.bind("<Configure>", lambda event: self._fit_soon())
        # lower than the place scrolled to, it is taken off the canvas, and told no new height
        self.inside.bind("<Unmap>", lambda event: self._fit_soon())
        self._canvas.bind("<Configure>", lambda event: self._fit_soon())

    def ask_for(self, *, width: str, height: str) -> None:
        """The size to ask for where nothing else gives one (in a dialog); at most the screen's."""
        across = min(self.winfo_pixels(width), self.winfo_screenwidth() - 80)
        down = min(self.winfo_pixels(height), self.winfo_screenheight() - 220)
        self.configure(width=across, height=down)

    def see(self, widget: tk.Misc) -> None:
        """Scroll so that this widget is visible, if it lies inside; soon, when all is laid out."""
        if str(widget).startswith(f"{self.inside}."):
            self._wanted = widget
            for milliseconds in (SOON_MS, _LAID_OUT_MS):
                later(self, milliseconds, self._see, widget)

    def _see(self, widget: tk.Misc) -> None:
        if widget is not self._wanted or not widget.winfo_exists():
            return
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        bottom = max(part.winfo_rooty() + part.winfo_height() for part in _seen_together(widget))
        bottom -= self.inside.winfo_rooty()
        height = self._canvas.winfo_height()
        seen = self._canvas.canvasy(0)
        if seen <= top and bottom <= seen + height:
            return  # in sight: a page that moves by itself takes away what was being read
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

    def _fit_soon(self) -> None:
        # not at once: Tk 8.6 stops laying out for good where the grid loses a child in the middle
        if not self._due:
            self._due = True
            when_idle(self, self._fit)

    def _fit(self) -> None:
        self._due = False
        if not self.winfo_exists():
            return
        width, height = self._canvas.winfo_width(), self._canvas.winfo_height()
        before, self._strut_height = self._strut_height, height
        self._strut.configure(height=height)
        if height < before == self.inside.winfo_reqheight():
            self._fit_soon()  # that was the strut's own height, which only now goes down
            return
        whole = max(self.inside.winfo_reqheight(), height)
        self._canvas.itemconfigure(self._item, width=width)
        self._canvas.configure(scrollregion=(0, 0, width, whole))
        if self._shall_show_bar():
            self._bar.place(relx=1, y=0, relheight=1, anchor="ne")
            self._canvas.place_configure(width=-self._bar.winfo_reqwidth())
        else:
            self._bar.place_forget()
            self._canvas.place_configure(width=0)

    def _shall_show_bar(self) -> bool:
        # the labels inside fold their words to the new width only after this: where they are higher
        # at one width than at the other, the bar would come and go for ever
        needed = self._needed()
        if needed != bool(self._bar.winfo_manager()):
            self._turns += 1
            self._calm.start(_CALM_MS)
        return needed or self._turns > _MOST_TURNS

    def _forget_turns(self) -> None:
        self._turns = 0
        size = (self.winfo_width(), self.winfo_height())
        if self._bar.winfo_manager() and not self._needed() and size != self._tried_without:
            # it was kept for the restlessness alone, which may be over: once for each size
            self._tried_without = size
            self._fit_soon()


def see_with(widget: tk.Misc, below: tk.Misc) -> None:
    """Where this widget is brought into view, so is what stands below it, if it is there."""
    vars(widget)[_BELOW] = below
    below.bind("<Map>", lambda event: _see_again(widget), add="+")


def _see_again(widget: tk.Misc) -> None:
    if str(widget.tk.call("focus")) == str(widget):
        _bring_into_view(widget)


def _seen_together(widget: tk.Misc) -> Iterator[tk.Misc]:
    yield widget
    below = vars(widget).get(_BELOW)
    if below is not None and below.winfo_ismapped():
        yield below


def keep_readable(inside: ttk.Frame, characters: int) -> None:
    """Let a packed frame be no wider than so many full-width characters: no eye finds its way back
    from the end of a longer line.
    """
    known = 0

    def fit(event: tk.Event) -> None:
        nonlocal known
        widest = characters * int(inside.tk.call("font", "measure", "TkDefaultFont", "国"))
        spare = max(0, event.width - widest)
        if spare != known:
            known = spare
            inside.pack_configure(padx=(0, spare))

    inside.master.bind("<Configure>", fit, add="+")


def install(root: tk.Tk) -> None:
    """The wheel scrolls what the pointer is over, and never changes a value in passing.

    What gets the focus is scrolled into view.
    """
    for name in ("TCombobox", "TSpinbox"):
        for event in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            root.unbind_class(name, event)
    tk_windows.bind_all(root, "<MouseWheel>", lambda e: _wheel(e, -1 if e.delta > 0 else 1))
    tk_windows.bind_all(root, "<Button-4>", lambda event: _wheel(event, -1))
    tk_windows.bind_all(root, "<Button-5>", lambda event: _wheel(event, 1))
    tk_windows.bind_all(root, "<FocusIn>", _focused)


def _wheel(event: tk.Event, steps: int) -> None:
    for widget in _from_inside_out(event.widget):
        if isinstance(widget, _SCROLLS_ITSELF):
            return
        if isinstance(widget, ScrollFrame):
            widget.scroll(steps)
            return


def _focused(event: tk.Event) -> None:
    # Tk tells the frames around the field, too: to bring those into view moves the field
    if str(event.widget.tk.call("focus")) != str(event.widget):
        return
    _bring_into_view(event.widget)


def _bring_into_view(focused: tk.Misc) -> None:
    for widget in _from_inside_out(focused):
        if isinstance(widget, ScrollFrame) and widget.winfo_ismapped():
            widget.see(focused)


def _from_inside_out(widget: object) -> Iterator[tk.Misc]:
    # for the list of a combobox, which Tk makes itself, tkinter has only a name
    while isinstance(widget, tk.Misc):
        yield widget
        widget = widget.master
