"""The group 「データの保護」 of the page 「ID」: how it stands, begin, a new sheet, end."""

from __future__ import annotations

from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.preflight import Watch
from kollect.errors import Trouble
from kollect.settings.secret_place import has_secret_place
from kollect.threads.background_thread import local_now
from kollect.ui.framework.csv_file import ask_csv_file
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import Window
from kollect.ui.navigator import Navigator
from kollect.ui.settings.at_rest import AtRest
from kollect.ui.widgets.form import Form

if TYPE_CHECKING:  # which drags the cipher along
    from kollect.app.data_protection import ProtectionStanding
    from kollect.protection.file_changes import Progress
    from kollect.protection.recovery_code import RecoveryCode

BEGIN, GO_ON, RENEW, END = "保護を始める", "続きを行う", "シートを作り直す", "保護をやめる"
_BROKEN_OFF = "作業が途中で止まっています。「続きを行う」を押すか、コレクトを起動し直してください。"
_NOT_LOST = (
    "データは失われていません。原因を取り除いてから「続きを行う」を押すか、コレクトを起動し直して"
    "ください。\n復元シートは、新しいものも前のものも、終わるまで捨てないでください。"
)
_WHOSE_CODE = "このパソコンは復元コードを覚えていません。復元シートの27文字を入力してください。"


