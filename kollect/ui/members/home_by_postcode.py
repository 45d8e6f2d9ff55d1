"""住所 that fills itself from 郵便番号, up to where the number of the house is typed.

An address that somebody has typed is replaced only after a question. Several towns with one
postcode are offered as a list.
"""

from __future__ import annotations

import tkinter as tk
from functools import partial
from tkinter import ttk

from kollect.errors import Trouble
from kollect.members import normalize, postcodes
from kollect.members.postcodes import PostalAddress
from kollect.ui.framework.dialogs import Dialog, Dialogs, em, paragraph
from kollect.ui.framework.editing import begin_to_edit
from kollect.ui.framework.key_bindings import instead, on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.fields import LineField

_UNKNOWN = (
    "この郵便番号は、郵便番号の表にありません。番号を確かめてください。"
    "新しい番号のときは、このまま住所を入力してください。"
)
_SEVERAL = "この番号の町は{count}か所あります。この欄で Enter を押すと、一覧から選べます。"
_OTHER = "この番号は「{text}」です。この欄で Enter を押すと、住所を入れかえられます。"
_ROWS = 12


class HomeByPostcode:
    """Follows the two fields. A form that is filled in by the program begins with `begin`."""

    def __init__(self, postcode: LineField, home: LineField, dialogs: Dialogs) -> None:
        self._postcode, self._home = postcode, home
        self._dialogs = dialogs
        self._done_with = ""
        """The postcode that has been looked up, or was there from the beginning."""
        self._filled: PostalAddress | None = None
        """What stands in 住所 by this, as long as nobody has typed there."""
        postcode.on_edit(self._postcode_edited)
        home.widget.bind("<<TraverseIn>>", self._entered)
        home.widget.bind("<Destroy>", lambda event: postcodes.forget(), add=True)

    def begin(self) -> None:
        """What stands in the fields now is the beginning: nothing is looked up for it."""
        self._done_with = normalize.postcode(self._postcode.value)
        self._filled = None

    def leave(self, *, by_key: bool) -> None:
        """郵便番号 is left with something that is one: fill 住所, where necessary after a question.

        A question comes in the way only `by_key`; else it is said what Enter would do.
        """
        postcode = normalize.postcode(self._postcode.value)
        if postcode == self._done_with or not normalize.is_postcode(postcode):
            return
        found = self._find(postcode, told=True)
        if not found or self._fits(found):
            self._done_with = postcode
        elif by_key:
            self._done_with = postcode
            self._ask(postcode, found)
        elif self._is_ours() and len(found) == 1:
            self._done_with = postcode
            self._fill(found[0])
        elif self._is_ours():
            self._postcode.show_notice(_SEVERAL.format(count=len(found)))
        else:
            self._postcode.show_notice(_OTHER.format(text=found[0].text))

    def _postcode_edited(self) -> None:
        """With the last digit the address is there, before Enter is pressed."""
        postcode = normalize.postcode(self._postcode.value)
        if postcode == self._done_with or not (normalize.is_postcode(postcode) and self._is_ours()):
            return
        found = self._find(postcode, told=False)  # told when the field is left
        if len(found) == 1:
            self._done_with = postcode
            self._fill(found[0])

    def _find(self, postcode: str, *, told: bool) -> list[PostalAddress]:
        """None where there is none, which is said beside the field where it is `told`."""
        notice = _UNKNOWN
        try:
            if found := postcodes.find(postcode.replace("-", "")):
                return found
        except Trouble as trouble:
            notice = f"{trouble.happened}{trouble.cure}"
        if told:
            self._postcode.show_notice(notice)
        return []

    def _ask(self, postcode: str, found: list[PostalAddress]) -> None:
        if not self._is_ours():
            proposed = f"「{found[0].text}」" if len(found) == 1 else f"{len(found)}か所の町の番号"
            if not self._dialogs.confirm(
                "住所を入れかえますか？",
                f"〒{postcode} は、{proposed}です。\n"
                f"いま入っている住所は「{self._home.value.strip()}」です。",
                yes="入れかえる",
                no="そのまま",
                careful=True,
            ):
                return
        chosen: PostalAddress | None = found[0]
        if len(found) > 1:
            chosen = self._dialogs.show(TownDialog, postcode, found)
        if chosen is not None:
            self._fill(chosen)

    def _fill(self, address: PostalAddress) -> None:
        self._home.value = address.text
        self._home.clear()
        self._filled = address

    def _is_ours(self) -> bool:
        """Whether nothing would be lost: 住所 is empty, or as it was filled in."""
        home = self._home.value.strip()
        return not home or (self._filled is not None and home == self._filled.text)

    def _fits(self, found: list[PostalAddress]) -> bool:
        """Whether what somebody has typed is in one of these towns already."""
        if self._is_ours():
            return False
        home = normalize.search_key(self._home.value)
        return any(normalize.search_key(one.town or one.city) in home for one in found)

    def _entered(self, event: tk.Event) -> str | None:
        """By Enter or Tab: what was filled in stays, and the number of the house is typed on."""
        if self._filled is None or self._home.value != self._filled.text:
            return None
        entry = self._home.widget
        place = len(self._filled.text if self._filled.is_complete else self._filled.before_number)
        begin_to_edit(entry)
        entry.selection_clear()
        entry.icursor(place)
        entry.xview_moveto(0)
        return "break"


class TownDialog(Dialog[PostalAddress | None]):
    """Which town is meant: by the arrows and Enter, a double click, or one of the digits."""

    def __init__(self, parent: tk.Misc, postcode: str, found: list[PostalAddress]) -> None:
        super().__init__(parent, "町を選ぶ", otherwise=None)
        paragraph(
            self.body,
            f"〒{postcode} の町は{len(found)}か所あります。"
            "選んでください（1～9のキーでも選べます）。",
        ).pack(anchor="w", pady=(0, GAP))
        table = ttk.Frame(self.body)
        table.pack(fill="both", expand=True)
        self.tree = ttk.Treeview(
            table, columns=("住所",), show="tree headings", height=min(_ROWS, len(found)),
            selectmode="browse",
        )  # fmt: skip
        width = em(self)
        self.tree.column("#0", width=3 * width, stretch=False)
        self.tree.heading("住所", text="住所", anchor="w")
        self.tree.column("住所", width=34 * width)
        bar = ttk.Scrollbar(table, command=self.tree.yview, takefocus=False)
        bar.pack(side="right", fill="y")  # first: where the list is too wide, the bar stays
        self.tree.pack(side="left", fill="both", expand=True)
        self.tree.configure(yscrollcommand=bar.set)
        self._rows = [
            self.tree.insert("", "end", text=f"{n}" if n < 10 else "", values=(one.text,))
            for n, one in enumerate(found, 1)
        ]
        self._found = found
        self.tree.selection_set(self._rows[0])
        self.tree.focus(self._rows[0])
        for event in ("<Return>", "<KP_Enter>", "<Double-Button-1>"):
            self.tree.bind(event, lambda event: self.accept())
        for digit in range(1, 10):
            for key in (f"<Key-{digit}>", f"<KP_{digit}>"):
                self.bind(key, instead(partial(self._choose, digit - 1)))
        on_key(self, "<F12>", self.accept)
        self.buttons(("キャンセル", self.cancel), ("選ぶ", self.accept))
        self.start_at(self.tree)

    def _choose(self, place: int) -> None:
        if place < len(self._found):
            self.finish(self._found[place])

    def accept(self) -> None:
        if chosen := self.tree.selection():
            self.finish(self._found[self._rows.index(chosen[0])])
