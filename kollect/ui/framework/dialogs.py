"""Questions and messages in front of the window. Screens ask through one `Dialogs` object.

Tests hand in another object in its place; nothing else opens a message box.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import filedialog, ttk
from typing import Any, ClassVar, Generic, TypeVar

from kollect.errors import Trouble
from kollect.ui.framework import enter_key, tk_windows
from kollect.ui.framework.theme import FIXED_FONT, GAP, WIDE
from kollect.ui.widgets.form import text_of
from kollect.ui.widgets.wrapped_label import WrappedLabel

T = TypeVar("T")

PROGRAM = "コレクト"
TEXT_CHARACTERS = 38
"""Width of a message: lines that an eye can follow."""

FileKinds = Sequence[tuple[str, str]]


def keep_focus_in_dialog(window: tk.Misc) -> None:
    """Keys act on the dialog that wants its answer, also where a screen in this window gives itself
    the focus meanwhile, or somebody clicks on it.
    """

    def on_focus(event: tk.Event) -> None:
        taken_by = tk_windows.known(window, str(event.widget))
        dialog = tk_windows.known(window, tk_windows.grab_holder(window))
        if taken_by and isinstance(dialog, Dialog) and taken_by.winfo_toplevel() is not dialog:
            dialog.take_back_focus(taken_by)

    window.bind("<FocusIn>", on_focus, add="+")


class Dialog(tk.Toplevel, Generic[T]):
    """One modal dialog. A subclass puts its widgets into `body` and calls `buttons`."""

    manual: ClassVar[str] = ""
    """The name of its page in the built-in manual; empty: the one of the screen below it."""

    def __init__(
        self, parent: tk.Misc, title: str, *, otherwise: T, is_heading: bool = False
    ) -> None:
        """`is_heading`: the title stands above the text, and the frame says whose window it is."""
        super().__init__(parent, class_="Kollect")
        self.withdraw()
        self.heading = title
        self.title(PROGRAM if is_heading else title)
        self.iconname(title)
        self.answer = otherwise
        """What `run` returns; as given here where the user goes away by ESC or ×."""
        self.configure(background=ttk.Style(self).lookup("TFrame", "background"))
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.body = ttk.Frame(self, padding=WIDE)
        self.body.grid(row=0, column=0, sticky="nsew")
        if is_heading:
            paragraph(self.body, title, bold=True).pack(anchor="w")
        self._focus: tk.Misc = self
        self._focus_after = ""
        """Where the focus goes when it is closed."""
        self._had_keys = False
        """The program had the keyboard when it was closed."""
        self.main_button: ttk.Button | None = None
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, self._enter)
        self.bind(enter_key.LAST_FIELD, lambda event: self._press_main())
        self.bind("<Escape>", lambda event: self.cancel())
        self.protocol("WM_DELETE_WINDOW", self.cancel)
        keep_focus_in_dialog(self)

    def buttons(
        self, *rows: tuple[str, Callable[[], None]], left: int = 0, main: int | None = -1
    ) -> list[ttk.Button]:
        """The row of buttons below: all of one size, `left` of them on the left, the rest right.

        `main` is the place of the one that Enter presses, in the last field too, in blue; None
        where there is none. One that does `cancel` is quiet.
        """
        line = ttk.Frame(self, style="Line.TFrame", height=1)
        line.grid(row=1, column=0, sticky="ew")
        bar = ttk.Frame(self, padding=(WIDE, GAP))
        bar.grid(row=2, column=0, sticky="ew")
        bar.columnconfigure(left, weight=1)
        made = []
        width = max(12, *(2 * len(label) for label, _ in rows))
        for place, (label, action) in enumerate(rows):
            is_main = main is not None and place == main % len(rows)
            if is_main:
                style = "Primary.TButton"
            else:
                style = "Quiet.TButton" if action == self.cancel else "TButton"
            button = ttk.Button(bar, text=label, width=width, command=action, style=style)
            padx = (GAP if place else 0, 0)
            button.grid(row=0, column=place + (place >= left), padx=padx)
            made.append(button)
            if is_main:
                self._focus = self.main_button = button
        return made

    def _enter(self, event: tk.Event) -> None:
        """Enter before the focus has come to any widget of the dialog."""
        if event.widget is self:
            if isinstance(self._focus, ttk.Button):
                self._focus.invoke()
            else:
                self._press_main()

    def _press_main(self) -> None:
        if self.main_button is not None:
            self.main_button.invoke()  # a disabled one does nothing

    def start_at(self, widget: tk.Misc) -> None:
        """Where the focus is when the dialog opens; by default on its main button."""
        self._focus = widget

    def destroy(self) -> None:
        with contextlib.suppress(tk.TclError):  # the whole program may be gone
            self._had_keys = bool(str(self.tk.call("focus")))
        super().destroy()

    def cancel(self) -> None:
        self.destroy()

    def finish(self, answer: T) -> None:
        self.answer = answer
        self.destroy()

    def run(self) -> T:
        """Show it, wait until it is closed, and return the answer."""
        parent = self.master.winfo_toplevel()
        tk_windows.close_list(parent)
        self._focus_after = str(self.tk.call("focus"))
        grabbed = tk_windows.grab_holder(parent)
        if grabbed and tk_windows.known(parent, grabbed) is None:
            self.tk.call("wm", "transient", self, grabbed)  # a window of Tk's own: above that too
        elif parent.winfo_viewable():
            self.transient(parent)
        self._place(parent)
        self.deiconify()
        self.wait_visibility()
        with contextlib.suppress(tk.TclError):  # another dialog holds the grab; it is above anyway
            self.grab_set()
        self._focus.focus_force()
        self.wait_window()
        with contextlib.suppress(tk.TclError):  # the whole program may be gone
            if grabbed:  # the dialog below wants its answer as before
                parent.tk.call("grab", grabbed)
        with contextlib.suppress(tk.TclError):
            if self._focus_after:
                # by force: not every window manager gives the keyboard back by itself
                force = ("-force",) if self._had_keys else ()
                parent.tk.call("focus", *force, self._focus_after)
        return self.answer

    def take_back_focus(self, taken_by: tk.Misc) -> None:
        """From what is behind, and gets it when this is closed."""
        self._focus_after = str(taken_by)
        (tk_windows.last_focused(self) or self._focus).focus_set()

    def _place(self, parent: tk.Misc) -> None:
        """Over the middle of the parent, wholly on the screen."""
        self.update_idletasks()
        across, down = self.winfo_screenwidth(), self.winfo_screenheight()
        width = min(self.winfo_reqwidth(), across)
        height = min(self.winfo_reqheight(), down - 60)
        if parent.winfo_viewable():
            x = parent.winfo_rootx() + (parent.winfo_width() - width) // 2
            y = parent.winfo_rooty() + (parent.winfo_height() - height) // 3
        else:
            x, y = (across - width) // 2, (down - height) // 3
        x = max(0, min(x, across - width))
        y = max(0, min(y, down - height - 60))
        # without a size: it grows when something is wrong and said so under a field
        self.geometry(f"+{x}+{y}")
        self.minsize(width, min(height, 160))
        self.maxsize(across, down - 60)


class Dialogs:
    """Everything a screen may put in front of the user. Each call waits for the answer."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root

    def show(self, kind: Callable[..., Dialog[T]], *args: Any, **named: Any) -> T:
        """Run the dialog `kind(parent, …)` and return its answer."""
        parent = self.parent()
        before = parent.winfo_children()
        try:
            dialog = kind(parent, *args, **named)
        except BaseException:
            for half_made in set(parent.winfo_children()) - {*before}:
                half_made.destroy()
            raise
        return dialog.run()

    def show_error(self, trouble: Trouble) -> None:
        """Tell what went wrong, why, and what to do; the technical text is behind 「詳細」."""
        self.show(TroubleDialog, trouble)

    def show_info(self, title: str, text: str) -> None:
        self.choose(title, text, ("OK",))

    def confirm(
        self,
        title: str,
        question: str,
        *,
        yes: str = "OK",
        no: str = "キャンセル",
        careful: bool = False,
    ) -> bool:
        """True for `yes`; ESC and × mean `no`. Where `careful`, Enter means `no` too."""
        return self.choose(title, question, (no, yes), careful=careful) == yes

    def choose(
        self, title: str, text: str, answers: Sequence[str], *, careful: bool = False
    ) -> str:
        """One of the answers. The last is the act, in blue, and Enter gives it; where `careful`,
        Enter gives the first, as ESC and × do.
        """
        return self.show(QuestionDialog, title, text, answers, careful)

    def save_as(self, title: str, name: str, kinds: FileKinds) -> Path | None:
        """Where to write a file; the system asks before overwriting one."""
        chosen = filedialog.asksaveasfilename(
            parent=self.parent(),
            title=title,
            initialfile=name,
            filetypes=[*kinds],
            defaultextension=kinds[0][1].lstrip("*") if kinds else "",
        )
        return Path(chosen) if chosen else None

    def open_file(self, title: str, kinds: FileKinds) -> Path | None:
        chosen = filedialog.askopenfilename(parent=self.parent(), title=title, filetypes=[*kinds])
        return Path(chosen) if chosen else None

    def parent(self) -> tk.Misc:
        """What a new dialog stands in front of: the dialog that has the grab, else the window."""
        return tk_windows.nearest(self._root, tk_windows.grab_holder(self._root))


