"""The real workplace and, for the time of a demo, the demo's: which of them is in force.

The demo works in a folder of its own and touches nothing of the real one; after a crash the program
simply begins with the real one again. Knows nothing of windows.
"""

from __future__ import annotations

from collections.abc import Callable

from kollect.collector.reports import News
from kollect.folder import DataFolder
from kollect.program.workplace import DemoWorkplace, Workplace


class Places:
    """Going to and fro takes a while, and is done in one thread at a time."""

    def __init__(self, folder: DataFolder, heard: Callable[[Workplace, News], None]) -> None:
        """`heard` is told what the collector of which workplace does, in the collector's thread."""
        self._heard = heard
        self.real: Workplace = Workplace(folder, lambda news: heard(self.real, news))
        self.now: Workplace = self.real
        self.resume_collecting = False
        """Mail was collected when the demo began."""
        self.resume_mailing = False
        """There was a sender of メール発信 when the demo began."""
        self._closed = False

    def to_demo(self) -> DemoWorkplace:
        """Set the real things aside. Raises Trouble, and then they are in force as before.

        What was interrupted is begun again by whoever called, then as after the demo.
        """
        self.resume_collecting = self.real.collecting
        self.resume_mailing = self.real.mailing
        place = DemoWorkplace(self.real.folder, lambda news: self._heard(place, news))
        try:
            self.real.close()
            place.open()
        except BaseException:
            self.real.resume()
            raise
        self.now = place
        return place

    def to_real(self) -> None:
        """End the demo: the real things as they were."""
        demo, self.now = self.now, self.real
        try:
            demo.close()
        finally:
            self.real.resume()

    def close(self) -> None:
        """End them both; a second time does nothing."""
        if not self._closed:
            self._closed = True
            self.now.close()
            if self.now is not self.real:
                self.real.close()
