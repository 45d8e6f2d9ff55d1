"""How everything looks: fonts in three sizes, colours, spacing, and which theme it stands on.

Widgets name a style or a font from here and nothing else, so that 文字の大きさ changes the whole
window at once. Distances are in points ("6p"): Tk turns them into pixels of the screen at hand.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Collection
from enum import Enum, auto
from tkinter import font, ttk
from typing import TYPE_CHECKING, TypedDict
from weakref import WeakSet

from kollect.desktop.icon_file import picture
from kollect.desktop.system_fonts import fixed_family, text_family
from kollect.settings.model import TextSize
from kollect.ui.framework.drawn_look import DrawnLook

if TYPE_CHECKING:
    from tkinter.ttk import _LayoutSpec

GAP = "6p"
HALF = "3p"
WIDE = "12p"
CELL_PADDING = "6p"
"""Left and right of what stands in a cell of a list."""

GROUND = "#f4f6f9"
PAPER = "#ffffff"
INK = "#1b2530"
FAINT = "#586474"
LINE = "#b3bdc9"
ACCENT = "#1f5fa8"
ACCENT_DARK = "#174a85"
ACCENT_PALE = "#e3edf9"
WRONG = "#b3140b"
GOOD = "#13723a"
DISABLED = "#6a7683"
FIELD_OFF = "#eceff3"
STRIPE = "#f3f6fa"
MARK = "#ffef9e"
"""Behind what a search has found."""
NOTICE = "#fff1c2"
"""The ground of what must not be overlooked, as the demo's strip."""
PHONE_BODY = "#23282e"
PHONE_EDGE = "#4a525c"

HEADING_FONT = "KollectHeading"
STATE_FONT = "KollectState"
BOLD_FONT = "KollectBold"
SMALL_FONT = "KollectSmall"
FIXED_FONT = "TkFixedFont"
TEXT_FONT = "TkTextFont"

_TK_FONTS = (
    "TkDefaultFont",
    "TkTextFont",
    "TkMenuFont",
    "TkHeadingFont",
    "TkCaptionFont",
    "TkTooltipFont",
    "TkIconFont",
    "TkSmallCaptionFont",
)


_SYSTEM_COLOURS = {
    PAPER: "SystemWindow",
    STRIPE: "SystemWindow",
    NOTICE: "SystemWindow",
    FIELD_OFF: "SystemButtonFace",
    INK: "SystemWindowText",
    FAINT: "SystemWindowText",
    WRONG: "SystemWindowText",
    GOOD: "SystemWindowText",
    ACCENT_DARK: "SystemWindowText",
    LINE: "SystemWindowText",
    ACCENT: "SystemHighlight",
    MARK: "SystemButtonFace",
}
"""What stands for our colours in high contrast. Nothing is told by its colour alone."""
_in_high_contrast: WeakSet[tk.Misc] = WeakSet()
"""The roots of such windows."""


def colour(widget: tk.Misc, ours: str) -> str:
    """This one of our colours, or the one of Windows that stands for it in high contrast."""
    if widget.nametowidget(".") in _in_high_contrast:
        return _SYSTEM_COLOURS[ours]
    return ours


SIZE_WORDS = {TextSize.NORMAL: "標準", TextSize.LARGE: "大", TextSize.HUGE: "特大"}
POINTS = {TextSize.NORMAL: 11, TextSize.LARGE: 13, TextSize.HUGE: 16}
BOX_SIZES = (13, 15, 17, 20, 25, 30, 36, 44)
"""The rows of assets/boxes.png, in pixels."""


class Appearance(Enum):
    """What the window stands on."""

    WINDOWS = auto()
    """Windows' own theme, with our buttons, tabs and frames."""
    OTHERS = auto()
    """The same on clam, made flat: Linux has no native ttk theme."""
    SYSTEM = auto()
    """Windows' own theme and colours alone: its user has chosen high contrast."""


def appearance_for(themes: Collection[str], *, high_contrast: bool) -> Appearance:
    """The one place that chooses. `themes`: those that ttk has here."""
    if "vista" not in themes:
        return Appearance.OTHERS
    return Appearance.SYSTEM if high_contrast else Appearance.WINDOWS


