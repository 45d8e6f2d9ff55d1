"""The tray icon of Windows, by pystray, which has a thread of its own for what the user does."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import IO, Any

import pystray

from kollect.collector.standing import Light
from kollect.desktop.tray import ON_MENU, Wish
from kollect.desktop.tray_picture import icon_file, picture

START_SECONDS = 10.0
LONGEST_TOOLTIP, LONGEST_TITLE, LONGEST_TEXT = 127, 63, 255
"""What fits into NOTIFYICONDATAW; ctypes refuses more."""

SM_CXICON = 11


class IconFile:
    """The picture as an .ico; `save` is all that pystray wants of a picture.

    pystray has Windows load it in the size of a desktop icon, and the taskbar shows half of that:
    every pixel is doubled here, and halving gives the drawn one back.
    """

    def __init__(self, light: Light) -> None:
        side = 32
        if sys.platform == "win32":
            side = ctypes.windll.user32.GetSystemMetrics(SM_CXICON)
        self._octets = icon_file(picture(light, side // 2).doubled())

    def save(self, file: IO[bytes], format: str) -> None:
        file.write(self._octets)


_file = cache(IconFile)


class WindowsIcon:
    there = True  # at login the taskbar may come later; pystray then puts the icon there

    def __init__(self, name: str, wished: Callable[[Wish], None]) -> None:
        items = (
            pystray.MenuItem(wish.value, _action(wished, wish), default=wish is Wish.SHOW)
            for wish in ON_MENU
        )
        self._icon = pystray.Icon(
            name, _file(Light.WAITING), _cut("コレクト", LONGEST_TOOLTIP), pystray.Menu(*items)
        )
        running = threading.Event()
        # once, and hidden as needed: a second icon after `stop` does not work
        self._icon.run_detached(lambda icon: running.set())
        if not running.wait(START_SECONDS):
            raise OSError("pystray")

    def show(self, light: Light, tooltip: str) -> None:
        icon, file = self._icon, _file(light)
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


def _action(wished: Callable[[Wish], None], wish: Wish) -> Callable[[Any, Any], None]:
    return lambda icon, item: wished(wish)


def _cut(text: str, longest: int) -> str:
    """No longer than so many UTF-16 units, which is how Windows counts."""
    octets = text.encode("utf-16-le")[: 2 * longest]
    return octets.decode("utf-16-le", "ignore")
