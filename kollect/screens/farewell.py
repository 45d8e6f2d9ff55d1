"""「このパソコンの登録を消す」: the passwords and the start at the login; then the program ends."""

from __future__ import annotations

from collections.abc import Callable

from kollect.errors import Trouble
from kollect.screens.jobs import Job
from kollect.screens.window import Window

QUESTION = (
    "このパソコンに覚えさせた次のものを消して、コレクトを終了します。\n"
    "・メールのパスワード\n"
    "・「Windowsログイン時の起動」の登録\n\n"
    "設定と、集めたデータは消えません。このパソコンでまた使うときは、"
    "コレクトを起動してパスワードを入力すれば、元どおりになります。"
)


def say_farewell(window: Window, forget: Callable[[], None], finish: Callable[[], None]) -> None:
    """Ask, then `forget` (not in Tk's thread; raises Trouble), then `finish`, whatever came of it:
    without its passwords the program cannot go on.
    """
    if not window.may_leave() or not window.dialogs.ask(
        "このパソコンの登録を消しますか？", QUESTION, yes="消して終了する", careful=True
    ):
        return

    def work(job: Job) -> None:
        forget()

    def done(result: None) -> None:
        window.dialogs.tell("登録を消しました", "コレクトを終了します。")
        finish()

    def failed(trouble: Trouble) -> None:
        window.dialogs.trouble(trouble)
        finish()

    window.say("消しています…")
    window.jobs.run(work, done, owner=window.root, failed=failed)