class _FontFamily(TypedDict, total=False):
    """Empty where Tk's own is as good."""

    family: str


class Theme:
    """The look of one root window. Keep it as long as the window: it owns fonts and images."""

    def __init__(
        self, root: tk.Tk, size: TextSize = TextSize.NORMAL, *, high_contrast: bool = False
    ) -> None:
        self._root = root
        self._style = ttk.Style(root)
        self.size = size
        self.appearance = appearance_for(self._style.theme_names(), high_contrast=high_contrast)
        families = frozenset(font.families(root))
        self._family = text_family(families)
        self._fixed = fixed_family(families)
        self._own_fonts = [
            font.Font(root, name=name, exists=False)
            for name in (HEADING_FONT, STATE_FONT, BOLD_FONT, SMALL_FONT)
        ]
        self._boxes: _Boxes | None = None
        self.drawn: DrawnLook | None = None
        """None where nothing of it is shown."""
        self._set_fonts()
        if self.appearance is Appearance.SYSTEM:
            _in_high_contrast.add(root)
        if self.appearance is Appearance.OTHERS:
            self._use_own_theme()
            self.ground = GROUND
        else:
            self._style.theme_use("vista")
            self.ground = self._style.lookup("TFrame", "background") or "SystemButtonFace"
        self._common_styles()
        if self.appearance is not Appearance.SYSTEM:
            with contextlib.suppress(tk.TclError):  # no such file: the theme's own parts stay
                self._draw_own_parts()
        self._set_sizes()
        root.configure(background=self.ground)
        root.option_add("*TCombobox*Listbox.font", TEXT_FONT)
        root.option_add("*Menu.tearOff", False)
        # else every text begins in the fixed font, which takes 3 MB to load
        root.option_add("*Text.font", TEXT_FONT)

    def resize(self, size: TextSize) -> None:
        """Give every letter of the window this size, at once."""
        if size is self.size:
            return
        self.size = size
        self._set_fonts()
        self._set_sizes()

    def _set_fonts(self) -> None:
        points = POINTS[self.size]
        family = _FontFamily(family=self._family) if self._family else _FontFamily()
        for name in _TK_FONTS:
            self._font(name).configure(size=points, weight="normal", **family)
        fixed = _FontFamily(family=self._fixed) if self._fixed else _FontFamily()
        self._font(FIXED_FONT).configure(size=points, **fixed)
        self._font(HEADING_FONT).configure(size=points + 4, weight="bold", **family)
        self._font(STATE_FONT).configure(size=points + 8, weight="bold", **family)
        self._font(BOLD_FONT).configure(size=points, weight="bold", **family)
        self._font(SMALL_FONT).configure(size=points - 1, weight="normal", **family)

    def _font(self, name: str) -> font.Font:
        return font.Font(self._root, name=name, exists=True)

    def _set_sizes(self) -> None:
        """What ttk does not derive from the font by itself."""
        line = self._font("TkTextFont").metrics("linespace")
        self._style.configure("Treeview", rowheight=round(line * 1.35))
        if self._boxes:
            self._boxes.resize(round(line * 0.75))
            self._style.configure("TCombobox", arrowsize=round(line * 0.7))
            self._style.configure("TSpinbox", arrowsize=round(line * 0.5))
            self._style.configure("TScrollbar", arrowsize=max(15, round(line * 0.75)))

    def _common_styles(self) -> None:
        configure = self._style.configure
        ours = (PAPER, FAINT, WRONG, GOOD, ACCENT, ACCENT_DARK, LINE, NOTICE)
        paper, faint, wrong, good, accent, accent_dark, line, notice = (
            colour(self._root, one) for one in ours
        )
        configure("Heading.TLabel", font=HEADING_FONT, foreground=accent_dark, background=paper)
        configure("Paper.TFrame", background=paper)
        configure("Paper.TLabel", background=paper)
        configure("PaperBold.TLabel", background=paper, font=BOLD_FONT)
        configure("PaperFaint.TLabel", background=paper, foreground=faint, font=SMALL_FONT)
        configure("PaperWrong.TLabel", background=paper, foreground=wrong, font=BOLD_FONT)
        configure("PaperGood.TLabel", background=paper, foreground=good, font=BOLD_FONT)
        configure("State.TLabel", background=paper, font=HEADING_FONT)
        configure("Line.TFrame", background=line)
        configure("Wrong.TFrame", background=wrong)
        configure("Notice.TFrame", background=notice)
        configure("Notice.TLabel", background=notice)
        configure("Accent.TFrame", background=accent)
        configure("Bold.TLabel", font=BOLD_FONT)
        configure("Faint.TLabel", foreground=faint, font=SMALL_FONT)
        configure("Wrong.TLabel", foreground=wrong, font=SMALL_FONT)
        configure("FieldNotice.TLabel", background=notice, font=SMALL_FONT)
        configure("Good.TLabel", foreground=good)
        configure("Bad.TLabel", foreground=wrong)
        configure("TLabelframe.Label", font=BOLD_FONT, foreground=accent_dark)
        configure("Treeview.Cell", padding=(CELL_PADDING, 0))
        # a heading begins two pixels further left than the texts below it
        configure("Treeview.Heading", font=BOLD_FONT, padding=("7.5p", "2p"))
        configure("Size.Toolbutton", padding=("6p", "1p"), anchor="center")
        configure("Hint.TLabel", background=PAPER, foreground=ACCENT_DARK)
        configure("Menu.TButton", padding=("12p", "7p"), anchor="w")
        configure("LowMenu.TButton", padding=("9p", "3p"), anchor="w")
        for name in ("Step.TButton", "Step.Primary.TButton"):
            configure(name, padding=("6p", "2p"), anchor="w")
        configure("TNotebook.Tab", padding=("10p", "4p"))
        configure("TButton", padding=("6p", "2p"))

    def _draw_own_parts(self) -> None:
        """Buttons in their order of weight, tabs and headings, and their letters on them."""
        scale = self._root.winfo_fpixels("72p") / 96
        self.drawn = DrawnLook(self._root, self._style, self.ground, scale)
        style = self._style
        if self.appearance is Appearance.WINDOWS:
            self.drawn.frame_wrong_fields()
            chosen = ("readonly", "focus", "SystemHighlightText")
            style.map("TCombobox", foreground=[("disabled", DISABLED), chosen])
        style.map(".", foreground=[("disabled", DISABLED)])
        style.configure("TButton", foreground=INK)
        style.map("TButton", foreground=[("disabled", DISABLED)])
        style.configure("Primary.TButton", foreground=PAPER)
        style.map("Primary.TButton", foreground=[("disabled", DISABLED)])
        style.map("Toolbutton", foreground=[("selected", PAPER)])
        style.map("TNotebook.Tab", foreground=[("selected", ACCENT_DARK)])
        style.map(
            "Treeview",
            background=[("selected", ACCENT)],
            foreground=[("selected", PAPER)],
        )

    def _use_own_theme(self) -> None:
        """clam, made flat, with boxes that can be read."""
        style = self._style
        style.theme_use("clam")
        style.configure(
            ".",
            background=GROUND,
            foreground=INK,
            bordercolor=LINE,
            lightcolor=GROUND,
            darkcolor=GROUND,
            troughcolor="#e4e8ee",
            focuscolor=ACCENT,
            selectbackground=ACCENT,
            selectforeground=PAPER,
            insertcolor=INK,
            fieldbackground=PAPER,
        )
        style.map(".", background=[("disabled", GROUND)], foreground=[("disabled", DISABLED)])
        _flat_fields(style)
        style.configure("TLabelframe", bordercolor=LINE, padding=(GAP, HALF))
        style.configure("TNotebook", bordercolor=LINE, tabmargins=(4, 4, 4, 0))
        style.map(
            "TNotebook.Tab",
            padding=[("selected", ("10p", "4p"))],
            expand=[("selected", (2, 2, 2, 1))],
        )
        for name in ("TCheckbutton", "TRadiobutton"):
            style.map(name, background=[("disabled", GROUND), ("active", GROUND)])
        style.configure("Treeview", background=PAPER, fieldbackground=PAPER, bordercolor=LINE)
        style.configure("Treeview.Heading", background="#e9edf2")
        style.configure("TScrollbar", gripcount=0, background="#d4dae2", arrowcolor=FAINT)
        style.configure("TProgressbar", background=ACCENT)
        with contextlib.suppress(tk.TclError):  # no such file: clam's own stay
            self._boxes = _Boxes(self._root, style)
        for name, colour in (
            ("background", PAPER),
            ("foreground", INK),
            ("activeBackground", ACCENT),
            ("activeForeground", PAPER),
            ("disabledForeground", DISABLED),
        ):
            self._root.option_add(f"*Menu.{name}", colour)
        self._root.option_add("*Menu.relief", "solid")
        self._root.option_add("*Menu.borderWidth", 1)
        self._root.option_add("*Menu.activeBorderWidth", 4)


