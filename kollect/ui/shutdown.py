"""How the program ends: it asks, lets collector and sender finish the mail in hand, and goes.

The window's × comes here only where no mail is collected: `main.Program` decides.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.workspace import Workspace
from kollect.ui.framework import tk_windows
from kollect.ui.framework.window import Window
from kollect.ui.menu import MenuScreen

if TYPE_CHECKING:  # which makes this
    from kollect.ui.navigator import Navigator

LOOK_MS = 100


class Shutdown:
    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._window = window
        self._workspaces = workspaces
        self._go = go
        self.wanted = False
        """The program ends as soon as all is at rest."""
        self.stopping = False
        """The collecting ends as soon as the mail in hand is done; the program goes on."""

    def quit(self) -> None:
        """「終了」: ask, and then end the program."""
        if self._go.demo.changing:
            return
        if self.wanted or tk_windows.is_grabbed(self._window.root):
            self._go.tray.come_back()  # there is a question already
            return
        if self._window.screen.has_unsaved_changes():
            self._go.tray.come_back()
        self._window.leave(self._ask, "終了する")

    def _ask(self) -> None:
        if self._may_end():
            self.finish()

    def end_collecting(self) -> None:
        """「処理の終了」: ask, end collecting after the mail in hand, go back to the menu."""
        workspace = self._workspaces.current
        if self.wanted or self.stopping or self._go.demo.changing:
            return
        if tk_windows.is_grabbed(self._window.root):
            self._go.tray.come_back()  # there is a question already
            return
        if not workspace.collecting:
            self._back_to_menu()
        elif self._may_stop(workspace):
            self.stopping = True
            workspace.stop_collecting()
            self._go.tray.tell()
            self._when_stopped(workspace)

    def _may_stop(self, workspace: Workspace) -> bool:
        if workspace.polling:
            return self._may_break_in()
        return self._window.dialogs.confirm(
            "メール収集の終了の確認",
            "終了してよければ、OKを押してください。\n"
            "終了しているあいだは、空メールが届いても受付番号を返信しません。\n"
            "コレクトそのものを終わるときは、メニューの「終了」を押します。",
        )

    def _when_stopped(self, workspace: Workspace) -> None:
        if workspace.collecting:
            self._window.root.after(LOOK_MS, self._when_stopped, workspace)
            return
        self.stopping = False
        if self.wanted or workspace is not self._workspaces.current:
            return
        if self._go.tray.hidden:  # its icon goes now, and nobody could find it again
            self._go.tray.come_back()
        self._go.tray.forget()
        self._back_to_menu()
        self._window.say_done("メールの収集を終わりました。")

    def _back_to_menu(self) -> None:
        """From メール収集; whoever has gone on to another screen meanwhile stays there."""
        from kollect.ui.collecting.screen import CollectingScreen

        if isinstance(self._window.screen, CollectingScreen):
            self._window.back_to(MenuScreen)

    def finish(self) -> None:
        """End without a question, after the mail in hand."""
        if self.wanted:
            return
        self.wanted = True
        try:
            self._workspaces.current.stop_collecting()
            self._workspaces.current.stop_mailing()
            self._go.tray.tell()
        finally:
            self._end_when_idle()

    def _may_end(self) -> bool:
        ask, workspace = self._window.dialogs.confirm, self._workspaces.current
        if workspace.polling:
            return self._may_break_in()
        question = "終了してよければ、OKを押してください。"
        if workspace.collecting:
            question += "\n終了しているあいだは、空メールが届いても受付番号を返信しません。"
        if self._go.mailings.sending:
            question += "\nメール発信の途中です。続きは、次に起動したときに送れます。"
        if workspace.mailing and self._go.mailings.by_the_clock:
            question += (
                "\n予約したメールや自動で送るメールは、コレクトが動いているときだけ送ります。"
            )
        return ask("終了の確認", question)

    def _may_break_in(self) -> bool:
        return self._window.dialogs.confirm(
            "メールを処理しています",
            "いま、届いたメールを処理しています。少し待ってから、もう一度お試しください。\n"
            "「処理のあとで終了」を押すと、この処理が済んだところで終了します。",
            yes="処理のあとで終了",
            no="終了しない",
        )

    def _end_when_idle(self) -> None:
        if self._workspaces.current.at_rest:
            self._end()
        else:
            self._window.root.after(LOOK_MS, self._end_when_idle)

    def _end(self) -> None:
        """Everything is at rest."""
        with ExitStack() as steps:  # from below, each whatever becomes of the one before
            steps.callback(self._window.close)
            steps.callback(self._workspaces.close)
            steps.callback(self._go.demo.close)
            steps.callback(self._go.tray.stop)
