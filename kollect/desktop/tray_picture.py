"""Draws the tray icon: an envelope whose colour is the state, with a sign for who sees no colours.

Every size is drawn for itself, on whole pixels: at 16 they are all there is.
"""

from __future__ import annotations

import io
from typing import IO

from PIL import Image, ImageDraw

from kollect.collector.standing import Light
from kollect.desktop.tray import COLOURS

WHITE = "#ffffff"
FINE = 8
"""Drawn so many times as large, and made smaller: smooth slants."""
UNITS = 16
"""The drawing's own measure: its sides."""


def picture(light: Light, size: int) -> Image.Image:
    """The icon for a state, `size` pixels wide and high."""
    scale = size * FINE / UNITS
    image = Image.new("RGBA", (size * FINE, size * FINE))
    draw = ImageDraw.Draw(image)

    def at(*units: float) -> list[float]:
        return [unit * scale for unit in units]

    def box(*units: float) -> tuple[float, ...]:
        left, top, right, bottom = at(*units)
        return left, top, right - 1, bottom - 1  # Pillow counts the last pixel in

    draw.rounded_rectangle(box(0, 2, 16, 14), 1.6 * scale, fill=COLOURS[light])
    match light:
        case Light.WAITING:  # the flap of a closed envelope
            draw.line(at(1.6, 4.2, 8, 9.4, 14.4, 4.2), fill=WHITE, width=round(1.7 * scale))
        case Light.WORKING:  # an arrow into it
            draw.rectangle(box(7, 4, 9, 8), fill=WHITE)
            draw.polygon(at(4, 8, 12, 8, 8, 12.4), fill=WHITE)
        case Light.ERROR:
            draw.rectangle(box(7, 4, 9, 9), fill=WHITE)
            draw.rectangle(box(7, 10, 9, 12), fill=WHITE)
    return image.resize((size, size), Image.Resampling.BOX)


class IconFile:
    """The picture as an .ico for Windows; `save` is all that pystray wants of a picture.

    pystray has Windows load it in the size of a desktop icon, and the taskbar shows half of that:
    every pixel is doubled here, and halving gives the drawn one back.
    """

    SIZES = (16, 20, 24, 28, 32, 40, 48, 64)
    """Of tray icons at 100 % to 400 %."""

    def __init__(self, light: Light) -> None:
        doubled = [
            picture(light, size).resize((2 * size, 2 * size), Image.Resampling.NEAREST)
            for size in self.SIZES
        ]
        octets = io.BytesIO()
        doubled[-1].save(
            octets,
            format="ICO",
            sizes=[image.size for image in doubled],
            append_images=doubled[:-1],
        )
        self._octets = octets.getvalue()

    def save(self, file: IO[bytes], format: str) -> None:
        file.write(self._octets)
