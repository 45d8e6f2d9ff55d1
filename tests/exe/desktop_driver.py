"""What sits before the Windows PC: eyes, a keyboard and a mouse, by xdotool and ImageMagick.

It knows windows by their titles and waits for what it sees; what a window says inside, it sees as
pixels only.
"""

from __future__ import annotations

import io
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from kollect.desktop.tray import COLOURS, TrayColor
from kollect.ui.framework.theme import ACCENT

PATIENCE = 60.0
"""Seconds for what takes one, as other tests may be running."""
TITLE_BAR = 20
"""Its height, in openbox's own theme."""


class Place(NamedTuple):
    """Where a window without a frame is on the screen. (xdotool counts a frame twice.)"""

    left: int
    top: int
    width: int
    height: int


# ---- windows ----


def windows(title: str) -> list[str]:
    """The windows to be seen whose title has this in it."""
    for _ in range(20):
        done = _xdotool("search", "--onlyvisible", "--name", title)
        if not done.stderr:
            break  # else a window went while xdotool looked at it, and it has seen no other
    return done.stdout.split()


def wait_for_window(title: str, seconds: float = PATIENCE) -> str:
    end = time.monotonic() + seconds
    while not (found := windows(title)):
        assert time.monotonic() < end, f"no window 「{title}」; there are {titles()}"
        time.sleep(0.1)
    return found[-1]


def wait_until_gone(title: str, seconds: float = PATIENCE) -> None:
    def gone() -> bool:
        for _ in range(3):  # one that is put in its place is away for a moment
            if windows(title):
                return False
            time.sleep(0.1)
        return True

    wait_until(gone, f"the window 「{title}」 stays", seconds)


def wait_until(so: Callable[[], object], else_: str, seconds: float = PATIENCE) -> None:
    """Look until it is so."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, f"{else_}; there are the windows {titles()}"
        time.sleep(0.1)


def titles() -> list[str]:
    """The titles of all windows to be seen."""
    ids = _xdotool("search", "--onlyvisible", "--name", ".").stdout.split()
    named = (_xdotool("getwindowname", one).stdout.strip() for one in ids)
    return sorted({name for name in named if name})


def bring(title: str, seconds: float = PATIENCE) -> str:
    """Wait for a window, and give it the focus by a click into its upper left corner."""
    window = wait_for_window(title, seconds)

    def has_focus() -> bool:
        # not the window manager's active window: the focus follows that only when Wine takes it
        if _xdotool("getwindowfocus").stdout.strip() == window:
            return True
        _xdotool("windowactivate", window)
        return False

    wait_until(has_focus, f"the window 「{title}」 does not come to the front", seconds)
    # Wine has a focus of its own, and its icon in the tray has just taken that away, or a dialog
    _xdotool("mousemove", "--window", window, "4", "4", "click", "1")
    return window


def place(window: str) -> Place:
    """All zeros where the window has gone meanwhile."""
    said = _xdotool("getwindowgeometry", "--shell", window).stdout
    found = dict(line.split("=") for line in said.split())
    return Place(*(int(found.get(name, 0)) for name in ("X", "Y", "WIDTH", "HEIGHT")))


# ---- keyboard and mouse ----

CLOSE = "alt+F4"
"""The window's ×."""


@dataclass(slots=True)
class Pressed:
    """What the hands have done so far: letters are keys. `bring` is no click of a person's."""

    keys: int = 0
    clicks: int = 0


hands = Pressed()
"""Counted here, and nowhere else."""


def keys(*names: str) -> None:
    """Press keys, one after the other, as fast as a quick person."""
    hands.keys += len(names)
    _xdotool("key", "--clearmodifiers", "--delay", "60", *names)


def type_in(text: str) -> None:
    """Type ASCII letters into the field that has the focus, over what stands there."""
    keys("ctrl+a")
    type_on(text)


def type_on(text: str) -> None:
    """Type them where the cursor is."""
    hands.keys += len(text)
    _xdotool("type", "--clearmodifiers", "--delay", "25", text)


def fill(*texts: str | None) -> None:
    """Go through the fields by Tab and type; None leaves one as it is."""
    for text in texts:
        keys("Tab")
        if text is not None:
            type_in(text)


def turn_page(window: str, key: str) -> None:
    """Press a key that changes what stands in the window, and wait for that."""
    before = _seen(window)
    keys(key)
    wait_until(lambda: _seen(window) != before, "the page does not turn")
    at_rest(window)


def settled(title: str) -> str:
    """The window, in front, once nothing changes in it any more: what a person waits for."""
    window = bring(title)
    at_rest(window)
    return window


def click_in(window: str, across: float, down: float) -> None:
    """Click at a place in a window, given in parts of its width and height."""
    spot = place(window)
    x, y = round(spot.width * across), round(spot.height * down)
    hands.clicks += 1
    _xdotool("mousemove", "--window", window, str(x), str(y), "click", "1")