class _Boxes:
    """Check boxes and radio buttons as assets/boxes.png shows them. Lives as long as the style.

    clam marks a ticked box with a cross, which reads as "no", and keeps it tiny at every text size.
    """

    def __init__(self, root: tk.Misc, style: ttk.Style) -> None:
        self._root = root
        self._sheet = tk.PhotoImage(master=root, file=picture("boxes"))
        self._shown = [tk.PhotoImage(master=root, width=1, height=1) for _ in range(8)]
        for first, widget in ((0, "Checkbutton"), (4, "Radiobutton")):
            off, on, off_faint, on_faint = self._shown[first : first + 4]
            style.element_create(
                f"Kollect.{widget}",
                "image",
                off,
                ("disabled", "selected", on_faint),
                ("disabled", off_faint),
                ("selected", on),
                sticky="",
            )
            inside: _LayoutSpec = [(f"{widget}.label", {"sticky": "nswe"})]
            parts: _LayoutSpec = [
                (f"Kollect.{widget}", {"side": "left", "sticky": ""}),
                (f"{widget}.focus", {"side": "left", "sticky": "w", "children": inside}),
            ]
            style.layout(
                f"T{widget}",
                [(f"{widget}.padding", {"sticky": "nswe", "children": parts})],
            )

    def resize(self, size: int) -> None:
        """Show those of this many pixels or the next smaller ones, with room to the right."""
        size = max((one for one in BOX_SIZES if one <= size), default=BOX_SIZES[0])
        top = sum(one for one in BOX_SIZES if one < size)
        for column, image in enumerate(self._shown):
            image.blank()
            image.configure(width=size + max(3, size // 4), height=size)
            place = (column * size, top, (column + 1) * size, top + size)
            self._root.tk.call(image, "copy", self._sheet, "-from", *place, "-to", 0, 0)


def _flat_fields(style: ttk.Style) -> None:
    for name in ("TEntry", "TCombobox", "TSpinbox"):
        style.configure(name, padding=("3p", "2p"), lightcolor=PAPER, bordercolor="#97a3b1")
        style.map(
            name,
            bordercolor=[("focus", ACCENT)],
            lightcolor=[("focus", ACCENT), ("readonly", PAPER)],
            fieldbackground=[("disabled", FIELD_OFF), ("readonly", PAPER)],
            foreground=[("disabled", FAINT)],
        )
        style.configure(f"Wrong.{name}", bordercolor=WRONG, lightcolor=WRONG)
        style.map(f"Wrong.{name}", bordercolor=[("focus", WRONG)], lightcolor=[("focus", WRONG)])
    style.configure("TCombobox", background=PAPER, arrowcolor=INK)
    style.configure("TSpinbox", background=PAPER, arrowcolor=INK)
    style.map(
        "TCombobox",
        selectbackground=[("readonly", PAPER)],
        selectforeground=[("readonly", INK)],
    )
    style.map("TEntry", fieldbackground=[("disabled", FIELD_OFF), ("readonly", FIELD_OFF)])
