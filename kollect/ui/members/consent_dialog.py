"""The new consent of somebody who had stopped the mails, with the day and how it was given."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace
from datetime import date

from kollect.members.member import Consent, Member
from kollect.members.member_fields import YES, FormProblems, MemberField, as_form_input, read_form
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.members.member_form_fields import PAPER
from kollect.ui.widgets.form import Form


class ConsentDialog(Dialog[Consent | None]):
    """None: there is no new consent."""

    def __init__(self, parent: tk.Misc, member: Member, today: date) -> None:
        super().__init__(parent, "配信の再開", otherwise=None)
        self._member, self._today = member, today
        paragraph(
            self.body,
            f"{member.name} 様は、メールの配信停止を申し出られました。"
            "お客様からもう一度承諾をいただいたときだけ、再開できます。承諾は記録に残ります。",
        ).pack(anchor="w", pady=(0, GAP))
        rows = Form(self.body, label_characters=6)
        rows.pack(fill="x")
        self.on = rows.line("承諾日", characters=18)
        self.how = rows.line("承諾方法", characters=34)
        self.on.value = f"{today:%Y/%m/%d}"
        self.how.value = PAPER
        self.buttons(("キャンセル", self.cancel), ("再開する", self.accept))
        self.start_at(self.how.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        form = replace(
            as_form_input(self._member),
            consent=YES, consent_on=self.on.value, consent_how=self.how.value,
        )  # fmt: skip
        fields = {MemberField.CONSENT_ON: self.on, MemberField.CONSENT_HOW: self.how}
        for field in fields.values():
            field.clear()
        try:
            consent = read_form(form, self._today).consent
            no = self._member.standing.stopped_at
            if no is not None and consent.on is not None and consent.on < no.astimezone().date():
                self.on.show_error(
                    f"{no.astimezone():%Y/%m/%d} の配信停止のお申し出より前の日です。"
                    "お申し出のあとに承諾をいただいた日を入力してください。"
                )
                self.on.focus()
                return
            self.finish(consent)
        except FormProblems as wrong:
            for problem in wrong.problems:
                if problem.field in fields:
                    fields[problem.field].show_error(problem.message)
                    fields[problem.field].focus()
