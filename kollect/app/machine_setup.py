"""What of this program lies on this PC, and not in its data folder: the start at the login, the
passwords; and where the data folder itself lies.

Knows nothing of windows.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kollect.desktop.autostart import IN_TRAY, own_command, set_autostart, sync_autostart
from kollect.storage.data_folder import DataFolder


class MachineSetup:
    def __init__(self, folder: DataFolder, *, given: bool) -> None:
        """`given`: the folder was named on the command line."""
        self._folder = folder
        self._given = given

    def sync_autostart(self, start_at_login: bool) -> None:
        """Let the entry for the login be as the setting says, at the place where the program lies.

        Raises StorageTrouble.
        """
        sync_autostart(start_at_login, self._command())

    def forget_login(self) -> None:
        """Take the entry away, also one that another copy of the program has left.

        Raises StorageTrouble.
        """
        set_autostart(False, self._command())

    def where(self) -> str:
        """Where the data folder lies, as the user should know it; empty from source."""
        if self._given:
            return "起動するときに指定された場所です。"
        if not getattr(sys, "frozen", False):
            return ""
        if self._folder.path == Path(sys.executable).absolute().parent:
            return "コレクトのプログラムと同じ場所にあります。"
        return (
            "コレクトのプログラムと同じ場所には書き込めないため、このパソコンの中にあります。"
            "プログラムだけを別のパソコンへ移しても、データは付いていきません。"
        )

    def _command(self) -> list[str]:
        # the .exe finds its folder by itself, under the stick's next drive letter too; from source
        # it would be that of the folder in which the desktop starts us
        if self._given or not getattr(sys, "frozen", False):
            return own_command(IN_TRAY, "--data", str(self._folder.path))
        return own_command(IN_TRAY)
