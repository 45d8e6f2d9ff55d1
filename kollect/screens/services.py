"""What screens may ask of the program, as plain functions. app fills it in.

A screen author adds a field here with its signature, and the function behind it in app. Nothing
here knows SQL, servers or Tk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kollect.settings.model import Passwords, Settings


@dataclass(slots=True, kw_only=True)
class Services:
    folder: Path
    """The data folder in force."""

    # 緒言設定
    settings: Callable[[], Settings]
    """The settings as saved. Raises SettingsTrouble, StorageTrouble."""
    passwords: Callable[[], Passwords]
    save: Callable[[Settings, Passwords], None]
    """Raises Trouble, and then nothing has changed."""

    # going to other screens
    start_collecting: Callable[[], None]
    show_results: Callable[[], None]
    show_log: Callable[[], None]
    change_settings: Callable[[], None]
    quit: Callable[[], None]
    """Ask whether to end, and end."""
