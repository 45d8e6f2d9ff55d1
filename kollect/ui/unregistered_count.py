"""未登録: how many numbers wait for their membership form, for all who show it."""

from __future__ import annotations

from collections.abc import Callable

from kollect.app.active_workspace import ActiveWorkspace
from kollect.app.workspace import Workspace
from kollect.errors import Trouble
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.window import Window


class UnregisteredCount:
    """One figure, so that no two places tell different ones. In Tk's thread, counted in another."""

    def __init__(self, window: Window, workspaces: ActiveWorkspace) -> None:
        self._workspaces = workspaces
        self._watchers: list[Callable[[], None]] = []
        self._counts: LatestOnly[int] = LatestOnly(window.jobs, window.root, self._uncounted)
        self.value = 0

    def __str__(self) -> str:
        """Empty where no number waits."""
        return f"未登録 {self.value:,}件" if self.value else ""

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` when it was counted again. Returns the function that ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def count_again(self) -> None:
        """Numbers were given or registered, or other data are worked with."""
        workspace = self._workspaces.current
        self._counts.submit(lambda: _count(workspace), self._counted)

    def _counted(self, value: int) -> None:
        if value != self.value:
            self.value = value
            for watcher in tuple(self._watchers):
                watcher()

    def _uncounted(self, trouble: Trouble) -> None:
        """The screens that read there meet the same disk, and say what is wrong."""
        self._counted(0)


def _count(workspace: Workspace) -> int:
    if not workspace.folder.database.exists():
        return 0
    with workspace.members() as members:
        return members.unregistered()
