"""Helps where the settings cannot be used as they are: says why, and leads to what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import SettingsFileDamaged, StorageTrouble, Trouble
from kollect.settings import ini_file
from kollect.ui.framework.window import Window

if TYPE_CHECKING:  # which imports this
    from kollect.ui.navigator import Navigator


def mend(trouble: Trouble, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
    """`trouble` is what the `settings` of the real workspace raise."""
    if isinstance(trouble, SettingsFileDamaged) and trouble.backup:
        _offer_backup(trouble, window, workspaces, go)
        return
    window.dialogs.show_error(trouble)
    if not isinstance(trouble, StorageTrouble | SettingsFileDamaged):
        problems = getattr(trouble, "problems", ())
        go.settings_to_mend(workspaces.real.readable_settings(), problems)


def _offer_backup(
    trouble: SettingsFileDamaged, window: Window, workspaces: ActiveWorkspace, go: Navigator
) -> None:
    if window.dialogs.confirm(
        trouble.title,
        f"{trouble.happened}\nひとつ前の設定が残っています。それに戻しますか？",
        yes="前の設定に戻す",
    ):
        ini_file.restore_backup(workspaces.real.folder.ini)
        workspaces.real.reload()
        go.identify()
        window.screen.on_show()
