"""The body as it goes behind DATA: dots doubled, a last dot (RFC 5321 section 4.5.2). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def stuffed_whole(body: bytes) -> bytes:
    """A whole body, lines ended by CRLF, with the final dot."""
    if body.startswith(b"."):
        body = b"." + body
    if b"\r\n." in body:
        body = body.replace(b"\r\n.", b"\r\n..")
    return body + (b".\r\n" if body.endswith(b"\r\n") or not body else b"\r\n.\r\n")


def stuffed(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """A body in pieces, wherever they were cut; with the last one, the dot's, comes True."""
    held = b""
    """The end of a line, kept back until it is known whether a dot follows."""
    begun = False
    for chunk in chunks:
        if not begun and chunk.startswith(b"."):
            chunk = b"." + chunk
        begun = begun or bool(chunk)
        data = (held + chunk).replace(b"\r\n.", b"\r\n..")
        keep = 2 if data.endswith(b"\r\n") else 1 if data.endswith(b"\r") else 0
        held = data[len(data) - keep :]
        if len(data) > keep:
            yield data[: len(data) - keep], False
    ended = held == b"\r\n" or not begun
    yield held + (b".\r\n" if ended else b"\r\n.\r\n"), True
