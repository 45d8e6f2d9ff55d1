"""Texts to be read: no line begins with 「。」, no bar where all fits, copies are as written."""

from __future__ import annotations

import tkinter as tk

import pytest

from kollect.printing.line_breaking import NOT_FIRST
from kollect.settings.model import TextSize
from kollect.ui.framework.window import Window
from kollect.ui.widgets.folded_text import FoldedText
from kollect.ui.widgets.mail_preview import MOST, MailPreview
from tests.helpers.ui_driver import all_inside, focus, settle

LETTER = (
    "お客様の受付番号は「1001」です。会員登録用紙の（受付番号）の欄にご記入ください。"
    "\n\nありがとうございました。"
)


@pytest.fixture
def text(window: Window) -> FoldedText:
    text = FoldedText(window.root, lines=3, characters=20, most=12)
    text.place(x=0, y=0, width=230, height=300)
    settle(window.root, lambda: text.text.winfo_width() > 100)
    text.show(LETTER)
    return text


def lines(text: FoldedText) -> list[str]:
    return text.text.get("1.0", "end-1c").split("\n")


def bar(text: FoldedText) -> tk.Misc:
    return next(one for one in all_inside(text) if one.winfo_class() == "TScrollbar")


def test_lines_are_broken_at_every_width_and_size(window: Window, text: FoldedText):
    for width in (120, 150, 230, 340):
        text.place_configure(width=width)
        settle(window.root, lambda width=width: abs(text.winfo_width() - width) < 3)
        broken = lines(text)
        assert "".join(broken) == LETTER.replace("\n", "")
        assert not [line for line in broken if line[:1] in NOT_FIRST and line]
        shown = [text.text.count(f"{n}.0", f"{n}.end", "displaylines") for n in range(1, 4)]
        assert set(shown) <= {None, 0, (0,)}, "Tk has nothing to break any more"
    window.set_text_size(TextSize.HUGE)


def test_what_is_copied_is_what_was_written(window: Window, text: FoldedText):
    assert len(lines(text)) > 4
    focus(text.text)
    text.text.tag_add("sel", "1.0", "end-1c")
    text.text.event_generate("<<Copy>>")
    assert window.root.clipboard_get() == text.plain == LETTER


def test_it_is_as_high_as_its_text_and_has_a_bar_only_where_that_does_not_fit(
    window: Window, text: FoldedText
):
    assert int(text.text.cget("height")) == len(lines(text))
    settle(window.root, lambda: not bar(text).winfo_manager())
    before = text.text.winfo_width()
    text.show(LETTER * 20)
    settle(window.root, lambda: bar(text).winfo_manager())
    assert int(text.text.cget("height")) == 12
    assert text.text.winfo_width() == before, "or the lines would be broken again, for ever"


def test_a_preview_is_as_high_as_the_letter(window: Window):
    preview = MailPreview(window.root)
    preview.place(x=0, y=0, width=400)
    preview.show(sender="店", subject="受付番号", body="短い")
    settle(window.root, lambda: preview.winfo_height() > 50)
    low = preview.winfo_reqheight()
    preview.show(sender="店", subject="受付番号", body="長い文章です。\n" * 3 * MOST)
    settle(window.root, lambda: preview.winfo_reqheight() > low)
    assert preview.text == "受付番号\n" + "長い文章です。\n" * 3 * MOST
