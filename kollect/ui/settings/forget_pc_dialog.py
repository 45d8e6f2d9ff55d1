"""「このパソコンの登録を消す」: the passwords and the start at the login; then the program ends."""

from __future__ import annotations

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window
from kollect.ui.navigator import Navigator

PATIENCE = 10.0
"""Seconds for the mail in hand, before the passwords go; the program ends when it is done."""
QUESTION = (
    "このパソコンに覚えさせた次のものを消して、コレクトを終了します。\n"
    "・メールのパスワード\n"
    "・「Windowsログイン時の起動」の登録\n\n"
    "設定と、集めたデータは消えません。このパソコンでまた使うときは、"
    "コレクトを起動してパスワードを入力すれば、元どおりになります。"
)


def say_farewell(window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
    """Ask, then forget, then end the program, whatever came of it: without its passwords it
    cannot go on.
    """
    window.leave(lambda: _ask(window, workspaces, go), "進む")


def _ask(window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
    if not window.dialogs.confirm(
        "このパソコンの登録を消しますか？", QUESTION, yes="消して終了する", careful=True
    ):
        return

    def work(job: Job) -> None:
        workspace = workspaces.current
        workspace.come_to_rest(PATIENCE)  # no further poll that would miss the passwords
        workspace.forget_passwords()
        go.this_pc.forget_login()

    def done(result: None) -> None:
        window.dialogs.show_info("登録を消しました", "コレクトを終了します。")
        go.shutdown.finish()

    def failed(trouble: Trouble) -> None:
        window.dialogs.show_error(trouble)
        go.shutdown.finish()

    window.set_status("消しています…")
    window.jobs.run(work, done, owner=window.root, failed=failed)
