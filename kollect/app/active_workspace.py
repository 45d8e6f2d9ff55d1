"""The real workspace and, for the time of a demo, the demo's: which of them is in force.

The demo works in a folder of its own and touches nothing of the real one; after a crash the program
simply begins with the real one again. Knows nothing of windows.
"""

from __future__ import annotations

from collections.abc import Callable

from kollect.app.workspace import DemoWorkspace, Workspace
from kollect.collector.events import CollectorEvent
from kollect.storage.data_folder import DataFolder


class ActiveWorkspace:
    """To change from one to the other takes a while, and is done in one thread at a time."""

    def __init__(
        self, folder: DataFolder, on_event: Callable[[Workspace, CollectorEvent], None]
    ) -> None:
        """`on_event` gets what the collector of which workspace does, in the collector's thread."""
        self._on_event = on_event
        self.real: Workspace = Workspace(folder, lambda news: on_event(self.real, news))
        self.current: Workspace = self.real
        """The one in force: to be read at each act, for a demo may begin or end in between."""
        self.resume_collecting = False
        """Mail was collected when the demo began."""
        self.resume_mailing = False
        """There was a sender of メール発信 when the demo began."""
        self._closed = False

    def to_demo(self) -> DemoWorkspace:
        """Set the real things aside. Raises Trouble, and then they are in force as before.

        The caller begins again what was interrupted, then as after the demo.
        """
        self.resume_collecting = self.real.collecting
        self.resume_mailing = self.real.mailing
        demo = DemoWorkspace(self.real.folder, lambda news: self._on_event(demo, news))
        try:
            self.real.close()
            demo.open()
        except BaseException:
            self.real.resume()
            raise
        self.current = demo
        return demo

    def to_real(self) -> None:
        """End the demo: the real things as they were."""
        demo, self.current = self.current, self.real
        try:
            demo.close()
        finally:
            self.real.resume()

    def close(self) -> None:
        """End them both; a second time does nothing."""
        if not self._closed:
            self._closed = True
            self.current.close()
            if self.current is not self.real:
                self.real.close()
