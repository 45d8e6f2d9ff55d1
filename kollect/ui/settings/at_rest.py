"""Work on the whole data folder: collector and sender rest meanwhile, and begin again after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.ui.framework.window import Window
from kollect.ui.navigator import Navigator

P = ParamSpec("P")
T = TypeVar("T")


class AtRest:
    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        is_testing: Callable[[], bool],
    ) -> None:
        """`is_testing`: the mail settings are being tried, which uses the records."""
        self._window = window
        self._workspaces = workspaces
        self._go = go
        self._is_testing = is_testing

    def may_begin(self) -> bool:
        """Whether nothing under way keeps the folder that cannot be brought to rest; else that is
        said."""
        if not self._is_testing():
            return True
        self._window.dialogs.show_info(
            "メールの設定のテストの途中です",
            "テストが終わってから（「中止」を押してから）、もう一度押してください。",
        )
        return False

    def during(self, work: Callable[P, T]) -> Callable[P, T]:
        """`work` for a thread of its own: first the mail in hand is ended. What was interrupted
        begins again, whatever comes of it. In Tk's thread.
        """
        workspace = self._workspaces.current
        collecting, mailing = workspace.collecting, workspace.mailing

        def at_rest(*args: P.args, **named: P.kwargs) -> T:
            try:
                workspace.come_to_rest()
                return work(*args, **named)
            finally:
                self._window.tk_calls.call(self._go_on, collecting, mailing)

        return at_rest

    def _go_on(self, collecting: bool, mailing: bool) -> None:
        if self._go.shutdown.wanted:
            return
        if collecting:
            self._workspaces.current.start_collecting()
            self._go.tray.begin()
        if mailing:
            self._go.mailings.go_on()
