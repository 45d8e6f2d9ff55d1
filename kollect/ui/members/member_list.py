"""会員一覧: searched while typing, opened for a correction, brought in and out as CSV."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.desktop.ime import InputMode
from kollect.mail.foreign_text import exact
from kollect.members.member import Member, MemberState
from kollect.members.member_filter import MemberFilter, MemberOrder
from kollect.settings.number_format import number_text
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.key_bindings import instead, on_key
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT, WIDE
from kollect.ui.framework.tk_lifetime import Timer, text_variable
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.members.bulk_menu import BulkMenu
from kollect.ui.members.member_csv import MemberFiles
from kollect.ui.members.member_form_fields import REGISTERED, state_words, switch_ime
from kollect.ui.members.merge_flow import MergeFlow
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.counts import count_text
from kollect.ui.widgets.fields import ChoiceField
from kollect.ui.widgets.form import combobox_of
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

SEARCH_AFTER_MS = 150
"""Whoever types on within this time does not want to see the result yet."""
_NOBODY = "会員はまだいません。\n「会員登録」か「CSVから取り込み」で登録できます。"
_NOT_FOUND = "見つかりません。別の言葉でさがしてください。"
_STATES = {None: "すべて", MemberState.ACTIVE: REGISTERED, MemberState.WITHDRAWN: "退会"}


_LOOKS = {"退会": "faint", "不達": "wrong"}


class MemberListScreen(Screen):
    code, heading = "KKRFR102", "会員一覧"
    manual = "member-list"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._order = MemberOrder.NUMBER
        self._searches: LatestOnly[tuple[list[int], int, list[tuple[str, int]]]] = LatestOnly(
            window.jobs, self, window.dialogs.show_error
        )
        self._soon = Timer(self, self._find)
        self._ready = False
        """F12 has something to open."""
        self._numbers: list[int] = []
        self._total, self._narrowed = 0, False
        """How many members there are; the list has only some of them."""
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._build_search()
        self.table = Table(
            self,
            (
                TableColumn("受付番号", 5.5, sort=lambda: self.sort(MemberOrder.NUMBER)),
                TableColumn("お名前", 7),
                TableColumn("フリガナ", 8.6, sort=lambda: self.sort(MemberOrder.KANA)),
                TableColumn("状態", 4.6),
                TableColumn("電話番号", 7.5),
                TableColumn("メールアドレス", 10, narrow=13, stretch=True),
                TableColumn("グループ", 3.5, narrow=6, stretch=True),
                TableColumn("生年月日", 6.5, extra=True),
                TableColumn("郵便番号", 5, extra=True),
                TableColumn("住所", 12, extra=True),
                TableColumn("登録日", 6.5, extra=True),
            ),
            self._fetch,
            opened=self.open_member,
            chosen=self._chosen,
            menu=self._fill_menu,
            memory=window.memory.columns("members"),
        )
        self.table.grid(row=1, column=0, sticky="nsew", pady=GAP)
        self.table.mark_sorted("受付番号", descending=False)
        self.files = MemberFiles(
            self,
            window,
            workspaces,
            self.choice,
            take_in=self.open_import,
            numbers=lambda: self._numbers,
            changed=self._chosen,
        )
        self.files.grid(row=2, column=0, sticky="ew")
        self._bulk = BulkMenu(
            self,
            workspaces,
            lambda: self.table.selection,
            self.files.stop_button,
            self.files.export_chosen,
            self._refresh,
            MergeFlow(self, workspaces, self._merged).ask,
        )
        self.bulk_menu = tk.Menu(self.bulk_button)
        self._chosen()

    def _build_search(self) -> None:
        top = ttk.Frame(self)
        top.grid(row=0, column=0, sticky="ew")
        ttk.Label(top, text="さがす").pack(side="left")
        self._wanted = text_variable(self)
        self.search = ttk.Entry(top, width=20, textvariable=self._wanted, font=TEXT_FONT)
        self.search.pack(side="left", padx=(HALF, WIDE))
        switch_ime(self.search, InputMode.HIRAGANA)
        self._wanted.trace_add("write", lambda *_: self._search_soon())
        on_key(self.search, "<Down>", lambda: self.table.focus_rows())
        for key in ("<Return>", "<KP_Enter>"):
            self.search.bind(key, instead(lambda: self.table.focus_rows()))
        ttk.Label(top, text="グループ").pack(side="left")
        self._groups = [""]
        self.group = combobox_of(top, {"": "すべて　　　　"})
        self.group.pack(side="left", padx=(HALF, WIDE))
        self.group.bind("<<ComboboxSelected>>", lambda event: self._search_soon())
        self._show_groups([])
        ttk.Label(top, text="状態").pack(side="left")
        states = combobox_of(top, _STATES)
        states.pack(side="left", padx=(HALF, GAP))
        self.condition = ChoiceField(states, ttk.Label(self), _STATES)
        self.condition.value = None
        self.condition.on_edit(self._search_soon)
        self.bulk_button = ttk.Button(top, text="一括操作", width=9, command=self.open_bulk_menu)
        self.bulk_button.pack(side="right")

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [
            FunctionKey("F8", "会員登録", self._go.members),
            FunctionKey("F11", "印刷", self.files.print),
            FunctionKey("F12", "会員を開く", self.open_selected, enabled=self._ready),
        ]

    def search_entry(self) -> tk.Misc:
        return self.search

    def on_show(self) -> None:
        self.search.focus_set()
        self._find()

    def on_close(self) -> None:
        self.files.stop_button.stop()

    def on_text_size(self) -> None:
        self.table.on_text_size()

    # ---- the search ----

    def choice(self) -> MemberFilter:
        """What is searched for."""
        group = self._groups[max(0, self.group.current())]
        return MemberFilter(self._wanted.get(), group, state=self.condition.value)

    def sort(self, order: MemberOrder) -> None:
        self._order = order
        self.table.mark_sorted(
            "フリガナ" if order is MemberOrder.KANA else "受付番号", descending=False
        )
        self._find(top=0)

    def _search_soon(self) -> None:
        self._soon.start(SEARCH_AFTER_MS)

    def _find(self, *, top: int | None = None) -> None:
        """Search in a thread; a search under way is followed by one for what stands there then.

        `top` is the first row in view; None: so that the selected one can be seen.
        """
        self._soon.cancel()
        choice, order = self.choice(), self._order

        narrowed = choice != MemberFilter()

        def work() -> tuple[list[int], int, list[tuple[str, int]]]:
            with self._workspaces.current.members() as members:
                numbers = members.numbers(choice, order)
                total = len(members.numbers()) if narrowed else len(numbers)
                return numbers, total, members.groups()

        def done(found: tuple[list[int], int, list[tuple[str, int]]]) -> None:
            if self._searches.outdated:
                return
            numbers, total, groups = found
            self._numbers = numbers
            self.table.show(numbers, top=top, keep=True)
            self._total, self._narrowed = total, narrowed
            self._chosen()
            self._show_groups([label for label, _ in groups])
            nothing = _NOT_FOUND if narrowed else _NOBODY
            self.table.say_nothing_there("" if numbers else nothing)

        self._searches.submit(work, done)

    def _show_groups(self, labels: list[str]) -> None:
        chosen = self._groups[max(0, self.group.current())]
        self._groups = ["", *labels]
        self.group.configure(values=["すべて", *labels])
        self.group.current(self._groups.index(chosen) if chosen in self._groups else 0)

    def _fetch(self, numbers: Sequence[int], take: Take) -> None:
        def work() -> dict[int, TableRow]:
            digits = self._workspaces.current.digits
            with self._workspaces.current.members() as members:
                return {one.number: _row(one, digits) for one in members.members(numbers)}

        take.by_job(
            self.window.jobs,
            work,
            lambda rows: rows,
            owner=self,
        )

    def _chosen(self) -> None:
        before, self._ready = self._ready, self.table.current is not None
        if before is not self._ready:
            self.refresh_keys()
        count = self.table.selected_count
        self.files.count.configure(text=self._count_text(count))
        can = bool(count) and not self.files.stop_button.busy
        self.bulk_button.configure(state="normal" if can else "disabled")

    def _count_text(self, chosen: int) -> str:
        """Below the list; where several are chosen there is no room for all three numbers."""
        if chosen > 1:
            return f"選択 {chosen:,}件 ／ {count_text(0, self._total, narrowed=False)}"
        return count_text(len(self._numbers), self._total, narrowed=self._narrowed)

    def _merged(self, number: int, said: str) -> None:
        self.window.say_done(said)
        self._refresh()

    def _refresh(self) -> None:
        """The same rows again, as they are now; not where the screen is closed already."""
        if self.winfo_exists():
            self._find()

    # ---- what can be done ----

    def _fill_menu(self, menu: tk.Menu) -> None:
        menu.add_command(label="会員を開く", accelerator="F12", command=self.open_selected)
        menu.add_separator()
        self._bulk.fill(menu)
        menu.add_separator()
        everybody = range(len(self.table.row_keys))
        menu.add_command(
            label="すべて選択", accelerator="Ctrl+A", command=lambda: self.table.select(everybody)
        )

    def open_bulk_menu(self) -> None:
        """「一括操作」: the menu below its button, with the first entry chosen for the keys."""
        button, menu = self.bulk_button, self.bulk_menu
        menu.delete(0, "end")
        self._bulk.fill(menu)
        menu.tk_popup(button.winfo_rootx(), button.winfo_rooty() + button.winfo_height(), 0)

    def open_selected(self) -> None:
        if self.table.current is not None:
            self.open_member(self.table.current)

    def open_member(self, number: int) -> None:
        """Open the member for a correction."""
        if self.is_busy:
            return

        def work(job: Job) -> Member | None:
            with self._workspaces.current.members() as members:
                return members.get(number)

        def done(member: Member | None) -> None:
            if member is not None and self.window.screen is self:
                self._go.member(member, self._numbers)

        self.work(work, done, busy=True)

    def open_import(self) -> None:
        from kollect.ui.members.member_import import MemberImportScreen

        self.window.open(MemberImportScreen, self._workspaces, self._go)


def _row(member: Member, digits: int) -> TableRow:
    words = state_words(member)
    registered = member.standing.registered_at
    return TableRow(
        (
            number_text(member.number, digits),
            member.name,
            member.kana,
            words,
            member.phone,
            exact(member.standing.address),
            "、".join(member.groups),
            f"{member.birthday:%Y/%m/%d}" if member.birthday else "",
            member.postcode,
            member.home,
            f"{registered.astimezone():%Y/%m/%d}" if registered else "",
        ),
        _LOOKS.get(words, ""),
    )
