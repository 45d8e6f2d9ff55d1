"""What every field can do: Enter moves on, undo and redo, select all, the menu of the right button.

Bound once to the classes of widgets, so that no screen has to think of it.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
import weakref
from collections.abc import Callable
from tkinter import ttk

from kollect.ui.framework import enter_key, tk_windows
from kollect.ui.framework.key_bindings import is_typed
from kollect.ui.framework.tk_lifetime import when_idle

_FIELDS = ("TEntry", "TSpinbox", "TCombobox")
_STEPS = (*_FIELDS, "TRadiobutton", "TCheckbutton", "TNotebook")
_HISTORY = "_kollect_history"
_ENTERED = "_kollect_entered"
_MOST_STEPS = 200
_MENU = "kollect_field_menu"


def install(root: tk.Tk) -> None:
    """Teach this to all fields of a root, those to come too; those in Tk's own windows excepted."""

    def bind(name: str, event: str, handler: tk_windows.Handler) -> None:
        with contextlib.suppress(tk.TclError):  # ISO_Left_Tab is known to X11 only, App to Windows
            tk_windows.bind_class(root, name, event, handler)

    for name in _STEPS:
        for key in ("<Return>", "<KP_Enter>"):
            bind(name, key, _enter)
    for key in ("<Return>", "<KP_Enter>"):
        bind("TButton", key, _invoke)
    # Tab belongs to the form, not to the letter: the next field, as everywhere else
    bind("Text", "<Tab>", _move_on)
    for back in ("<Shift-Tab>", "<ISO_Left_Tab>"):
        bind("Text", back, _move_back)
    for name in (*_FIELDS, "Text"):
        for key in ("<Control-a>", "<<SelectEverything>>"):
            bind(name, key, _select_all)
        bind(name, "<Button-3>", _menu_at_pointer)
        for key in ("<Shift-F10>", "<App>", "<Menu>"):
            bind(name, key, _menu_at_widget)
    for name in _FIELDS:
        bind(name, "<<Undo>>", lambda event: _history(event).undo())
        bind(name, "<<Redo>>", lambda event: _history(event).redo())
        bind(name, "<KeyRelease>", lambda event: _history(event).record())
        bind(name, "<<Paste>>", _paste)
        tk_windows.add_to_class(root, name, "<FocusIn>", _entered)
        tk_windows.add_to_class(root, name, "<FocusOut>", _left)
        tk_windows.add_to_class(root, name, "<ButtonPress-1>", _clicked)
    bind("Text", "<<Paste>>", _paste_text)


def is_field(widget: object) -> bool:
    """Whether typed letters belong to this widget."""
    return isinstance(widget, tk.Text | tk.Entry | ttk.Entry | tk.Listbox)


class SecretEntry(ttk.Entry):
    """An entry for passwords. What is typed is remembered nowhere, whether it is shown or not."""


class UndoHistory:
    """What stood in one entry before: ttk's entries have no undo of their own.

    It is kept by its entry, and goes with it.
    """

    def __init__(self, entry: ttk.Entry) -> None:
        # weak: what an entry keeps must not keep the entry
        self._entry_there = weakref.ref(entry)
        self._secret = isinstance(entry, SecretEntry) or bool(str(entry.cget("show")))
        self._steps = ["" if self._secret else entry.get()]
        self._at = 0

    @classmethod
    def of(cls, entry: ttk.Entry) -> UndoHistory:
        """The history of this entry, which begins when it is first asked for."""
        found = vars(entry).get(_HISTORY)
        if found is None:
            found = vars(entry)[_HISTORY] = cls(entry)
        return found

    def record(self) -> None:
        """Remember what stands there now, where that is new."""
        if self._secret:
            return
        text = self._entry.get()
        if text == self._steps[self._at]:
            return
        del self._steps[self._at + 1 :]
        self._steps.append(text)
        del self._steps[:-_MOST_STEPS]
        self._at = len(self._steps) - 1

    def undo(self) -> None:
        self.record()
        self._go(max(0, self._at - 1))

    def redo(self) -> None:
        self.record()
        self._go(min(len(self._steps) - 1, self._at + 1))

    @property
    def _entry(self) -> ttk.Entry:
        entry = self._entry_there()
        assert entry is not None, "only an entry asks for its history"
        return entry

    def _go(self, place: int) -> None:
        self._at = place
        if self._secret or not can_edit(self._entry) or self._entry.get() == self._steps[place]:
            return
        self._entry.delete(0, "end")
        self._entry.insert(0, self._steps[place])
        self._entry.icursor("end")


def can_edit(widget: tk.Misc) -> bool:
    return str(widget.cget("state")) == "normal"


def _entry(event: tk.Event) -> ttk.Entry:
    """Whose event of the classes in _FIELDS it is: ttk's spin box and combobox are entries, too."""
    assert isinstance(event.widget, ttk.Entry)
    return event.widget


def _history(event: tk.Event) -> UndoHistory:
    return UndoHistory.of(_entry(event))


def _invoke(event: tk.Event) -> object:
    assert isinstance(event.widget, ttk.Button)
    return event.widget.invoke()


def _enter(event: tk.Event) -> str:
    enter_key.enter(event.widget)
    return "break"


