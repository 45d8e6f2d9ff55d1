"""What the screens of the members may ask of the program, as plain functions. app fills it in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kollect.numbering import number_text
from kollect.register.entry import Receipt
from kollect.settings.model import Settings

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.members.members import Members
    from kollect.members.parcels import Told


@dataclass(slots=True, kw_only=True)
class MemberServices:
    members: Callable[[], AbstractContextManager[Members]]
    """The members, for one piece of work in one thread that is not Tk's. Raises StorageTrouble."""
    mails: Callable[[int], list[Told]]
    """What this member was sent by メール発信, the newest first. Not in Tk's thread.

    Raises StorageTrouble.
    """
    send_again: Callable[[Receipt], None]
    """再送 of a number: owe the letter once more, and poll soon. Raises Trouble.

    Not in Tk's thread.
    """
    collecting: Callable[[], bool]
    """The collector is running, and sends what is owed by itself."""
    now: Callable[[], datetime]
    settings: Callable[[], Settings]
    """As saved. Raises SettingsTrouble."""
    digits: Callable[[], int]
    """How many digits a 受付番号 is written with."""
    fresh_folder: Callable[[], Path]
    """An empty folder for a file that is only shown. Raises StorageTrouble."""
    open_file: Callable[[Path], None]
    """Show a file with the system's own program. Raises StorageTrouble."""
    enter_shop: Callable[[], None]
    """Go to 「ID」 in 緒言設定."""
    enter_mail: Callable[[], None]
    """Go to 「メールの設定」."""

    def shown(self, number: int) -> str:
        """A 受付番号 as it is written here."""
        return number_text(number, self.digits())
