"""The window's place and the columns of the tables are remembered from one start to the next."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Iterator, Sequence

import pytest

from kollect.storage import screen_layout
from kollect.storage.data_folder import DataFolder
from kollect.storage.screen_layout import RememberedPlace, ScreenLayout
from kollect.ui.framework import tk_windows
from kollect.ui.framework.window_place import FRAME_HEIGHT, HEIGHT, WIDTH
from kollect.ui.main import Program
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.results.receipts_tab import ResultsList
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.widgets.row_request import Take
from kollect.ui.widgets.table import Table, TableColumn, TableRow
from kollect.ui.widgets.table_headings import RESET, RESET_WIDTHS, TO_RIGHT
from tests.helpers.table_driver import column
from tests.helpers.ui_driver import Person, press, settle
from tests.screens.conftest import close
from tests.screens.every import fill


def shown(program: Program) -> Program:
    program.go.tray.show()
    settle(program.window.root, program.window.root.winfo_viewable)
    return program


@pytest.fixture
def again(folder: DataFolder, garbage_stays: None, display: str) -> Iterator[object]:
    """Starts the program once more on the same data folder."""
    made: list[Program] = []

    def start() -> Program:
        root = tk.Tk(className="Kollect")
        root.withdraw()
        program = Program(root, folder, Person)
        made.append(program)
        program.show_menu()
        settle(root, root.winfo_viewable)
        return program

    yield start
    for program in made:
        close(program)
        with contextlib.suppress(tk.TclError):
            program.window.close()


def geometry(program: Program) -> tuple[int, int]:
    root = program.window.root
    root.update()
    return root.winfo_width(), root.winfo_height()


def test_it_opens_large_where_there_is_room(program: Program):
    root = program.window.root
    scale = root.winfo_fpixels("72p") / 96
    down = root.winfo_screenheight() - FRAME_HEIGHT
    wanted = min(round(WIDTH * scale), root.winfo_screenwidth()), min(round(HEIGHT * scale), down)
    settle(root, lambda: geometry(program) == wanted)


def test_its_size_and_place_are_there_again(again):
    first = again()
    first.window.root.geometry("900x600+60+50")
    settle(first.window.root, lambda: geometry(first) == (900, 600))
    settle(first.window.root, lambda: first.window.memory.window is not None)
    settle(first.window.root, lambda: first.window.memory.window.width == 900)
    place = first.window.root.geometry()
    close(first)
    first.window.close()
    second = again()
    settle(second.window.root, lambda: geometry(second) == (900, 600))
    x, y = (int(one) for one in second.window.root.geometry().split("+")[1:])
    before = [int(one) for one in place.split("+")[1:]]
    assert abs(x - before[0]) < 12
    assert abs(y - before[1]) < 40, "a frame more or less, as the window manager counts"


def test_one_that_filled_the_screen_does_again_and_comes_back_to_its_size(again):
    first = again()
    root = first.window.root
    root.geometry("900x600+60+50")
    settle(root, lambda: first.window.memory.window and first.window.memory.window.width == 900)
    wide = root.winfo_screenwidth()
    tk_windows.set_zoomed(root)
    settle(root, lambda: geometry(first)[0] == wide)
    close(first)
    first.window.close()
    second = again()
    settle(second.window.root, lambda: tk_windows.is_zoomed(second.window.root))
    settle(second.window.root, lambda: geometry(second)[0] == wide)
    second.window.root.attributes("-zoomed", False)
    settle(second.window.root, lambda: geometry(second) == (900, 600))


def test_what_the_demo_does_to_the_window_is_nobodys_wish(again):
    first = again()
    root = first.window.root
    before = first.window.memory.window
    first.window.place.pause()
    root.geometry("820x500+0+0")
    settle(root, lambda: geometry(first) == (820, 500))
    first.window.place.look()
    first.window.place.resume()
    first.window.place.look()
    assert first.window.memory.window == before
    root.geometry("840x500+0+0")
    settle(root, lambda: first.window.memory.window and first.window.memory.window.width == 840)


def test_a_place_beyond_todays_screens_is_brought_inside(folder: DataFolder, again):
    folder.prepare()
    layout = ScreenLayout(RememberedPlace(900, 600, 9000, 9000))
    screen_layout.write(folder.window, layout)
    program = again()
    root = program.window.root
    settle(root, lambda: geometry(program) == (900, 600))
    assert root.winfo_rootx() + 900 <= root.winfo_screenwidth() + 12
    assert root.winfo_rooty() + 600 <= root.winfo_screenheight() + 12


def test_a_stick_that_cannot_be_written_is_no_trouble(folder: DataFolder, again):
    program = again()
    folder.window.mkdir()  # nothing can be put in its place
    program.window.root.geometry("900x600+60+50")
    settle(program.window.root, lambda: geometry(program) == (900, 600))
    close(program)
    program.window.close()
    assert folder.window.is_dir()


# ---- columns


def results(program: Program) -> ResultsList:
    fill(program)
    shown(program)
    program.window.root.geometry("1200x640+0+0")
    screen = program.window.open(ResultsScreen, program.workspaces, program.go)
    settle(screen, lambda: screen.list.table.row_keys and screen.list.table.tree.winfo_viewable())
    settle(screen, lambda: screen.list.table.tree.winfo_width() > 1000)
    return screen.list


def titles(table: Table) -> list[str]:
    return [str(one) for one in table.tree["displaycolumns"]]


def choose(table: Table, label: str, of: str = "") -> None:
    """As from the menu on the headings."""
    menu = table.headings.menu(of)
    for place in range(int(menu.index("end")) + 1):
        if menu.type(place) != "separator" and menu.entrycget(place, "label") == label:
            assert menu.entrycget(place, "state") != "disabled", label
            menu.invoke(place)
            break
    else:
        raise AssertionError(label)
    menu.destroy()
    table.update()


def test_a_column_that_was_drawn_wider_stays_so(program: Program):
    table = results(program).table
    tree = table.tree
    before = int(tree.column("受付番号", "width"))
    y = table.heading_height // 2
    edge = next(x for x in range(before - 8, before + 8) if tree.identify_region(x, y) == SEPARATOR)
    for event, x in (
        ("<Button-1>", edge),
        ("<B1-Motion>", edge + 30),
        ("<B1-Motion>", edge + 60),
        ("<ButtonRelease-1>", edge + 60),
    ):
        tree.event_generate(event, x=x, y=y)
        tree.update()
    wider = int(tree.column("受付番号", "width"))
    assert abs(wider - before - 60) <= 8
    program.window.back(confirm=False)
    screen = program.window.open(ResultsScreen, program.workspaces, program.go)
    settle(screen, lambda: screen.list.table.tree.winfo_width() > 1000)
    settle(screen, lambda: abs(int(screen.list.table.tree.column("受付番号", "width")) - wider) < 3)
    choose(screen.list.table, RESET_WIDTHS)
    assert abs(int(screen.list.table.tree.column("受付番号", "width")) - before) <= 2


SEPARATOR = "separator"


def test_columns_are_left_out_and_change_places(program: Program):
    table = results(program).table
    before = titles(table)
    choose(table, "回数")
    assert titles(table) == [one for one in before if one != "回数"]
    choose(table, TO_RIGHT.format(before[0]), before[0])
    assert titles(table)[:2] == [before[1], before[0]]
    choose(table, "回数")
    assert "回数" in titles(table)
    choose(table, RESET)
    assert titles(table) == before


def test_the_last_column_stays(program: Program):
    table = results(program).table
    for title in titles(table):
        choose(table, title)
    assert len(titles(table)) == 1


def test_all_of_it_is_there_at_the_next_start(folder: DataFolder, again):
    first = again()
    table = results(first).table
    choose(table, "回数")
    seen = titles(table)
    close(first)
    first.window.close()
    second = again()
    second.window.root.geometry("1200x640+0+0")
    screen = second.window.open(ResultsScreen, second.workspaces, second.go)
    settle(screen, lambda: titles(screen.list.table) == seen)


def test_the_members_have_columns_that_are_seen_only_where_chosen(program: Program):
    fill(program)
    shown(program)
    program.window.root.geometry("1200x640+0+0")
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: screen.table.row_keys)
    assert "住所" not in titles(screen.table)
    choose(screen.table, "住所")
    assert "住所" in titles(screen.table)
    place = [*screen.table.tree["columns"]].index("住所")
    settle(screen, lambda: column(screen.table, place)[0] == "東京都新宿区西新宿1-2-3")


def test_where_rows_have_no_menu_its_key_opens_that_of_the_headings(program: Program):
    shown(program)
    columns = (TableColumn("番号", 4), TableColumn("お名前", 8))

    def fetch(places: Sequence[int], take: Take) -> None:
        take({place: TableRow((str(place), "山田")) for place in places})

    table = Table(program.window.screen, columns, fetch)
    table.place(x=0, y=0, width=400, height=200)
    table.show(range(3))
    settle(table, lambda: table.row_keys)
    opened: list[str] = []
    table.headings.pop_up_at = lambda x, y: opened.append("menu")
    table.focus_rows()
    press(table, "Shift-F10")
    assert opened == ["menu"]


def test_the_right_button_on_a_heading_opens_the_menu(program: Program):
    table = results(program).table
    opened: list[tk.Menu] = []
    real = table.headings.menu

    def menu(title: str) -> tk.Menu:
        made = real(title)
        made.tk_popup = lambda x, y: opened.append(made)  # it would wait for a choice
        return made

    table.headings.menu = menu
    table.tree.event_generate("<Button-3>", x=20, y=table.heading_height // 2)
    assert len(opened) == 1
    assert opened[0].entrycget(0, "label") == "受付番号"
