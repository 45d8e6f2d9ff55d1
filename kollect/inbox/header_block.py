"""The header of a mail taken out of a stream of its octets. Pure."""

from __future__ import annotations

HEADER_LIMIT = 256 * 1024


class HeaderBlock:
    """Keeps the lines before the first empty one, at most 256 KiB of them; lets the rest go by."""

    def __init__(self) -> None:
        self._kept = bytearray(b"\r\n")  # so that an empty line at the very start is found as well
        self._whole = False

    def feed(self, piece: bytes) -> None:
        """Take the next octets, lines ended by CRLF."""
        kept = self._kept
        if self._whole or len(kept) > HEADER_LIMIT + 2:
            return
        searched = max(0, len(kept) - 3)
        kept += piece
        end = kept.find(b"\r\n\r\n", searched)
        if end >= 0:
            self._whole = True
            del kept[end + 2 :]

    def lines(self) -> bytes:
        """What was kept, without the empty line; of an endless header the lines that fit whole.

        Of an endless line what fits of it: without it, the few lines before it would look like a
        header that is all there, and a mail with a subject behind it like a blank one.
        """
        kept = self._kept
        if len(kept) > HEADER_LIMIT + 2:
            del kept[HEADER_LIMIT + 2 :]
            last_end = kept.rfind(b"\r\n", HEADER_LIMIT // 2)
            if last_end > 0:
                del kept[last_end + 2 :]
        return bytes(kept[2:])


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
