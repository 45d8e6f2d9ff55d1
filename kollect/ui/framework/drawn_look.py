"""The parts of ttk that we draw ourselves, the same on Windows and on Linux: buttons in their order
of weight (blue, plain, quiet), tabs, headings of tables, and the red frame of a wrong field.

The pictures are assets/look-….png, a file for each scale of the display, which make_icon.py there
has drawn. Everything else (boxes, arrows, scroll bars, frames of fields) stays the theme's own.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.desktop.icon_file import picture

if TYPE_CHECKING:
    from tkinter.ttk import _LayoutSpec

SCALES = (100, 125, 150, 200, 250, 300)
"""Per cent: those that there is a file for."""
COLUMNS = (
    *("button", "button-hover", "button-focus", "button-focus-hover", "button-pressed"),
    *("button-off", "main", "main-hover", "main-focus", "main-focus-hover", "main-pressed"),
    *("main-off", "quiet", "quiet-focus", "choice", "choice-hover", "choice-on"),
    *("tab", "tab-hover", "wrong", "page", "tab-front", "heading", "heading-hover"),
)
"""The pictures in each file, side by side."""
CORNER, BAR = 4, 4
"""What of a picture is not stretched, in pixels at 100 %: its corners, and the bar over a tab."""

BUTTONS = {
    "TButton": {
        "disabled": "button-off",
        "pressed": "button-pressed",
        "focus active": "button-focus-hover",
        "focus": "button-focus",
        "active": "button-hover",
        "": "button",
    },
    "Primary.TButton": {
        "disabled": "main-off",
        "pressed": "main-pressed",
        "focus active": "main-focus-hover",
        "focus": "main-focus",
        "active": "main-hover",
        "": "main",
    },
    "Quiet.TButton": {
        "disabled": "button-off",
        "pressed": "button-pressed",
        "focus active": "button-focus-hover",
        "focus": "quiet-focus",
        "active": "button-hover",
        "": "quiet",
    },
}
"""The picture of each style in each state: the first state that fits decides."""
_FIELDS = {"Entry": "field", "Combobox": "border", "Spinbox": "field"}
"""The element around each kind of field, in the themes of Windows."""


class DrawnLook:
    """The pictures of one window, and the elements of its ttk style made of them.

    Keep it as long as the window. Raises TclError where the file is missing; nothing is changed.
    """

    def __init__(self, root: tk.Misc, style: ttk.Style, ground: str, scale: float) -> None:
        """`ground` is the colour behind the buttons; `scale` 1.0 at 96 dots an inch."""
        self._root, self._style, self._ground = root, style, ground
        self.scale = max((one for one in SCALES if one <= 100 * scale + 1), default=SCALES[0])
        sheet = tk.PhotoImage(master=root, file=picture(f"look-{self.scale}"))
        self.images = {name: self._cut_out(sheet, place) for place, name in enumerate(COLUMNS)}
        """By the names of `COLUMNS`."""
        self._buttons()
        self._choices()
        self._tabs()
        self._headings()

    def _cut_out(self, sheet: tk.PhotoImage, place: int) -> tk.PhotoImage:
        """Without transparent corners, which X11 is slow to draw."""
        width, height = sheet.width() // len(COLUMNS), sheet.height()
        image = tk.PhotoImage(master=self._root, width=width, height=height)
        image.put(self._ground_as_hex(), to=(0, 0, width, height))
        left = place * width
        self._root.tk.call(image, "copy", sheet, "-from", left, 0, left + width, height)
        return image

    def _ground_as_hex(self) -> str:
        return "#" + "".join(f"{part >> 8:02x}" for part in self._root.winfo_rgb(self._ground))

    def _element(
        self, name: str, looks: Mapping[str, str], border: Sequence[int] = (CORNER,)
    ) -> None:
        """`looks` has a picture for each state, "" for every other."""
        images: list[str | tk.PhotoImage] = [
            self.images[looks[""]]
        ]  # the first, then state by state
        for state, look in looks.items():
            if state:
                images += [state, self.images[look]]
        create = ("ttk::style", "element", "create", name, "image", images)
        least = self._pixels(2 * CORNER)
        options = {
            "-border": tuple(self._pixels(one) for one in border),
            "-padding": self._pixels(2),
            "-width": least,
            "-height": least,
            "-sticky": "nswe",
        }
        self._root.tk.call(*create, *(part for pair in options.items() for part in pair))

    def _pixels(self, at_100: int) -> int:
        return -(-at_100 * self.scale // 100)

    def _buttons(self) -> None:
        label: _LayoutSpec = [("Button.label", {"sticky": "nswe"})]
        for style, looks in BUTTONS.items():
            element = f"Kollect.{style}"
            self._element(element, looks)
            padding: _LayoutSpec = [("Button.padding", {"sticky": "nswe", "children": label})]
            self._style.layout(style, [(element, {"sticky": "nswe", "children": padding})])

    def _choices(self) -> None:
        """文字の大きさ: flat, but for the chosen one."""
        looks = {"selected": "choice-on", "active": "choice-hover", "": "choice"}
        self._element("Kollect.choice", looks)
        label: _LayoutSpec = [("Toolbutton.label", {"sticky": "nswe"})]
        padding: _LayoutSpec = [("Toolbutton.padding", {"sticky": "nswe", "children": label})]
        self._style.layout(
            "Toolbutton", [("Kollect.choice", {"sticky": "nswe", "children": padding})]
        )

    def _tabs(self) -> None:
        """And the frame of their pages, with nothing of another colour around what is in it."""
        self._element("Kollect.client", {"": "page"})  # ttk looks for a part with that name
        self._style.layout("TNotebook", [("Kollect.client", {"sticky": "nswe"})])
        looks = {"selected": "tab-front", "active": "tab-hover", "": "tab"}
        self._element("Kollect.tab", looks, border=(CORNER, BAR, CORNER, 1))
        label: _LayoutSpec = [("Notebook.label", {"side": "top", "sticky": ""})]
        focus: _LayoutSpec = [
            ("Notebook.focus", {"side": "top", "sticky": "nswe", "children": label})
        ]
        padding: _LayoutSpec = [
            ("Notebook.padding", {"side": "top", "sticky": "nswe", "children": focus})
        ]
        self._style.layout(
            "TNotebook.Tab", [("Kollect.tab", {"sticky": "nswe", "children": padding})]
        )

    def _headings(self) -> None:
        looks = {"active": "heading-hover", "": "heading"}
        self._element("Kollect.heading", looks, border=(0, 0, 1, 1))
        parts: _LayoutSpec = [
            ("Treeheading.image", {"side": "right", "sticky": ""}),
            ("Treeheading.text", {"sticky": "we"}),
        ]
        padding: _LayoutSpec = [("Treeheading.padding", {"sticky": "nswe", "children": parts})]
        self._style.layout(
            "Treeview.Heading", [("Kollect.heading", {"sticky": "nswe", "children": padding})]
        )

    def frame_wrong_fields(self) -> None:
        """A red frame around them, for a theme of Windows: it takes no colour for its own."""
        self._element("Kollect.wrong", {"": "wrong"})
        for kind, frame in _FIELDS.items():
            ((name, options),) = self._style.layout(f"T{kind}")
            assert name == f"{kind}.{frame}", name
            self._style.layout(f"Wrong.T{kind}", [("Kollect.wrong", options)])
