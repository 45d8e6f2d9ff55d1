"""The pictures of the tray icon: told apart by colour and by sign, sharp at 16 pixels."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from PIL import Image

from kollect.collector.standing import Light
from kollect.desktop.tray import COLOURS
from kollect.desktop.tray_picture import icon_file, picture

WHITE = (255, 255, 255)


def rgb(light: Light) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(COLOURS[light][1:])
    return red, green, blue


@pytest.mark.parametrize("light", Light)
def test_most_of_the_icon_is_its_colour(light: Light):
    pixels = Counter(pixel[:3] for pixel in picture(light, 16).pixels if pixel[3] == 255)
    (colour, many), *rest = pixels.most_common()
    assert colour == rgb(light)
    assert many > 100
    assert sum(n for other, n in rest if min(other) > 150) >= 14, "a sign that can be seen"


def test_the_colours_are_those_of_the_specification():
    for light, strongest in ((Light.WAITING, 2), (Light.WORKING, 1), (Light.ERROR, 0)):
        assert max(range(3), key=lambda part: rgb(light)[part]) == strongest


def test_the_signs_differ_without_colours():
    shapes = {tuple(pixel[:3] == WHITE for pixel in picture(light, 16).pixels) for light in Light}
    assert len(shapes) == len(Light)


@pytest.mark.parametrize("light", [Light.WORKING, Light.ERROR])
def test_upright_strokes_are_sharp_at_16_pixels(light: Light):
    row = picture(light, 16).pixels[5 * 16 : 6 * 16]
    assert {pixel[:3] for pixel in row} == {rgb(light), WHITE}, "no half-tones"


@pytest.mark.parametrize("size", [16, 20, 24, 32])
def test_the_file_for_windows_holds_each_pixel_four_times(size: int):
    drawn = picture(Light.ERROR, size)
    image = Image.open(io.BytesIO(icon_file(drawn.doubled())))
    assert (image.format, image.size, image.mode) == ("ICO", (2 * size, 2 * size), "RGBA")
    halved = image.resize((size, size), Image.Resampling.NEAREST)
    assert tuple(halved.get_flattened_data()) == drawn.pixels
    again = halved.resize(image.size, Image.Resampling.NEAREST)
    assert again.tobytes() == image.tobytes()


def test_on_a_ground_the_corners_take_its_colour():
    mixed = picture(Light.WAITING, 24).on((10, 20, 30))
    assert mixed[0] == (10, 20, 30)
    assert mixed[24 * 18 + 12] == rgb(Light.WAITING)
