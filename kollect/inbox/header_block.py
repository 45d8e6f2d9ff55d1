"""The header of a mail taken out of a stream of its octets. Pure."""

from __future__ import annotations

from kollect.inbox.mailbox import CommandRefused
from kollect.mail.message import HEADER_LIMIT


class HeaderBlock:
    """Keeps the lines up to the first empty one, at most 256 KiB of them; lets the rest go by."""

    def __init__(self) -> None:
        self._kept = bytearray(b"\r\n")  # so that an empty line at the very start is found as well
        self.whole = False
        """The empty line has come: nothing is missing."""

    def feed(self, piece: bytes) -> None:
        """Take the next octets, lines ended by CRLF."""
        kept = self._kept
        if self.whole or self.overlong:
            return
        searched = max(0, len(kept) - 3)
        kept += piece
        end = kept.find(b"\r\n\r\n", searched)
        if 0 <= end <= HEADER_LIMIT:
            self.whole = True
            del kept[end + 4 :]

    @property
    def overlong(self) -> bool:
        """There is more of it than is kept."""
        return not self.whole and len(self._kept) > HEADER_LIMIT + 4

    def lines(self) -> bytes:
        """What was kept, with the empty line where it has come.

        Of an endless header the lines that fit; of an endless line what fits of it: without it, the
        few lines before it would look like a header that is all there, and a mail with a subject
        after it like a blank one.
        """
        kept = self._kept
        if not self.overlong:
            return bytes(kept[2:])
        last_end = kept.rfind(b"\r\n", HEADER_LIMIT // 2 + 2, HEADER_LIMIT + 2)
        return bytes(kept[2 : last_end + 2 if last_end > 0 else HEADER_LIMIT + 2])

    def handed_over(self) -> bytes | CommandRefused:
        """The lines where a server has handed over a header: to its end, or as much as is read.

        "OK" with nothing after it, a blank line, or the first fields only are no mail.
        """
        if self.whole and len(self._kept) > 4:
            return self.lines()
        return self.lines() if self.overlong else CommandRefused("no header, or not to its end")


class Crlf:
    """Ends every line of a stream by CRLF, whatever the pieces it comes in."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Give the octets with bare line feeds made CRLF; a CR is given only with what follows."""
        data = self._held + piece
        self._held = b""
        if data.endswith(b"\r"):
            data, self._held = data[:-1], b"\r"
        if data.count(b"\n") == data.count(b"\r\n"):
            return data
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def end(self) -> bytes:
        """What is left when nothing more comes."""
        held, self._held = self._held, b""
        return held
