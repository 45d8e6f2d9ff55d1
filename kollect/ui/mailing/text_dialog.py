"""「文例」: the texts that come with the program and the shop's own, to begin a letter with.

text = choose_text(window, workspaces, subject, body)    # None: the letter stays as it is
"""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable
from contextlib import AbstractContextManager
from tkinter import ttk
from typing import TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.mailing.builtin_texts import BUILTIN_TEXTS, BuiltinText
from kollect.mailing.text_library import (
    LONGEST_NAME,
    NameTaken,
    ShopText,
    TextLibrary,
    bare,
    name_fault,
)
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import Dialog, Dialogs, em, paragraph
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, WIDE
from kollect.ui.framework.window import Window
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.mail_preview import MailPreview

T = TypeVar("T")

Words = tuple[str, str]
"""Subject and body."""

_COLUMNS = (("文例", 11), ("種類", 4))
_MARK = re.compile("[【（(]?★[^★]*★[】）)]?")
"""In a subject; in the name of a text it says nothing."""
_OWN, _BUILTIN = "お店", "見本"
_WIDE, _HIGH = 50, 25
"""Full-width characters, of list and preview."""
_BESIDE, _AROUND = 70, 285
"""Pixels that a small display needs for all else: the frame, the text above, the buttons below."""


def choose_text(
    window: Window, workspaces: ActiveWorkspace, subject: str, body: str
) -> Words | None:
    """Let a text be chosen for the letter that now reads so. None: it stays as it is, also where
    somebody does not want to give up what is typed."""
    chosen = window.dialogs.show(
        TextsDialog,
        window.jobs,
        window.dialogs,
        workspaces.current.texts,
        (subject, body),
        sender=workspaces.current.readable_settings().shop.name,
    )
    if chosen is None or chosen == (subject, body):
        return None
    if (subject.strip() or body.strip()) and not window.dialogs.confirm(
        "文章を入れかえますか？",
        "いま書いてある見出と本文が、文例に入れかわります。\n"
        "あとで「前の文章に戻す」を押すと、いまの文章に戻せます。",
        yes="入れかえる",
        no="やめる",
    ):
        return None
    return chosen


