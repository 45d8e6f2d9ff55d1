"""フリガナ that fills itself while お名前 is typed; what it becomes is decided by `furigana`."""

from __future__ import annotations

from kollect.desktop.ime_reading import ReadingCapture
from kollect.members.furigana import Furigana
from kollect.ui.framework.tk_lifetime import when_idle
from kollect.ui.widgets.fields import LineField


class KanaProposal:
    """Follows the two fields. A form that is filled in by the program begins with `begin`."""

    def __init__(self, name: LineField, kana: LineField) -> None:
        self._name, self._kana = name, kana
        self._now = Furigana()
        self._capture = ReadingCapture()
        name.on_edit(self._named)
        kana.on_edit(self._typed)
        # when Tk tells of the focus, Windows has not always moved its own
        name.widget.bind(
            "<FocusIn>", lambda event: when_idle(name.widget, self._capture.start), add=True
        )
        for gone in ("<FocusOut>", "<Destroy>"):
            name.widget.bind(gone, lambda event: self._capture.stop(), add=True)

    def begin(self) -> None:
        """What stands in the fields now is the beginning; a reading that is there stays."""
        self._now = Furigana().typed(self._kana.value)

    def _named(self) -> None:
        self._now = self._now.put_in(self._capture.take()).named(self._name.value)
        if not self._now.by_hand and self._now.kana != self._kana.value:
            self._kana.value = self._now.kana

    def _typed(self) -> None:
        self._now = self._now.typed(self._kana.value)
