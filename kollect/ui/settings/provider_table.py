"""The list of providers: searched while typing, with what a shop must know of the chosen one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.settings.model import Protocol
from kollect.settings.provider_search import matching
from kollect.settings.providers import Provider, Server, providers
from kollect.ui.framework import editing
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT
from kollect.ui.framework.tk_lifetime import text_variable
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.table_columns import TableColumn, TableColumns

_COLUMNS = (
    TableColumn("プロバイダ", 13, stretch=True),
    TableColumn("受信サーバ", 11, spare=True, stretch=True),
    TableColumn("送信サーバ", 11, stretch=True),
    TableColumn("確認", 3.5),
)
_SEARCH_HINT = "名前かサーバ（例: ocn）"
_CHECK_NOTE = "「要確認」の内容は、確かな資料が少ないものです。プロバイダの案内と見比べてください。"


class ProviderTable(ttk.Frame):
    """`chosen` is the provider of the selected row. A double click or Enter takes it."""

    def __init__(self, parent: tk.Misc, *, take: Callable[[], None], rows: int = 9) -> None:
        super().__init__(parent)
        self._take = take
        self._changed: Callable[[], object] = lambda: None
        self._shown: dict[str, Provider] = {}
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        search = ttk.Frame(self)
        search.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, GAP))
        ttk.Label(search, text="さがす").pack(side="left")
        self._wanted = text_variable(self)
        self.search = ttk.Entry(search, width=28, textvariable=self._wanted, font=TEXT_FONT)
        self.search.pack(side="left", padx=GAP)
        ttk.Label(search, text=_SEARCH_HINT, style="Faint.TLabel").pack(side="left")
        self.tree = ttk.Treeview(self, show="headings", height=rows, selectmode="browse")
        self._columns = TableColumns(self.tree, _COLUMNS)
        self._columns.set_widths(narrow=False)
        self._narrow = False
        self.tree.bind("<Configure>", lambda event: self._fit_columns())
        self.tree.grid(row=1, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.tree.yview, takefocus=False)
        bar.grid(row=1, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self._note = wrapped(self, "")
        self._note.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        wrapped(self, _CHECK_NOTE, style="Faint.TLabel").grid(
            row=3, column=0, columnspan=2, sticky="ew", pady=(HALF, 0)
        )
        self._wanted.trace_add("write", lambda *_: self._fill())
        self.tree.bind("<<TreeviewSelect>>", lambda event: self._selected())
        self.tree.bind("<Double-Button-1>", self._double_click)
        self.tree.bind("<Return>", lambda event: self._take())
        on_key(self.search, "<Down>", self._into_list)
        editing.on_search_key(self.winfo_toplevel(), lambda: self.search)
        self._fill()

    def _fit_columns(self) -> None:
        # only where something is to change: a dialog grows and shrinks with what its table asks
        # for, and each answer to that would be a question again, without end
        narrow = self._columns.too_wide()
        if narrow is not self._narrow:
            self._narrow = narrow
            self._columns.set_widths(narrow=narrow)

    @property
    def chosen(self) -> Provider | None:
        selection = self.tree.selection()
        return self._shown[selection[0]] if selection else None

    def on_change(self, listener: Callable[[], object]) -> None:
        self._changed = listener
        listener()

    def _fill(self) -> None:
        by_label = sorted(providers(), key=lambda p: p.label.casefold())
        self.tree.delete(*self.tree.get_children())
        self._shown.clear()
        for provider in matching(by_label, self._wanted.get()):
            receiving = provider.receiving(provider.best_protocol(Protocol.POP3))
            values = (
                provider.label,
                _host(receiving),
                _host(provider.smtp),
                "要確認" if provider.needs_checking else "",
            )
            self._shown[self.tree.insert("", "end", values=values)] = provider
        if rows := self.tree.get_children():
            self.tree.selection_set(rows[0])
        self._selected()

    def _selected(self) -> None:
        provider = self.chosen
        if provider is None:
            text = "見つかりません。別の言葉でさがすか、契約の書類を見て入力してください。"
        else:
            text = provider.note or "メールアドレスとパスワードを入れれば、そのまま使えます。"
        self._note.configure(text=text)
        self._changed()

    def _double_click(self, event: tk.Event) -> None:
        if self.tree.identify_region(event.x, event.y) == "cell":
            self._take()

    def _into_list(self) -> None:
        rows = self.tree.get_children()
        if rows:
            self.tree.focus_set()
            self.tree.focus(self.tree.selection()[0])


def _host(server: Server | None) -> str:
    return server.host if server else ""