class QuestionDialog(Dialog[str]):
    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        text: str,
        answers: Sequence[str],
        careful: bool = False,
    ) -> None:
        super().__init__(parent, title, otherwise=answers[0], is_heading=True)
        paragraph(self.body, text).pack(anchor="w", pady=(GAP, 0))
        stay, *others = answers
        made = self.buttons(
            (stay, self.cancel if others else lambda: self.finish(stay)),
            *((answer, lambda answer=answer: self.finish(answer)) for answer in others),
        )
        if careful:
            self.start_at(made[0])


class TroubleDialog(Dialog[None]):
    manual = "stopped"

    def __init__(self, parent: tk.Misc, trouble: Trouble) -> None:
        super().__init__(parent, trouble.title, otherwise=None, is_heading=True)
        self._trouble = trouble
        self._detail: ttk.Frame | None = None
        for heading, text in (
            ("何が起きたか", trouble.happened),
            ("どうすればよいか", trouble.cure),
        ):
            if text:
                paragraph(self.body, heading, style="Faint.TLabel").pack(anchor="w", pady=(GAP, 0))
                paragraph(self.body, text).pack(anchor="w")
        if trouble.detail:
            self.buttons(
                ("詳細", self.toggle_detail), ("閉じる", lambda: self.finish(None)), left=1
            )
        else:
            self.buttons(("閉じる", lambda: self.finish(None)))

    def toggle_detail(self) -> None:
        """Show or hide the technical text."""
        if self._detail is not None:
            self._detail.destroy()
            self._detail = None
        else:
            self._detail = ttk.Frame(self.body)
            self._detail.pack(fill="both", expand=True, pady=(WIDE, 0))
            text = text_of(self._detail, lines=7, characters=56)
            text.insert("1.0", f"{self._trouble}\n{self._trouble.detail}")
            text.configure(state="disabled", font=FIXED_FONT, wrap="char")
            # the button first: where there is little room, the text gives way
            ttk.Button(self._detail, text="コピー", width=12, command=self.copy).pack(
                side="bottom", anchor="e", pady=(GAP, 0)
            )
            text.pack(fill="both", expand=True)

    def copy(self) -> None:
        """Put everything on the clipboard, for whoever is asked for help."""
        self.clipboard_clear()
        self.clipboard_append(f"{self._trouble}\n{self._trouble.detail}")


def paragraph(
    parent: tk.Misc, text: str, *, bold: bool = False, style: str = "TLabel", characters: int = 0
) -> WrappedLabel:
    """A text of several lines, broken after so many full-width characters."""
    style = "Bold.TLabel" if bold else style
    return WrappedLabel(parent, text, style=style, characters=characters or TEXT_CHARACTERS)


def em(widget: tk.Misc) -> int:
    """The width of one full-width character, in pixels, at the present size of letters."""
    return int(widget.tk.call("font", "measure", "TkDefaultFont", "国"))
