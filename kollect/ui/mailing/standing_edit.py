"""自動で送るメール, one of them: on which day it goes and what it says, beside the mail as a member
will see it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mailing.schedule import MOST_DAYS_AFTER, MOST_DAYS_BEFORE, StandingKind
from kollect.threads.background_thread import local_now
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import FunctionKey, Window
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_words import EACH_MORNING
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import Form

if TYPE_CHECKING:
    from kollect.mailing.standing import StandingMailing

_DAYS = {
    StandingKind.BIRTHDAY: (
        MOST_DAYS_BEFORE,
        "日前（0: 誕生日の当日）",
        f"{EACH_MORNING}に送ります。"
        "2月29日生まれの方には、うるう年でない年は2月28日を誕生日として送ります。",
    ),
    StandingKind.STEP: (
        MOST_DAYS_AFTER,
        "日後（0: 登録の当日）",
        f"{EACH_MORNING}に送ります。0日後は、登録の10分ほどあとに送ります。"
        "CSVから取り込んだ会員は、取り込んだ日が登録日です。",
    ),
}
_USUAL = {StandingKind.BIRTHDAY: 7, StandingKind.STEP: 0}
LATER, TURN_ON = "まだ送らない", "自動で送る"


class StandingEditScreen(MailingComposeScreen):
    """The fields of a mailing, and the day. A new one is asked about: is it to be switched on?"""

    code, heading = "KKRMS106", "自動で送るメール（文章と送る日）"
    manual = "standing-edit"

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        kind: StandingKind,
        standing: StandingMailing | None = None,
    ) -> None:
        self._kind = kind
        super().__init__(window, workspaces, go)
        self._standing = standing
        self._saved_days = self.days.value
        if standing is not None:
            self.days.value = self._saved_days = standing.rule.days
            self.subject.value, self.body.value = standing.subject, standing.body
            self._saved = self._text
            self.refresh()

    def _build_form(self, form: Form) -> None:
        most, after, note = _DAYS[self._kind]
        label = "誕生日の" if self._kind is StandingKind.BIRTHDAY else "登録の"
        self.days = form.number(label, (0, most), characters=5, after=after)
        self.days.value = _USUAL[self._kind]
        form.note(note, under_fields=True)
        super()._build_form(form)

    def on_show(self) -> None:
        super().on_show()
        if not self.missing.winfo_manager():  # else what the law asks for comes first
            self.days.focus()

    def function_keys(self) -> Sequence[FunctionKey]:
        return [FunctionKey("F12", "保存", self.save, enabled=not self.is_busy)]

    def has_unsaved_changes(self) -> bool:
        return super().has_unsaved_changes() or self.days.value != self._saved_days

    def save(self) -> None:
        """「保存」"""
        if not (self._all_right() and self._gaps_are_meant()):
            return
        is_new = self._standing is None

        def done() -> None:
            if is_new:
                self._offer_to_switch_on()
            else:
                self._leave("保存しました。これから送る分に使います。")

        self._save(done)

    def _all_right(self) -> bool:
        self.days.clear()
        if fault := self.days.fault():
            self.days.show_error(fault)
            self.days.focus()
            self.window.say_not_done("赤い字のところを直してください。")
            return False
        return super()._all_right()

    def _save(self, then: Callable[[], object]) -> None:
        if self.days.fault():
            self._all_right()
            return
        (subject, body), days, standing = self._text, self.days.value or 0, self._standing

        def work(job: Job) -> StandingMailing:
            with self._workspaces.current.standing_mailings() as found:
                if standing is None:
                    return found.get(found.add(self._kind, days, subject, body, local_now()))
                found.rewrite(standing.id, days, subject, body, local_now())
                return found.get(standing.id)

        def done(saved: StandingMailing) -> None:
            self._standing, self._saved, self._saved_days = saved, (subject, body), days
            self._workspaces.current.look_for_mailings()
            then()

        self.work(work, done, busy=True)

    def _offer_to_switch_on(self) -> None:
        assert self._standing is not None, "it is saved"
        one = self._standing
        answer = self.window.dialogs.choose(
            "保存しました",
            f"「{one.subject}」を、これから自動で送りますか？\n"
            f"{one.name}の朝に、承諾された会員だけに送ります。これより前に過ぎた分は送りません。\n"
            "このパソコンの電源が入っていて、コレクトが動いている必要があります。",
            (LATER, TURN_ON),
        )
        if answer == TURN_ON:
            self.work(
                lambda job: self._go.mailings.switch_standing(one.id, True),
                lambda result: self._leave("これから自動で送ります。"),
                busy=True,
            )
        else:
            self._leave("保存しました。まだ自動では送りません。")

    def _leave(self, word: str) -> None:
        self.window.back(confirm=False)
        self.window.say_done(word)
