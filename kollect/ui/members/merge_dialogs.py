"""統合: with whom, and then what stays of two members, each in a column."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from tkinter import ttk

from kollect.mail.foreign_text import exact
from kollect.members import merge_rules, normalize
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import as_form_input
from kollect.members.merge_rules import MergeField, MergePlan
from kollect.settings.number_format import number_text
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.tk_lifetime import number_variable
from kollect.ui.widgets.fields import RadioField
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.scroll_frame import ScrollFrame
from kollect.ui.widgets.wrapped_label import WrappedLabel

_COLUMN = 17
"""Full-width characters of a value."""
_NOTHING = "（なし）"


class MergeWithDialog(Dialog[int | None]):
    """The number of the other one; None: nobody is merged."""

    manual = "member-merge"

    def __init__(self, parent: tk.Misc, member: Member, alike: str, proposed: str) -> None:
        """`alike`: who may be the same person, in words; `proposed`: that one's number."""
        super().__init__(parent, "ほかの会員と統合", otherwise=None)
        paragraph(
            self.body,
            f"{member.name} 様が2回登録されているとき、2つの登録を1つにします。もう一方の"
            "受付番号を入力してください。残す番号と内容は、次の画面で選びます。",
        ).pack(anchor="w", pady=(0, GAP))
        rows = Form(self.body, label_characters=8)
        rows.pack(fill="x")
        if alike:
            rows.note(alike)
        self.number = rows.line("統合する会員", characters=12)
        self.number.value = proposed
        self._own = member.number
        self.buttons(("キャンセル", self.cancel), ("次へ", self.accept))
        self.start_at(self.number.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        self.number.clear()
        number = normalize.number(self.number.value)
        if number is None or number == self._own:
            self.number.show_error(
                "この会員の番号です。もう一方の受付番号を入力してください。"
                if number is not None
                else "もう一方の会員の受付番号を、数字で入力してください。"
            )
            self.number.focus()
            return
        self.finish(number)


@dataclass(frozen=True, slots=True)
class MergeWish:
    """Which number stays, and of which fields the value of the other is kept."""

    stays: int
    goes: int
    taken: frozenset[MergeField]


class MergeDialog(Dialog[MergeWish | None]):
    """None: they stay two. What is filled in is chosen, and of two values that of the one that
    stays, until somebody chooses."""

    manual = "member-merge"

    def __init__(self, parent: tk.Misc, plan: MergePlan, now: datetime, digits: int = 0) -> None:
        super().__init__(parent, "ほかの会員と統合", otherwise=None)
        self._plan, self._now, self._digits = plan, now, digits
        self._both = (plan.stays.member, plan.goes.member)
        paragraph(
            self.body,
            "2つの登録を1つにします。残す番号と、違っている項目の内容を選んでください。"
            "グループと備考は合わせます。もう一方の番号も、残した会員の番号として通じます。",
            characters=2 * _COLUMN + 8,
        ).pack(anchor="w", pady=(0, GAP))
        # below, where it is seen without scrolling
        said = ttk.Frame(self.body)
        said.pack(side="bottom", fill="x", pady=(GAP, 0))
        ttk.Label(said, text="メール配信").pack(side="left", anchor="n", padx=(0, GAP))
        self.outcome = WrappedLabel(said, "", characters=2 * _COLUMN)
        self.outcome.pack(side="left", anchor="w")
        self._scrolled = ScrollFrame(self.body)
        self._scrolled.pack(fill="both", expand=True)
        self._grid = ttk.Frame(self._scrolled.inside)
        self._grid.pack(fill="both", expand=True)
        self._row = 0
        names = [f"{self._number(one)}　{one.name}{_condition(one)}" for one in self._both]
        self.stays = self._choice("残す番号", names)
        self.stays.on_edit(self._propose)
        line = ttk.Frame(self._grid, style="Line.TFrame", height=1)
        line.grid(row=self._row, column=0, columnspan=3, sticky="ew", pady=HALF)
        self._row += 1
        self.choices: dict[MergeField, RadioField[int]] = {}
        self._chosen: set[MergeField] = set()
        for field in merge_rules.differing(*self._both):
            values = [_shown(one, field) for one in self._both]
            choice = self.choices[field] = self._choice(str(field), values)
            choice.on_edit(partial(self._chosen.add, field))
        joined = self._plan.outcome((), now).member
        form = as_form_input(joined)
        for label, text in (("グループ", form.groups), ("備考", form.note)):
            if text:
                self._label(label)
                shown = WrappedLabel(self._grid, text, characters=2 * _COLUMN)
                shown.grid(row=self._row, column=1, columnspan=2, sticky="w", pady="1p")
                self._row += 1
        self._propose()
        self._ask_for_room()
        self.buttons(("キャンセル", self.cancel), ("統合する", self.accept))
        self.start_at(self.stays.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        stays, goes = self._in_order()
        place = self.stays.value
        taken = {field for field, choice in self.choices.items() if choice.value != place}
        self.finish(MergeWish(stays.number, goes.number, frozenset(taken)))

    # ---- the rows ----

    def _label(self, text: str) -> None:
        label = ttk.Label(self._grid, text=text)
        label.grid(row=self._row, column=0, sticky="nw", padx=(0, GAP), pady="1p")

    def _choice(self, label: str, values: list[str]) -> RadioField[int]:
        self._label(label)
        variable = number_variable(self)
        buttons = []
        for place, text in enumerate(values):
            cell = ttk.Frame(self._grid)
            cell.grid(row=self._row, column=1 + place, sticky="nw", padx=(0, GAP), pady="1p")
            button = ttk.Radiobutton(cell, value=place, variable=variable)
            button.pack(side="left", anchor="n")
            words = WrappedLabel(cell, text, characters=_COLUMN)
            words.pack(side="left", anchor="w")
            words.bind("<Button-1>", partial(_click, button))
            buttons.append(button)
        self._row += 1
        return RadioField(buttons, ttk.Label(self._grid), variable, [0, 1])

    def _ask_for_room(self) -> None:
        self.update_idletasks()
        inside = self._grid
        self._scrolled.ask_for(
            width=f"{inside.winfo_reqwidth()}", height=f"{inside.winfo_reqheight()}"
        )

    # ---- what follows from a choice ----

    def _in_order(self) -> tuple[Member, Member]:
        one, other = self._both
        return (one, other) if self.stays.value == 0 else (other, one)

    def _propose(self) -> None:
        place = self.stays.value
        taken = merge_rules.proposal(*self._in_order())
        for field, choice in self.choices.items():
            if field not in self._chosen:
                choice.value = 1 - place if field in taken else place
        plan = self._plan if place == 0 else MergePlan(self._plan.goes, self._plan.stays)
        becomes = plan.outcome((), self._now)
        kept = plan.stays.member.standing
        style = "TLabel"
        if becomes.withdrawn_at:
            text = f"退会のお申し出（{_day(becomes.withdrawn_at)}）のため、退会になります。"
            style = "Bad.TLabel"
        elif becomes.stopped_at:
            text = f"お申し出（{_day(becomes.stopped_at)}）のため、配信停止になります。"
            style = "Bad.TLabel"
        elif becomes.member.consent.given:
            consent = becomes.member.consent
            text = f"承諾する（{_on(consent.on)}　{consent.how}）"
            if kept.withdrawn_at or kept.stopped_at:
                text += "　お申し出のあとの承諾です。"
        else:
            text = "承諾しない"
        self.outcome.configure(text=text, style=style)

    def _number(self, member: Member) -> str:
        return number_text(member.number, self._digits)


def _click(button: ttk.Radiobutton, event: tk.Event) -> None:
    button.invoke()


def _shown(member: Member, field: MergeField) -> str:
    found = merge_rules.value(member, field)
    if isinstance(found, date):
        return f"{found:%Y/%m/%d}"
    text = exact(str(found)) if field is MergeField.ADDRESS else str(found or "")
    if field is MergeField.ADDRESS and member.standing.undeliverable:
        text += "（不達）"
    return text or _NOTHING


def _condition(member: Member) -> str:
    if member.standing.state is MemberState.WITHDRAWN:
        return "（退会）"
    return "（配信停止）" if member.standing.stopped_at else ""


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y/%m/%d}"


def _on(day: date | None) -> str:
    return f"{day:%Y/%m/%d}" if day else ""
