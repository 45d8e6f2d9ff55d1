"""F1: each screen and dialog has its page of the built-in manual, and that page is about it."""

from __future__ import annotations

import ast
import re
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import ttk

import pytest

import kollect
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.window import MANUAL_HINT, Screen
from kollect.ui.main import Program
from kollect.ui.manual.manual_dialog import ManualDialog
from kollect.ui.manual.manual_page import KeyLines, ManualPage
from kollect.ui.manual.manual_pages import PAGES, page_named
from kollect.ui.settings.pin_dialogs import NewPinDialog
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.settings.templates import TemplateDialog
from kollect.ui.widgets.wrapped_label import WrappedLabel
from tests.helpers.bar_driver import buttons_of
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    focus,
    labelled,
    press,
    settle,
    shown_text,
    type_letters,
)
from tests.screens.every import SCREENS, fill, kinds

SOURCES = [
    path
    for path in sorted(Path(kollect.__file__).parent.rglob("*.py"))
    if path.parent.name != "manual"
]
QUOTED = re.compile(r"「([^「」]+)」")


@pytest.fixture
def shop(program: Program) -> Program:
    fill(program)
    return program


def opened(program: Program, dialogs: Person) -> ManualPage:
    """The page that F1 opens now."""
    pages: list[ManualPage] = []

    def look(dialog: ManualDialog) -> None:
        pages.append(dialog.page)
        assert dialog.page.title in dialog.view.text.get("1.0", "3.0")
        press(dialog, "Escape")

    dialogs.answers.append(look)
    press(program.window.root, "F1")
    settle(program.window.root, lambda: pages)
    return pages[0]


@pytest.mark.parametrize("name", SCREENS)
def test_f1_opens_the_page_of_the_screen(shop: Program, dialogs: Person, name: str):
    screen = SCREENS[name][1](shop)
    page = opened(shop, dialogs)
    assert page.name == screen.manual_page()
    assert name in (page.title, page.title.partition(" ")[2])
    assert shop.window.screen is screen


def test_f1_on_the_menu(program: Program, dialogs: Person):
    assert opened(program, dialogs).title == "メニュー"


def test_every_screen_dialog_and_page_of_settings_names_a_page_that_there_is():
    names = {page.name for page in PAGES}
    given = {kind: kind.manual for kind in kinds(Dialog) if kind.manual}
    pages = {kind for kind in kinds(SettingsPage) if hasattr(kind, "title")}
    given |= {kind: kind.manual for kind in pages}
    screens = kinds(Screen)
    own = {kind for kind in screens if "manual_page" in vars(kind)}
    given |= {kind: kind.manual for kind in screens - own}
    assert not {kind: name for kind, name in given.items() if name not in names}


@pytest.mark.parametrize("name", SCREENS)
def test_what_stands_on_a_screen_is_explained(shop: Program, name: str):
    """Each field, tick, button and key. What is missing is a line in `ui/manual/pages_of_….py`."""
    screen = SCREENS[name][1](shop)
    settle(screen)
    page = page_named(screen.manual_page())
    text = page.text
    assert not [label for label in to_explain(screen) if label not in text]
    keys = dict(key_lines(page))
    for button in buttons_of(shop.window):
        key, _, label = shown_text(button).partition(":")
        assert label in keys.get(key, ""), f"{key}:{label}"


