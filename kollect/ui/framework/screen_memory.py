"""Remembers the window's place and the columns of the tables, from one start to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kollect.storage import screen_layout
from kollect.storage.screen_layout import ColumnLayout, RememberedPlace, ScreenLayout


class ColumnMemory:
    """The columns of one table. By itself it remembers as long as the table is there."""

    def __init__(
        self,
        layout: ColumnLayout | None = None,
        keep: Callable[[ColumnLayout], None] = lambda layout: None,
    ) -> None:
        self._layout = layout or ColumnLayout()
        self._keep = keep

    @property
    def layout(self) -> ColumnLayout:
        return self._layout

    @layout.setter
    def layout(self, layout: ColumnLayout) -> None:
        if layout != self._layout:
            self._layout = layout
            self._keep(layout)


class ScreenMemory:
    """Nothing of it ever fails; what cannot be written is lost."""

    def __init__(self, path: Path | None = None) -> None:
        """Without a path, as long as the window is there."""
        self._path = path
        self._layout = screen_layout.read(path) if path else ScreenLayout()
        self._written = self._layout
        self.on_change: Callable[[], None] = lambda: None
        """Called when something is to be written down."""

    @property
    def window(self) -> RememberedPlace | None:
        return self._layout.window

    @window.setter
    def window(self, place: RememberedPlace) -> None:
        if place != self._layout.window:
            self._layout = replace(self._layout, window=place)
            self.on_change()

    def columns(self, table: str) -> ColumnMemory:
        """Those of the table of this name."""

        def keep(layout: ColumnLayout) -> None:
            self._layout = replace(self._layout, tables={**self._layout.tables, table: layout})
            self.on_change()

        return ColumnMemory(self._layout.tables.get(table), keep)

    def save(self) -> None:
        """Write down what has changed since the last time. In any thread."""
        if self._path is not None and self._layout != self._written:
            self._written = self._layout
            screen_layout.write(self._path, self._layout)
