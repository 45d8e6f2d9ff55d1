"""How the program ends: it asks, lets collector and sender finish the mail in hand, and goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kollect.screens import foreign
from kollect.screens.window import Window

LOOK_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """What the program is doing, and how to have it stop."""

    collecting: Callable[[], bool]
    busy: Callable[[], bool]
    """A poll is under way."""
    sending: Callable[[], bool]
    """A メール発信 is under way."""
    stop: Callable[[], None]
    """Asks only; `at_rest` tells when it is over."""
    at_rest: Callable[[], bool]
    """Neither the collector nor the sender is working any more."""


class Ending:
    def __init__(
        self,
        window: Window,
        at_work: AtWork,
        *,
        come_back: Callable[[], None],
        told: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        """`come_back` brings the window to the front, for a question. `told` is called when it is
        certain that the program will end, `end` when all is at rest: to close everything.
        """
        self._window = window
        self._at_work = at_work
        self._come_back = come_back
        self._told = told
        self._end = end
        self.wanted = False
        """The program ends as soon as all is at rest."""

    def quit(self) -> None:
        """「処理の終了」 and 「終了」: ask, and then end."""
        if self.wanted or foreign.is_grabbed(self._window.root):
            self._come_back()  # there is a question already
            return
        if self._window.screen.unsaved():
            self._come_back()
            if not self._window.may_leave():
                return
        if self._may_end():
            self.finish()

    def finish(self) -> None:
        """End without a question, after the mail in hand."""
        if self.wanted:
            return
        self.wanted = True
        try:
            self._at_work.stop()
            self._told()
        finally:
            self._end_when_idle()

    def _may_end(self) -> bool:
        ask = self._window.dialogs.ask
        if self._at_work.busy():
            return ask(
                "メールを処理しています",
                "いま、届いたメールを処理しています。少し待ってから、もう一度お試しください。\n"
                "「処理のあとで終了」を押すと、この処理が済んだところで終了します。",
                yes="処理のあとで終了",
                no="終了しない",
            )
        question = "終了してよければ、OKを押してください"
        if self._at_work.collecting():
            question += "\n終了しているあいだは、空メールが届いても受付番号を返信しません。"
        if self._at_work.sending():
            question += "\nメール発信の途中です。続きは、次に起動したときに送れます。"
        return ask("終了の確認", question)

    def _end_when_idle(self) -> None:
        if self._at_work.at_rest():
            self._end()
        else:
            self._window.root.after(LOOK_MS, self._end_when_idle)
