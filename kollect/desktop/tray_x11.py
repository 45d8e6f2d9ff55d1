"""The tray icon of X11 desktops: a small window that the tray takes in (System Tray Protocol).

pystray has such an icon too, but it stops at a title in Japanese, hears no clicks, and has no menu
(0.19.5). Balloons there are none: they belong to another service.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable
from typing import Any

from PIL import Image
from Xlib import X, Xatom, Xutil, display, error, ext
from Xlib.protocol import event as events

from kollect.desktop.icon_file import icon_file
from kollect.desktop.tray import TrayAction, TrayColor

ext.__extensions__.clear()  # each would be loaded with the display: 1 MB for nothing
LEAST = 22
"""Pixels to ask for; the tray gives what it likes."""
SMALLEST = 8
"""Trays begin with one pixel."""
DOCK = 0
MAPPED = 1
"""Of _XEMBED_INFO: the tray is to show the window."""


class X11Icon:
    def __init__(self, name: str, wished: Callable[[TrayAction], None]) -> None:
        self._name = name
        self._wished = wished
        self._display = display.Display()
        self._display.set_error_handler(lambda *about: None)  # the tray may go at any moment
        atom = self._display.intern_atom
        screen = self._display.get_default_screen()
        self._selection = atom(f"_NET_SYSTEM_TRAY_S{screen}")
        self._opcode = atom("_NET_SYSTEM_TRAY_OPCODE")
        self._new_manager = atom("MANAGER")
        self._xembed_info = atom("_XEMBED_INFO")
        self._long_name, self._utf8 = atom("_NET_WM_NAME"), atom("UTF8_STRING")
        self._root = self._display.screen().root
        self._root.change_attributes(event_mask=X.StructureNotifyMask)
        self._sleeping, self._alarm = os.pipe()
        os.set_blocking(self._alarm, False)
        self._manager: Any = None
        self._window: Any = None
        self._wanted = False
        self._color, self._tooltip = TrayColor.WAITING, ""
        self._painted: TrayColor | None = None
        self._find_manager()

    @property
    def there(self) -> bool:
        return self._manager is not None

    def show(self, color: TrayColor, tooltip: str) -> None:
        self._color, self._tooltip = color, tooltip
        self._wanted = True
        if self._window is None:
            self._dock()
        else:
            self._name_it()
            self._paint()
        self._display.flush()

    def hide(self) -> None:
        self._wanted = False
        self._drop_window()
        self._display.flush()

    def balloon(self, title: str, text: str) -> None:
        """There are none."""

    def close(self) -> None:
        self._drop_window()
        self._display.close()
        os.close(self._sleeping)
        os.close(self._alarm)

    def pause(self) -> float | None:
        """X11 tells when a tray comes: `listen` hears it."""
        return None

    def mend(self) -> None:
        """Nothing is ever broken."""

    def wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake anyway; closed: it is over
            os.write(self._alarm, b"!")

    def listen(self) -> None:
        while True:
            while self._display.pending_events():
                self._heard(self._display.next_event())
            self._display.flush()
            readable, _, _ = select.select([self._display.fileno(), self._sleeping], [], [])
            if self._sleeping in readable:
                os.read(self._sleeping, 4096)
                return

    def _heard(self, event: Any) -> None:
        match event.type:
            case X.ClientMessage if event.client_type == self._new_manager:
                if event.data[1][1] == self._selection:
                    self._find_manager()
                    if self._wanted:
                        self._drop_window()
                        self._dock()
            case X.DestroyNotify if self._manager and event.window.id == self._manager.id:
                self._manager = None
                self._drop_window()
                if self._wanted:
                    self._wished(TrayAction.LOST)
            case X.ButtonPress if event.detail == 1:
                self._wished(TrayAction.SHOW)
            case X.ButtonPress if event.detail == 3:
                self._wished(TrayAction.MENU)
            case X.Expose | X.ConfigureNotify if self._is_ours(event.window):
                self._painted = None
                self._paint()

    def _is_ours(self, window: Any) -> bool:
        return self._window is not None and window.id == self._window.id

    def _find_manager(self) -> None:
        """The window of the tray, if there is one now; from here on we hear when it goes."""
        # The display is not held meanwhile: Tk opens its own connection with Python's lock in hand,
        # would wait for us there, and we for that lock. So it is asked again once its end is heard.
        owner, before = self._display.get_selection_owner(self._selection), None
        while owner not in (X.NONE, before):
            gone = error.CatchError(error.BadWindow)
            owner.change_attributes(event_mask=X.StructureNotifyMask, onerror=gone)
            before, owner = owner, self._display.get_selection_owner(self._selection)
        self._manager = owner if owner != X.NONE else None

    def _dock(self) -> None:
        """Ask the tray to take a new window in."""
        if self._manager is None:
            return
        screen = self._display.screen()
        self._window = self._root.create_window(
            *(-1, -1, LEAST, LEAST, 0, screen.root_depth),
            background_pixmap=X.ParentRelative,
            event_mask=X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask,
        )
        self._window.set_wm_class(f"{self._name}-tray", self._name.capitalize())
        hints = Xutil.PMinSize | Xutil.PSize
        self._window.set_wm_normal_hints(flags=hints, min_width=LEAST, min_height=LEAST)
        self._window.change_property(self._xembed_info, self._xembed_info, 32, [0, MAPPED])
        self._painted = None
        self._name_it()
        self._manager.send_event(
            events.ClientMessage(
                window=self._manager,
                client_type=self._opcode,
                data=(32, (X.CurrentTime, DOCK, self._window.id, 0, 0)),
            )
        )

    def _drop_window(self) -> None:
        window, self._window = self._window, None
        if window is not None:
            window.destroy()

    def _name_it(self) -> None:
        octets = self._tooltip.encode()
        self._window.change_property(self._long_name, self._utf8, 8, octets)
        self._window.change_property(Xatom.WM_NAME, self._utf8, 8, octets)

    def _paint(self) -> None:
        if self._painted is self._color:
            return
        try:
            place = self._window.get_geometry()
            width, height = place.width, place.height
            if min(width, height) < SMALLEST:
                return
            self._window.clear_area(width=width, height=height)
            ground = self._window.get_image(0, 0, 1, 1, X.ZPixmap, 0xFFFFFF).data
        except error.XError:  # not yet visible, or gone: another Expose or another tray will come
            return
        self._painted = self._color
        octets = _on_ground(self._color, width, height, bytes(ground))
        gc = self._window.create_gc()
        self._window.put_image(gc, 0, 0, width, height, X.ZPixmap, place.depth, 0, octets)
        gc.free()


def _on_ground(color: TrayColor, width: int, height: int, ground: bytes) -> bytes:
    """The icon in the middle of an area of this colour, as X11 takes it: blue, green, red, any."""
    blue, green, red = ground[:3]
    side = min(width, height)
    with Image.open(icon_file(f"tray-{color}")) as file:
        icon = file.convert("RGBA").resize((side, side), Image.Resampling.BOX)
    area = Image.new("RGB", (width, height), (red, green, blue))
    area.paste(icon, ((width - side) // 2, (height - side) // 2), icon)
    return area.tobytes("raw", "BGRX")
