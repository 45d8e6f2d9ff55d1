"""The tray icon of Windows, by pystray, which has a thread of its own for what the user does."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import IO, Any

import pystray
from pystray._util import win32

from kollect.desktop.icon_file import icon_file
from kollect.desktop.tray import ON_MENU, Perseverance, TrayAction, TrayColor

START_SECONDS = 10.0
LONGEST_TOOLTIP, LONGEST_TITLE, LONGEST_TEXT = 127, 63, 255
"""What fits into NOTIFYICONDATAW; ctypes refuses more."""


class IconFile:
    """One of our .ico files; `save` is all that pystray wants of a picture. So Pillow is not
    loaded, which would take 5 MB of memory for months.

    pystray has Windows load it in the size of a desktop icon, and the taskbar shows half of that:
    in these files every pixel is doubled, and halving gives the drawn one back.
    """

    def __init__(self, color: TrayColor) -> None:
        self._octets = icon_file(f"tray-{color}").read_bytes()

    def save(self, file: IO[bytes], format: str) -> None:
        file.write(self._octets)


_file = cache(IconFile)


class _Icon(pystray.Icon):  # type: ignore[misc]  # pystray has no types
    """pystray's, which does not look whether Windows has taken what it was told."""

    def __init__(self, *arguments: Any, told: Callable[[bool], None], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._told = told

    def _message(self, code: int, flags: int, **fields: Any) -> None:
        data = win32.NOTIFYICONDATAW(
            cbSize=ctypes.sizeof(win32.NOTIFYICONDATAW),
            hWnd=self._hwnd,
            hID=id(self),
            uFlags=flags,
            **fields,
        )
        taken = bool(win32.Shell_NotifyIcon(code, data))
        # pystray changes an icon also just before it adds it for the first time
        if code == win32.NIM_ADD or (code == win32.NIM_MODIFY and self.visible):
            self._told(taken)


class WindowsIcon:
    """At login the taskbar may come later: pystray then adds the icon, as it does after a crash of
    Explorer. Where Windows refuses it, it is added again.
    """

    def __init__(
        self, name: str, wished: Callable[[TrayAction], None], refused: Callable[[], None]
    ) -> None:
        self._wished = wished
        self._refused = refused
        self._perseverance = Perseverance()
        self._taken = self._mending = False
        self.there = True
        items = (
            _item(wished, wish) if wish is not None else pystray.Menu.SEPARATOR for wish in ON_MENU
        )
        self._icon = _Icon(
            name,
            _file(TrayColor.WAITING),
            _cut("コレクト", LONGEST_TOOLTIP),
            pystray.Menu(*items),
            told=self._told,
        )
        running = threading.Event()
        # once, and hidden as needed: a second icon after `stop` does not work
        self._icon.run_detached(lambda icon: running.set())
        if not running.wait(START_SECONDS):
            raise OSError("pystray")

    def show(self, color: TrayColor, tooltip: str) -> None:
        icon, file = self._icon, _file(color)
        icon.title = _cut(tooltip, LONGEST_TOOLTIP)
        if icon.icon is not file:
            icon.icon = file
        icon.visible = True

    def hide(self) -> None:
        self._icon.visible = False

    def balloon(self, title: str, text: str) -> None:
        if self._icon.visible and self._icon.HAS_NOTIFICATION:
            self._icon.notify(_cut(text, LONGEST_TEXT), _cut(title, LONGEST_TITLE))

    def close(self) -> None:
        self._icon.stop()

    def listen(self) -> None:
        """pystray hears for itself."""

    def wake(self) -> None:
        """Nobody sleeps."""

    def pause(self) -> float | None:
        return self._perseverance.pause(time.monotonic())

    def mend(self) -> None:
        if not self._icon.visible:  # hidden meanwhile
            self._perseverance.taken()
            return
        self._mending = True
        # Windows may have taken it after all and said so too late: then it cannot be added
        self._icon._update_title()
        if not self._taken:
            self._icon._show()
        self._mending = False
        if not self._taken and self.pause() is None:
            self.there = False
            self._wished(TrayAction.LOST)

    def _told(self, taken: bool) -> None:
        """Windows has answered; in this thread or in pystray's."""
        self._taken = taken
        if taken:
            self._perseverance.taken()
            self.there = True
        elif not self._mending:
            self._perseverance.refused(time.monotonic())
            self._refused()


def _item(wished: Callable[[TrayAction], None], wish: TrayAction) -> Any:
    def chosen(icon: Any, item: Any) -> None:
        wished(wish)

    return pystray.MenuItem(wish.value, chosen, default=wish is TrayAction.SHOW)


def _cut(text: str, longest: int) -> str:
    """No longer than so many UTF-16 units, which is how Windows counts."""
    octets = text.encode("utf-16-le")[: 2 * longest]
    return octets.decode("utf-16-le", "ignore")
