"""Draws every small picture of the program. Run it from anywhere:

    python assets/make_icon.py

Writes beside itself, as .ico and .png, the program's icon (an envelope with a number on it) and the
three icons of the tray (an envelope whose colour is the state, with a sign for people who see no
colours), boxes.png: the check boxes and radio buttons of the window on Linux, and look-100.png to
look-300.png: buttons, tabs and frames for displays of 100 to 300 %. Every size is drawn for itself.
Without fonts and without chance: each run writes the same octets.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIZES = (16, 20, 24, 32, 40, 48, 64, 96, 128, 256)
"""Taskbar, title bar, desktop and list views at 100, 125, 150, 200, 250 % and more."""
SMALL = 24
"""Up to here the badge is larger and the lines are thicker: there is no room for more."""

TRAY_SIZES = (16, 20, 24, 28, 32, 36, 40, 48)
"""The tray at 100, 125, 150 % and so on, up to 300 %."""
TRAY_PNG = 64
BOX_SIZES = (13, 15, 17, 20, 25, 30, 36, 44)
"""The rows of boxes.png, as ui/framework/theme.py knows them."""

LOOK_SCALES = (100, 125, 150, 200, 250, 300)
"""Per cent: one look-….png for each."""
TILE = (64, 40)
"""Width and height of one picture in them at 100 %: its middle is repeated to fill a button."""
CORNER, BAR = 3, 3
"""Radius of their corners and thickness of the bar over the tab in front, at 100 %."""

BLUE = (31, 95, 168, 255)
GREEN = (18, 138, 62, 255)
RED = (200, 38, 27, 255)
DARK = (23, 74, 133, 255)
WHITE = (255, 255, 255, 255)
ORANGE = (226, 88, 12, 255)
CLEAR = (0, 0, 0, 0)
EDGE, EDGE_FAINT = (133, 146, 161, 255), (185, 194, 204, 255)
FIELD, FIELD_FAINT = WHITE, (236, 239, 243, 255)
MARK, MARK_FAINT = BLUE, (154, 169, 186, 255)
BLUE_HOVER, BLUE_PRESSED = (42, 111, 190, 255), DARK
PALE, PALE_PRESSED = (227, 237, 249, 255), (207, 224, 245, 255)
LINE, LINE_QUIET, LINE_FAINT = (164, 175, 188, 255), (188, 196, 206, 255), (208, 214, 222, 255)
OFF, BLUE_OFF = (238, 240, 243, 255), (217, 224, 232, 255)
BEHIND = (228, 232, 238, 255)
"""A tab behind the one in front."""
RED_LINE = (179, 20, 11, 255)

UNITS = 32
"""The drawing's own measure: its sides."""
FINE = 8
"""Drawn so many times as large, and made smaller: smooth edges."""


