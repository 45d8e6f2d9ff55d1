"""The first tab of 収集結果表示: every number and its address, searched while typing."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.ledger.receipt_query import ReceiptOrder, ReceiptQuery
from kollect.ledger.records import Receipt
from kollect.mail.foreign_text import exact
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.tk_lifetime import when_idle
from kollect.ui.framework.window import FunctionKey, Window
from kollect.ui.results.resend_dialog import LetterWatch
from kollect.ui.results.results_files import ResultsFiles
from kollect.ui.results.results_filter import ReceiptFilter
from kollect.ui.results.results_print_dialog import ResultsPaper
from kollect.ui.results.results_rows import COLUMNS, FALLING, about, cells, has_not_arrived, row_of
from kollect.ui.widgets.counts import count_text
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.table import Table, TableRow, Take

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.app.results_service import ResultsService, SearchResult

OPEN = "会員登録・会員の修正"
_MOST_KNOWN = 5000
_NOBODY = "まだ受付はありません。\nお客様から空メールが届くと、ここに並びます。"
_NOT_FOUND = "条件に合う受付はありません。\n「条件を消す」を押すと、すべて表示します。"


class ResultsList(ttk.Frame):
    title = "収集結果"
    manual = "results"

    def __init__(
        self,
        parent: ttk.Notebook,
        window: Window,
        workspaces: ActiveWorkspace,
        records: ResultsService,
        print_sheet: Callable[[], None],
        open_member: Callable[[int], None],
    ) -> None:
        """`open_member` opens the member with a number, or the form to register it."""
        super().__init__(parent, padding=GAP)
        self._print_sheet = print_sheet
        self._open_member = open_member
        self._goes_on_in_rows = False
        """Back from what a row has opened."""
        self._notebook = parent
        self._window = window
        self._workspaces = workspaces
        self._records = records
        self._digits = 0
        self._posters: dict[str, str] = {}
        """Their names by their tags."""
        self._order, self._descending = ReceiptOrder.NUMBER, True
        self._known: dict[int, Receipt] = {}
        self._keys: list[tuple[str, bool]] = []
        self._searches: LatestOnly[tuple[SearchResult[Receipt], dict[str, str]]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self.letters = LetterWatch(window, workspaces, owner=self, changed=self.refresh)
        self._files = ResultsFiles(
            window, workspaces, records, owner=self, changed=self._refresh_keys
        )
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.filter = ReceiptFilter(self, self.find)
        self.filter.grid(row=0, column=0, sticky="ew")
        self.table = Table(
            self,
            [replace(column, sort=self._sorter(order)) for order, column in COLUMNS.items()],
            self._fetch,
            opened=self._open_row,
            chosen=self._chosen,
            menu=self._fill_menu,
            memory=window.memory.columns("results"),
        )
        self.table.offer_column(COLUMNS[ReceiptOrder.POSTER].title, False)
        self.table.grid(row=1, column=0, sticky="nsew", pady=GAP)
        self._mark_sorted()
        self._build_below()
        entry = self.filter.text.widget
        on_key(entry, "<Down>", self._into_table)
        for key in ("<Return>", "<KP_Enter>"):
            entry.bind(key, lambda event: self._into_table())
        self.table.tree.bind("<<Copy>>", lambda event: self.copy_addresses())
        self.table.tree.bind("<Control-Shift-C>", lambda event: self.copy_rows())

    def _build_below(self) -> None:
        below = ttk.Frame(self)
        below.grid(row=2, column=0, sticky="ew")
        below.columnconfigure(3, weight=1)
        self.copy_button = ttk.Button(
            below, text="アドレスをコピー", width=16, command=self.copy_addresses
        )
        self.copy_button.grid(row=0, column=0, padx=(0, GAP))
        self.resend_button = ttk.Button(below, text="再送", width=16, command=self.resend)
        self.resend_button.grid(row=0, column=1, padx=(0, GAP))
        self.sheet_button = ttk.Button(
            below, text="届かないときの紙", width=16, state="disabled", command=self._print_sheet
        )
        self.sheet_button.grid(row=0, column=2)
        self.count = ttk.Label(below)
        self.count.grid(row=0, column=3, sticky="e", padx=(HALF, 0))
        # always there, or the table would grow and shrink with the row that is selected
        self.about = wrapped(below, "", style="Faint.TLabel")
        self.about.grid(row=1, column=0, columnspan=4, sticky="ew", pady=(HALF, 0))

    # ---- as a tab ----

    def function_keys(self) -> Sequence[FunctionKey]:
        ready = bool(self.table.row_keys) and not self._files.busy
        return [
            FunctionKey("F5", "最新の表示", self.refresh),
            FunctionKey("F11", "印刷", self.print, enabled=not self._files.busy),
            FunctionKey("F12", "CSVへ取り出し", self.export, enabled=ready),
        ]

    def search_entry(self) -> tk.Misc:
        return self.filter.text.widget

    def on_show(self) -> None:
        self._digits = self._records.digits()
        if self._goes_on_in_rows:
            self._goes_on_in_rows = False
            self.table.focus_rows()
        else:
            self.filter.text.focus()
        self.refresh()

    def on_close(self) -> None:
        self._files.stop()

    def on_text_size(self) -> None:
        self.table.on_text_size()

    # ---- the search ----

    def find(self) -> None:
        """Show what the conditions ask for, from the top."""
        self._search(keep=False, top=0, at=None)

    def refresh(self) -> None:
        """Show the same again as it is now; what is selected and in view stays there."""
        self._search(keep=True, top=None, at=self.table.top_key)

    def sort(self, order: ReceiptOrder) -> None:
        """A click on a heading; another one on the same turns the order round."""
        self._descending = not self._descending if order is self._order else order in FALLING
        self._order = order
        self._mark_sorted()
        self._search(keep=True, top=0, at=None)

    def _search(self, *, keep: bool, top: int | None, at: int | None) -> None:
        found = self.filter.conditions(date.today())
        if found is None:
            return
        wanted = ReceiptQuery(
            found.text,
            found.since,
            found.until,
            found.state,
            found.unregistered,
            found.poster,
            self._order,
            self._descending,
        )
        rows = self.table.room + 20

        def work() -> tuple[SearchResult[Receipt], dict[str, str]]:
            return self._records.find(wanted, at=at, rows=rows), self._records.poster_names()

        def done(answer: tuple[SearchResult[Receipt], dict[str, str]]) -> None:
            found, posters = answer
            self._take_posters(posters)
            self._known = dict(found.rows)
            shown = {number: self._row(receipt) for number, receipt in found.rows.items()}
            self.table.show(found.keys, shown, top=top if top is not None else found.top, keep=keep)
            self.table.say_nothing_there(
                "" if found.keys else _NOT_FOUND if self.filter.any else _NOBODY
            )
            count = count_text(len(found.keys), found.total, narrowed=self.filter.any)
            self.count.configure(text=count)
            self._refresh_keys()

        self._searches.submit(work, done)

    def _take_posters(self, names: dict[str, str]) -> None:
        """A column and a condition more where there are posters with an address of their own."""
        if names != self._posters:
            self._posters = names
            self.table.offer_column(COLUMNS[ReceiptOrder.POSTER].title, bool(names))
            self.filter.offer_posters(names)

    def _fetch(self, numbers: Sequence[int], take: Take) -> None:
        def rows(receipts: dict[int, Receipt]) -> dict[int, TableRow]:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known |= receipts
            when_idle(self, self._chosen)
            return {number: self._row(receipt) for number, receipt in receipts.items()}

        take.by_job(
            self._window.jobs,
            lambda: self._records.receipts(numbers),
            rows,
            owner=self,
            told=self._say_trouble,
        )

    def _row(self, receipt: Receipt) -> TableRow:
        return row_of(receipt, self._digits, self._posters, self._short_for)

    @property
    def _short_for(self) -> date | None:
        """Today, where the table is narrow: times are told shortly then."""
        return date.today() if self.table.is_narrow else None

    def _sorter(self, order: ReceiptOrder) -> Callable[[], None]:
        return lambda: self.sort(order)

    def _mark_sorted(self) -> None:
        self.table.mark_sorted(COLUMNS[self._order].title, descending=self._descending)

    def _into_table(self) -> str:
        self.table.focus_rows()
        return "break"

    def _chosen(self) -> None:
        """Say what there is to know of the selected rows."""
        count = self.table.selected_count
        text = ""
        receipt = self._known.get(self.table.current or -1) if count == 1 else None
        if count > 1:
            text = f"{count:,}件を選んでいます。"
        elif receipt is not None:
            text = about(receipt, short_for=self._short_for)
        if text != self.about.text:
            self.about.configure(text=text)
        lost = receipt is not None and has_not_arrived(receipt)
        self.sheet_button.configure(state="normal" if lost else "disabled")
        for button in (self.copy_button, self.resend_button):
            button.configure(state="normal" if count else "disabled")

    def _refresh_keys(self) -> None:
        """Only when they are other ones: whoever has the focus on a key would lose it."""
        keys = [(key.key, key.enabled) for key in self.function_keys()]
        if keys != self._keys and self._in_front:
            self._keys = keys
            self._window.refresh_keys()

    @property
    def _in_front(self) -> bool:
        """This tab of this screen is the one in front, if not yet drawn."""
        front = str(self._window.screen)
        return str(self).startswith(f"{front}.") and self._notebook.select() == str(self)

    def _say_trouble(self, trouble: Trouble) -> None:
        self._window.say_not_done(f"{trouble.title}。{trouble.cure}")

    # ---- what can be done with the rows ----

    def _open_row(self, number: int) -> None:
        self._goes_on_in_rows = True
        self._open_member(number)

    def _open_current(self) -> None:
        if self.table.current is not None:
            self._open_row(self.table.current)

    def _fill_menu(self, menu: tk.Menu) -> None:
        menu.add_command(label=OPEN, accelerator="Enter", command=self._open_current)
        menu.add_separator()
        for label, key, action in (
            ("アドレスをコピー", "Ctrl+C", self.copy_addresses),
            ("行をコピー", "Ctrl+Shift+C", self.copy_rows),
            ("再送", "", self.resend),
        ):
            menu.add_command(label=label, accelerator=key, command=action)
        menu.add_separator()
        everything = range(len(self.table.row_keys))
        menu.add_command(
            label="すべて選択", accelerator="Ctrl+A", command=lambda: self.table.select(everything)
        )

    def copy_addresses(self) -> str:
        self._copy("アドレス", lambda receipt: receipt.address)
        return "break"

    def copy_rows(self) -> str:
        self._copy("行", lambda receipt: "\t".join(cells(receipt, self._digits, self._posters)))
        return "break"

    def _copy(self, what: str, text_of: Callable[[Receipt], str]) -> None:
        numbers = self.table.selection
        if not numbers:
            return

        def work(job: Job) -> str:
            receipts = self._records.receipts(numbers)
            return "\n".join(text_of(receipts[n]) for n in numbers if n in receipts)

        def done(text: str) -> None:
            self.clipboard_clear()
            self.clipboard_append(text)
            shown = f"「{exact(text)}」" if len(numbers) == 1 and what == "アドレス" else ""
            self._window.say_done(f"{shown or f'{len(numbers):,}件の{what}'}をコピーしました。")

        self._window.jobs.run(work, done, owner=self)

    def resend(self) -> None:
        """「再送」"""
        if numbers := self.table.selection:
            receipt = self._known.get(numbers[0]) if len(numbers) == 1 else None
            self.letters.ask_and_resend(numbers, receipt.address if receipt else "")

    def export(self) -> None:
        """「CSVへ取り出し」: the rows that are shown, in their order."""
        if self.table.row_keys:
            self._files.export(self.table.row_keys)

    def print(self, paper: ResultsPaper = ResultsPaper.LIST) -> None:
        """「印刷」: the same rows on paper, or 月報."""
        self._files.print(self.table.row_keys, paper)
