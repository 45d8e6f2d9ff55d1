"""The window of the built-in manual: its pages at the left, the one that is read at the right."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from itertools import groupby
from tkinter import ttk

from kollect.ui.framework import editing, enter_key
from kollect.ui.framework.dialogs import Dialog, em
from kollect.ui.framework.key_bindings import instead, on_key
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT
from kollect.ui.framework.tk_lifetime import later, text_variable
from kollect.ui.manual.manual_page import ManualPage, pattern
from kollect.ui.manual.manual_pages import PAGES, page_named
from kollect.ui.manual.page_view import PageView

SOON_MS = 20
_LIST, _NARROW_LIST, _PAGE, _HEIGHT = 15, 13, 36, 36
"""Full-width characters: the list, the same on a small screen, a page, and the height of both."""
_AROUND = 60, 190
"""Pixels of a small screen beside and above the pages: frame, title, search, buttons, taskbar."""


class ManualDialog(Dialog[None]):
    """Opens at the page of this name. ESC closes it; where it was opened all is as before."""

    def __init__(self, parent: tk.Misc, name: str) -> None:
        super().__init__(parent, "コレクトの説明", otherwise=None)
        self.body.columnconfigure(1, weight=1)
        self.body.rowconfigure(1, weight=1)
        self.page = page_named(name)
        """The one that is read."""
        self._found: tuple[ManualPage, ...] = PAGES
        self._words = text_variable(self)
        self._build_search()
        self.list = self._build_list()
        self.view = PageView(self.body)
        self.view.grid(row=1, column=1, sticky="nsew")
        self._ask_for_room()
        self.buttons(("閉じる", self.cancel))
        self._fill()
        self._choose(self.page)
        self.list.bind("<Configure>", lambda event: later(self.list, SOON_MS, self._see), add="+")
        self.list.bind("<<TreeviewSelect>>", lambda event: self._chosen())
        editing.on_search_key(self, lambda: self.search)
        on_key(self, "<F3>", self.go_on)
        self.bind("<F1>", instead(lambda: None))  # it is open already
        for key in ("<Return>", "<KP_Enter>"):  # nothing is written there: on, to 「閉じる」
            self.view.text.bind(key, instead(partial(enter_key.enter, self.view.text)))
        self.start_at(self.view.text)

    def _build_search(self) -> None:
        row = ttk.Frame(self.body)
        row.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, GAP))
        ttk.Label(row, text="さがす").pack(side="left", padx=(0, HALF))
        self.search = ttk.Entry(row, width=24, textvariable=self._words, font=TEXT_FONT)
        self.search.pack(side="left")
        self.next_button = ttk.Button(
            row, text="次へ", width=8, command=self.go_on, state="disabled"
        )
        self.next_button.pack(side="left", padx=GAP)
        self.told = ttk.Label(row)
        self.told.pack(side="left")
        self._words.trace_add("write", lambda *_: self._searched())
        # "break": here Enter goes through what was found, it does not close the manual
        for key in ("<Return>", "<KP_Enter>"):
            self.search.bind(key, instead(self.go_on))
        on_key(self.search, "<Down>", lambda: self.view.text.focus_set())

    def _build_list(self) -> ttk.Treeview:
        frame = ttk.Frame(self.body)
        frame.grid(row=1, column=0, sticky="ns", padx=(0, GAP))
        frame.rowconfigure(0, weight=1)
        tree = ttk.Treeview(frame, show="tree", selectmode="browse", height=1)
        tree.grid(row=0, column=0, sticky="ns")
        bar = ttk.Scrollbar(frame, command=tree.yview, takefocus=False)
        bar.grid(row=0, column=1, sticky="ns")
        tree.configure(yscrollcommand=bar.set)
        tree.column("#0", width=self._list_width(), stretch=False)
        for key, pages in (("Prior", -1), ("Next", +1)):
            on_key(tree, f"<{key}>", partial(self.view_pages, pages))
        return tree

    def _ask_for_room(self) -> None:
        one = em(self)
        across, down = self.winfo_screenwidth(), self.winfo_screenheight()
        self.body.rowconfigure(1, minsize=min(_HEIGHT * one, down - _AROUND[1]))
        room = across - _AROUND[0] - self._list_width()
        self.body.columnconfigure(1, minsize=min(_PAGE * one, room))

    def _list_width(self) -> int:
        one = em(self)
        has_room = self.winfo_screenwidth() - _AROUND[0] >= (_LIST + _PAGE) * one
        return (_LIST if has_room else _NARROW_LIST) * one

    def _fill(self) -> None:
        """The list: pages under their groups."""
        self.list.delete(*self.list.get_children())
        for group, pages in groupby(self._found, key=lambda page: page.group):
            under = ""
            for page in pages:
                if page.title == group:  # it is above the others itself
                    under = self.list.insert("", "end", page.name, text=page.title, open=True)
                    continue
                under = under or self.list.insert("", "end", group, text=group, open=True)
                self.list.insert(under, "end", page.name, text=page.title)

    def _choose(self, page: ManualPage) -> None:
        self.page = page
        self.list.selection_set(page.name)
        self.list.focus(page.name)
        self.list.see(self.list.parent(page.name) or page.name)  # under its group
        later(self.list, SOON_MS, self._see)
        self.view.show(page, self._words.get())

    def _see(self) -> None:
        if self.list.exists(self.page.name):
            self.list.see(self.page.name)

    def _chosen(self) -> None:
        """A page, or the group above its pages, was selected."""
        chosen = next(iter(self.list.selection()), "")
        page = next((one for one in self._found if chosen in (one.name, one.group)), None)
        if page is not None and page is not self.page:
            self.page = page
            self.view.show(page, self._words.get())

    def _searched(self) -> None:
        """Only the pages on which the words stand, and the first of them if this is none."""
        wanted = pattern(self._words.get())
        counts = {page: len(wanted.findall(page.text)) if wanted else 1 for page in PAGES}
        found = tuple(page for page in PAGES if counts[page])
        self._found = found or PAGES
        told = "" if wanted is None else f"{sum(counts.values())}か所" if found else _NOT_THERE
        self.told.configure(text=told)
        self.next_button.configure(state="normal" if wanted and found else "disabled")
        self._fill()
        self._choose(self.page if self.page in self._found else self._found[0])

    def view_pages(self, pages: int) -> None:
        """Scroll the page, while the list has the focus."""
        self.view.turn(pages)

    def go_on(self) -> None:
        """「次へ」: the next place on this page, or the first one on the next page."""
        if "disabled" not in self.next_button.state() and not self.view.go_on():
            following = self._found.index(self.page) + 1
            self._choose(self._found[following % len(self._found)])


_NOT_THERE = "見つかりません"
