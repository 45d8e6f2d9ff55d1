"""What the tabs of 緒言設定 have in common: fields that know their place in the settings."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from tkinter import ttk
from typing import Any, ClassVar

from kollect.settings.model import Settings
from kollect.ui.framework.theme import GAP, WIDE
from kollect.ui.widgets.fields import Field
from kollect.ui.widgets.scroll_frame import ScrollFrame, keep_readable

Place = tuple[str, str]
"""Section and key, as kollect.ini and `Problem` have them."""


class SettingsPage(ttk.Frame):
    """One tab. Its widgets go into `self.inside`, its fields into `self.fields`."""

    title: ClassVar[str]
    manual: ClassVar[str]
    """The name of its page in the built-in manual."""
    widest: ClassVar[int] = 84
    """Full-width characters: on a wide screen the rest stays empty."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.scrolled = ScrollFrame(self)
        self.scrolled.pack(fill="both", expand=True)
        self.inside = ttk.Frame(self.scrolled.inside, padding=(WIDE, GAP))
        self.inside.pack(fill="both", expand=True)
        keep_readable(self.inside, self.widest)
        self.fields: dict[Place, Field[Any]] = {}

    def show(self, settings: Settings) -> None:
        """Put these settings into the fields."""
        for place, field in self.fields.items():
            field.value = value_at(settings, place)
            field.clear()

    def gather(self, settings: Settings) -> Settings:
        """The settings with what stands in the fields; what makes no sense there is left out."""
        for place, field in self.fields.items():
            if field.fault() is None:
                settings = with_value(settings, place, field.value)
        return settings

    def faults(self) -> Iterator[tuple[Place, str]]:
        """The fields whose contents are no value at all."""
        for place, field in self.fields.items():
            if fault := field.fault():
                yield place, fault

    def enable(self, enabled: bool) -> None:
        for field in self.fields.values():
            field.enable(enabled)


def value_at(settings: Settings, place: Place) -> Any:
    section, key = place
    if hasattr(settings, section):
        return getattr(getattr(settings, section), key)
    return getattr(settings, f"{section}_{key}")


def with_value(settings: Settings, place: Place, value: Any) -> Settings:
    section, key = place
    if hasattr(settings, section):
        part = replace(getattr(settings, section), **{key: value})
        return replace(settings, **{section: part})
    return replace(settings, **{f"{section}_{key}": value})
