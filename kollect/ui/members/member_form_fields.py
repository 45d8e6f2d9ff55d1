"""The membership form as fields (design §10), for 会員登録 and for a correction alike.

Knows how the form is filled in; whether it can be taken is for `members.member`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from tkinter import ttk
from typing import Any

from kollect.desktop.ime import InputMode, set_input_mode
from kollect.members import normalize, phone_numbers, wareki
from kollect.members.member import Member, MemberState, Sex
from kollect.members.member_fields import (
    NO,
    YES,
    FieldProblem,
    MemberField,
    MemberFormInput,
    problems,
)
from kollect.settings.model import TextSize
from kollect.ui.framework import tk_windows
from kollect.ui.framework.dialogs import Dialogs
from kollect.ui.framework.theme import GAP, WIDE
from kollect.ui.framework.tk_lifetime import when_idle
from kollect.ui.members.group_choice import GroupChoice
from kollect.ui.members.home_by_postcode import HomeByPostcode
from kollect.ui.members.kana_proposal import KanaProposal
from kollect.ui.widgets import fields, form

REGISTERED = "登録済"
"""The state of a member who has not left, and to whom mail can go."""
LABEL_CHARACTERS = 6
NOTE_LINES = 2
WIDEST = 66
"""Full-width characters: a form is no wider."""
_BOTH_CALENDARS = "西暦でも和暦でも。例: S60.1.2"
PAPER = "会員登録用紙"
"""How most consents are given."""
_SEX_WORDS = {
    Sex.UNSAID.value: "記入なし",
    Sex.MALE.value: "男性",
    Sex.FEMALE.value: "女性",
    Sex.OTHER.value: "その他",
}
_SEEN_AT_ONCE = (
    MemberField.BIRTHDAY,
    MemberField.PHONE,
    MemberField.POSTCODE,
    MemberField.CONSENT_ON,
)
"""What is wrong in these is said when Enter or Tab would leave them, and the focus stays."""
_TIDY: dict[MemberField, Callable[[str], str]] = {
    MemberField.KANA: normalize.kana,
    MemberField.PHONE: phone_numbers.phone,
    MemberField.POSTCODE: normalize.postcode,
}
"""How it is kept, and shown as soon as the field is left."""
_LETTERS = {
    MemberField.NAME: InputMode.HIRAGANA,
    MemberField.KANA: InputMode.KATAKANA,
    MemberField.HOME: InputMode.HIRAGANA,
    MemberField.GROUPS: InputMode.HIRAGANA,
    MemberField.NOTE: InputMode.HIRAGANA,
    MemberField.CONSENT_HOW: InputMode.HIRAGANA,
}


class MemberFormFields:
    """The rows below the 受付番号, in the order of typing. `typed` is what stands there."""

    def __init__(self, rows: form.Form, today: Callable[[], date], dialogs: Dialogs) -> None:
        self._today = today
        self.on_left: Callable[[MemberField], None] = lambda where: None
        """Told when a field has been left with something that can be taken."""
        self.name = rows.line("お名前", characters=26)
        self.kana = rows.line("フリガナ", characters=26, beside=self.name)
        self.birthday = rows.line("生年月日", characters=18)
        self.sex = rows.radios("性別", _SEX_WORDS)
        self.phone = rows.line("電話番号", characters=22)
        self.postcode = rows.line("郵便番号", characters=12, beside=self.phone)
        self.home = rows.line("住所", characters=60)
        self.groups = rows.line("グループ", characters=34)
        self.note = rows.short_text("備考", lines=NOTE_LINES, characters=60)
        self.consent = rows.radios("メール配信", {YES: YES, NO: NO})
        self.consent_on = rows.line("承諾日", characters=18)
        self.consent_how = rows.line("承諾方法", characters=26, beside=self.consent_on)
        self.fields: dict[MemberField, fields.Field[Any]] = {
            MemberField.NAME: self.name,
            MemberField.KANA: self.kana,
            MemberField.BIRTHDAY: self.birthday,
            MemberField.SEX: self.sex,
            MemberField.PHONE: self.phone,
            MemberField.POSTCODE: self.postcode,
            MemberField.HOME: self.home,
            MemberField.GROUPS: self.groups,
            MemberField.NOTE: self.note,
            MemberField.CONSENT: self.consent,
            MemberField.CONSENT_ON: self.consent_on,
            MemberField.CONSENT_HOW: self.consent_how,
        }
        self._meant = self._beside(rows, self.birthday, _BOTH_CALENDARS)
        self._beside(rows, self.sex, "1～4のキーでも選べます")
        self._beside(rows, self.consent, "1と2のキーでも選べます")
        self._group_choice = GroupChoice(rows, self.groups)
        self._kana_proposal = KanaProposal(self.name, self.kana)
        self._home_by_postcode = HomeByPostcode(self.postcode, self.home, dialogs)
        self._wire()

    @property
    def typed(self) -> MemberFormInput:
        """As typed, but for the number."""
        agreed = self.consent.value == YES
        return MemberFormInput(
            name=self.name.value,
            kana=self.kana.value,
            birthday=self.birthday.value,
            sex=self.sex.value,
            phone=self.phone.value,
            postcode=self.postcode.value,
            home=self.home.value,
            groups=self.groups.value,
            note=self.note.value,
            consent=self.consent.value,
            consent_on=self.consent_on.value if agreed else "",
            consent_how=self.consent_how.value if agreed else "",
        )

    def show(self, form: MemberFormInput) -> None:
        """Fill in the form; not an edit."""
        for where, field in self.fields.items():
            field.clear()
            if where is not MemberField.CONSENT:
                field.value = getattr(form, where.name.lower())
        self.consent.value = YES if form.consent == YES else NO
        self._kana_proposal.begin()
        self._home_by_postcode.begin()
        self._say_birthday()
        self._follow_consent()

    def empty(self) -> None:
        """The form of the next customer, who has consented to nothing yet."""
        self.show(MemberFormInput(consent=NO))

    def show_errors(self, problems: Iterable[FieldProblem]) -> fields.Field[Any] | None:
        """Say beside each field what is wrong; returns the first, which gets the focus."""
        found: dict[MemberField, str] = {}
        for problem in problems:
            found.setdefault(problem.field, problem.message)
        for where, field in self.fields.items():
            if where in found:
                field.show_error(found[where])
            else:
                field.clear()
        first = next((self.fields[where] for where in self.fields if where in found), None)
        if first is not None:
            first.focus()
        return first

    def fit(self, size: TextSize) -> None:
        """With the largest letters the notes have one line, and all the form is in sight."""
        self.note.show_lines(1 if size is TextSize.HUGE else NOTE_LINES)

    def enable(self, enabled: bool) -> None:
        for field in self.fields.values():
            field.enable(enabled)
        self._group_choice.enable(enabled)
        if enabled:
            self._follow_consent()

    def offer_groups(self, labels: Iterable[str]) -> None:
        """The グループ that there are, to be chosen instead of typed."""
        self._group_choice.offer(labels)

    def choose(self, place: int) -> bool:
        """A digit was typed: in radio buttons it chooses. Returns whether it did."""
        return self.sex.choose(place) or self.consent.choose(place)

    # ---- how the fields help ----

    def _wire(self) -> None:
        self.birthday.on_edit(self._say_birthday)
        self.consent.on_edit(self._consent_chosen)
        for where in (*_SEEN_AT_ONCE, MemberField.NAME, MemberField.KANA):
            widget = self.fields[where].widget
            for key in ("<Return>", "<KP_Enter>", "<Tab>"):
                widget.bind(key, partial(self._move_on, where))
            widget.bind("<FocusOut>", partial(self._left, where), add=True)
        for where, field in self.fields.items():
            switch_ime(field.widget, _LETTERS.get(where, InputMode.PLAIN))

    def _fits(self, where: MemberField) -> bool:
        """Whether what stands in this field can be taken; if not, it is said beside it."""
        field = self.fields[where]
        if field.value.strip():
            for problem in problems(self.typed, self._today()):
                if problem.field is where:
                    field.show_error(problem.message)
                    return False
        return True

    def _move_on(self, where: MemberField, event: tk.Event) -> str | None:
        if not self._fits(where):
            return "break"
        self._done_with(where, by_key=True)
        return None

    def _left(self, where: MemberField, event: tk.Event) -> None:
        """By the mouse: it is said, but the focus may go."""
        widget = self.fields[where].widget
        focus = tk_windows.focused(widget)
        here = focus is not None and focus.winfo_toplevel() is widget.winfo_toplevel()
        if here and self._fits(where):
            self._done_with(where, by_key=False)

    def _done_with(self, where: MemberField, *, by_key: bool) -> None:
        field = self.fields[where]
        tidy = _TIDY.get(where)
        if tidy is not None and field.value != (tidied := tidy(field.value)):
            field.value = tidied
        if where is MemberField.POSTCODE:
            self._home_by_postcode.leave(by_key=by_key)
        self.on_left(where)

    def _say_birthday(self) -> None:
        self._meant.configure(text=_in_words(self.birthday.value, self._today()))

    def _consent_chosen(self) -> None:
        if self.consent.value == YES:
            if not self.consent_on.value:
                self.consent_on.value = f"{self._today():%Y/%m/%d}"
            if not self.consent_how.value:
                self.consent_how.value = PAPER
        self._follow_consent()

    def _follow_consent(self) -> None:
        agreed = self.consent.value == YES
        for field in (self.consent_on, self.consent_how):
            field.enable(agreed)
            if not agreed:
                field.clear()

    def _beside(self, rows: form.Form, field: fields.Field[Any], text: str) -> ttk.Label:
        label = ttk.Label(rows.beside(field), text=text, style="Faint.TLabel")
        label.pack(side="left", padx=(GAP, WIDE))
        return label


def switch_ime(widget: tk.Misc, letters: InputMode) -> None:
    """Switch the input method whenever this field gets the focus."""
    # when Tk tells of the focus, Windows has not always moved its own
    widget.bind("<FocusIn>", lambda event: when_idle(widget, set_input_mode, letters), add=True)


def _in_words(typed: str, today: date) -> str:
    """The birthday in the other calendar, to be compared with the paper."""
    try:
        day = wareki.read(typed)
    except wareki.NotADate:
        return _BOTH_CALENDARS
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    if age < 0:
        return _BOTH_CALENDARS
    era = wareki.written(day).partition("年")[0]
    return f"{day.year}年{day.month}月{day.day}日（{era}年）　{age}歳"


def state_words(member: Member) -> str:
    """The one word that matters most for the staff."""
    standing = member.standing
    if standing.state is MemberState.WITHDRAWN:
        return "退会"
    if standing.stopped_at:
        return "配信停止"
    if standing.undeliverable:
        return "不達"
    return REGISTERED if member.consent.given else "承諾なし"
