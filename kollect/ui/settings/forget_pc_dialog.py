"""「このパソコンの登録を消す」: the passwords, the code of protected data, the start at the login.

Then the program ends.
"""

from __future__ import annotations

import secrets
import tkinter as tk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.window import Window
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import Form

if TYPE_CHECKING:  # which drags the cipher along
    from kollect.protection.recovery_code import RecoveryCode

PATIENCE = 10.0
"""Seconds for the mail in hand, before the passwords go; the program ends when it is done."""
TITLE, FORGET = "このパソコンの登録を消しますか？", "消して終了する"
QUESTION = (
    "このパソコンに覚えさせた次のものを消して、コレクトを終了します。\n"
    "・メールのパスワード\n"
    "・「Windowsログイン時の起動」の登録\n\n"
    "設定と、集めたデータは消えません。このパソコンでまた使うときは、"
    "コレクトを起動してパスワードを入力すれば、元どおりになります。"
)
QUESTION_WITH_CODE = (
    "メールのパスワードと、「Windowsログイン時の起動」の登録と、保護したデータの復元コードを、"
    "このパソコンから消して、コレクトを終了します。\n"
    "設定と、集めたデータは消えませんが、次に開くときは、復元シートの"
    "復元コード（27文字）を入力します。"
)
NO_WAY_BACK = "復元シートがなければ、だれもデータを開けません。"
PROOF = "お手元の復元シートから、文字を4つ入力してください。"
NO_SHEET = (
    "シートは、印刷したときにしまった場所（金庫など）を探してください。見つからないときは、"
    "「キャンセル」を押し、「シートを作り直す」で、新しいシートを印刷してください。"
)
GONE, ENDS = "登録を消しました", "コレクトを終了します。"
PDF_LEFT = (
    "復元シートのPDFのファイルが、このパソコン（ドキュメントやダウンロードなど）に残っていれば、"
    "それも消してください。"
)


class Farewell:
    """Asks, then forgets, then ends the program, whatever came of it: without its passwords it
    cannot go on.
    """

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._window = window
        self._workspaces = workspaces
        self._go = go
        self._is_asking = False

    def begin(self) -> None:
        """From what is edited the user goes on first, or stays."""
        if not self._is_asking:  # a double click
            self._window.leave(self._ask, "進む")

    def _ask(self) -> None:
        window, workspace = self._window, self._workspaces.current
        if not workspace.protected:
            if window.dialogs.confirm(TITLE, QUESTION, yes=FORGET, careful=True):
                self._forget(with_code=False)
            return
        from kollect.app import data_protection

        def found(code: RecoveryCode | None) -> None:
            try:
                if code is None:  # it is typed at every start
                    agreed = window.dialogs.confirm(TITLE, QUESTION, yes=FORGET, careful=True)
                else:
                    agreed = bool(window.dialogs.show(ForgetCodeDialog, code))
            finally:
                self._is_asking = False
            if agreed:
                self._forget(with_code=code is not None)

        def failed(trouble: Trouble) -> None:
            self._is_asking = False
            window.jobs.show_trouble(trouble)

        self._is_asking = True
        window.jobs.run(
            lambda job: data_protection.kept_code(workspace.folder),
            found,
            owner=window.screen,
            failed=failed,
        )

    def _forget(self, *, with_code: bool) -> None:
        window, go = self._window, self._go
        self._is_asking = True  # it ends with the program

        def work(job: Job) -> None:
            workspace = self._workspaces.current
            workspace.come_to_rest(PATIENCE)  # no further poll that would miss the passwords
            workspace.forget_passwords()
            go.this_pc.forget_login()
            if with_code:
                from kollect.app import data_protection

                data_protection.forget_code(workspace.folder)

        def done(result: None) -> None:
            window.dialogs.show_info(GONE, f"{ENDS}\n{PDF_LEFT}" if with_code else ENDS)
            go.shutdown.finish()

        def failed(trouble: Trouble) -> None:
            window.dialogs.show_error(trouble)
            go.shutdown.finish()

        window.set_status("消しています…")
        window.jobs.run(work, done, owner=window.root, failed=failed)


class ForgetCodeDialog(Dialog[bool]):
    """Answers whether to forget all, the code too; only for who has the sheet in the hand."""

    manual = "id"

    def __init__(self, parent: tk.Misc, code: RecoveryCode) -> None:
        from kollect.protection import recovery_code

        super().__init__(parent, TITLE, otherwise=False)
        self._code = code
        self.places = recovery_code.places_to_ask(secrets.randbelow)
        """Of the letters that are asked for, counted from 1."""
        paragraph(self.body, QUESTION_WITH_CODE).pack(anchor="w")
        paragraph(self.body, NO_WAY_BACK, style="Bad.TLabel").pack(anchor="w", pady=(HALF, GAP))
        paragraph(self.body, PROOF).pack(anchor="w", pady=(0, HALF))
        form = Form(self.body, label_characters=9)
        form.pack(fill="x")
        self.letters = form.line(
            "シートの文字", characters=10, after=f"{self._places_in_words()} 文字目"
        )
        paragraph(self.body, NO_SHEET, style="Faint.TLabel").pack(anchor="w", pady=(GAP, 0))
        self.buttons(("キャンセル", self.cancel), (FORGET, self.accept))
        self.start_at(self.letters.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        """「消して終了する」: where the letters are those of the sheet."""
        from kollect.protection import recovery_code

        if recovery_code.confirms(self._code, self.places, self.letters.value):
            self.finish(True)
            return
        self.letters.show_error(
            f"文字が違います。いちばん新しい復元シートの {self._places_in_words()} 文字目を、"
            "続けて入力してください。"
        )
        self.letters.focus()

    def _places_in_words(self) -> str:
        return "、".join(map(str, self.places))
