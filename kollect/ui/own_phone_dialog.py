"""「自分の携帯で試す」, while the owner's phone sends its first blank mail: what has come of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime
from functools import partial
from tkinter import ttk

from kollect.collector.status import CollectorStatus, next_text
from kollect.ui.collecting import event_lines
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.tk_lifetime import when_gone
from kollect.ui.widgets.form import wrapped

HEADING = "自分の携帯で試す"
NO_REPLY = "返信が届かない"
WAITING = "メールを待っています。"
STOPPED = "メールの収集が止まっています。「メール収集の起動」で始めてください。"
_STYLES = {event_lines.GOOD: "PaperGood.TLabel", event_lines.BAD: "PaperWrong.TLabel"}
_ARRIVED = "携帯に受付番号のメールが届けば、準備は終わりです。"


class OwnPhoneDialog(Dialog[bool]):
    """Answers whether no reply has come."""

    def __init__(
        self,
        parent: tk.Misc,
        address: str,
        status: Callable[[], CollectorStatus],
        watch: Callable[[Callable[[], None]], Callable[[], None]],
    ) -> None:
        """`watch` calls what it is given after news and every second, and returns how to end it."""
        super().__init__(parent, HEADING, otherwise=False, is_heading=True)
        self._status = status
        self._opened = datetime.now().astimezone()
        paragraph(
            self.body,
            f"ご自分の携帯から、{address} あてに、件名を書かずにメールを送ってください。"
            "ポスターのQRコードを読み取っても送れます。",
        ).pack(anchor="w", pady=(GAP, 0))
        seen = ttk.Frame(self.body, style="Paper.TFrame", padding=(WIDE, GAP))
        seen.pack(fill="x", pady=(GAP, 0))
        self.state_label = wrapped(seen, WAITING, style="PaperBold.TLabel")
        self.state_label.pack(fill="x")
        self.next_label = wrapped(seen, "", style="Paper.TLabel")
        self.next_label.pack(fill="x", pady=(HALF, 0))
        paragraph(
            self.body,
            f"1～2分たっても携帯に返信が届かないときは、「{NO_REPLY}」を押してください。"
            "お店からテストメールを送り、どこを直せばよいかを調べます。",
        ).pack(anchor="w", pady=(GAP, 0))
        self.buttons((NO_REPLY, partial(self.finish, True)), ("閉じる", self.cancel))
        when_gone(self, watch(self._show))
        self._show()

    def _show(self) -> None:
        """The newest that happened to a mail since this was opened, else how long it is waited."""
        status = self._status()
        now = datetime.now().astimezone()
        since = (one for one in reversed(status.events) if one.at >= self._opened)
        lines = (event_lines.line_of(event.text) for event in since)
        happened = next((line for line in lines if line.mark != "・"), None)
        if not status.running:
            line, then = event_lines.EventLine("✗", STOPPED, event_lines.BAD), ""
        elif status.trouble is not None:
            line = event_lines.EventLine("✗", status.trouble.title, event_lines.BAD)
            then = status.trouble.cure
        elif happened is not None:
            line = happened
            then = _ARRIVED if line.look == event_lines.GOOD else ""
        else:
            line = event_lines.EventLine("", WAITING, event_lines.PLAIN)
            then = next_text(status, now)
        self.state_label.configure(
            text=f"{line.mark} {line.text}".strip(),
            style=_STYLES.get(line.look, "PaperBold.TLabel"),
        )
        self.next_label.configure(text=then)
