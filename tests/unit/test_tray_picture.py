"""The small pictures in assets/: the tray's three icons and the window's check boxes."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from PIL.IcoImagePlugin import IcoImageFile

from kollect.desktop.tray import COLOURS, TrayColor
from kollect.ui.framework import theme
from kollect.ui.framework.drawn_look import COLUMNS, SCALES

ASSETS = Path(__file__).parents[2] / "assets"
WHITE = (255, 255, 255)
HALVES = (16, 20, 24, 28, 32, 36, 40, 48)

Rgba = tuple[int, int, int, int]


def rgb(color: TrayColor) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(COLOURS[color][1:])
    return red, green, blue


def shown(color: TrayColor, side: int = 16) -> Image.Image:
    """The icon as the taskbar of Windows shows it: half of what it loads."""
    with Image.open(ASSETS / f"tray-{color}.ico") as file:
        assert isinstance(file, IcoImageFile)
        file.size = (2 * side, 2 * side)  # refused where it is not in the file
        loaded = file.convert("RGBA")
    halved = loaded.resize((side, side), Image.Resampling.NEAREST)
    again = halved.resize(loaded.size, Image.Resampling.NEAREST)
    assert again.tobytes() == loaded.tobytes(), "each pixel four times"
    return halved


def pixels(image: Image.Image) -> list[Rgba]:
    return list(image.get_flattened_data())


@pytest.mark.parametrize("color", TrayColor)
def test_most_of_the_icon_is_its_colour(color: TrayColor):
    opaque = Counter(pixel[:3] for pixel in pixels(shown(color)) if pixel[3] == 255)
    (colour, many), *rest = opaque.most_common()
    assert colour == rgb(color)
    assert many > 100
    assert sum(n for other, n in rest if min(other) > 150) >= 14, "a sign that can be seen"


@pytest.mark.parametrize("color", TrayColor)
def test_other_desktops_have_it_in_one_size(color: TrayColor):
    with Image.open(ASSETS / f"tray-{color}.png") as image:
        found = Counter(pixel[:3] for pixel in pixels(image.convert("RGBA")) if pixel[3] == 255)
    assert found.most_common(1)[0][0] == rgb(color)


def test_the_colours_are_those_of_the_specification():
    strongest = {TrayColor.WAITING: 2, TrayColor.WORKING: 1, TrayColor.ERROR: 0}
    for color, part in strongest.items():
        assert max(range(3), key=lambda one: rgb(color)[one]) == part


def test_the_signs_differ_without_colours():
    shapes = {tuple(one[:3] == WHITE for one in pixels(shown(color))) for color in TrayColor}
    assert len(shapes) == len(TrayColor)


@pytest.mark.parametrize("color", [TrayColor.WORKING, TrayColor.ERROR])
def test_upright_strokes_are_sharp_at_16_pixels(color: TrayColor):
    row = pixels(shown(color))[5 * 16 : 6 * 16]
    assert {pixel[:3] for pixel in row} == {rgb(color), WHITE}, "no half-tones"


@pytest.mark.parametrize("side", HALVES)
def test_the_file_for_windows_has_every_size_of_the_taskbar(side: int):
    assert shown(TrayColor.ERROR, side).size == (side, side)


def test_the_committed_pictures_are_those_that_the_script_draws():
    drawn = runpy.run_path(str(ASSETS / "make_icon.py"))
    for color in TrayColor:
        with Image.open(ASSETS / f"tray-{color}.png") as image:
            assert pixels(image.convert("RGBA")) == pixels(drawn["tray"](color, image.width))
    with Image.open(ASSETS / "boxes.png") as image:
        assert pixels(image.convert("RGBA")) == pixels(drawn["boxes"]())
    assert drawn["BOX_SIZES"] == theme.BOX_SIZES


@pytest.mark.parametrize("scale", SCALES)
def test_the_committed_looks_are_those_that_the_script_draws(scale: int):
    drawn = runpy.run_path(str(ASSETS / "make_icon.py"))
    with Image.open(ASSETS / f"look-{scale}.png") as image:
        assert pixels(image.convert("RGBA")) == pixels(drawn["looks"](scale))
        assert image.width == len(COLUMNS) * (drawn["TILE"][0] * scale // 100)
    assert (*drawn["LOOKS"],) == COLUMNS[: len(drawn["LOOKS"])]
    assert drawn["LOOK_SCALES"] == SCALES