class ProtectionRow:
    def __init__(
        self,
        form: Form,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        is_testing: Callable[[], bool],
    ) -> None:
        """`is_testing`: the mail settings are being tried, which uses the records."""
        self._window = window
        self._workspaces = workspaces
        self._at_rest = AtRest(window, workspaces, go, is_testing)
        self._enabled = True
        self._is_kept = self._has_members = False
        """Whether this PC keeps the code, and whether there are members, as `look` found it."""
        self._standing: ProtectionStanding | None = None
        self._wants_focus = False
        self._is_asking = False
        """The code is looked for, or what needs it is under way."""
        self.state = ttk.Label(form.row(label="いまの状態"), text="調べています…")
        self.state.pack(side="left")
        row = form.row(under_fields=True)
        self.begin_button = ttk.Button(row, text=BEGIN, width=14, command=self.begin)
        self.renew_button = ttk.Button(row, text=RENEW, width=17, command=self.renew)
        self.end_button = ttk.Button(row, text=END, width=14, command=self.end)
        for place, button in enumerate((self.begin_button, self.renew_button, self.end_button)):
            button.pack(side="left", padx=(GAP if place else 0, 0))
        form.note(
            "USBメモリやパソコンをなくしても、お客様のアドレスやお名前を読まれないように、"
            "データを暗号化します。",
            under_fields=True,
        )
        self._refresh()
        self.look()

    def enable(self, enabled: bool) -> None:
        self._enabled = enabled
        self._refresh()

    def look(self) -> None:
        """Show how it stands."""
        from kollect.app import data_protection

        workspace = self._workspaces.current

        def work(job: Job) -> ProtectionStanding:
            standing = data_protection.standing(workspace.folder)
            if not standing.protected:
                with workspace.members() as members:
                    self._has_members = members.last_registered() is not None
                self._is_kept = has_secret_place()
            return standing

        self._window.jobs.run(work, self._show, owner=self.state, failed=self._unknown)

    def focus_when_known(self) -> None:
        """Give the button that can be pressed the focus, as soon as it is known which."""
        self._wants_focus = True
        if self._standing is not None:
            self._show(self._standing)

    # ---- the buttons ----

    def begin(self) -> None:
        """「保護を始める」, or 「続きを行う」 where that was broken off."""
        if self._standing is None or not self._at_rest.may_begin():
            return
        if self._standing.broken_off:
            self._with_code(self._go_on)
            return
        from kollect.app import data_protection
        from kollect.ui.settings.protection_dialogs import BEGINNING, MeaningDialog

        if not self._window.dialogs.show(
            MeaningDialog, self.write_csv, is_kept=self._is_kept, has_members=self._has_members
        ):
            return
        folder = self._workspaces.current.folder

        def change(code: RecoveryCode, progress: Progress) -> bool:
            return data_protection.turn_on(folder, code, progress)

        self._with_sheet(BEGINNING, change, "データを保護しました")

    def renew(self) -> None:
        """「シートを作り直す」"""
        if self._at_rest.may_begin():
            self._with_code(self._renew)

    def end(self) -> None:
        """「保護をやめる」"""
        if self._at_rest.may_begin():
            self._with_code(self._end)

    def write_csv(self) -> None:
        """All members as a file that anybody can read, for the shop's safe."""
        from kollect.members.csv_export import members_csv
        from kollect.members.member_filter import EVERYBODY
        from kollect.storage import export

        workspace, dialogs = self._workspaces.current, self._window.dialogs
        name = f"会員一覧-{local_now():%Y%m%d}.csv"
        target = ask_csv_file(dialogs, "すべての会員", name, protected=True)
        if target is None:
            return

        def work(job: Job) -> str:
            with workspace.members() as members:
                every = members.each(EVERYBODY)
                data = members_csv(every, target.encoding, workspace.digits)
            export.write(target.path, data)
            return target.finish("会員の一覧")

        self._window.jobs.run(work, self._window.say_done, owner=self.state)

    # ---- what they do ----

    def _renew(self, former: RecoveryCode) -> None:
        from kollect.app import data_protection
        from kollect.ui.settings.protection_dialogs import RENEWING

        folder = self._workspaces.current.folder

        def change(code: RecoveryCode, progress: Progress) -> bool:
            return data_protection.renew(folder, former, code, progress)

        self._with_sheet(RENEWING, change, "復元シートを作り直しました")

    def _end(self, code: RecoveryCode) -> None:
        from kollect.app import data_protection
        from kollect.ui.settings.protection_dialogs import TurnOffDialog

        window, folder = self._window, self._workspaces.current.folder

        def change(progress: Progress) -> bool:
            data_protection.turn_off(folder, code, progress)
            return True

        ended = window.dialogs.show(
            TurnOffDialog,
            window.jobs,
            window.dialogs,
            self._at_rest.during(change),
            self._is_broken_off,
        )
        if ended:
            window.say_done("データの保護をやめました。復元シートは捨ててかまいません。")
        self._look_after()

    def _go_on(self, code: RecoveryCode) -> None:
        from kollect.app import data_protection
        from kollect.ui.opening_dialog import GOING_ON, OpeningDialog

        window, folder = self._window, self._workspaces.current.folder

        def go_on(watch: Watch) -> bool:
            data_protection.finish_change(folder, code, lambda done, total: watch(done / total))
            return True

        work = self._at_rest.during(go_on)
        if window.dialogs.show(OpeningDialog, window.jobs, GOING_ON, work, otherwise=False):
            window.say_done("データの保護の作業が終わりました。")
        self.look()

    def _with_sheet(
        self, words: object, change: Callable[[RecoveryCode, Progress], bool], done: str
    ) -> None:
        from kollect.ui.settings.protection_dialogs import SheetDialog

        window = self._window
        kept = window.dialogs.show(
            SheetDialog,
            words,
            self._workspaces.current,
            window.jobs,
            window.dialogs,
            self._at_rest.during(change),
            self._is_broken_off,
        )
        if kept is not None:
            window.dialogs.show_info(
                done,
                "印刷した復元シートを、USBメモリとは別の場所（金庫など）にしまってください。"
                "保存したPDFのファイルは、消してください。" + ("" if kept else f"\n{NOT_KEPT}"),
            )
        self._look_after()

    def _with_code(self, then: Callable[[RecoveryCode], None]) -> None:
        """With the code that this PC knows, else the one of the sheet."""
        from kollect.app import data_protection
        from kollect.ui.code_dialog import CodeDialog

        window, folder = self._window, self._workspaces.current.folder
        if self._is_asking:  # a double click
            return
        self._is_asking = True

        def found(code: RecoveryCode | None) -> None:
            try:
                go_on(code)
            finally:
                self._is_asking = False

        def failed(trouble: Trouble) -> None:
            self._is_asking = False
            window.jobs.show_trouble(trouble)

        def go_on(code: RecoveryCode | None) -> None:
            if code is not None:
                then(code)
                return
            typed: list[RecoveryCode] = []
            if window.dialogs.show(
                CodeDialog,
                window.jobs,
                lambda text, watch: typed.append(data_protection.proven(folder, text)),
                why=_WHOSE_CODE,
                leave="キャンセル",
            ):
                then(typed[-1])

        window.jobs.run(
            lambda job: data_protection.known_code(folder), found, owner=self.state, failed=failed
        )

    # ---- how it stands ----

    def _is_broken_off(self) -> bool:
        from kollect.app import data_protection

        return data_protection.is_broken_off(self._workspaces.current.folder)

    def _look_after(self) -> None:
        if self._is_broken_off():
            self._window.dialogs.show_info("作業が途中で止まりました", _NOT_LOST)
        self.look()

    def _unknown(self, trouble: Trouble) -> None:
        self.state.configure(text=trouble.title)

    def _show(self, standing: ProtectionStanding) -> None:
        self._standing = standing
        if standing.broken_off:
            text = _BROKEN_OFF
        elif standing.since is not None:
            day = standing.since
            text = f"保護しています（{day.year}年{day.month}月{day.day}日から）"
        else:
            text = "保護しています" if standing.protected else "保護していません"
        self.state.configure(text=text)
        self.begin_button.configure(text=GO_ON if standing.broken_off else BEGIN)
        self._refresh()
        if self._wants_focus:
            self._wants_focus = False
            is_on = standing.protected and not standing.broken_off
            (self.renew_button if is_on else self.begin_button).focus_set()

    def _refresh(self) -> None:
        standing = self._standing
        usable = self._enabled and standing is not None
        is_off = standing is not None and (standing.broken_off or not standing.protected)
        is_on = standing is not None and standing.protected and not standing.broken_off
        for button, there in (
            (self.begin_button, is_off),
            (self.renew_button, is_on),
            (self.end_button, is_on),
        ):
            button.configure(state="normal" if usable and there else "disabled")


NOT_KEPT = (
    "このパソコンには、復元コードを保管できません。起動するたびに、シートの復元コードを"
    "入力してください。"
)
