"""Reads a PDF of text back as a viewer does: by its cross-reference table, fonts and streams."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

MM = 72 / 25.4


@dataclass(frozen=True)
class Line:
    """Millimetres from the top left corner of the page."""

    left: float
    right: float
    baseline: float
    points: float
    text: str


@dataclass(frozen=True)
class PdfPage:
    width: float
    height: float
    lines: list[Line]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class _File:
    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", octets)[1])
        head = re.match(rb"xref\n0 (\d+)\n", octets[start:])
        rows = octets[start + head.end() :]
        self.offsets = [int(rows[20 * n : 20 * n + 10]) for n in range(int(head[1]))]
        self.trailer = octets[octets.index(b"trailer", start) :]

    def object(self, number: int) -> bytes:
        at = self.offsets[number]
        head = b"%d 0 obj\n" % number
        assert self.octets.startswith(head, at)
        return self.octets[at + len(head) : self.octets.index(b"\nendobj", at)]

    def stream(self, number: int) -> bytes:
        head = self.object(number)
        length = int(re.search(rb"/Length (\d+)", head)[1])
        start = self.offsets[number] + self.octets[self.offsets[number] :].index(b"stream\n") + 7
        assert self.octets[start + length :].startswith(b"\nendstream")
        return zlib.decompress(self.octets[start : start + length])


class _Font:
    def __init__(self, file: _File, number: int) -> None:
        body = file.object(number)
        self.widths = [float(w) for w in re.search(rb"/Widths \[([^]]*)\]", body)[1].split()]
        self.scale = float(re.search(rb"/FontMatrix \[(\S+)", body)[1])
        cmap = file.stream(reference(body, b"ToUnicode"))
        self.letters = {
            int(code, 16): bytes.fromhex(letter.decode()).decode("utf-16-be")
            for code, letter in re.findall(
                rb"^<(..)> <(\w+)>$", cmap[cmap.index(b"beginbfchar") :], re.MULTILINE
            )
        }
        self.shapes = [
            file.stream(int(one))
            for one in re.findall(rb"/g\d+ (\d+) 0 R", body[body.index(b"/CharProcs") :])
        ]


def reference(body: bytes, name: bytes) -> int:
    return int(re.search(rb"/%b (\d+) 0 R" % name, body)[1])


def read_pdf(octets: bytes) -> list[PdfPage]:
    file = _File(octets)
    pages = file.object(reference(file.object(reference(file.trailer, b"Root")), b"Pages"))
    kids = [int(one) for one in re.findall(rb"(\d+) 0 R", pages)]
    assert len(kids) == int(re.search(rb"/Count (\d+)", pages)[1])
    fonts: dict[int, _Font] = {}
    return [_page(file, file.object(kid), fonts) for kid in kids]


def shapes_of(octets: bytes) -> dict[str, bytes]:
    """What paints each character; of two weights the one that was used last."""
    file = _File(octets)
    numbers = [n for n in range(1, len(file.offsets)) if b"/Type3" in file.object(n)]
    fonts = [_Font(file, number) for number in numbers]
    return {font.letters[n]: shape for font in fonts for n, shape in enumerate(font.shapes)}


def _page(file: _File, page: bytes, fonts: dict[int, _Font]) -> PdfPage:
    _, _, width, height = map(float, re.search(rb"/MediaBox \[([^]]*)\]", page)[1].split())
    resources = file.object(reference(page, b"Resources"))
    by_name = {}
    for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", resources):
        if int(number) not in fonts:
            fonts[int(number)] = _Font(file, int(number))
        by_name[name] = fonts[int(number)]
    lines = []
    for block in re.findall(rb"BT (.*?) ET", file.stream(reference(page, b"Contents"))):
        x, y = map(float, re.search(rb"(\S+) (\S+) Td", block).groups())
        text, across, points = "", 0.0, 0.0
        for name, size, codes in re.findall(rb"/(F\d+) (\S+) Tf <(\w+)> Tj", block):
            font, points = by_name[name], float(size)
            for code in bytes.fromhex(codes.decode()):
                text += font.letters[code]
                across += font.widths[code] * font.scale * points
        lines.append(Line(x / MM, (x + across) / MM, (height - y) / MM, points, text))
    return PdfPage(width / MM, height / MM, lines)
