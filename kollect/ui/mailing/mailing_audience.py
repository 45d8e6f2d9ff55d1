"""Whom a choice reaches: how many get the mail, how long it takes, who is left out and why."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from kollect.mailing.mailing_states import Audience, ExclusionReason
from kollect.mailing.rate_limit import RateLimit
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.mailing.mailing_words import WHY_LEFT_OUT, about, estimate
from kollect.ui.widgets.form import wrapped

OUTSIDE = "条件に合わない"
_WHY_OUTSIDE = "「送る相手」で選んだ条件に合わない会員です。"


class AudiencePanel(ttk.Frame):
    """How many get it, how long that takes, and who is left out, why."""

    def __init__(self, parent: tk.Misc, look: Callable[[ExclusionReason | None], None]) -> None:
        super().__init__(parent, style="Paper.TFrame", padding=(WIDE, GAP))
        self._look = look
        self.columnconfigure(1, weight=1)
        ttk.Label(self, text="送る会員", style="Paper.TLabel").grid(row=0, column=0, sticky="w")
        self.reached = ttk.Label(self, style="State.TLabel")
        self.reached.grid(row=0, column=1, sticky="e", padx=GAP)
        self.look_button = ttk.Button(self, text="見る", width=6, command=lambda: look(None))
        self.look_button.grid(row=0, column=2)
        self.length = wrapped(self, "", style="PaperFaint.TLabel")
        self.length.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(HALF, GAP))
        ttk.Frame(self, style="Line.TFrame", height=1).grid(
            row=2, column=0, columnspan=3, sticky="ew", pady=(0, GAP)
        )
        self.heading = ttk.Label(self, style="Paper.TLabel")
        self.heading.grid(row=3, column=0, columnspan=3, sticky="w")
        self._rows: list[tk.Widget] = []
        self._shown: Audience | None = None

    def show(self, audience: Audience | None, pace: RateLimit) -> None:
        if audience is None:
            self.reached.configure(text="－")
            self.length.configure(text="")
            self.heading.configure(text="")
            self.look_button.configure(state="disabled")
            self._list(None)
            return
        reached = audience.reached
        self.reached.configure(text=f"{reached:,}名")
        self.look_button.configure(state="normal" if reached else "disabled")
        if reached:
            length = f"送り終わるまで {about(estimate(reached, pace))}です。"
        elif audience.chosen:
            length = "選んだ会員の中に、送れる方がいません。"
        else:
            length = "この条件に合う会員はいません。"
        self.length.configure(text=length)
        left_out = audience.outside + sum(audience.left_out.values())
        self.heading.configure(
            text=f"送らない会員　{left_out:,}名" if left_out else "送らない会員はいません。"
        )
        self._list(audience)

    def _list(self, audience: Audience | None) -> None:
        if audience == self._shown:
            return
        self._shown = audience
        for widget in self._rows:
            widget.destroy()
        self._rows.clear()
        if audience is None:
            return
        row = 4
        if audience.outside:
            self._add(row, OUTSIDE, audience.outside, _WHY_OUTSIDE)
            row += 2
        for why, number in audience.left_out.items():
            self._add(row, why.value, number, WHY_LEFT_OUT[why])
            button = ttk.Button(self, text="見る", width=6, command=partial(self._look, why))
            button.grid(row=row, column=2, pady=(GAP, 0))
            self._rows.append(button)
            row += 2

    def _add(self, row: int, name: str, number: int, why: str) -> None:
        heading = ttk.Label(self, text=name, style="PaperBold.TLabel")
        heading.grid(row=row, column=0, sticky="w", pady=(GAP, 0))
        count = ttk.Label(self, text=f"{number:,}名", style="Paper.TLabel")
        count.grid(row=row, column=1, sticky="e", padx=GAP, pady=(GAP, 0))
        reason = wrapped(self, why, style="PaperFaint.TLabel")
        reason.configure(width=1)
        reason.grid(row=row + 1, column=0, columnspan=3, sticky="ew")
        self._rows += [heading, count, reason]
