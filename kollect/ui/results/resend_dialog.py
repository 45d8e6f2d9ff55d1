"""「再送」: the number again, to a customer who lost it. Asks first, and says how it ends."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import CollectorEvent, PollFinished
from kollect.mail.foreign_text import exact
from kollect.ui.framework.window import Window
from kollect.ui.results.letter_outcome import outcome

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.ledger.letter_query import LetterProgress

MOST_AT_ONCE = 50
"""A slip of the hand must not write to every customer of the shop."""


class LetterWatch:
    """Follows letters that were asked for on a screen, and says there what became of them."""

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        *,
        owner: tk.Misc,
        changed: Callable[[], None],
    ) -> None:
        """`changed`: rows that show such letters are out of date."""
        self._window = window
        self._workspaces = workspaces
        self._owner = owner
        self._changed = changed
        self._rows: list[int] = []
        self._again = False
        self._has_complained = False

    def ask_and_resend(self, numbers: Sequence[int], address: str) -> None:
        """`address`: whose number it is, where there is one only. Who waits for a letter already
        gets no second one.
        """
        dialogs, workspace = self._window.dialogs, self._workspaces.current
        if len(numbers) > MOST_AT_ONCE:
            dialogs.show_info(
                "一度に再送できる数を超えています",
                f"{len(numbers):,}件を選んでいます。"
                f"一度に再送できるのは {MOST_AT_ONCE}件までです。",
            )
            return
        if address:
            what = f"受付番号 {workspace.number_text(numbers[0])} を、{exact(address)} へ"
        else:
            what = f"{len(numbers)}件の受付番号を、"
        question = f"{what}もう一度お知らせします。\nよろしいですか？"
        if not dialogs.confirm("受付番号の再送", question, yes="再送する"):
            return
        self._window.jobs.run(
            lambda job: workspace.results().resend(numbers),
            lambda rows: self.follow(rows, again=True),
            owner=self._owner,
        )

    def follow(self, rows: Sequence[int], *, told: str = "", again: bool = False) -> None:
        """The letters of these rows are owed now: start a poll where mail is collected, and say,
        after `told`, when they go out; once they have, that.
        """
        self._rows, self._again, self._has_complained = [*rows], again, False
        if self._workspaces.current.collecting:
            self._window.set_status(f"{told}いまから送ります。")
            self._workspaces.current.poll_now()
        else:
            self._window.say_done(f"{told}次の受信のときに送ります。")
        self._changed()

    def on_collector_event(self, news: CollectorEvent) -> None:
        """After each poll, until nothing more will become of them."""
        if not isinstance(news, PollFinished) or not self._rows:
            return
        rows, records = self._rows, self._workspaces.current.results()
        trouble = news.trouble.title if news.trouble else ""

        def done(letters: list[LetterProgress]) -> None:
            if rows is not self._rows:
                return
            found = outcome(letters, records.digits(), again=self._again, trouble=trouble)
            if found is None:
                return
            if found.is_over:
                self._rows = []
            if found.is_done:
                self._window.say_done(found.text)
            elif found.is_over or not self._has_complained:
                self._has_complained = True
                self._window.say_not_done(found.text)
            self._changed()

        self._window.jobs.run(lambda job: records.letters(rows), done, owner=self._owner)
