"""The look that we draw: blue is the button that does the thing, and every button can be read."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

import pytest

from kollect.desktop import icon_file
from kollect.ui.framework import drawn_look, theme
from kollect.ui.framework.drawn_look import SCALES, DrawnLook
from kollect.ui.framework.theme import (
    ACCENT,
    STRIPE,
    WRONG,
    Appearance,
    Theme,
    appearance_for,
    colour,
)
from kollect.ui.widgets.form import text_of
from kollect.ui.widgets.table import Table, TableColumn

STATES = ("", "active", "focus", "focus active", "pressed", "disabled")
BUTTONS = ("Quiet.TButton", "TButton", "Primary.TButton", "Step.Primary.TButton")
LEGIBLE, VISIBLE = 4.5, 3.0
"""Contrasts of WCAG: letters, and what is disabled or a mere frame."""

Rgb = tuple[int, ...]


@pytest.fixture
def own(root: tk.Tk) -> Theme:
    return Theme(root)


@pytest.fixture
def picture_of(root: tk.Tk, own: Theme) -> Callable[[str, str], tk.PhotoImage]:
    """The picture that a style shows in a state, by its name in Tk."""

    def find(style: str, state: str) -> tk.PhotoImage:
        looks = drawn_look.BUTTONS[style.removeprefix("Step.")]
        return own.drawn.images[looks[state]]

    return find


def rgb(root: tk.Tk, colour: str) -> Rgb:
    return tuple(part >> 8 for part in root.winfo_rgb(colour))


def contrast(one: Rgb, other: Rgb) -> float:
    """WCAG 2.2, 1.4.3"""

    def luminance(colour: Rgb) -> float:
        parts = [part / 255 for part in colour]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def middle(image: tk.PhotoImage) -> Rgb:
    return image.get(image.width() // 2, image.height() // 2)


def edge(image: tk.PhotoImage, away: int = 0) -> Rgb:
    return image.get(away, image.height() // 2)


@pytest.mark.parametrize("style", BUTTONS)
@pytest.mark.parametrize("state", STATES)
def test_the_letters_on_a_button_can_be_read(root, own, picture_of, style, state):
    letters = ttk.Style(root).lookup(style, "foreground", state.split())
    found = contrast(rgb(root, letters), middle(picture_of(style, state)))
    assert found >= (VISIBLE if state == "disabled" else LEGIBLE), f"{found:.1f} : 1"


@pytest.mark.parametrize("style", BUTTONS)
def test_the_focus_is_a_ring_that_stands_out(root, own, picture_of, style):
    """Two pixels of it are blue on white or on the ground; on a blue button it is white."""
    focused, plain = picture_of(style, "focus"), picture_of(style, "")
    ring = edge(focused, 2) if "Primary" in style else edge(focused, 1)
    assert contrast(ring, middle(focused)) >= VISIBLE
    assert [edge(focused, n) for n in range(3)] != [edge(plain, n) for n in range(3)]


def test_weight_has_an_order(root, own, picture_of):
    ground = rgb(root, own.ground)
    main, plain, quiet = (middle(picture_of(style, "")) for style in reversed(BUTTONS[:3]))
    assert main == rgb(root, ACCENT)
    assert quiet == ground
    assert plain not in (main, quiet)
    assert contrast(main, ground) > contrast(plain, ground) >= contrast(quiet, ground)


@pytest.mark.parametrize("scale", SCALES)
def test_lines_are_as_many_whole_pixels_as_the_display_asks_for(root, scale):
    style = ttk.Style(root)
    style.theme_create(f"scale{scale}", parent="clam")
    style.theme_use(f"scale{scale}")
    drawn = DrawnLook(root, style, "#ffffff", scale / 100)
    assert drawn.scale == scale
    image = drawn.images["button"]
    white = (255, 255, 255)
    line = max(1, scale // 100)
    assert all(edge(image, n) == edge(image) != white for n in range(line))
    assert edge(image, line) == white
    ring = drawn.images["button-focus"]
    thick = 2 * scale // 100
    assert all(edge(ring, n) == edge(ring) for n in range(thick))
    assert edge(ring, thick) == white


def test_a_button_is_as_high_as_its_letters_need(root, own):
    """Not as the picture that it is stretched from."""
    small = ttk.Button(root, text="再送", style="LowMenu.TButton")
    assert small.winfo_reqheight() < 2 * int(
        root.tk.call("font", "metrics", "TkDefaultFont", "-linespace")
    )


def test_without_the_pictures_the_buttons_of_the_theme_stay(root, monkeypatch):
    monkeypatch.setattr(drawn_look, "picture", lambda name: icon_file.picture("lost"))
    Theme(root)
    style = ttk.Style(root)
    letters, button = (
        style.lookup("Primary.TButton", part) for part in ("foreground", "background")
    )
    assert contrast(rgb(root, letters), rgb(root, button)) >= LEGIBLE
    ttk.Button(root, text="F12:設定実行", style="Primary.TButton").pack()
    root.update()


def test_a_wrong_field_has_a_red_frame(root, own):
    style = ttk.Style(root)
    for kind in ("TEntry", "TCombobox", "TSpinbox"):
        if own.appearance is Appearance.WINDOWS:
            assert style.layout(f"Wrong.{kind}")[0][0] == "Kollect.wrong"
        else:
            assert style.lookup(f"Wrong.{kind}", "bordercolor", ["focus"]) == WRONG


def test_else_our_colours_are_ours(root, own):
    assert colour(root, STRIPE) == STRIPE


def test_windows_has_its_own_theme_below(own):
    windows = sys.platform == "win32"
    assert own.appearance is (Appearance.WINDOWS if windows else Appearance.OTHERS)


@pytest.mark.parametrize(
    ("themes", "high_contrast", "wanted"),
    [
        (("clam", "alt"), False, Appearance.OTHERS),
        (("winnative", "vista", "clam"), False, Appearance.WINDOWS),
        (("winnative", "vista", "clam"), True, Appearance.SYSTEM),
    ],
)
def test_one_place_chooses(themes, high_contrast, wanted):
    assert appearance_for(themes, high_contrast=high_contrast) is wanted


@pytest.mark.skipif(sys.platform != "win32", reason="the colours of Windows")
def test_in_high_contrast_letters_and_grounds_are_the_colours_of_windows(root):
    Theme(root, high_contrast=True)
    style = ttk.Style(root)
    for name in ("Paper", "PaperFaint", "PaperWrong", "Heading", "State", "Notice", "Faint", "Bad"):
        for part in ("background", "foreground"):
            assert style.lookup(f"{name}.TLabel", part).startswith("System"), (name, part)
    text = text_of(root, lines=3)
    table = Table(root, [TableColumn("受付番号", 6)], lambda keys, take: None)
    for tag, part in (("stripe", "background"), ("faint", "foreground"), ("wrong", "foreground")):
        assert str(table.tree.tag_configure(tag, part)).startswith("System")
    assert str(text.cget("background")).startswith("System")
    assert colour(root, WRONG).startswith("System")


def test_in_high_contrast_nothing_is_drawn(root, monkeypatch):
    monkeypatch.setattr(theme, "appearance_for", lambda themes, *, high_contrast: Appearance.SYSTEM)
    if "vista" not in ttk.Style(root).theme_names():
        black = {".": {"configure": {"background": "#000000"}}}
        ttk.Style(root).theme_create("vista", parent="alt", settings=black)
    plain = Theme(root, high_contrast=True)
    assert plain.drawn is None
    assert colour(root, STRIPE) == "SystemWindow"
    assert "Kollect" not in str(ttk.Style(root).layout("Primary.TButton"))
