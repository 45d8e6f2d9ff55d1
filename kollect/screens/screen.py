"""What every screen is. Knows the window it stands in, and no other screen."""

from __future__ import annotations

from collections.abc import Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, ClassVar

from kollect.collector.reports import News
from kollect.screens.function_bar import FunctionKey
from kollect.screens.theme import GAP, WIDE

if TYPE_CHECKING:  # which makes the screens, and imports this
    from kollect.screens.window import Window


class Screen(ttk.Frame):
    """What every screen is. Make the widgets in `__init__`, with `self` as their parent."""

    code: ClassVar[str]
    """As in the title: KKRZS101."""
    heading: ClassVar[str]
    back_label: ClassVar[str] = "前画面"

    def __init__(self, window: Window) -> None:
        super().__init__(window.stage, padding=(WIDE, GAP))
        self.window = window

    def function_keys(self) -> Sequence[FunctionKey]:
        """The keys on the right of the bottom bar, left to right; the last is the main one."""
        return ()

    def shown(self) -> None:
        """Called whenever this screen comes to the front, also when the one above it was closed."""

    def digit(self, number: int) -> None:
        """A digit was typed outside of any field."""

    def unsaved(self) -> bool:
        """Whether there is something that going back would lose."""
        return False

    def leaving(self) -> None:
        """Called before this screen is destroyed: stop its jobs."""

    def heard(self, news: News) -> None:
        """The collector tells something. In Tk's thread, for every open screen."""

    def resized(self) -> None:
        """Letters have another size now: for what does not follow the font by itself."""

    def go_back(self) -> None:
        self.window.back()
