"""A PDF of many pages of text: small, and the text in it can be searched and copied.

Millimetres from the top left corner; type in points. `Page` paints a picture of one page, which is
right for a poster; a thousand pages of addresses are text here. Each character is drawn by Pillow
once and lies in a Type 3 font (ISO 32000-1, 9.6.5), so that any font of the PC serves as it is and
no file of it is given away. What is kept in memory are the packed pages: about 2 KB each.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kollect.printing.fonts import Typeface

if TYPE_CHECKING:
    from PIL import ImageFont

A4 = (210.0, 297.0)
A4_ACROSS = (297.0, 210.0)
MM = 72 / 25.4
"""Points in a millimetre."""
BASELINE = 0.38
"""Of the em: so far below the middle of a kanji its baseline lies, in every Japanese font."""
LEADING = 1.42
"""From line to line, in ems."""

_EM = 160
"""Pixels of a character: 600 to the inch at 19 points."""
_IN_A_FONT = 256
_CATALOG, _PAGES, _RESOURCES, _INFO = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class _Glyph:
    font: int
    code: int
    width: float
    """In ems."""


class TextPdf:
    def __init__(
        self, face: Typeface, title: str, size: tuple[float, float] = A4, *, author: str = ""
    ) -> None:
        from PIL import ImageFont

        self.width, self.height = size
        self.pages = 0
        self._title, self._author = title, author
        self._out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        self._at: dict[int, int] = {}
        self._next = _INFO + 1
        self._kids: list[int] = []
        self._drawing: list[str] = []
        self._glyphs: dict[tuple[str, bool], _Glyph] = {}
        self._shapes: list[bytes] = []
        """What draws each glyph, in the order in which they were first used."""
        self._characters: list[tuple[str, float]] = []
        self._bold_is_thickened = face.bold is None
        self._fonts: dict[bool, ImageFont.FreeTypeFont] = {
            bold: ImageFont.truetype(
                str((bold and face.bold) or face.regular),
                _EM,
                layout_engine=ImageFont.Layout.BASIC,
            )
            for bold in (False, True)
        }

    # --- drawing

    def page(self) -> None:
        """Begin a page; the one before is packed."""
        self._end_page()
        self.pages += 1

    def text(
        self, x: float, middle: float, text: str, points: float, *,
        bold: bool = False, grey: float = 0, align: str = "l",
    ) -> None:  # fmt: skip
        """One line, its kanji centred on `middle`; `align`: l, m or r of `x`; `grey` from 0, which
        is black, to 1.
        """
        if align != "l":
            x -= self.measure(text, points, bold=bold) * (0.5 if align == "m" else 1)
        down = middle + points / MM * BASELINE
        shown: list[str] = []
        font, codes = -1, ""
        for one in text:
            glyph = self._glyph(one, bold)
            if glyph.font != font:
                if codes:
                    shown.append(f"<{codes}> Tj")
                font, codes = glyph.font, ""
                shown.append(f"/F{font} {points:g} Tf")
            codes += f"{glyph.code:02x}"
        if codes:
            at = f"{x * MM:.2f} {(self.height - down) * MM:.2f}"
            self._drawing.append(f"BT {grey:g} g {at} Td {' '.join(shown)} <{codes}> Tj ET")

    def box(self, x: float, y: float, width: float, height: float, grey: float = 0) -> None:
        """A filled rectangle; a thin one is a line."""
        left, low = x * MM, (self.height - y - height) * MM
        self._drawing.append(
            f"{grey:g} g {left:.2f} {low:.2f} {width * MM:.2f} {height * MM:.2f} re f"
        )

    def measure(self, text: str, points: float, *, bold: bool = False) -> float:
        """The width of the line in millimetres."""
        return sum(self._glyph(one, bold).width for one in text) * points / MM

    def _glyph(self, one: str, bold: bool) -> _Glyph:
        found = self._glyphs.get((one, bold))
        if found is None:
            place = len(self._shapes)
            shape, width = self._shape(one, bold)
            self._shapes.append(shape)
            self._characters.append((one, width))
            found = _Glyph(place // _IN_A_FONT, place % _IN_A_FONT, width / _EM)
            self._glyphs[one, bold] = found
        return found

    def _shape(self, one: str, bold: bool) -> tuple[bytes, float]:
        """What paints the character, as a mask of dots, and its width in dots."""
        from PIL import Image

        font = self._fonts[bold]
        thicken = round(_EM / 60) if bold and self._bold_is_thickened else 0
        width = font.getlength(one)
        mask, (left, top) = font.getmask2(one, "1", stroke_width=thicken, anchor="ls")
        image = Image.frombytes("L", mask.size, bytes(mask))
        ink = image.getbbox()
        if ink is None:
            return f"{width:g} 0 d0".encode(), width
        across, down = ink[2] - ink[0], ink[3] - ink[1]
        dots = image.crop(ink).convert("1").tobytes()
        left, low = left + ink[0], -(top + ink[3])
        return (
            f"{width:g} 0 {left} {low} {left + across} {low + down} d1\n"
            f"q {across} 0 0 {down} {left} {low} cm\n"
            f"BI /W {across} /H {down} /IM true /BPC 1 /D [1 0] /F /AHx ID\n"
            f"{dots.hex()}>\nEI Q"
        ).encode(), width

    # --- the file

    def finish(self) -> bytes:
        """The whole file. Nothing can be drawn after it."""
        self._end_page()
        fonts = [self._write_font(start) for start in range(0, len(self._shapes), _IN_A_FONT)]
        names = " ".join(f"/F{place} {number} 0 R" for place, number in enumerate(fonts))
        self._write(_RESOURCES, f"<< /ProcSet [/PDF /Text /ImageB] /Font << {names} >> >>")
        kids = " ".join(f"{kid} 0 R" for kid in self._kids)
        self._write(_PAGES, f"<< /Type /Pages /Count {len(self._kids)} /Kids [{kids}] >>")
        self._write(
            _CATALOG,
            f"<< /Type /Catalog /Pages {_PAGES} 0 R /ViewerPreferences << /PrintScaling /None"
            " /DisplayDocTitle true >> >>",
        )
        self._write(_INFO, f"<< /Title {_text(self._title)} /Author {_text(self._author)} >>")
        start = len(self._out)
        rows = [b"0000000000 65535 f \n"]
        rows += [b"%010d 00000 n \n" % self._at[number] for number in range(1, self._next)]
        self._out += b"xref\n0 %d\n%b" % (self._next, b"".join(rows))
        self._out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (
            *(self._next, _CATALOG, _INFO),
        )
        self._out += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(self._out)

    def _end_page(self) -> None:
        if self.pages == len(self._kids):
            return
        drawn = self._stream("\n".join(self._drawing).encode())
        self._drawing.clear()
        media = f"0 0 {self.width * MM:.2f} {self.height * MM:.2f}"
        self._kids.append(
            self._add(
                f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [{media}]"
                f" /Resources {_RESOURCES} 0 R /Contents {drawn} 0 R >>"
            )
        )

    def _write_font(self, start: int) -> int:
        shapes = self._shapes[start : start + _IN_A_FONT]
        characters = self._characters[start : start + _IN_A_FONT]
        procs = [self._stream(shape) for shape in shapes]
        unicode = self._stream(_to_unicode([one for one, _ in characters]))
        names = " ".join(f"/g{code}" for code in range(len(shapes)))
        drawn = " ".join(f"/g{code} {number} 0 R" for code, number in enumerate(procs))
        widths = " ".join(f"{width:g}" for _, width in characters)
        return self._add(
            "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 0 0]"
            f" /FontMatrix [{1 / _EM:.8f} 0 0 {1 / _EM:.8f} 0 0] /Resources << >>"
            f" /FirstChar 0 /LastChar {len(shapes) - 1} /Widths [{widths}]"
            f" /Encoding << /Type /Encoding /Differences [0 {names}] >>"
            f" /CharProcs << {drawn} >> /ToUnicode {unicode} 0 R >>"
        )

    def _stream(self, octets: bytes) -> int:
        packed = zlib.compress(octets)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n"
        return self._add(head.encode() + packed + b"\nendstream")

    def _add(self, content: str | bytes) -> int:
        number = self._next
        self._next += 1
        self._write(number, content)
        return number

    def _write(self, number: int, content: str | bytes) -> None:
        self._at[number] = len(self._out)
        octets = content.encode("ascii") if isinstance(content, str) else content
        self._out += b"%d 0 obj\n%b\nendobj\n" % (number, octets)


def _text(value: str) -> str:
    """A text of the file's own, as ISO 32000-1, 7.9.2.2 has it."""
    return f"<feff{value.encode('utf-16-be').hex()}>"


def _to_unicode(characters: Sequence[str]) -> bytes:
    """Which letters the codes stand for, for search and copying (ISO 32000-1, 9.10.3)."""
    rows = [
        f"<{code:02x}> <{one.encode('utf-16-be').hex()}>" for code, one in enumerate(characters)
    ]
    maps = "\n".join(
        f"{len(some)} beginbfchar\n{chr(10).join(some)}\nendbfchar"
        for some in (rows[start : start + 100] for start in range(0, len(rows), 100))
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<00> <ff>\nendcodespacerange\n{maps}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode("ascii")
