"""A Japanese font of this PC, for printing: the files of the usual ones, where they usually lie."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kollect.errors import Trouble

_FACES = (
    ("YuGothM.ttc", "YuGothB.ttc"),
    ("meiryo.ttc", "meiryob.ttc"),
    ("msgothic.ttc", ""),
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansCJKjp-Regular.otf", "NotoSansCJKjp-Bold.otf"),
    ("NotoSansJP-Regular.otf", "NotoSansJP-Bold.otf"),
    ("ipaexg.ttf", ""),
    ("ipagp.ttf", ""),
    ("ipag.ttf", ""),
)
"""Regular and bold, the best first: Windows, then Linux. Of a collection the first face."""


_TRIED_AT = 24
"""Pixels: large enough that no two shapes are the same."""
_NO_CHARACTER = "\U0010fffe"
"""Unicode promises that it is none, ever."""


@dataclass(frozen=True, slots=True)
class Typeface:
    regular: Path
    bold: Path | None
    """None: the regular one must be thickened."""


def find(folders: Iterable[Path] | None = None, *, text: str = "") -> Typeface:
    """The best font that is installed, and has all characters of `text` where one has them.

    Raises Trouble where there is no Japanese one.
    """
    there: dict[str, Path] = {}
    for folder in font_folders(os.environ) if folders is None else folders:
        for place, _, names in os.walk(folder):
            there |= {name.lower(): Path(place, name) for name in names}
    faces = [
        Typeface(found, there.get(bold.lower()))
        for regular, bold in _FACES
        if (found := there.get(regular.lower()))
    ]
    for face in faces:
        if not text or not lacking(face, text):
            return face
    if faces:
        return faces[0]
    raise Trouble(
        "日本語のフォントがありません",
        happened="文字を書くための日本語フォント（游ゴシック、メイリオ、MS ゴシックなど）が、"
        "このパソコンに見つかりません。",
        cure="Windows の「設定」の「オプション機能」で「日本語補助フォント」を追加するか、"
        "別のパソコンで作ってください。",
        detail="、".join(regular for regular, _ in _FACES),
    )


def lacking(face: Typeface, text: str) -> list[str]:
    """The characters of the text that the font has no shape for, in their order."""
    from PIL import ImageFont

    fonts = [
        ImageFont.truetype(str(file), _TRIED_AT, layout_engine=ImageFont.Layout.BASIC)
        for file in (face.regular, face.bold)
        if file is not None
    ]
    # the box that stands for what is not there: Pillow does not tell which characters a font has
    boxes = [bytes(font.getmask(_NO_CHARACTER)) for font in fonts]
    return [
        one
        for one in dict.fromkeys(text)
        if not one.isascii()
        and any(bytes(font.getmask(one)) == box for font, box in zip(fonts, boxes, strict=True))
    ]


def font_folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where fonts lie, on Windows and elsewhere; not all of them exist."""
    for variable, *inside in (
        ("WINDIR", "Fonts"),
        ("LOCALAPPDATA", "Microsoft", "Windows", "Fonts"),
        ("HOME", ".fonts"),
        ("HOME", ".local", "share", "fonts"),
    ):
        if base := environ.get(variable):
            yield Path(base, *inside)
    yield Path("/usr/share/fonts")
    yield Path("/usr/local/share/fonts")
