"""A list that is too wide for its window: no column is lost, none is squeezed; one can scroll."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

import pytest

from kollect.settings.model import TextSize
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import CELL_PADDING
from kollect.ui.framework.window import Screen, Window
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take
from kollect.ui.widgets.table_columns import TableColumns
from tests.helpers.ui_driver import all_inside, press, settle

COLUMNS = (
    TableColumn("番号", 6),
    TableColumn("お名前", 12),
    TableColumn("アドレス", 24, narrow=19, stretch=True),
    TableColumn("グループ", 14, narrow=12, stretch=True),
)
ROW = TableRow(("1001", "山田　太郎", "taro@phone.example", "常連"))


class Listing(Screen):
    code, heading = "KKRTEST", "一覧"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.table = Table(self, COLUMNS, self._fetch)
        self.table.pack(fill="both", expand=True)
        self.table.show(range(50))

    def _fetch(self, keys: Sequence[int], take: Take) -> None:
        take(dict.fromkeys(keys, ROW))


@pytest.fixture
def table(window: Window) -> Table:
    screen = window.open(Listing)
    window.root.geometry("1024x524+0+0")
    settle(window.root, lambda: screen.table.tree.winfo_width() > 900)
    return screen.table


def bar_below(table: Table) -> tk.Misc:
    (bar,) = [
        one for one in all_inside(table)
        if one.winfo_class() == "TScrollbar" and str(one.cget("orient")) == "horizontal"
    ]  # fmt: skip
    return bar


def test_where_all_fits_there_is_no_bar(table: Table):
    assert not bar_below(table).winfo_manager()
    widths = [int(table.tree.column(one.title, "width")) for one in COLUMNS]
    assert sum(widths) <= table.tree.winfo_width()


def test_in_the_largest_letters_one_scrolls_to_the_last_column(window: Window, table: Table):
    window.set_text_size(TextSize.HUGE)
    settle(window.root, lambda: bar_below(table).winfo_manager())
    one, air = em(table), 2 * (table.winfo_pixels(CELL_PADDING) + 4)
    for column in COLUMNS:
        width = int(table.tree.column(column.title, "width"))
        assert width >= round((column.narrow or column.characters) * one) + air, column.title
    assert [str(name) for name in table.tree.cget("displaycolumns")] == [c.title for c in COLUMNS]
    table.focus_rows()
    press(table.tree, *["Right"] * 20)
    settle(window.root, lambda: table.tree.xview()[1] == 1.0)
    press(table.tree, *["Left"] * 20)
    settle(window.root, lambda: table.tree.xview()[0] == 0.0)
    window.set_text_size(TextSize.NORMAL)
    settle(window.root, lambda: not bar_below(table).winfo_manager())


def test_rows_are_not_covered_by_the_bar(window: Window, table: Table):
    window.set_text_size(TextSize.HUGE)
    settle(window.root, lambda: bar_below(table).winfo_manager())
    settle(window.root, lambda: len(table.tree.get_children()) == table.room)
    last = table.tree.get_children()[-1]
    settle(window.root, lambda: table.tree.bbox(last))
    _, y, _, height = table.tree.bbox(last)
    assert y + height <= table.tree.winfo_height()


def test_narrow_columns_that_fit_need_no_bar(window: Window, table: Table):
    window.root.geometry("900x524")
    settle(window.root, lambda: table.is_narrow)
    wanted = sum((c.narrow or c.characters) * em(table) + 24 for c in COLUMNS)
    assert wanted < table.tree.winfo_width(), "else this test shows nothing"
    settle(window.root, lambda: table.tree.xview() == (0.0, 1.0))
    assert not bar_below(table).winfo_manager()


def test_in_a_wide_window_the_other_texts_get_room_too(window: Window, table: Table):
    window.root.geometry("1900x524+0+0")
    settle(window.root, lambda: table.tree.winfo_width() > 1700)
    air = 2 * table.winfo_pixels(CELL_PADDING)

    def width(title: str) -> int:
        return int(table.tree.column(title, "width"))

    for column in COLUMNS:
        usual = round(column.characters * em(table)) + air
        settle(window.root, lambda: width(column.title) >= 1.45 * usual, seconds=5)  # noqa: B023
    assert sum(width(column.title) for column in COLUMNS) <= table.tree.winfo_width()


def test_that_nothing_is_there_is_said_below_the_headings(window: Window, table: Table):
    table.show(())
    table.say_nothing_there("まだ受付はありません。\nお客様から空メールが届くと、ここに並びます。")
    window.set_text_size(TextSize.HUGE)
    (notice,) = [one for one in all_inside(table.tree) if one.winfo_class() == "TLabel"]
    for height in (260, 300, 524):
        window.root.geometry(f"1024x{height}")
        settle(window.root)
        settle(window.root, lambda: notice.winfo_ismapped())
        low = table.tree.winfo_height() < table.line_height + notice.winfo_reqheight()
        assert low or notice.winfo_y() >= table.line_height - 2, height


@pytest.mark.parametrize("theme", ["clam", "default"])  # frames of 4 pixels, and of 2 as Windows
def test_a_table_as_wide_as_it_asks_to_be_has_room_for_all(window: Window, theme: str):
    style, asked = ttk.Style(window.root), tk.Toplevel(window.root)
    before = style.theme_use()
    try:
        style.theme_use(theme)
        tree = ttk.Treeview(asked, show="headings")
        columns = TableColumns(tree, COLUMNS)
        columns.set_widths(narrow=False)
        tree.pack(side="left", anchor="nw")
        settle(window.root, lambda: tree.winfo_width() > 1)

        assert tree.winfo_width() == tree.winfo_reqwidth()
        assert not columns.too_wide()
    finally:
        style.theme_use(before)
        asked.destroy()
