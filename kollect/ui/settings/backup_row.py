"""The row 「控え」 of the page 「ID」: the list of copies, and writing one out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.storage.data_folder import BACKUPS_KEPT
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.window import Window
from kollect.ui.navigator import Navigator
from kollect.ui.settings.at_rest import AtRest
from kollect.ui.widgets.form import Form

if TYPE_CHECKING:  # which drags SQL and the members along
    from kollect.app.backup_service import ReturnCost

LIST, WRITE_OUT = "控えの一覧", "USBへ控えを書き出す"
OPEN_TO_ALL = (
    "受付と会員の記録の写しを、USBメモリなどに書き出します。\n"
    "この写しは、だれでも読めます。お客様のアドレスやお名前が入っていますので、"
    "なくさないように、しまってください。"
)

ENCRYPTED = (
    "受付と会員の記録の写しを、USBメモリなどに書き出します。\n"
    "この写しも保護（暗号化）されていて、開くには、いまの復元シートが要ります。"
)


class BackupRow:
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
        self._writing: Job | None = None
        row = form.row(label="控え")
        self.list_button = ttk.Button(row, text=LIST, width=16, command=self.open_list)
        self.list_button.pack(side="left")
        self.out_button = ttk.Button(row, text=WRITE_OUT, width=24, command=self.write_out)
        self.out_button.pack(side="left", padx=(GAP, 0))
        form.note(
            f"記録の写しを毎日1つ作り、{BACKUPS_KEPT}日分を残します。"
            "前の日の控えに戻すことができます。",
            under_fields=True,
        )

    def enable(self, enabled: bool) -> None:
        self._enabled = enabled
        self._refresh()

    def open_list(self) -> None:
        """「控えの一覧」, and perhaps back to one of them."""
        from kollect.app import backup_service
        from kollect.ui.settings.backups_dialog import BackupsDialog

        window, workspace = self._window, self._workspaces.current
        if not self._at_rest.may_begin():
            return

        def go_back(cost: ReturnCost) -> Path | None:
            return backup_service.go_back(workspace, cost)

        aside = window.dialogs.show(
            BackupsDialog,
            workspace.folder,
            window.jobs,
            window.dialogs,
            self._at_rest.during(go_back),
        )
        if aside is not None:
            window.dialogs.show_info(
                "控えに戻しました",
                f"これまでの記録は、「{aside.name}」という名前で残してあります。",
            )

    def write_out(self) -> None:
        """「USBへ控えを書き出す」"""
        from kollect.app import backup_service

        workspace, dialogs = self._workspaces.current, self._window.dialogs
        folder = workspace.folder
        who_reads = ENCRYPTED if workspace.protected else OPEN_TO_ALL
        if not dialogs.confirm(WRITE_OUT, who_reads, yes="場所を選ぶ", no="やめる"):
            return
        name = f"コレクトの控え-{date.today():%Y%m%d}.db"
        target = dialogs.save_as(WRITE_OUT, name, (("コレクトの控え", "*.db"),))
        if target is None:
            return

        def done(result: None) -> None:
            self._over()
            self._window.say_done(f"控えを書き出し、読めることを確かめました: {target.name}")

        def failed(trouble: Trouble) -> None:
            self._over()
            self._window.say_not_done("控えを書き出せませんでした。")
            dialogs.show_error(trouble)

        self._writing = self._window.jobs.run(
            lambda job: backup_service.write_out(folder, target),
            done,
            owner=self.out_button,
            failed=failed,
        )
        self._window.set_status("控えを書き出しています。USBメモリを抜かないでください…")
        self._refresh()

    def _over(self) -> None:
        self._writing = None
        self._refresh()

    def _refresh(self) -> None:
        usable = self._enabled and self._writing is None
        for button in (self.list_button, self.out_button):
            button.configure(state="normal" if usable else "disabled")
