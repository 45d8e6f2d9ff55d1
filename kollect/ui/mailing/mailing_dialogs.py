"""The dialogs of メール発信: where to try it, who gets it and who does not, what was written."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from tkinter import ttk

from kollect.mail.foreign_text import exact
from kollect.mailing import mailing_text
from kollect.mailing.mailing_states import Mailing
from kollect.members.member import Member
from kollect.members.repository import Members
from kollect.settings.field_rules import address_fault
from kollect.ui.framework.dialogs import Dialog, em, paragraph
from kollect.ui.framework.jobs import Jobs
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.mail_preview import MailPreview
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take


class SampleDialog(Dialog[str | None]):
    """Answers with the address to which the sample goes."""

    def __init__(self, parent: tk.Misc, proposed: str) -> None:
        super().__init__(parent, "自分に試し送信", otherwise=None)
        paragraph(
            self.body,
            "会員に届くのと同じメールを、1通だけ送ります。ご自分の携帯電話などで確かめてください。"
            "名前と受付番号には、見本が入ります。",
        ).pack(anchor="w", pady=(0, GAP))
        form = Form(self.body, label_characters=4)
        form.pack(fill="x")
        self.address = form.line("送り先", characters=34)
        self.address.value = proposed
        self.buttons(("キャンセル", self.cancel), ("送る", self.accept))
        self.start_at(self.address.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        address = self.address.value.strip()
        if fault := address_fault(address) or ("" if address else "入力してください。"):
            self.address.show_error(fault)
            self.address.focus()
        else:
            self.finish(address)


class PeopleDialog(Dialog[None]):
    """The members of these numbers, to be looked through."""

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        text: str,
        numbers: Sequence[int],
        members: Callable[[], AbstractContextManager[Members]],
        jobs: Jobs,
        shown: Callable[[int], str],
    ) -> None:
        """`shown`: how a number is written."""
        super().__init__(parent, title, otherwise=None)
        self._shown = shown
        self._members = members
        self._jobs = jobs
        paragraph(self.body, title, bold=True).pack(anchor="w")
        paragraph(self.body, text).pack(anchor="w", pady=(0, GAP))
        width = em(self)
        table = ttk.Frame(self.body, width=42 * width, height=18 * width)
        table.pack(fill="both", expand=True)
        table.pack_propagate(False)
        self.table = Table(
            table,
            (
                TableColumn("受付番号", 5.5),
                TableColumn("お名前", 8.5),
                TableColumn("メールアドレス", 13, stretch=True),
                TableColumn("グループ", 5.5),
            ),
            self._fetch,
        )
        self.table.pack(fill="both", expand=True)
        self.buttons(("閉じる", self.cancel))
        self.table.show(numbers)
        self.start_at(self.table.tree)

    def _fetch(self, numbers: Sequence[int], take: Take) -> None:
        def work() -> dict[int, TableRow]:
            with self._members() as members:
                return {one.number: TableRow(self._cells(one)) for one in members.members(numbers)}

        take.by_job(self._jobs, work, lambda rows: rows, owner=self)

    def _cells(self, one: Member) -> tuple[str, ...]:
        groups = "、".join(one.groups)
        return self._shown(one.number), one.name, exact(one.standing.address), groups


class LetterDialog(Dialog[None]):
    """What was written to the members, with its footer."""

    def __init__(self, parent: tk.Misc, mailing: Mailing, sender: str) -> None:
        super().__init__(parent, "送ったメールの内容", otherwise=None)
        preview = MailPreview(self.body, lines=14, characters=52)
        preview.configure(text="メールの内容（差し込みの言葉は、会員ごとに変わります）")
        preview.pack(fill="both", expand=True)
        preview.show(
            sender=sender,
            subject=mailing.subject,
            body=mailing_text.complete(mailing.body, mailing.footer),
        )
        self.buttons(("閉じる", self.cancel))