class Pen:
    """Draws shapes given in units on a picture of any size."""

    def __init__(self, size: int) -> None:
        self.picture = Image.new("RGBA", (size * FINE, size * FINE), CLEAR)
        self._draw = ImageDraw.Draw(self.picture)
        self._scale = size * FINE / UNITS

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        round_by: float = 0,
        fill: tuple[int, ...] = BLUE,
    ) -> None:
        corners = self._corners(left, top, right, bottom)
        self._draw.rounded_rectangle(corners, round_by * self._scale, fill=fill)

    def shape(self, *points: tuple[float, float], fill: tuple[int, ...]) -> None:
        self._draw.polygon(self._points(*points), fill=fill)

    def line(
        self, *points: tuple[float, float], width: float, fill: tuple[int, ...] = WHITE
    ) -> None:
        thick = round(width * self._scale)
        self._draw.line(self._points(*points), fill=fill, width=thick, joint="curve")
        for end in (points[0], points[-1]):
            self.disc(*end, width / 2, fill)

    def disc(self, x: float, y: float, radius: float, fill: tuple[int, ...]) -> None:
        corners = self._corners(x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(corners, fill=fill)

    def finished(self) -> Image.Image:
        side = self.picture.width // FINE
        return self.picture.resize((side, side), Image.Resampling.BOX)

    def _points(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def _corners(self, *sides: float) -> tuple[float, float, float, float]:
        left, top, right, bottom = (side * self._scale for side in sides)
        return left, top, right - 1, bottom - 1  # Pillow counts the last pixel in


def icon(size: int) -> Image.Image:
    """The icon as it is at this size."""
    small = size <= SMALL
    pen = Pen(size)
    pen.box(0, 4, 32, 28, round_by=4 if small else 3.2)
    left, tip, right = (2.2, 6.6), (16, 14 if small else 15.5), (29.8, 6.6)
    if not small:
        pen.shape(left, (3.2, 4), (28.8, 4), right, tip, fill=DARK)
    pen.line(left, tip, right, width=3 if small else 1.9)
    x, y, radius = (21.6, 21.6, 10.4) if small else (23.2, 23.2, 8.8)
    _clear_around(pen, x, y, radius + (1.6 if small else 1.2))
    pen.disc(x, y, radius, ORANGE)
    _one(pen, x, y, radius, stem=4 if small else 3)
    return pen.finished()


def _clear_around(pen: Pen, x: float, y: float, radius: float) -> None:
    """A gap in the envelope, whatever is behind the icon."""
    pen.disc(x, y, radius, CLEAR)


def _one(pen: Pen, x: float, y: float, radius: float, *, stem: float) -> None:
    top, bottom = y - radius * 0.62, y + radius * 0.62
    left, right = x - stem / 2 + 0.6, x + stem / 2 + 0.6
    flag = stem * 0.95
    pen.shape(
        (left, bottom),
        (left, top + flag * 1.15),
        (left - flag, top + flag * 1.7),
        (left - flag, top + flag * 0.75),
        (left + stem * 0.2, top),
        (right, top),
        (right, bottom),
        fill=WHITE,
    )


def tray(name: str, size: int) -> Image.Image:
    """The icon for a state; upright strokes lie on whole pixels at 16."""
    colour = {"blue": BLUE, "green": GREEN, "red": RED}[name]
    pen = Pen(size)
    pen.box(0, 4, 32, 28, round_by=3.2, fill=colour)
    if name == "blue":  # the flap of a closed envelope
        pen.line((4, 9.2), (16, 18.8), (28, 9.2), width=3.4)
    elif name == "green":  # an arrow into it
        pen.box(14, 8, 18, 16, fill=WHITE)
        pen.shape((7.6, 16), (24.4, 16), (16, 24.4), fill=WHITE)
    else:
        pen.box(14, 8, 18, 18, fill=WHITE)
        pen.box(14, 20, 18, 24, fill=WHITE)
    return pen.finished()


def doubled(picture: Image.Image) -> Image.Image:
    """Every pixel as four: pystray has Windows load an icon in the size of the desktop's, and the
    taskbar shows half of that. Halving gives the drawn picture back.
    """
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST)


def box(size: int, *, round_one: bool, on: bool, faint: bool) -> Image.Image:
    """A check box or, round, a radio button."""
    pen, line = Pen(size), 1.25 * UNITS / size
    mark = MARK_FAINT if faint else MARK
    grounds = ((0.6, EDGE_FAINT if faint else EDGE), (0.6 + line, FIELD_FAINT if faint else FIELD))
    for inset, colour in grounds:
        if round_one:
            pen.disc(16, 16, 16 - inset, colour)
        else:
            far = UNITS - inset
            pen.box(inset, inset, far, far, round_by=max(1, 6.2 - inset), fill=colour)
    if on and round_one:
        pen.disc(16, 16, 8, mark)
    elif on:
        pen.line((7.4, 16.6), (13.8, 23), (25, 9.3), width=5.2, fill=mark)
    return pen.finished()


def boxes() -> Image.Image:
    """A row for each size: check boxes, then radio buttons; off, on, and both when disabled."""
    sheet = Image.new("RGBA", (8 * BOX_SIZES[-1], sum(BOX_SIZES)), CLEAR)
    top = 0
    for size in BOX_SIZES:
        looks = [(r, f, o) for r in (False, True) for f in (False, True) for o in (False, True)]
        for column, (round_one, faint, on) in enumerate(looks):
            sheet.paste(box(size, round_one=round_one, on=on, faint=faint), (column * size, top))
        top += size
    return sheet


def frame(
    scale: int, *layers: tuple[float, tuple[int, ...]], open_below: bool = False
) -> Image.Image:
    """A box with round corners: each layer lies so many pixels (at 100 %) inside the edge.

    Lines are whole pixels wide. Where it is `open_below`, it has no lower edge.
    """
    width, height = (side * scale // 100 for side in TILE)
    corner = CORNER * scale / 100
    picture = Image.new("RGBA", (width * FINE, height * FINE), CLEAR)
    pen = ImageDraw.Draw(picture)
    for inset, fill in layers:
        away = inset * scale // 100
        low = height + 2 * corner if open_below else height - away
        corners = (away * FINE, away * FINE, (width - away) * FINE - 1, round(low * FINE) - 1)
        pen.rounded_rectangle(corners, max(0.0, corner - away) * FINE, fill=fill)
    return picture.resize((width, height), Image.Resampling.BOX)


def tab_in_front(scale: int) -> Image.Image:
    """With a blue bar over it, and as the page below."""
    picture = frame(scale, (0, LINE), (1, CLEAR), open_below=True)
    bar = frame(scale, (0, BLUE), open_below=True)
    high = BAR * scale // 100
    picture.paste(bar.crop((0, 0, bar.width, high)), (0, 0))
    return picture


LOOKS = {  # in the order of the columns
    "button": ((0, LINE), (1, WHITE)),
    "button-hover": ((0, LINE), (1, PALE)),
    "button-focus": ((0, BLUE), (2, WHITE)),
    "button-focus-hover": ((0, BLUE), (2, PALE)),
    "button-pressed": ((0, BLUE), (1, PALE_PRESSED)),
    "button-off": ((0, LINE_FAINT), (1, OFF)),
    "main": ((0, DARK), (1, BLUE)),
    "main-hover": ((0, DARK), (1, BLUE_HOVER)),
    "main-focus": ((0, DARK), (2, WHITE), (3, BLUE)),
    "main-focus-hover": ((0, DARK), (2, WHITE), (3, BLUE_HOVER)),
    "main-pressed": ((0, BLUE_PRESSED),),
    "main-off": ((0, BLUE_OFF),),
    "quiet": ((0, LINE_QUIET), (1, CLEAR)),
    "quiet-focus": ((0, BLUE), (2, CLEAR)),
    "choice": ((0, CLEAR),),
    "choice-hover": ((0, PALE),),
    "choice-on": ((0, BLUE),),
    "tab": ((0, LINE), (1, BEHIND)),
    "tab-hover": ((0, LINE), (1, PALE)),
    "wrong": ((0, RED_LINE), (2, WHITE)),
    "page": ((0, LINE), (1, CLEAR)),
}
"""The first of what ui/framework/drawn_look.py names, with their layers from the edge inwards."""
OPEN_BELOW = ("tab", "tab-hover")


def heading(scale: int, fill: tuple[int, ...]) -> Image.Image:
    """Of a column: a line below and one on the right."""
    picture = Image.new("RGBA", tuple(side * scale // 100 for side in TILE), LINE)
    line = scale // 100
    picture.paste(fill, (0, 0, picture.width - line, picture.height - line))
    return picture


def looks(scale: int) -> Image.Image:
    """One beside the other."""
    drawn = [frame(scale, *layers, open_below=name in OPEN_BELOW) for name, layers in LOOKS.items()]
    drawn += [tab_in_front(scale), heading(scale, BEHIND), heading(scale, PALE_PRESSED)]
    sheet = Image.new("RGBA", (sum(one.width for one in drawn), drawn[0].height), CLEAR)
    for place, one in enumerate(drawn):
        sheet.paste(one, (place * one.width, 0))
    return sheet


def save_ico(name: str, *pictures: Image.Image) -> None:
    """The largest comes last."""
    sizes = [picture.size for picture in pictures]
    pictures[-1].save(HERE / name, sizes=sizes, append_images=list(pictures[:-1]))


def main() -> None:
    drawn = [icon(size) for size in SIZES]
    drawn[-1].save(HERE / "icon.png", optimize=True)
    save_ico("icon.ico", *drawn)
    for name in ("blue", "green", "red"):
        tray(name, TRAY_PNG).save(HERE / f"tray-{name}.png", optimize=True)
        save_ico(f"tray-{name}.ico", *(doubled(tray(name, size)) for size in TRAY_SIZES))
    boxes().save(HERE / "boxes.png", optimize=True)
    for scale in LOOK_SCALES:
        looks(scale).save(HERE / f"look-{scale}.png", optimize=True)


if __name__ == "__main__":
    main()
