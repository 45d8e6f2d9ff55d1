"""「再送」: the number again, to whoever lost it. Asks first, and says when it goes out."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kollect.foreign_text import exact
from kollect.numbering import number_text
from kollect.screens.services import Services
from kollect.screens.window import Window

if TYPE_CHECKING:
    from kollect.collector.records import Records

MOST_AT_ONCE = 50
"""A slip of the hand must not write to every customer of the shop."""


def ask_and_send_again(
    window: Window,
    services: Services,
    records: Records,
    numbers: Sequence[int],
    address: str,
    *,
    owner: tk.Misc,
    done: Callable[[], None],
) -> None:
    """`address`: whose number it is, where there is one only."""
    if len(numbers) > MOST_AT_ONCE:
        window.dialogs.tell(
            "一度に再送できる数を超えています",
            f"{len(numbers):,}件を選んでいます。一度に再送できるのは {MOST_AT_ONCE}件までです。",
        )
        return
    if address:
        what = f"受付番号 {number_text(numbers[0], records.digits())} を、{exact(address)} へ"
    else:
        what = f"{len(numbers)}件の受付番号を、"
    question = f"{what}もう一度お知らせします。\nよろしいですか？"
    if not window.dialogs.ask("受付番号の再送", question, yes="再送する"):
        return

    def sent(count: int) -> None:
        window.say(when_sent(services))
        done()

    window.jobs.run(lambda job: records.send_again(numbers), sent, owner=owner)


def when_sent(services: Services) -> str:
    """Start a poll where mail is collected, and say when the letter goes out."""
    if services.standing().running:
        services.poll_now()
        return "いまから送ります。"
    return "次の受信のときに送ります。"
