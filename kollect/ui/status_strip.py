"""The strip below every screen: whether mail is collected, how many numbers wait for their
membership form, and whether a mailing waits.

A click opens the screen that it speaks of.
"""

from __future__ import annotations

import tkinter as tk
import tkinter.font as tkfont
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.workspace import Workspace
from kollect.collector.events import Phase
from kollect.collector.status import CollectorStatus
from kollect.desktop.tray import COLOURS, TrayColor
from kollect.errors import Trouble
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import FAINT, GAP, HALF, TEXT_FONT, WIDE, WRONG
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.framework.window import Window

if TYPE_CHECKING:  # which are loaded with the first mailing
    from kollect.mailing.mailing_events import MailingEvent
    from kollect.ui.navigator import Navigator

READ_AFTER_MS = 500
"""News of a mailing come by the dozen; its counts are read so much later."""


@dataclass(frozen=True, slots=True)
class MailingStanding:
    """The newest mailing that has not ended; else the 予約 that is the next."""

    identity: int
    paused: bool
    sent: int
    total: int
    due: datetime | None = None
    """Of a 予約."""
    failing: bool = False
    """Nothing goes out at the moment."""

    def __str__(self) -> str:
        if self.due is not None:
            return f"予約 {self.due.astimezone():%m/%d %H:%M}"
        state = "一時停止中" if self.paused else Phase.ERROR if self.failing else "送信中"
        return f"発信 {state} {self.sent:,}/{self.total:,}"


def collector_words(status: CollectorStatus, *, short: bool = False) -> str:
    """What the collector does, and today's numbers; `short`: without explaining the state."""
    if not status.running:
        return "メールを集めていません"
    state = status.phase if short else status.state_text
    parts = [Phase.ERROR if status.trouble is not None else state]
    if status.next_at is not None and not (status.working or status.by_push):
        again = "もう一度" if status.trouble is not None else "次の受信"
        parts.append(f"{again} {status.next_at:%H:%M}")
    if status.today is not None:
        parts.append(f"今日 {status.today:,}件")
    return "　".join(parts)


class StatusStrip:
    """Fills `window.strip`. In Tk's thread."""

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._workspaces = workspaces
        self._go = go
        self._window = window
        self._seen: tuple[Workspace, str, int | None] | None = None
        self._mailing: MailingStanding | None = None
        frame = window.strip
        self.lamp = ttk.Label(frame, style="Paper.TLabel", text="●")
        self.collector = ttk.Label(frame, style="Paper.TLabel")
        self.unregistered = ttk.Label(frame, style="Paper.TLabel")
        self.mailing = ttk.Label(frame, style="Paper.TLabel")
        self.lamp.pack(side="left", padx=(GAP, HALF))
        self.collector.pack(side="left", padx=(0, WIDE))
        # `_show_unregistered` puts it here, where there is a number to tell
        self.mailing.pack(side="left")
        for label in (self.lamp, self.collector):
            _on_click(label, self._open_collector)
        _on_click(self.unregistered, go.unregistered_numbers)
        _on_click(self.mailing, self._open_mailing)
        frame.grid()
        self._loads: LatestOnly[MailingStanding | None] = LatestOnly(
            window.jobs, frame, self._unread
        )
        self._soon = Timer(frame, self._load)
        go.tray.watch(self.refresh)
        go.mailings.watch(self._told)
        go.unregistered.watch(self._show_unregistered)
        self.refresh()

    def refresh(self) -> None:
        """Show how things stand now."""
        status = self._go.tray.status
        text = collector_words(status)
        if not self._has_room_for(text):
            text = collector_words(status, short=True)
        if text != self.collector.cget("text"):
            self.collector.configure(text=text)
        colour = COLOURS[TrayColor(status.color)] if status.running else FAINT
        if colour != str(self.lamp.cget("foreground")):
            self.lamp.configure(foreground=colour)
        # its name: a screen that was closed must not be kept
        seen = self._workspaces.current, str(self._window.screen), status.total
        if seen != self._seen:  # to the demo or back; what was done on another screen; new numbers
            self._seen = seen
            self._load()
            self._go.unregistered.count_again()

    def _has_room_for(self, text: str) -> bool:
        """Whether nothing else in the strip is cut off, where the collector's words are these."""
        strip = self._window.strip
        gap = strip.winfo_pixels(WIDE)
        asked = tkfont.nametofont(TEXT_FONT, root=strip).measure(text) + 2 * gap
        asked += sum(
            one.winfo_reqwidth() + gap for one in strip.pack_slaves() if one is not self.collector
        )
        return asked <= strip.winfo_width() or strip.winfo_width() == 1  # not yet drawn

    def _told(self, news: MailingEvent) -> None:
        if not self._soon.waits:
            self._soon.start(READ_AFTER_MS)

    def _load(self) -> None:
        workspace = self._workspaces.current
        self._loads.submit(lambda: _unfinished(workspace), self._show)

    def _show(self, found: MailingStanding | None) -> None:
        if found is not None and not found.paused:
            found = replace(found, failing=self._go.mailings.is_failing(found.identity))
        self._mailing = found
        self.mailing.configure(
            text="" if found is None else str(found),
            foreground=WRONG if found is not None and found.failing else "",
        )
        self.refresh()

    def _show_unregistered(self) -> None:
        text = str(self._go.unregistered)
        self.unregistered.configure(text=text)
        if text:
            self.unregistered.pack(side="left", padx=(0, WIDE), before=self.mailing)
        else:
            self.unregistered.pack_forget()
        self.refresh()

    def _unread(self, trouble: Trouble) -> None:
        """The screens that write there meet the same disk, and say what is wrong."""
        self._show(None)

    def _open_collector(self) -> None:
        if self._workspaces.current.collecting:
            self._go.collecting()

    def _open_mailing(self) -> None:
        if self._mailing is not None:
            self._go.mailing(self._mailing.identity)


def _unfinished(workspace: Workspace) -> MailingStanding | None:
    from kollect.mailing.mailing_events import MailingProgress
    from kollect.mailing.mailing_states import MailingState
    from kollect.threads.background_thread import local_now

    if not workspace.folder.database.exists():
        return None
    with workspace.outbox() as outbox:
        for mailing in outbox.mailings(MailingState.SENDING, MailingState.PAUSED):
            counts = outbox.counts(mailing.id)
            now = MailingProgress(local_now(), mailing.id, counts, 0)
            paused = mailing.state is MailingState.PAUSED
            return MailingStanding(mailing.id, paused, now.sent, now.total)
        reserved = [
            (one.due_at, one.id) for one in outbox.mailings(MailingState.SCHEDULED) if one.due_at
        ]
    if not reserved:
        return None
    due, identity = min(reserved)
    return MailingStanding(identity, paused=False, sent=0, total=0, due=due)


def _on_click(label: ttk.Label, act: Callable[[], None]) -> None:
    label.configure(cursor="hand2")

    def clicked(event: tk.Event) -> None:
        act()

    label.bind("<Button-1>", clicked)
