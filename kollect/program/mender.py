"""Helps where the settings cannot be used as they are: says why, and leads to what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kollect.errors import SettingsFileDamaged, StorageTrouble, Trouble
from kollect.program.signposts import Signposts
from kollect.program.workplace import Workplace
from kollect.screens.window import Window
from kollect.settings import inifile


@dataclass(frozen=True, slots=True, kw_only=True)
class Mender:
    window: Window
    go: Signposts
    real: Workplace
    restored: Callable[[], None]
    """The settings before are in force again."""

    def mend(self, trouble: Trouble) -> None:
        """`trouble` is what `real.settings` raises."""
        if isinstance(trouble, SettingsFileDamaged) and trouble.backup:
            self._offer_backup(trouble)
            return
        self.window.dialogs.trouble(trouble)
        if not isinstance(trouble, StorageTrouble | SettingsFileDamaged):
            problems = getattr(trouble, "problems", ())
            self.go.settings_to_mend(self.real.readable_settings(), problems)

    def _offer_backup(self, trouble: SettingsFileDamaged) -> None:
        if self.window.dialogs.ask(
            trouble.title,
            f"{trouble.happened}\nひとつ前の設定が残っています。それに戻しますか？",
            yes="前の設定に戻す",
        ):
            inifile.restore_backup(self.real.folder.ini)
            self.real.reload()
            self.restored()
            self.window.screen.shown()
