"""「再送」: the number again, to a customer who lost it. Asks first, and says when it goes out.

What is done is in `app/manual_actions.py`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from kollect.app.workspace import Workspace
from kollect.mail.foreign_text import exact
from kollect.ui.framework.window import Window

MOST_AT_ONCE = 50
"""A slip of the hand must not write to every customer of the shop."""


def ask_and_resend(
    window: Window,
    workspace: Workspace,
    numbers: Sequence[int],
    address: str,
    *,
    owner: tk.Misc,
    done: Callable[[], None] = lambda: None,
) -> None:
    """`address`: whose number it is, where there is one only. Who waits for a letter already gets
    no second one.
    """
    if len(numbers) > MOST_AT_ONCE:
        window.dialogs.show_info(
            "一度に再送できる数を超えています",
            f"{len(numbers):,}件を選んでいます。一度に再送できるのは {MOST_AT_ONCE}件までです。",
        )
        return
    if address:
        what = f"受付番号 {workspace.number_text(numbers[0])} を、{exact(address)} へ"
    else:
        what = f"{len(numbers)}件の受付番号を、"
    question = f"{what}もう一度お知らせします。\nよろしいですか？"
    if not window.dialogs.confirm("受付番号の再送", question, yes="再送する"):
        return

    def sent(count: int) -> None:
        window.set_status(when_sent(workspace))
        done()

    window.jobs.run(lambda job: workspace.results().resend(numbers), sent, owner=owner)


def when_sent(workspace: Workspace) -> str:
    """Start a poll where mail is collected, and say when the letter goes out."""
    if workspace.collecting:
        workspace.poll_now()
        return "いまから送ります。"
    return "次の受信のときに送ります。"
