"""An A4 page to draw on, in millimetres from its top left corner; type in points.

Pillow is imported where it is used: nobody waits for it when the program starts.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from kollect.printing.fonts import Typeface
from kollect.printing.line_breaking import pieces

if TYPE_CHECKING:
    from PIL import ImageFont

WIDTH, HEIGHT = 210.0, 297.0
PRINT_DPI = 300
_INCH = 25.4
_POINT = _INCH / 72
_BASELINE = 0.38
"""Of the em: so far below the middle of a kanji its baseline lies, in every Japanese font."""
_LEADING = 1.42

Color = str | tuple[int, int, int]


class Page:
    def __init__(self, face: Typeface, dpi: int = PRINT_DPI) -> None:
        from PIL import Image, ImageDraw

        self._face = face
        self._scale = dpi / _INCH
        self._dpi = dpi
        self._image = Image.new("RGB", (self._px(WIDTH), self._px(HEIGHT)), "white")
        self._draw = ImageDraw.Draw(self._image)
        self._fonts: dict[tuple[int, bool], ImageFont.FreeTypeFont] = {}

    # --- shapes

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: Color | None = None, edge: Color | None = None, line: float = 0.3, radius: float = 0,
    ) -> None:  # fmt: skip
        corners = tuple(map(self._px, (x, y, x + width, y + height)))
        self._draw.rounded_rectangle(
            corners, self._px(radius), fill, edge, max(1, self._px(line)) if edge else 0
        )

    def rule(self, x1: float, y1: float, x2: float, y2: float, color: Color, line: float) -> None:
        ends = tuple(map(self._px, (x1, y1, x2, y2)))
        self._draw.line(ends, color, max(1, self._px(line)))

    def dashes(self, x1: float, x2: float, y: float, color: Color, line: float) -> None:
        """A horizontal line to cut along."""
        x = x1
        while x < x2:
            self.rule(x, y, min(x + 2.0, x2), y, color, line)
            x += 3.5

    def disc(self, x: float, y: float, diameter: float, color: Color) -> None:
        self._draw.ellipse(tuple(map(self._px, (x, y, x + diameter, y + diameter))), color)

    def qr(self, x: float, y: float, size: float, content: str) -> None:
        """A QR code with its quiet zone of four modules (ISO/IEC 18004) inside the square."""
        import segno
        from PIL import Image

        code = segno.make(content, error="m", micro=False)
        rows = [bytes(255 * (not dark) for dark in row) for row in code.matrix_iter(border=4)]
        small = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))
        # whole pixels for each module: none is wider than its neighbour
        whole = self._px(size) // len(rows) * len(rows)
        inset = (self._px(size) - whole) // 2
        big = small.resize((whole, whole), Image.Resampling.NEAREST)
        self._image.paste(big, (self._px(x) + inset, self._px(y) + inset))

    # --- type

    def text(
        self, x: float, middle: float, text: str, points: float, *,
        bold: bool = False, color: Color = "black", align: str = "l",
    ) -> None:  # fmt: skip
        """One line, its kanji centred on `middle`; `align`: l, m or r of `x`."""
        font, thicken = self._font(points, bold)
        at = (x * self._scale, (middle + points * _POINT * _BASELINE) * self._scale)
        self._draw.text(at, text, color, font, f"{align}s", stroke_width=thicken)

    def stack(
        self, x: float, middle: float, lines: list[str], points: float, *,
        bold: bool = False, color: Color = "black", align: str = "l",
    ) -> None:  # fmt: skip
        """Lines under each other, all of them together centred on `middle`."""
        step = points * _POINT * _LEADING
        first = middle - step * (len(lines) - 1) / 2
        for place, line in enumerate(lines):
            self.text(x, first + place * step, line, points, bold=bold, color=color, align=align)

    def measure(self, text: str, points: float, *, bold: bool = False) -> float:
        """The width of the line in millimetres."""
        font, _ = self._font(points, bold)
        return font.getlength(text) / self._scale

    def fitted(
        self, text: str, width: float, points: float, smallest: float, *,
        bold: bool = False, breaks: str = " \u3000",
    ) -> tuple[list[str], float]:  # fmt: skip
        """The text as one line as large as it fits, down to `smallest`; else as two, parted before
        one of `breaks`; else as many as it takes.
        """

        def largest(lines: tuple[str, ...]) -> float:
            widest = max(self.measure(line, points, bold=bold) for line in lines)
            return points * min(1.0, 0.995 * width / widest) if widest else points

        parted = [
            (text[:place].strip(), text[place:].strip())
            for place, character in enumerate(text)
            if character in breaks and place
        ]
        for choices in ([(text,)], parted):
            lines = max(choices, key=largest, default=("",))
            if choices and largest(lines) >= smallest:
                return list(lines), largest(lines)
        return self.wrapped(text, width, smallest, bold=bold), smallest

    def wrapped(self, text: str, width: float, points: float, *, bold: bool = False) -> list[str]:
        """Lines no wider than `width`, broken as Japanese is, and between words of letters."""
        lines: list[str] = []
        line = ""
        for piece in pieces(text):
            while piece:
                if self.measure(line + piece.rstrip(), points, bold=bold) <= width:
                    line, piece = line + piece, ""
                elif line:
                    lines, line = [*lines, line.strip()], ""
                else:  # a word longer than the line
                    line, piece = piece[0], piece[1:]
                    while piece and self.measure(line + piece[0], points, bold=bold) <= width:
                        line, piece = line + piece[0], piece[1:]
        return [*lines, line.strip()] if line.strip() else lines

    def _font(self, points: float, bold: bool) -> tuple[ImageFont.FreeTypeFont, int]:
        from PIL import ImageFont

        pixels = max(1, round(points * _POINT * self._scale))
        heavy = self._face.bold if bold and self._face.bold else None
        key = (pixels, heavy is not None)
        if key not in self._fonts:
            # the basic layout needs no further library, and is the same on every PC
            self._fonts[key] = ImageFont.truetype(
                str(heavy or self._face.regular), pixels, layout_engine=ImageFont.Layout.BASIC
            )
        thicken = round(pixels / 60) if bold and heavy is None else 0
        return self._fonts[key], thicken

    def _px(self, millimetres: float) -> int:
        return round(millimetres * self._scale)

    # --- what comes of it

    def png(self) -> bytes:
        out = io.BytesIO()
        self._image.save(out, "PNG", dpi=(self._dpi, self._dpi))
        return out.getvalue()

    def pdf(self, title: str) -> bytes:
        """A page of PDF in A4, to be printed at its own size."""
        out = io.BytesIO()
        self._image.save(out, "PDF", resolution=self._dpi, title=title, quality=95, subsampling=0)
        return out.getvalue()

    def shrunk(self, height: int) -> bytes:
        """A PNG of that many pixels in height, for the screen."""
        from PIL import Image

        size = (round(height * WIDTH / HEIGHT), height)
        out = io.BytesIO()
        self._image.resize(size, Image.Resampling.LANCZOS).save(out, "PNG")
        return out.getvalue()
