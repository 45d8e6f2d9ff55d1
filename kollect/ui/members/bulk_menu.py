"""一括操作 in 会員一覧: what can be done with the chosen rows, asked, done, and told."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from kollect.app.active_workspace import ActiveWorkspace
from kollect.members.bulk import BulkAct, BulkStep, do_to_all
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Screen, Window
from kollect.ui.members.address_change_flow import LIST_SOURCE
from kollect.ui.members.group_dialogs import Groups, IntoGroupDialog, OutOfGroupDialog
from kollect.ui.members.stop_button import StopButton, Stopped

MERGE = "2名を統合"
_TOLD_EVERY = 500
_DOING = {
    BulkStep.INTO_GROUPS: "グループに入れています",
    BulkStep.OUT_OF_GROUPS: "グループから外しています",
    BulkStep.STOP: "配信を止めています",
    BulkStep.WITHDRAW: "退会にしています",
}
_OTHERS = {
    BulkStep.INTO_GROUPS: "は、前から入っています",
    BulkStep.OUT_OF_GROUPS: "は、入っていません",
    BulkStep.STOP: "は、すでに配信停止か退会です",
    BulkStep.WITHDRAW: "は、すでに退会です",
}


class BulkMenu:
    """`chosen` has the numbers of the chosen rows."""

    def __init__(
        self,
        screen: Screen,
        workspaces: ActiveWorkspace,
        chosen: Callable[[], list[int]],
        stop_button: StopButton,
        export: Callable[[Sequence[int]], None],
        changed: Callable[[], None],
        merge: Callable[[int, int], None],
    ) -> None:
        """`export` writes these members as CSV; `changed`: the list may read otherwise now;
        `merge` asks what stays of two."""
        self._screen, self._workspaces, self._chosen = screen, workspaces, chosen
        self._stop_button, self._export, self._changed = stop_button, export, changed
        self._merge = merge

    @property
    def _window(self) -> Window:
        return self._screen.window

    def fill(self, menu: tk.Menu) -> None:
        ready = bool(self._chosen()) and not self._stop_button.busy
        for label, action in (
            ("グループに入れる", self.into_group),
            ("グループから外す", self.out_of_group),
            ("配信停止", self.stop_mails),
            ("退会", self.withdraw),
            ("CSVへ取り出し", lambda: self._export(self._chosen())),
        ):
            menu.add_command(label=label, command=action, state="normal" if ready else "disabled")
        two = ready and len(self._chosen()) == 2
        menu.add_command(label=MERGE, command=self.merge, state="normal" if two else "disabled")

    def merge(self) -> None:
        """Two rows: the number that was given first is proposed to stay."""
        self._merge(*sorted(self._chosen()))

    def into_group(self) -> None:
        numbers = self._chosen()

        def work(job: Job) -> list[str]:
            with self._workspaces.current.members() as members:
                return [label for label, _ in members.groups()]

        self._screen.work(
            work,
            lambda labels: self._ask_group(IntoGroupDialog, BulkStep.INTO_GROUPS, numbers, labels),
        )

    def out_of_group(self) -> None:
        numbers = self._chosen()

        def work(job: Job) -> list[str]:
            with self._workspaces.current.members() as members:
                return members.groups_among(numbers)

        def done(labels: list[str]) -> None:
            if labels:
                self._ask_group(OutOfGroupDialog, BulkStep.OUT_OF_GROUPS, numbers, labels)
            else:
                self._window.say_not_done("選んだ会員は、どのグループにも入っていません。")

        self._screen.work(work, done)

    def stop_mails(self) -> None:
        numbers = self._chosen()
        if self._window.agrees(
            "配信停止",
            f"選んだ {len(numbers):,}名へのメールを止めますか？\n"
            "再開するには、お一人ずつ、お客様の新しい承諾が必要です。",
            yes="配信を止める",
            otherwise="配信を止めていません。",
        ):
            self._do(BulkAct(BulkStep.STOP), numbers)

    def withdraw(self) -> None:
        numbers = self._chosen()
        if self._window.agrees(
            "退会",
            f"選んだ {len(numbers):,}名を退会にしますか？\n"
            "メールは送られなくなります。登録内容は残り、あとでお一人ずつ取り消せます。",
            yes="退会にする",
            otherwise="退会にしていません。",
        ):
            self._do(BulkAct(BulkStep.WITHDRAW), numbers)

    def _ask_group(
        self,
        kind: Callable[..., Dialog[Groups]],
        step: BulkStep,
        numbers: Sequence[int],
        labels: Sequence[str],
    ) -> None:
        if self._window.screen is not self._screen:
            return
        groups = self._window.dialogs.show(kind, len(numbers), labels)
        if groups:
            self._do(BulkAct(step, groups), numbers)

    def _do(self, act: BulkAct, numbers: Sequence[int]) -> None:
        """All of them, or nobody where it is stopped or fails."""
        if self._stop_button.busy:
            return
        now = local_now()

        def work(job: Job) -> int | None:
            def tell(done: int, of: int) -> None:
                if job.stopping():
                    raise Stopped
                if done % _TOLD_EVERY == 0:
                    text = f"{_DOING[act.step]}… {done:,} ／ {of:,}名"
                    job.report(self._window.set_status, text)

            try:
                with self._workspaces.current.members() as members:
                    return do_to_all(members, numbers, act, now, LIST_SOURCE, tell)
            except Stopped:
                return None

        def done(changed: int | None) -> None:
            if changed is None:
                self._window.say_not_done("中止しました。1名も変えていません。")
                return
            self._window.say_done(done_words(act, changed, len(numbers)))
            self._changed()

        self._stop_button.run(work, done)


def done_words(act: BulkAct, changed: int, of: int) -> str:
    """What became of so many chosen members."""
    groups = "」「".join(act.groups)
    said = {
        BulkStep.INTO_GROUPS: f"を「{groups}」に入れました。",
        BulkStep.OUT_OF_GROUPS: f"を「{groups}」から外しました。",
        BulkStep.STOP: "への配信を止めました。",
        BulkStep.WITHDRAW: "を退会にしました。",
    }[act.step]
    others = of - changed
    if not changed:
        return f"変わったところはありません。選んだ {of:,}名{_OTHERS[act.step]}。"
    rest = f"ほかの {others:,}名{_OTHERS[act.step]}。" if others else ""
    return f"{changed:,}名{said}{rest}"
