"""What screens may ask of the program, as plain functions. app fills it in.

A screen author adds a field here with its signature, and the function behind it in app. Nothing
here knows SQL, servers or Tk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kollect.collector.standing import Standing
from kollect.errors import Certificate
from kollect.settings.model import Passwords, Settings

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.collector.records import Records


class Test(StrEnum):
    """The buttons of 「メールの設定のテスト」."""

    SEND = "send"
    RECEIVE = "receive"
    CLEAN = "clean"


class Step(Protocol):
    """One step of a test, as `collector.check` tells it."""

    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool | None:
        """None: it is just beginning."""

    @property
    def seconds(self) -> float: ...
    @property
    def happened(self) -> str: ...
    @property
    def cure(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def certificate(self) -> Certificate | None:
        """The one that was not trusted, and may be by the user's own word."""

    @property
    def encryption_gone(self) -> tuple[str, str, int] | None:
        """The server that no longer encrypts, and may do without by the user's own word."""


Asked = Callable[[], bool]
"""Whether the user wants it to end."""


@dataclass(slots=True, kw_only=True)
class Services:
    folder: Callable[[], Path]
    """The data folder in force."""
    where: Callable[[], str]
    """Where it lies, in a sentence; empty where that is nothing to speak of."""

    # 緒言設定
    settings: Callable[[], Settings]
    """The settings as saved. Raises SettingsTrouble, StorageTrouble."""
    passwords: Callable[[], Passwords]
    """Those known on this PC. May take a while: not in Tk's thread."""
    save: Callable[[Settings, Passwords], None]
    """Raises Trouble, and then nothing has changed. May take a while."""
    forget_this_pc: Callable[[], None]
    """「このパソコンの登録を消す」: asks, and ends the program."""
    test_mail: Callable[[Test, Settings, Passwords, Callable[[Step], None], Asked], None]
    """Try the mail settings, tell each step; ends early where asked. Takes its time."""
    forget_encryption: Callable[[tuple[str, str, int]], None]
    """「今後は暗号化しない」 of this server (protocol, host, port). Raises StorageTrouble."""
    fill_number: Callable[[str, int, int], str]
    """A template with this number, of so many digits, in the place of ★1★ and ★2★."""
    open_file: Callable[[Path], None]
    """Show a file or a folder with the system's own program. Raises StorageTrouble."""

    # メール収集
    standing: Callable[[], Standing]
    """What the collector does, and what it told so far."""
    watch: Callable[[Callable[[], None]], Callable[[], None]]
    """Have a function called after news and every second, while the window can be seen.

    Returns the function that ends it.
    """
    ending: Callable[[], bool]
    """The program ends as soon as the collector is ready."""
    poll_now: Callable[[], None]
    to_tray: Callable[[], None]

    # 収集結果表示
    records: Callable[[], Records]
    """What was collected in the data folder in force."""

    # demo
    in_demo: Callable[[], bool]
    begin_demo: Callable[[], None]
    end_demo: Callable[[], None]

    # going to other screens
    start_collecting: Callable[[], None]
    show_results: Callable[[], None]
    show_log: Callable[[], None]
    change_settings: Callable[[], None]
    register_members: Callable[[], None]
    send_mailings: Callable[[], None]
    show_papers: Callable[[], None]
    quit: Callable[[], None]
    """Ask whether to end, and end."""
