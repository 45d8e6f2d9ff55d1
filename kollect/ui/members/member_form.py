"""会員登録: from the 受付番号 on the paper form to the member, by keyboard alone.

F12 registers, and the cursor is back in the empty number field for the next form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import CollectorEvent, PollFinished
from kollect.delivery.answer_words import cause_of
from kollect.delivery.carriers import AT_THE_COUNTER, MAY_BE_FILTER
from kollect.desktop.ime import InputMode
from kollect.errors import Trouble
from kollect.ledger.records import Receipt
from kollect.ledger.states import ReceiptState, in_words
from kollect.mail.foreign_text import exact
from kollect.members import normalize
from kollect.members.member import Member, MemberState
from kollect.members.member_errors import AlreadyRegistered, MemberRefusal, NumberUnknown, Withdrawn
from kollect.members.member_fields import (
    NO,
    FieldProblem,
    FormProblems,
    MemberField,
    MemberFormInput,
    read_form,
)
from kollect.members.member_reader import Candidate
from kollect.threads.background_thread import local_now
from kollect.ui.framework import tk_windows
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import WIDE
from kollect.ui.framework.tk_lifetime import when_idle
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.members.alike_notice import AlikeNotice
from kollect.ui.members.candidate_dialog import CandidateDialog
from kollect.ui.members.member_form_fields import (
    LABEL_CHARACTERS,
    WIDEST,
    MemberFormFields,
    switch_ime,
)
from kollect.ui.navigator import Navigator
from kollect.ui.results.resend_dialog import LetterWatch
from kollect.ui.results.results_rows import has_not_arrived, may_be_filtered
from kollect.ui.widgets.form import Form, wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame, keep_readable

MOST_CANDIDATES = 50
_ASK = "用紙の受付番号を入力して、Enterキーを押してください。"
_FAILED = (ReceiptState.UNDELIVERABLE, ReceiptState.REFUSED)
_STYLES = {ReceiptState.REPLIED: "Good.TLabel"} | dict.fromkeys(_FAILED, "Bad.TLabel")


class MemberFormScreen(Screen):
    code, heading = "KKRFR101", "会員登録"
    manual = "member-form"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._found: Receipt | None = None
        """Whose form this is: a number that can be registered."""
        self._looked_for = ""
        self._there: Member | None = None
        """Who has the number already."""
        self.scrolled = ScrollFrame(self)
        self.scrolled.pack(fill="both", expand=True)
        rows = Form(self.scrolled.inside, label_characters=LABEL_CHARACTERS)
        rows.pack(fill="both", expand=True)
        keep_readable(rows, WIDEST)
        self.number = rows.line("受付番号", characters=24, after="または、メールアドレスの一部")
        self.today = ttk.Label(rows.beside(self.number), style="Faint.TLabel")
        self.today.pack(side="right", padx=WIDE)
        self._build_found(rows)
        self.fields = MemberFormFields(rows, lambda: local_now().date(), window.dialogs)
        self.alike = AlikeNotice(self, workspaces, self.fields, lambda: None)
        self.fields.empty()
        self.on_text_size()
        self.number.on_edit(self._number_edited)
        entry = self.number.widget
        for key in ("<Return>", "<KP_Enter>", "<Tab>"):
            entry.bind(key, lambda event: self._move_on())
        entry.bind("<FocusOut>", lambda event: when_idle(self, self._left_number), add=True)
        switch_ime(entry, InputMode.PLAIN)
        self._letters = LetterWatch(window, workspaces, owner=self, changed=self._look_again)
        self._ask_for_number()

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        keys = [FunctionKey("F8", "会員一覧", self.open_list)]
        if self._there is not None:
            keys.append(FunctionKey("F9", "会員を開く", self.open_there))
        elif self._found is not None:
            keys.append(FunctionKey("F9", "再送", self.resend))
        return [*keys, FunctionKey("F12", "登録実行", self.save, enabled=not self.is_busy)]

    def on_text_size(self) -> None:
        self.fields.fit(self.window.theme.size)

    def on_show(self) -> None:
        self.number.focus()
        self._fetch_around()
        if self._there is not None:  # it may have been mended on the screen above
            self._look()

    def digit(self, number: int) -> None:
        self.fields.choose(number)

    def turn_page(self, step: int) -> None:
        """PageUp: the form before, as it was registered. What is typed here stays."""
        if step > 0 or self.is_busy:
            return

        def work(job: Job) -> Member | None:
            with self._workspaces.current.members() as members:
                return members.last_registered()

        def done(member: Member | None) -> None:
            if self.window.screen is not self:
                return
            if member is None:
                self.window.set_status("まだ登録した会員がいません。")
            else:
                self._go.member(member)

        self.work(work, done)

    def has_unsaved_changes(self) -> bool:
        return self.fields.typed != MemberFormInput(consent=NO)  # a number alone was only looked up

    def save_before_leaving(self, then: Callable[[], None]) -> None:
        self.save(then)

    def on_collector_event(self, news: CollectorEvent) -> None:
        self._letters.on_collector_event(news)
        if isinstance(news, PollFinished):
            self._look_again()  # its letter may have gone out by now

    def _look_again(self) -> None:
        if self._found is not None and not self.is_busy:
            self._look()

    # ---- the number ----

    def begin_with(self, number: int) -> None:
        """As if this number had been typed, with Enter after it."""
        self.number.value = str(number)
        self._move_on()

    def _build_found(self, rows: Form) -> None:
        place = rows.row(under_fields=True)
        place.columnconfigure(1, weight=1)
        self.address = ttk.Label(place, style="Bold.TLabel")
        self.address.grid(row=0, column=0, sticky="nw")
        self.condition = wrapped(place, "")
        self.condition.grid(row=0, column=1, rowspan=2, sticky="new", padx=WIDE)
        self.sheet_button = ttk.Button(
            place, text="届かないときの紙", width=16, command=self._go.arrival_sheet
        )
        self.sheet_button.grid(row=1, column=0, sticky="w")
        self.sheet_button.grid_remove()

    def _number_edited(self) -> None:
        if self.number.value.strip() != self._looked_for:
            self._ask_for_number()

    def _ask_for_number(self) -> None:
        self._found = self._there = None
        self._looked_for = ""
        self._say_found("", _ASK, "Faint.TLabel")

    def _say_found(self, address: str, text: str, style: str) -> None:
        self.address.configure(text=exact(address))
        self.condition.configure(text=text, style=style)
        self.condition.grid_configure(padx=(WIDE if address else 0, WIDE))
        self.sheet_button.grid_remove()
        self.refresh_keys()

    def _move_on(self) -> str:
        """Enter or Tab: on to the name where the number can be registered, else it stays here."""
        if self.number.value.strip():
            self._look(self.fields.name.focus)
        else:
            self.number.show_error(_ASK)
        return "break"

    def _left_number(self) -> None:
        """For another field; not for a dialog that asks something else, or another program."""
        typed = self.number.value.strip()
        focus = tk_windows.focused(self)
        on_the_form = focus is not None and str(focus).startswith(f"{self}.")
        if typed and typed != self._looked_for and not self.is_busy and on_the_form:
            self._look()

    def _look(self, then: Callable[[], None] = lambda: None) -> None:
        """Find out whose number it is, and do `then` where it can be registered."""
        typed = self.number.value.strip()

        def work(job: Job) -> list[Candidate]:
            with self._workspaces.current.members() as members:
                return members.lookup(typed, MOST_CANDIDATES)

        def done(found: list[Candidate]) -> None:
            if self.number.value.strip() == typed and not self.is_busy:
                self._looked_for = typed
                self._identify(typed, found, then)

        self.work(work, done)

    def _identify(self, typed: str, found: list[Candidate], then: Callable[[], None]) -> None:
        chosen = found[0] if len(found) == 1 else None
        if len(found) > 1 and tk_windows.is_grabbed(self):
            self._ask_for_number()  # something else is being asked: one question at a time
            return
        if len(found) > 1:
            chosen = self.window.dialogs.show(
                CandidateDialog,
                found,
                there_are_more=len(found) == MOST_CANDIDATES,
                digits=self._workspaces.current.digits,
            )
            if chosen is None:
                self._ask_for_number()
                self._looked_for = typed  # asked again by Enter only
                self.number.focus()
                return
        if chosen is None:
            self._refuse(_unknown(typed))
            return
        self._looked_for = str(chosen.receipt.number)
        if self.number.value.strip() != self._looked_for:
            self.number.value = self._looked_for
        if (member := chosen.member) is not None:
            withdrawn = member.standing.state is MemberState.WITHDRAWN
            self._refuse(Withdrawn(member) if withdrawn else AlreadyRegistered(member))
            return
        self._found, self._there = chosen.receipt, None
        self.number.clear()
        self._say_receipt(chosen.receipt, chosen.said_no)
        then()

    def _say_receipt(self, receipt: Receipt, said_no: datetime | None) -> None:
        text = in_words(receipt.state, receipt.reason)
        if receipt.state is ReceiptState.REPLIED and receipt.replied_at:
            text += f"　{receipt.replied_at.astimezone():%Y/%m/%d %H:%M}"
        style = _STYLES.get(receipt.state, "TLabel")
        if receipt.reason and (receipt.state in _FAILED or receipt.state is ReceiptState.REPLIED):
            cause = cause_of(receipt.reason, receipt.address)
            text, style = f"{text}　{cause}。", "Bad.TLabel"
        if may_be_filtered(receipt):
            text, style = f"{MAY_BE_FILTER}。{AT_THE_COUNTER}", "Bad.TLabel"
        if said_no is not None:
            text += f"　{said_no.astimezone():%Y/%m/%d} に配信停止のお申し出があったアドレスです。"
            style = "Bad.TLabel"
        self._say_found(receipt.address, text, style)
        if has_not_arrived(receipt):
            self.sheet_button.grid()

    def _refuse(self, refusal: Trouble) -> None:
        """Beside the field, with what to do; the number is selected, to be typed again."""
        self._found = None
        self._there = refusal.member if isinstance(refusal, MemberRefusal) else None
        cure = refusal.cure
        address = ""
        if self._there is not None:
            address = self._there.standing.address
            gone = self._there.standing.state is MemberState.WITHDRAWN
            wish = "退会を取り消すときは" if gone else "内容を直すときは"
            cure = (
                f"{wish}「F9:会員を開く」を押してください。"
                "別のお客様のときは、番号を確かめてください。"
            )
        self._say_found(address, "", "TLabel")
        self.window.set_status("")
        self.number.show_error(f"{refusal.happened}{cure}")
        self.number.focus()
        entry = self.number.widget
        assert isinstance(entry, ttk.Entry)
        entry.selection_range(0, "end")
        entry.icursor("end")

    # ---- what can be done ----

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """F12: register, or say beside the fields why not; `then` once it is registered."""
        if not self.number.value.strip() and not self.has_unsaved_changes():
            self.number.focus()  # an empty form: F12 was pressed once more
            return
        if self.number.value.strip() and self._found is None:
            self._look(lambda: self._register_member(then))
        else:
            self._register_member(then)

    def _register_member(self, then: Callable[[], None]) -> None:
        now = local_now()
        typed = replace(self.fields.typed, number=self.number.value)
        try:
            member = read_form(typed, now.date())
        except FormProblems as wrong:
            self._complain(wrong.problems)
            return

        def work(job: Job) -> datetime | None:
            with self._workspaces.current.members() as members:
                return members.register(member, now)

        def done(said_no: datetime | None) -> None:
            number = self._workspaces.current.number_text(member.number)
            self._next_form(f"{number}　{member.name} 様を登録しました。")
            if said_no is not None and member.consent.given:
                self.window.dialogs.show_info(
                    "配信停止のままです",
                    f"{member.name} 様のアドレスには、{said_no.astimezone():%Y/%m/%d} に配信停止か"
                    "退会のお申し出がありました。登録はしましたが、メールは送りません。\n"
                    "お申し出のあとで承諾をいただいたときは、「会員一覧」でこの会員を開き、"
                    "「配信の再開」を押してください。",
                )
            then()

        def failed(trouble: Trouble) -> None:
            if isinstance(trouble, MemberRefusal):
                self._refuse(trouble)
            else:
                self.window.dialogs.show_error(trouble)

        self.work(work, done, failed=failed, busy=True)

    def _complain(self, problems: Sequence[FieldProblem]) -> None:
        self.fields.show_errors(problems)
        self.number.clear()
        wrong_number = next((p for p in problems if p.field is MemberField.NUMBER), None)
        if wrong_number:
            self.number.show_error(wrong_number.message)
            self.number.focus()
        self.window.say_not_done(f"直すところが{len({p.field for p in problems})}か所あります。")

    def _next_form(self, said: str) -> None:
        self.number.value = ""
        self.number.clear()
        self._ask_for_number()
        self.fields.empty()
        self.scrolled.see(self.number.widget)
        self.number.focus()
        self.window.say_done(said)
        self._fetch_around()
        self._go.unregistered.count_again()

    def resend(self) -> None:
        """再送: the number once more, by mail."""
        if self._found is None:
            return
        receipt = self._found
        self._letters.ask_and_resend([receipt.number], receipt.address)

    def open_there(self) -> None:
        """「会員を開く」: whoever has this number already."""
        if self._there is not None:
            self._go.member(self._there)

    def open_list(self) -> None:
        from kollect.ui.members.member_list import MemberListScreen

        self.window.open(MemberListScreen, self._workspaces, self._go)

    def _fetch_around(self) -> None:
        """The グループ that can be chosen, and how many were registered today."""
        midnight = local_now().replace(hour=0, minute=0, second=0, microsecond=0)

        def work(job: Job) -> tuple[list[str], int]:
            with self._workspaces.current.members() as members:
                groups = [label for label, _ in members.groups()]
                return groups, members.registered_since(midnight)

        def done(found: tuple[list[str], int]) -> None:
            groups, today = found
            self.fields.offer_groups(groups)
            self.today.configure(text=f"本日の登録 {today:,}名")

        self.work(work, done)


def _unknown(typed: str) -> Trouble:
    number = normalize.number(typed)
    if number is not None:
        return NumberUnknown(number)
    if normalize.narrow(typed).isdecimal():
        return Trouble(
            "受付番号ではありません",
            happened=f"「{typed}」は、受付番号としては長すぎます。",
            cure="用紙の受付番号を確かめてください。",
        )
    return Trouble(
        "見つかりません",
        happened=f"「{typed}」を含むメールアドレスは、まだ受け付けていません。",
        cure="別の部分で探すか、お客様に空メールを送っていただいてください。",
    )
