"""会員の修正: one member's form, what has become of the member, and every former value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mail.foreign_text import exact
from kollect.mailing.recipients import SentMail
from kollect.members.former_value import with_former
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import FormProblems, MemberFormInput, as_form_input, read_form
from kollect.members.member_reader import FormerAddress, MemberChange
from kollect.members.merge_rules import Merger
from kollect.members.repository import Members
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.members.address_change_flow import LIST_SOURCE, AddressChangeFlow
from kollect.ui.members.alike_notice import AlikeNotice
from kollect.ui.members.consent_dialog import ConsentDialog
from kollect.ui.members.member_form_fields import (
    LABEL_CHARACTERS,
    REGISTERED,
    WIDEST,
    MemberFormFields,
)
from kollect.ui.members.member_history import Corrections, mails
from kollect.ui.members.merge_flow import MergeFlow
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import Form, wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame, keep_readable

_CAME_BACK_ONCE = "メールが1回戻ってきました"
_CONDITION = 6
"""Full-width characters of what has become of a member, at the least."""


@dataclass(frozen=True, slots=True)
class _Found:
    """All that is shown of a member."""

    member: Member | None
    groups: list[str]
    former: list[FormerAddress]
    changes: list[MemberChange]
    mails: list[SentMail]
    returned: list[date]
    merger: Merger | None


class MemberEditScreen(Screen):
    code, heading = "KKRFR103", "会員の修正"
    manual = "member-edit"

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        member: Member,
        order: Sequence[int] = (),
    ) -> None:
        """`order`: the numbers that PageUp and PageDown go through; empty: as registered."""
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._member = member
        self._order = order
        self._former: Sequence[FormerAddress] = ()
        self._returned: Sequence[date] = ()
        self._merge = MergeFlow(self, workspaces, self._after_merge)
        self._address_change = AddressChangeFlow(self, workspaces, self._after_address_change)
        self._build_head()
        self.notebook = ttk.Notebook(self)
        self.notebook.pack(fill="both", expand=True, pady=(GAP, 0))
        self.notebook.enable_traversal()
        self.scrolled = ScrollFrame(self.notebook)
        rows = Form(self.scrolled.inside, label_characters=LABEL_CHARACTERS)
        rows.pack(fill="both", expand=True)
        keep_readable(rows, WIDEST)
        self.fields = MemberFormFields(rows, lambda: local_now().date(), window.dialogs)
        self.alike = AlikeNotice(self, workspaces, self.fields, lambda: self._member.number)
        self.notebook.add(self.scrolled, text="登録内容", padding=GAP)
        self.history = Corrections(self.notebook, self.put_back, self.part)
        self.notebook.add(self.history, text="修正の履歴", padding=GAP)
        self.fields.fit(window.theme.size)
        self.mails = mails(self.notebook)
        self.notebook.add(self.mails, text="送ったメール", padding=GAP)
        self._show(member)

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [FunctionKey("F12", "修正を保存", self.save, enabled=not self.is_busy)]

    def on_show(self) -> None:
        self.fields.name.focus()
        self._fetch()

    def digit(self, number: int) -> None:
        self.fields.choose(number)

    def turn_page(self, step: int) -> None:
        """The member before, or the next; behind the last one 会員登録, if that is below."""
        if not self.is_busy:
            self.window.leave(lambda: self._turn(step), "移る")

    def has_unsaved_changes(self) -> bool:
        return self._typed() != self._as_shown

    def save_before_leaving(self, then: Callable[[], None]) -> None:
        self.save(then)

    def on_text_size(self) -> None:
        self.fields.fit(self.window.theme.size)
        self.history.on_text_size()
        self.mails.on_text_size()

    # ---- what is shown ----

    def _build_head(self) -> None:
        head = ttk.Frame(self)
        head.pack(fill="x")
        head.columnconfigure(1, weight=1)
        self.who = ttk.Label(head, style="Bold.TLabel")
        self.who.grid(row=0, column=0, sticky="w")
        self.condition = wrapped(head, "")
        self.condition.grid(row=0, column=1, sticky="ew", padx=WIDE)
        actions = self._actions = ttk.Frame(head)
        head.bind("<Configure>", lambda event: self._place_actions())
        actions.bind("<Configure>", lambda event: self._place_actions())
        self.buttons: dict[str, ttk.Button] = {}
        for label, action in (
            ("不達の解除", self.reachable),
            ("アドレスの変更", self.change_address),
            ("ほかの会員と統合", self.merge),
            ("配信停止", self.stop_mails),
            ("配信の再開", self.resume_mails),
            ("退会", self.withdraw),
            ("退会の取り消し", self.come_back),
        ):
            self.buttons[label] = ttk.Button(
                actions, text=label, command=action, takefocus=False, width=2 * len(label) + 1
            )

    def _place_actions(self) -> None:
        """Beside the member where there is room for all, else below."""
        head, actions = self._actions.master, self._actions
        least = self.who.winfo_reqwidth() + em(head) * _CONDITION + actions.winfo_reqwidth()
        if least <= head.winfo_width():
            actions.grid(row=0, column=2, columnspan=1, sticky="e", pady=0)
        else:
            actions.grid(row=1, column=0, columnspan=3, sticky="e", pady=(HALF, 0))

    def _show(self, member: Member) -> None:
        if member.number != self._member.number:
            self._returned = ()
        self._member = member
        self.fields.show(as_form_input(member))
        self._as_shown = self._typed()
        self._show_standing()

    def _show_standing(self) -> None:
        standing = self._member.standing
        number = self._workspaces.current.number_text(self._member.number)
        self.who.configure(text=f"{number}　{exact(standing.address)}")
        text, style = standing_words(self._member, self._returned)
        self.condition.configure(text=text, style=style)
        withdrawn = standing.state is MemberState.WITHDRAWN
        there = {
            "不達の解除": bool(standing.undeliverable),
            "アドレスの変更": not withdrawn,
            "ほかの会員と統合": True,
            "配信停止": standing.stopped_at is None and not withdrawn,
            "配信の再開": standing.stopped_at is not None and not withdrawn,
            "退会": not withdrawn,
            "退会の取り消し": withdrawn,
        }
        for label, button in self.buttons.items():
            button.pack_forget()
            if there[label]:
                button.pack(side="left", padx=(HALF, 0))

    def _turn(self, step: int) -> None:
        from kollect.ui.members.member_form import MemberFormScreen

        number, asked_at = self._member.number, self._typed()

        def work(job: Job) -> Member | None:
            with self._workspaces.current.members() as members:
                if number not in self._order:
                    return members.neighbour(number, step)
                place = self._order.index(number)
                following = self._order[place + 1 :] if step > 0 else self._order[:place][::-1]
                return next(filter(None, map(members.get, following)), None)

        def done(member: Member | None) -> None:
            typed_meanwhile = self.has_unsaved_changes() and self._typed() != asked_at
            if self._member.number != number or typed_meanwhile:
                return
            if member is not None:
                self.window.set_status("")
                self._show(member)
                self.on_show()
            elif step < 0:
                self.window.set_status("最初の会員です。")
            elif self._order or not self.window.uncover(MemberFormScreen):
                self.window.set_status("最後の会員です。")

        self.work(work, done)

    def _typed(self) -> MemberFormInput:
        return replace(self.fields.typed, number=str(self._member.number))

    def _fetch(self, said: str = "", *, form: bool = False) -> None:
        """Read the member again; also into the form, where `form`."""
        number = self._member.number

        def work(job: Job) -> _Found:
            with self._workspaces.current.merges() as members:
                groups = [label for label, _ in members.groups()]
                changes = members.changes(number)
                return _Found(
                    members.get(number),
                    groups,
                    members.former_addresses(number),
                    changes,
                    self._workspaces.current.mails(number),
                    self._workspaces.current.days_returned(number),
                    members.last_merger(number),
                )

        def done(found: _Found) -> None:
            if said:  # a number may have found its member, or lost it
                self._go.unregistered.count_again()
            if self._member.number != number:
                return  # the page was turned meanwhile
            self._returned = found.returned
            if found.member is not None:
                if form:
                    self._show(found.member)
                else:
                    self._member = found.member
                    self._show_standing()
            self._former = found.former
            self.history.show_all(found.changes, found.merger)
            self.mails.show(found.mails)
            self.fields.offer_groups(found.groups)
            if said:
                self.window.say_done(said)

        self.work(work, done)

    # ---- what can be done ----

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """F12: write the correction; what stood there before goes into the history. Then `then`."""
        now = local_now()
        try:
            member = read_form(self._typed(), now.date())
        except FormProblems as wrong:
            self.notebook.select(self.scrolled)
            self.fields.show_errors(wrong.problems)
            self.window.say_not_done(
                f"直すところが{len({p.field for p in wrong.problems})}か所あります。"
            )
            return
        stopped = self._member.standing.stopped_at is not None
        if member.consent.given and member.consent != self._member.consent and stopped:
            self.fields.consent.show_error(
                "配信停止の申し出があった方です。もう一度承諾をいただいたときは、"
                "上の「配信の再開」を押してください。"
            )
            self.fields.consent.focus()
            return
        self._write(
            lambda members: members.update(member, now, LIST_SOURCE),
            lambda changed: "修正を保存しました。" if changed else "変わったところはありません。",
            then,
        )

    def put_back(self, change: MemberChange) -> None:
        """「この内容に戻す」: what stood in a field before this correction."""
        now = local_now()
        try:
            member = with_former(self._member, change, now.date())
        except FormProblems as wrong:
            self.window.say_not_done(f"この内容には戻せません。{wrong.problems[0]}")
            return
        if member == self._member:
            self.window.say_not_done("いまの内容と同じです。変わったところはありません。")
            return
        self._after_asking(
            "この内容に戻す",
            f"{change.what}を「{change.former or '（なし）'}」に戻しますか？\n"
            "ほかの項目はそのままです。いまの内容も、履歴に残ります。",
            "戻す",
            lambda members: members.update(member, now, LIST_SOURCE),
            "前の内容に戻しました。",
        )

    def withdraw(self) -> None:
        self._after_asking(
            "退会",
            f"{self._member.name} 様を退会にしますか？\n"
            "メールは送られなくなります。登録内容は残り、あとで取り消せます。",
            "退会にする",
            lambda members: members.withdraw(self._member.number, local_now(), LIST_SOURCE),
            "退会にしました。",
        )

    def come_back(self) -> None:
        self._after_asking(
            "退会の取り消し",
            f"{self._member.name} 様の退会を取り消しますか？",
            "取り消す",
            lambda members: members.come_back(self._member.number, local_now(), LIST_SOURCE),
            "退会を取り消しました。",
        )

    def stop_mails(self) -> None:
        self._after_asking(
            "配信停止",
            f"{self._member.name} 様へのメールを止めますか？\n"
            "再開するには、お客様の新しい承諾が必要です。",
            "配信を止める",
            lambda members: members.stop_member(self._member.number, local_now(), LIST_SOURCE),
            "配信を止めました。",
        )

    def reachable(self) -> None:
        self._after_asking(
            "不達の解除",
            f"{self._member.standing.undeliverable}\n"
            "もう届くことが分かっているときは、不達を解除できます。",
            "解除する",
            lambda members: members.reachable(self._member.number, local_now(), LIST_SOURCE),
            "不達を解除しました。",
        )

    def change_address(self) -> None:
        if self._is_saved():
            self._address_change.ask(self._member, self._former)

    def _after_address_change(self, said: str) -> None:
        self._fetch(said, form=True)

    def merge(self) -> None:
        if self._is_saved():
            self._merge.ask_with_whom(self._member)

    def part(self, merger: Merger) -> None:
        """「統合を取り消す」"""
        if self._is_saved():
            self._merge.ask_back(self._member, merger)

    def _after_merge(self, number: int, said: str) -> None:
        """The other number may be the one that has stayed."""
        self._member = replace(self._member, number=number)
        self._fetch(said, form=True)

    def resume_mails(self) -> None:
        """A 配信停止 ends only by a new consent."""
        if not self._is_saved():
            return
        now = local_now()
        consent = self.window.dialogs.show(ConsentDialog, self._member, now.date())
        if consent is not None:
            self._write(
                lambda members: members.resume(self._member.number, consent, now, LIST_SOURCE),
                lambda new: "配信を再開しました。",
            )

    def _after_asking(
        self, title: str, question: str, yes: str, act: Callable[[Members], bool], said: str
    ) -> None:
        if self._is_saved() and self.window.dialogs.confirm(title, question, yes=yes):
            self._write(act, lambda new: said)

    def _is_saved(self) -> bool:
        if self.has_unsaved_changes():
            self.window.dialogs.show_info(
                "先に修正を保存してください",
                "まだ保存していない修正があります。F12 で保存してから、もう一度押してください。",
            )
            return False
        return True

    def _write(
        self,
        act: Callable[[Members], bool],
        say: Callable[[bool], str],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Write in a thread, then show what is there now."""

        def work(job: Job) -> bool:
            with self._workspaces.current.members() as members:
                return act(members)

        def done(new: bool) -> None:
            self._fetch(say(new), form=True)
            then()

        self.work(work, done, busy=True)


def standing_words(member: Member, returned: Sequence[date] = ()) -> tuple[str, str]:
    """What has become of the member, and the style to say it in. `returned`: the days on which
    mails came back, where that is not 不達 yet."""
    standing = member.standing
    if standing.state is MemberState.WITHDRAWN and standing.withdrawn_at:
        return f"退会（{standing.withdrawn_at.astimezone():%Y/%m/%d}）", "Bad.TLabel"
    parts = []
    if standing.stopped_at:
        parts.append(f"配信停止（{standing.stopped_at.astimezone():%Y/%m/%d}）")
    if standing.undeliverable:
        parts.append(f"不達: {standing.undeliverable}")
    elif returned:
        parts.append(f"{_CAME_BACK_ONCE}（{returned[-1]:%Y/%m/%d}）")
    if parts:
        return "　".join(parts), "Bad.TLabel"
    return REGISTERED, "Good.TLabel"
