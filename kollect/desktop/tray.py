"""The icon in the tray: shows the state, hands on what is chosen there. Knows nothing of windows.

Lives in a thread of its own, loads what it needs there, and waits without costing anything. Where
the desktop has no tray, `there` says so, and nothing else happens.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from kollect.threads import safe_thread

log = logging.getLogger(__name__)

NAME = "kollect"
END_SECONDS = 3.0
EVERY_SECONDS, FOR_SECONDS = 3.0, 60.0
"""How often and how long a refused icon is added again."""


class TrayColor(StrEnum):
    """What the icon says by its colour."""

    WAITING = "blue"
    WORKING = "green"
    ERROR = "red"


COLOURS = {TrayColor.WAITING: "#1f5fa8", TrayColor.WORKING: "#128a3e", TrayColor.ERROR: "#c8261b"}
"""Those of the pictures, which assets/make_icon.py draws."""


class TrayAction(StrEnum):
    """What is asked for at the icon; the words are those of its menu."""

    SHOW = "表示"
    POLL = "今すぐ受信"
    RESULTS = "収集結果表示"
    LOG = "ログの表示"
    SETTINGS = "設定"
    END = "処理の終了"
    """The end of the collecting, as on its screen."""
    MENU = "menu"
    """Show the menu at the pointer: X11 leaves that to the program."""
    LOST = "lost"
    """The tray is gone, and the icon with it."""


ON_MENU = (
    *(TrayAction.SHOW, TrayAction.POLL, TrayAction.RESULTS, TrayAction.LOG, TrayAction.SETTINGS),
    None,
    TrayAction.END,
)
"""From the top; None: a line between them."""


class Icon(Protocol):
    """What each system's icon can do. All but `wake` is called in the tray's thread."""

    @property
    def there(self) -> bool:
        """Whether there is a tray that shows it."""

    def show(self, color: TrayColor, tooltip: str) -> None: ...
    def hide(self) -> None: ...
    def balloon(self, title: str, text: str) -> None: ...
    def close(self) -> None: ...
    def listen(self) -> None:
        """Hear what the system says until `wake`; returns at once where it is heard elsewhere."""

    def wake(self) -> None: ...
    def pause(self) -> float | None:
        """Seconds until `mend` is to be called, unless something else is wanted before; None:
        nothing is broken.
        """

    def mend(self) -> None:
        """Put the icon where it should be and is not."""


class Tray:
    """No method waits for the system, except `is_there` and `stop`. From any thread."""

    def __init__(self, wished: Callable[[TrayAction], None]) -> None:
        """`wished` is called in other threads: it may put something into a queue, nothing else."""
        self._wished = wished
        self._tasks: queue.SimpleQueue[Callable[[Icon], None] | None] = queue.SimpleQueue()
        self._thread = safe_thread.thread(self._run, name="tray", fell=self._fell)
        self._icon: Icon | None = None
        self._known = threading.Event()

    def start(self) -> None:
        self._thread.start()

    @property
    def has_balloons(self) -> bool:
        """Whether this system shows what `balloon` is given."""
        return sys.platform == "win32"

    def is_there(self, patience: float = 5.0) -> bool:
        """Whether the user can see the icon, or will as soon as it is shown."""
        self._known.wait(patience)
        return self._icon is not None and self._icon.there

    def show(self, color: TrayColor, tooltip: str) -> None:
        """Show the icon with this colour and this text, or change what it shows."""
        self._put(lambda icon: icon.show(color, tooltip))

    def hide(self) -> None:
        self._put(lambda icon: icon.hide())

    def balloon(self, title: str, text: str) -> None:
        """A short message beside the icon, where the system has such a thing."""
        self._put(lambda icon: icon.balloon(title, text))

    def stop(self) -> None:
        """Take the icon away, for good."""
        self._put(None)
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)

    def _put(self, task: Callable[[Icon], None] | None) -> None:
        self._tasks.put(task)
        if (icon := self._icon) is not None:
            icon.wake()

    def _run(self) -> None:
        try:
            icon = self._icon = _make(self._wished, lambda: self._put(lambda icon: None))
        except Exception as error:  # no display, no library: the program does without
            log.warning("タスクトレイのアイコンを出せません（%s）。", error)
            return
        finally:
            self._known.set()
        try:
            while (task := self._next(icon)) is not None:
                task(icon)
        except Exception as error:  # the desktop went away
            log.warning("タスクトレイのアイコンがなくなりました（%s）。", error)
            self._wished(TrayAction.LOST)
        self._icon = None
        with contextlib.suppress(Exception):
            icon.close()

    def _fell(self, error: BaseException) -> None:
        self._icon = None
        self._known.set()
        self._wished(TrayAction.LOST)

    def _next(self, icon: Icon) -> Callable[[Icon], None] | None:
        if self._tasks.empty():
            icon.listen()
        try:
            return self._tasks.get(timeout=icon.pause())
        except queue.Empty:
            return lambda icon: icon.mend()


class Perseverance:
    """When to add an icon again that was refused: every few seconds for a minute, then no more
    until something else is refused. Knows no clock of its own.

    While somebody logs in, Explorer takes no icons (seen for half a minute); it says when its
    taskbar is there, but not that it was too busy for us.
    """

    def __init__(self) -> None:
        self._since: float | None = None

    def refused(self, now: float) -> None:
        if self._since is None or now - self._since > FOR_SECONDS:
            self._since = now

    def taken(self) -> None:
        self._since = None

    def pause(self, now: float) -> float | None:
        """Seconds until the next try; None where there is none."""
        trying = self._since is not None and now - self._since <= FOR_SECONDS
        return EVERY_SECONDS if trying else None


def _make(wished: Callable[[TrayAction], None], refused: Callable[[], None]) -> Icon:
    """`refused`: the icon has just been refused where this thread was not asking for it."""
    if sys.platform == "win32":
        from kollect.desktop.tray_windows import WindowsIcon

        return WindowsIcon(NAME, wished, refused)
    from kollect.desktop.tray_x11 import X11Icon

    return X11Icon(NAME, wished)