def _entered(event: tk.Event) -> None:
    """What stands there is selected, as Windows does, so that typing takes its place.

    Not by a click, which says where to type, and not after a menu, a dialog or another program.
    """
    entry = _entry(event)
    UndoHistory.of(entry)
    if _ENTERED not in vars(entry) and can_edit(entry):
        select_all(entry)
    begin_to_edit(entry)


def _clicked(event: tk.Event) -> None:
    begin_to_edit(_entry(event))


def begin_to_edit(entry: tk.Misc) -> None:
    """The cursor and what is selected stay as they are when this entry gets the focus now."""
    vars(entry)[_ENTERED] = True


def _left(event: tk.Event) -> None:
    """What is selected stays so only where the focus is: grey in another field it says nothing.

    A menu of the field, and another program, have the focus only for a while.
    """
    entry = _entry(event)

    def clear() -> None:
        now = tk_windows.focused(entry)
        if now is not None and now is not entry and now.winfo_toplevel() is entry.winfo_toplevel():
            entry.selection_clear()
            vars(entry).pop(_ENTERED, None)

    when_idle(entry, clear)


def let_enter_move_on(text: tk.Text) -> None:
    """A short text among other fields: Enter goes to the next one, Shift+Enter ends a line."""
    for key in ("Return", "KP_Enter"):
        text.bind(f"<{key}>", _enter)
        text.bind(f"<Shift-{key}>", lambda event: None)  # what Tk does there: a new line


def _move_on(event: tk.Event) -> str:
    event.widget.event_generate("<<NextWindow>>")
    return "break"


def _move_back(event: tk.Event) -> str:
    event.widget.event_generate("<<PrevWindow>>")
    return "break"


def _select_all(event: tk.Event) -> str:
    select_all(event.widget)
    return "break"


def select_all(widget: tk.Misc) -> None:
    if isinstance(widget, tk.Text):
        widget.tag_add("sel", "1.0", "end-1c")
    else:
        assert isinstance(widget, ttk.Entry)
        widget.selection_range(0, "end")
        widget.icursor("end")


def on_search_key(window: tk.Misc, entry: Callable[[], tk.Misc | None]) -> None:
    """Ctrl+F goes to this entry of a window: what is typed next is searched for."""

    def go(event: tk.Event) -> None:
        found = entry()
        if found is not None:
            found.focus_set()
            select_all(found)

    for name in ("<Control-f>", "<Control-F>"):  # with Caps Lock on, it is the capital letter
        window.bind(name, go)


def _paste(event: tk.Event) -> str:
    """Tk on X11 leaves a selection where it is and pastes beside it; users expect it replaced."""
    entry = _entry(event)
    if can_edit(entry):
        try:
            text = entry.clipboard_get()
        except tk.TclError:  # nothing there, or a picture
            return "break"
        if entry.selection_present():
            entry.delete("sel.first", "sel.last")
        entry.insert("insert", "".join(text.splitlines()) if "\n" in text else text)
        UndoHistory.of(entry).record()
    return "break"


def _paste_text(event: tk.Event) -> str:
    text = event.widget
    assert isinstance(text, tk.Text)
    if can_edit(text):
        try:
            new = text.clipboard_get()
        except tk.TclError:
            return "break"
        text.edit_separator()
        if text.tag_ranges("sel"):
            text.delete("sel.first", "sel.last")
        text.insert("insert", new)
        text.edit_separator()
        text.see("insert")
    return "break"


def _menu_at_pointer(event: tk.Event) -> str:
    begin_to_edit(event.widget)
    event.widget.focus_set()
    _menu(event.widget, event.x_root, event.y_root)
    return "break"


def _menu_at_widget(event: tk.Event) -> str:
    if is_typed(event):
        return ""
    widget = event.widget
    _menu(widget, widget.winfo_rootx() + 20, widget.winfo_rooty() + widget.winfo_height() // 2)
    return "break"


def _menu(widget: tk.Misc, x: int, y: int) -> None:
    menu = context_menu(widget)
    try:
        menu.tk_popup(x, y)
    finally:
        menu.grab_release()


def context_menu(widget: tk.Misc) -> tk.Menu:
    """The menu of the right button for an entry or a text."""
    top = widget.winfo_toplevel()
    if _MENU in top.children:
        top.children[_MENU].destroy()
    menu = tk.Menu(top, name=_MENU, tearoff=False)
    editable = can_edit(widget)

    def item(label: str, key: str, event: str, *, enabled: bool) -> None:
        menu.add_command(
            label=label,
            accelerator=key,
            state="normal" if enabled else "disabled",
            command=lambda: widget.event_generate(event),
        )

    item("元に戻す", "Ctrl+Z", "<<Undo>>", enabled=editable)
    item("やり直し", "Ctrl+Y", "<<Redo>>", enabled=editable)
    menu.add_separator()
    item("切り取り", "Ctrl+X", "<<Cut>>", enabled=editable)
    item("コピー", "Ctrl+C", "<<Copy>>", enabled=True)
    item("貼り付け", "Ctrl+V", "<<Paste>>", enabled=editable)
    menu.add_separator()
    item("すべて選択", "Ctrl+A", "<<SelectEverything>>", enabled=True)
    return menu