class TextsDialog(Dialog[Words | None]):
    """Answers with the subject and body that were chosen, or None. What is saved, renamed or
    deleted meanwhile stays so."""

    manual = "mailing-texts"

    def __init__(
        self,
        parent: tk.Misc,
        jobs: Jobs,
        dialogs: Dialogs,
        texts: Callable[[], AbstractContextManager[TextLibrary]],
        current: Words,
        *,
        sender: str = "",
    ) -> None:
        """`current`: what is written at present, which can be saved; `sender`: for the preview."""
        super().__init__(parent, "文例", otherwise=None)
        self._jobs = jobs
        self._dialogs = dialogs
        self._texts = texts
        self._current = current
        self._sender = sender
        self.is_working = False
        self._own: list[ShopText] = []
        self._of: dict[str, ShopText | BuiltinText] = {}
        paragraph(
            self.body,
            "選んだ文例が、見出と本文に入ります。○のところは、日にちなどに書きかえてください。",
            characters=44,
        ).pack(anchor="w", pady=(0, GAP))
        width = em(self)
        both = ttk.Frame(
            self.body,
            width=min(_WIDE * width, self.winfo_screenwidth() - _BESIDE),
            height=min(_HIGH * width, self.winfo_screenheight() - _AROUND),
        )
        both.pack(fill="both", expand=True)
        both.pack_propagate(False)
        self._build_list(both, width)
        self.preview = MailPreview(both, lines=6, characters=10)
        self.preview.configure(text="文例の内容")
        self.preview.pack(side="left", fill="both", expand=True, padx=(WIDE, 0))
        self._build_buttons()
        _, self.take_button = self.buttons(
            ("キャンセル", self.cancel), ("この文例を使う", self.accept)
        )
        self._fill(None)
        self.start_at(self.tree)
        on_key(self, "<F12>", self.accept)
        self._load(None)

    def _build_list(self, parent: ttk.Frame, width: int) -> None:
        table = ttk.Frame(parent)
        table.pack(side="left", fill="y")
        self.tree = ttk.Treeview(
            table,
            columns=[name for name, _ in _COLUMNS],
            show="headings",
            height=3,
            selectmode="browse",
        )
        for name, characters in _COLUMNS:
            self.tree.heading(name, text=name, anchor="w")
            self.tree.column(name, width=characters * width, stretch=name == "文例")
        bar = ttk.Scrollbar(table, command=self.tree.yview, takefocus=False)
        bar.pack(side="right", fill="y")
        self.tree.pack(side="left", fill="both", expand=True)
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.bind("<<TreeviewSelect>>", lambda event: self._chosen())
        self.tree.bind("<Return>", lambda event: self.accept())
        self.tree.bind("<KP_Enter>", lambda event: self.accept())
        self.tree.bind("<Double-Button-1>", self._double)
        self.tree.bind("<Delete>", lambda event: self.delete())

    def _build_buttons(self) -> None:
        row = ttk.Frame(self.body)
        row.pack(fill="x", pady=(GAP, 0))
        self.rename_button = ttk.Button(row, text="名前を変える", width=14, command=self.rename)
        self.rename_button.pack(side="left")
        self.delete_button = ttk.Button(row, text="削除", width=8, command=self.delete)
        self.delete_button.pack(side="left", padx=(GAP, 0))
        self.save_button = ttk.Button(row, text="この文を文例に保存", width=20, command=self.save)
        self.save_button.pack(side="right")

    # ---- what can be done ----

    @property
    def chosen(self) -> ShopText | BuiltinText | None:
        selected = self.tree.selection()
        return self._of.get(selected[0]) if selected else None

    def accept(self) -> None:
        if (text := self.chosen) is not None:
            self.finish((text.subject, text.body))

    def save(self) -> None:
        """「この文を文例に保存」: what is being written, under a name."""
        if self.is_working or not any(part.strip() for part in self._current):
            return
        proposed = bare(_MARK.sub("", self._current[0]))[:LONGEST_NAME]
        name = self._dialogs.show(TextNameDialog, "この文を文例に保存", proposed, name_fault)
        if name is not None:
            self._save(name, replacing=False)

    def _save(self, name: str, *, replacing: bool) -> None:
        subject, body = self._current

        def work(job: Job) -> int | None:
            with self._texts() as texts:
                try:
                    return texts.save(name, subject, body, local_now(), replacing=replacing)
                except NameTaken:
                    return None

        def done(identity: int | None) -> None:
            if identity is not None:
                self._load(identity)
            elif self._dialogs.confirm(
                "上書きしますか？",
                f"「{name}」という文例は、もうあります。いまの文で上書きすると、前の文例は消えます。",
                yes="上書きする",
                no="やめる",
                careful=True,
            ):
                self._save(name, replacing=True)

        self._work(work, done)

    def rename(self) -> None:
        """「名前を変える」"""
        own = self._own_chosen()
        if own is None:
            return
        others = {one.name for one in self._own} - {own.name}

        def fault(name: str) -> str | None:
            taken = "その名前の文例があります。別の名前にしてください。"
            return name_fault(name) or (taken if name in others else None)

        name = self._dialogs.show(TextNameDialog, "名前を変える", own.name, fault)
        if name is None or name == own.name:
            return

        def work(job: Job) -> bool:
            with self._texts() as texts:
                try:
                    return texts.rename(own.id, name)
                except NameTaken:  # by somebody else meanwhile: the list shows it
                    return False

        self._work(work, lambda renamed: self._load(own.id))

    def delete(self) -> None:
        """「削除」, after a question."""
        own = self._own_chosen()
        if own is None or not self._dialogs.confirm(
            "文例を削除しますか？",
            f"「{own.name}」を削除します。元には戻せません。",
            yes="削除する",
            no="やめる",
            careful=True,
        ):
            return

        def work(job: Job) -> bool:
            with self._texts() as texts:
                return texts.delete(own.id)

        self._work(work, lambda deleted: self._load(None))

    def _own_chosen(self) -> ShopText | None:
        text = self.chosen
        return text if isinstance(text, ShopText) and not self.is_working else None

    # ---- the list ----

    def _load(self, select: int | None) -> None:
        """Read the shop's own texts, and select the one of this id."""

        def work(job: Job) -> list[ShopText]:
            with self._texts() as texts:
                return texts.all()

        def done(found: list[ShopText]) -> None:
            self._own = found
            self._fill(select)
            self.tree.focus_set()  # the button that was pressed may be of no use any more

        self._work(work, done)

    def _work(self, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        """One thing at a time; a list that is open goes on."""

        def finished(result: T) -> None:
            self.is_working = False
            done(result)
            self._enable()

        def failed(trouble: Trouble) -> None:
            self.is_working = False
            self._enable()
            self._jobs.show_trouble(trouble)

        self.is_working = True
        self._enable()
        self._jobs.run(work, finished, owner=self, failed=failed)

    def _fill(self, select: int | None) -> None:
        """The shop's own first; `select` is the id of one, else what somebody has chosen stays."""
        before = self.chosen if self.chosen != BUILTIN_TEXTS[0] else None
        self.tree.delete(*self.tree.get_children())
        self._of = {
            self.tree.insert("", "end", values=(text.name, kind)): text
            for kind, several in ((_OWN, self._own), (_BUILTIN, BUILTIN_TEXTS))
            for text in several
        }
        place = next(
            (
                item
                for item, text in self._of.items()
                if (isinstance(text, ShopText) and text.id == select)
                or (select is None and text == before)
            ),
            next(iter(self._of)),
        )
        self.tree.selection_set(place)
        self.tree.focus(place)
        self.tree.see(place)

    def _chosen(self) -> None:
        text = self.chosen
        if text is not None:
            self.preview.show(sender=self._sender, subject=text.subject, body=text.body)
        self._enable()

    def _double(self, event: tk.Event) -> None:
        if self.tree.identify_row(event.y):  # the heading is no text
            self.accept()

    def _enable(self) -> None:
        own = self._own_chosen() is not None
        written = any(part.strip() for part in self._current) and not self.is_working
        for button, usable in (
            (self.rename_button, own),
            (self.delete_button, own),
            (self.save_button, written),
        ):
            button.configure(state="normal" if usable else "disabled")


class TextNameDialog(Dialog[str | None]):
    """Answers with a name that `fault` has nothing against, or None."""

    manual = "mailing-texts"

    def __init__(
        self, parent: tk.Misc, title: str, proposed: str, fault: Callable[[str], str | None]
    ) -> None:
        super().__init__(parent, title, otherwise=None)
        self._fault = fault
        paragraph(self.body, "一覧に出る名前です。ほかの文例とは別の名前にしてください。").pack(
            anchor="w", pady=(0, GAP)
        )
        form = Form(self.body, label_characters=4)
        form.pack(fill="x")
        self.name = form.line("名前", characters=40)
        self.name.value = proposed
        self.buttons(("キャンセル", self.cancel), ("保存", self.accept))
        self.start_at(self.name.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        name = bare(self.name.value)
        if fault := self._fault(name):
            self.name.show_error(fault)
            self.name.focus()
        else:
            self.finish(name)