@pytest.mark.parametrize("name", SCREENS)
def test_what_is_explained_stands_on_the_screen(shop: Program, name: str):
    screen = SCREENS[name][1](shop)
    page = page_named(screen.manual_page())
    shown = set(every_text(screen)) | LITERALS
    assert not [label for label in page.explained() if plain(label) not in shown | NOT_LABELS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_label_that_is_quoted_is_there(page: ManualPage):
    """On some screen: it stands so in their source."""
    assert not [one for one in QUOTED.findall(page.text) if one not in SAID]


def test_a_function_key_does_what_the_manual_says():
    there = {f"{key}:{label}" for key, label in function_keys()}
    for page in PAGES:
        if page.name == "keys":
            continue
        named = {f"{k}:{m}" for k, m in key_lines(page) if k.startswith("F")} - {"F3:"}
        for one in named:
            assert any(one.startswith(key) for key in there) or one.startswith("F3:"), one


def key_lines(page: ManualPage) -> list[tuple[str, str]]:
    """The keys that a page names, each with what it does."""
    return [item for part in page.parts if isinstance(part, KeyLines) for item in part.items]


def to_explain(window: tk.Misc) -> Iterator[str]:
    """The labels of fields (they have a width), ticks and buttons that can be seen."""
    for widget in all_inside(window):
        text = shown_text(widget)
        if not text or not widget.winfo_ismapped():
            continue
        kind = widget.winfo_class()
        is_label = kind == "TLabel" and not isinstance(widget, WrappedLabel)
        if kind in ("TButton", "TCheckbutton") or (is_label and widget.cget("width")):
            yield re.sub(r"^[✓△] |: .*", "", text)


def every_text(window: tk.Misc) -> Iterator[str]:
    for widget in all_inside(window):
        yield shown_text(widget)
        if isinstance(widget, ttk.Treeview):
            yield from (str(widget.heading(one)["text"]) for one in widget["columns"])


def plain(label: str) -> str:
    """Without the words around it: 「赤い字の「不達」」 is about 「不達」."""
    quoted = QUOTED.search(label)
    return quoted[1] if quoted else label.partition("　")[2] or label


def _literals() -> Iterator[str]:
    """The texts in the source, docstrings excepted."""
    for path in SOURCES:
        nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
        told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if not isinstance(node, ast.Constant) or id(node) in told:
                continue
            if isinstance(node.value, str):
                yield node.value


LITERALS = set(_literals())
SAID = "\n".join(LITERALS)
"""Words may stand within a longer text, or be put together with others."""
NOT_LABELS = {"青", "緑", "赤", "SPF", "DKIM", "DMARC"}
"""Colours, and names in what the test of the mail has found."""


def function_keys() -> Iterator[tuple[str, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield from _keys_of_function(node)
            elif isinstance(node, ast.ClassDef):
                yield from _keys_of_dialog(node)


def _keys_of_function(node: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """A label that is chosen there is one of the function's texts."""
    texts = [str(one.value) for one in ast.walk(node) if isinstance(one, ast.Constant)]
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "FunctionKey":
            key, label = call.args[:2]
            assert isinstance(key, ast.Constant)
            labels = [str(label.value)] if isinstance(label, ast.Constant) else texts
            yield from ((str(key.value), text) for text in labels if text)


def _keys_of_dialog(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """F12 in a dialog that has it: as its last button."""
    calls = {ast.unparse(one.func): one for one in ast.walk(node) if isinstance(one, ast.Call)}
    f12, buttons = calls.get("on_key"), calls.get("self.buttons")
    if f12 and buttons and "<F12>" in ast.unparse(f12):
        match buttons.args[-1]:
            case ast.Tuple(elts=[ast.Constant(value=str(label)), *_]):
                yield "F12", label


# ---- in the window ----


def test_the_hint_below_every_screen_opens_it(program: Program, dialogs: Person):
    seen: list[str] = []

    def look(dialog: ManualDialog) -> None:
        seen.append(dialog.page.name)
        press(dialog, "Escape")

    dialogs.answers.append(look)
    click(labelled(program.window.root, MANUAL_HINT))
    settle(program.window.root, lambda: seen == ["menu"])


def test_what_was_typed_and_where_is_as_before(shop: Program, dialogs: Person):
    screen = SCREENS["ID"][1](shop)
    assert isinstance(screen, SettingsScreen)
    name = screen.shop.fields["shop", "name"]
    name.value = "書きかけ"
    name.focus()
    settle(screen, lambda: screen.focus_get() is name.widget)
    opened(shop, dialogs)
    settle(screen, lambda: screen.focus_get() is name.widget)
    assert name.value == "書きかけ"


def test_over_a_dialog_and_back_to_it(program: Program, dialogs: Person):
    """One of its own, or where there is none, the screen's."""
    root = program.window.root
    for kind, page in ((TemplateDialog, "templates"), (NewPinDialog, "menu")):
        found: list[str] = []

        def look(manual: ManualDialog, found: list[str] = found) -> None:
            found.append(manual.page.name)
            press(manual, "Escape")

        def work(dialog: Dialog[object], found: list[str] = found) -> None:
            dialogs.answers.append(look)
            press(dialog, "F1")
            settle(root, lambda: found)
            settle(root, lambda: dialog.grab_current() is dialog)
            press(dialog, "Escape")

        dialogs.answers.append(work)
        dialogs.show(kind)
        assert found == [page]


def test_f1_in_the_manual_opens_no_second_one(program: Program, dialogs: Person):
    def look(dialog: ManualDialog) -> None:
        press(dialog, "F1")
        assert not [one for one in all_inside(dialog) if one is not dialog and is_manual(one)]
        press(dialog, "Escape")

    dialogs.answers.append(look)
    press(program.window.root, "F1")
    assert not dialogs.answers


def is_manual(widget: tk.Misc) -> bool:
    return isinstance(widget, ManualDialog)


def test_a_character_of_an_input_method_is_no_f1(program: Program):
    """On Windows "p" has the number of F1."""
    root = program.window.root
    script = root.tk.call("bind", "all", "<F1>")
    assert script
    values = {"%A": "p", "%W": str(root), "%T": "2", "%#": "1"}
    filled = re.sub("%[#a-zA-Z]", lambda f: f"{{{values.get(f[0], '??')}}}", str(script))
    root.tk.eval(filled)  # nobody expects a dialog


def test_find_goes_from_place_to_place_and_from_page_to_page(program: Program, dialogs: Person):
    def work(dialog: ManualDialog) -> None:
        press(dialog, "Control-f")
        settle(dialog, lambda: dialog.focus_get() is dialog.search)
        type_letters(dialog.search, "ドメイン")
        listed = [*leaves(dialog.list)]
        assert 1 < len(listed) < len(PAGES)
        assert all("ドメイン" in page_named(name).text for name in listed)
        total = sum(page_named(name).text.count("ドメイン") for name in listed)
        assert dialog.told.cget("text") == f"{total}か所"
        seen = {dialog.page.name}
        for _ in range(total):
            marked = dialog.view.text.tag_ranges("mark")
            assert len(marked) == 2 * dialog.page.text.count("ドメイン")
            assert dialog.view.text.get(*marked[:2]).replace("\n", "") == "ドメイン"
            press(dialog, "Return")
            seen.add(dialog.page.name)
        assert seen == set(listed)
        type_letters_over(dialog, "ぬるぽ")
        assert dialog.told.cget("text") == "見つかりません"
        assert len([*leaves(dialog.list)]) == len(PAGES)
        press(dialog, "Escape")

    dialogs.answers.append(work)
    program.window.on_manual("mail")


def test_what_follows_the_picture_is_marked_where_it_stands(program: Program, dialogs: Person):
    def work(dialog: ManualDialog) -> None:
        focus(dialog.search)
        type_letters(dialog.search, "数秒")
        assert dialog.page.name == "how"
        begin, end = dialog.view.text.tag_ranges("mark")[:2]
        assert dialog.view.text.get(begin, end) == "数秒"
        press(dialog, "Escape")

    dialogs.answers.append(work)
    program.window.on_manual("how")


def test_the_list_turns_the_pages(program: Program, dialogs: Person):
    def work(dialog: ManualDialog) -> None:
        before = dialog.page
        focus(dialog.list)
        press(dialog, "Down")
        settle(dialog, lambda: dialog.page is not before)
        assert dialog.page.title in dialog.view.text.get("1.0", "2.0")
        press(dialog, "Escape")

    dialogs.answers.append(work)
    program.window.on_manual("control")


def type_letters_over(dialog: ManualDialog, text: str) -> None:
    dialog.search.selection_range(0, "end")
    type_letters(dialog.search, text)


def leaves(tree: ttk.Treeview, under: str = "") -> Iterator[str]:
    names = {page.name for page in PAGES}
    for one in tree.get_children(under):
        if one in names:
            yield one
        yield from leaves(tree, one)
