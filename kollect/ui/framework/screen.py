"""What every screen is. Knows the window it stands in, and no other screen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, ClassVar, TypeVar

from kollect.collector.events import CollectorEvent
from kollect.errors import Trouble
from kollect.ui.framework.function_bar import FunctionKey
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP, WIDE

if TYPE_CHECKING:  # which makes the screens, and imports this
    from kollect.ui.framework.window import Window

T = TypeVar("T")


class Screen(ttk.Frame):
    """What every screen is. Make the widgets in `__init__`, with `self` as their parent."""

    code: ClassVar[str]
    """As in the title: KKRZS101."""
    heading: ClassVar[str]
    back_label: ClassVar[str] = "前画面"
    manual: ClassVar[str] = ""
    """The name of its page in the built-in manual."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.content, padding=(WIDE, GAP))
        self.window = window

    def function_keys(self) -> Sequence[FunctionKey]:
        """The keys on the right of the bottom bar, left to right; the last is the main one."""
        return ()

    def on_show(self) -> None:
        """Called whenever this screen comes to the front, also when the one above it was closed."""

    def digit(self, number: int) -> None:
        """A digit was typed outside of any field."""

    def turn_page(self, step: int) -> None:
        """PageUp (-1) or PageDown (1), outside of what one can turn the pages of."""

    def search_entry(self) -> tk.Misc | None:
        """The entry 「さがす」, to which Ctrl+F goes; None where nothing is searched."""
        return None

    def manual_page(self) -> str:
        """The name of the page that F1 opens: the one for what is in front here."""
        return self.manual

    def has_unsaved_changes(self) -> bool:
        """Whether there is something that going back would lose."""
        return False

    def save_before_leaving(self, then: Callable[[], None]) -> None:
        """「保存して戻る」: save what is unsaved, and do `then` once it is saved."""
        raise NotImplementedError

    def on_close(self) -> None:
        """Called before this screen is destroyed: stop its jobs."""

    def on_collector_event(self, news: CollectorEvent) -> None:
        """The collector tells something. In Tk's thread, for every open screen."""

    def on_text_size(self) -> None:
        """Letters have another size now: for what does not follow the font by itself."""

    def go_back(self) -> None:
        self.window.back()

    # ---- for the screens themselves ----

    is_busy: bool = False
    """Something that was begun here is being written or sent: what must not be done twice waits."""

    def work(
        self,
        task: Callable[[Job], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[Trouble], None] | None = None,
        busy: bool = False,
    ) -> Job:
        """Run `task` in a thread, then `done` with its result or `failed` with its trouble.

        Neither once this screen is closed. Without `failed`: the error dialog. With `busy` the
        screen is busy until then.
        """
        if not busy:
            return self.window.jobs.run(task, done, owner=self, failed=failed)

        def finished(result: T) -> None:
            self._set_busy(False)
            done(result)

        def ended(trouble: Trouble) -> None:
            self._set_busy(False)
            if failed is not None:
                failed(trouble)
            else:
                self.window.set_status("")
                self.window.dialogs.show_error(trouble)

        self._set_busy(True)
        return self.window.jobs.run(task, finished, owner=self, failed=ended)

    def refresh_keys(self) -> None:
        """The keys at the bottom have changed."""
        if self.window.screens and self.window.screen is self:
            self.window.refresh_keys()

    def busy_changed(self) -> None:
        """For buttons that wait like the keys do."""

    def _set_busy(self, busy: bool) -> None:
        self.is_busy = busy
        self.busy_changed()
        self.refresh_keys()