def click(x: int, y: int, button: int = 1) -> None:
    hands.clicks += 1
    _xdotool("mousemove", str(x), str(y), "click", str(button))


# ---- the tray ----

TRAY_ENTRIES = 6
"""On the menu of the icon."""


def tray_icon(seconds: float = PATIENCE) -> Place:
    """Where the program's icon is."""
    found: list[Place] = []

    def look() -> bool:
        ids = _xdotool("search", "--onlyvisible", "--class", "explorer.exe").stdout.split()
        # beside it there may be its tooltip, or a balloon
        found[:] = [spot for spot in map(place, ids) if 8 <= spot.width <= 32 >= spot.height]
        return bool(found)

    wait_until(look, "no icon in the tray", seconds)
    return found[0]


def choose_in_tray(number: int) -> None:
    """Press the icon with the right button, and on its menu the entry with this number."""
    icon = tray_icon()
    for _ in range(6):
        click(icon.left + icon.width // 2, icon.top + icon.height // 2, 3)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if menu := _menu():
                # half as high as an entry is the line before the last one
                step = menu.height / (TRAY_ENTRIES + 0.5)
                down = number - 0.5 + (0.5 if number == TRAY_ENTRIES else 0.0)
                click(menu.left + menu.width // 2, round(menu.top + step * down))
                return
            time.sleep(0.1)
    raise AssertionError("the icon has no menu")


def _menu() -> Place | None:
    for window in _xdotool("search", "--onlyvisible", "--class", "kollect.exe").stdout.split():
        if not _xdotool("getwindowname", window).stdout.strip():
            spot = place(window)
            if spot.height > 60:
                return spot
    return None


# ---- eyes ----


def picture(path: Path, window: str = "root") -> None:
    """The whole screen, or a window without its frame, as it is now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_seen(window))


def framed_picture(path: Path, window: str) -> None:
    """A window with its frame, once nothing changes in it any more; in few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = at_rest(window)
    _xdotool("mousemove", "--window", window, "0", "0")
    told = _xdotool("getmouselocation", "--shell").stdout
    corner = dict(line.split("=") for line in told.split())
    left, top = int(corner["X"]), int(corner["Y"])
    _xdotool("mousemove", "0", "0")
    inside = Image.open(io.BytesIO(seen))
    whole = Image.open(io.BytesIO(_seen("root"))).convert("RGB")
    framed = whole.crop(
        (left - 1, top - TITLE_BAR, left + inside.width + 1, top + inside.height + 4)
    )
    framed.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def keys_shown(window: str) -> bytes:
    """The bottom bar as it looks: another key on it makes another picture."""
    seen = Image.open(io.BytesIO(_seen(window)))
    return seen.crop((0, seen.height - 60, seen.width, seen.height)).convert("RGB").tobytes()


def main_key_works(window: str) -> bool:
    """Whether the button at the right end of the bottom bar is there and not greyed out."""
    return _part_of_blue(window, right=True) > 0.3


def quiet_key_is_quiet(window: str) -> bool:
    """Whether the one at the left end, ESC, has nothing of that blue."""
    return _part_of_blue(window, right=False) == 0


def _part_of_blue(window: str, *, right: bool) -> float:
    """How much of a button at an end of the bottom bar has the colour of the main one."""
    seen = Image.open(io.BytesIO(_seen(window))).convert("RGB")
    low, left = seen.height - 12, seen.width - 162 if right else 12
    button = seen.crop((left, low - 30, left + 150, low))
    blue = tuple(bytes.fromhex(ACCENT[1:]))
    pixels = [*button.get_flattened_data()]
    near = [max(abs(a - b) for a, b in zip(one, blue, strict=True)) < 16 for one in pixels]
    return sum(near) / len(pixels)


def light() -> TrayColor:
    """The state that the icon in the tray shows by its colour."""
    left, top, width, height = tray_icon()
    seen = Image.open(io.BytesIO(_seen("root")))
    icon = seen.crop((left, top, left + width, top + height)).convert("RGB")
    colours = {one: tuple(bytes.fromhex(COLOURS[one][1:])) for one in TrayColor}
    found = Counter(
        one
        for pixel in icon.get_flattened_data()
        for one, colour in colours.items()
        if max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 24
    )
    assert found, "the icon has no colour"
    return found.most_common(1)[0][0]


def at_rest(window: str) -> bytes:
    """Wait until nothing changes there any more; a countdown never comes to that."""
    before, seen = b"", _seen(window)
    end = time.monotonic() + 10
    while seen != before and time.monotonic() < end:
        time.sleep(0.5)
        before, seen = seen, _seen(window)
    return seen


def _seen(window: str) -> bytes:
    command = ["import", "-silent", "-window", window, "png:-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=30).stdout


def _xdotool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["xdotool", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
