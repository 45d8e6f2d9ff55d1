"""The readings that the input method of Windows tells; there by a real window and its messages."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from kollect.desktop.ime_reading import ReadingCapture, clauses

WINDOWS = sys.platform == "win32"
needs_windows = pytest.mark.skipif(not WINDOWS, reason="there are no such messages elsewhere")


@pytest.mark.parametrize(
    ("text", "ends", "reading", "reading_ends", "found"),
    [
        ("山田太郎", [0, 2, 4], "ﾔﾏﾀﾞﾀﾛｳ", [0, 4, 7], [("山田", "ﾔﾏﾀﾞ"), ("太郎", "ﾀﾛｳ")]),
        ("山田", [0, 2], "やまだ", [0, 3], [("山田", "やまだ")]),
        ("山田太郎", [], "ﾔﾏﾀﾞﾀﾛｳ", [], [("山田太郎", "ﾔﾏﾀﾞﾀﾛｳ")]),
        ("山田太郎", [0, 2, 4], "ﾔﾏﾀﾞﾀﾛｳ", [0, 7], [("山田太郎", "ﾔﾏﾀﾞﾀﾛｳ")]),
        ("山田太郎", [0, 2, 9], "ﾔﾏﾀﾞﾀﾛｳ", [0, 4, 7], [("山田太郎", "ﾔﾏﾀﾞﾀﾛｳ")]),
        ("山田", [0, 2], "", [], []),
        ("", [], "ﾔﾏﾀﾞ", [0, 4], []),
    ],
)
def test_clause_by_clause(
    text: str,
    ends: list[int],
    reading: str,
    reading_ends: list[int],
    found: list[tuple[str, str]],
):
    assert clauses(text, ends, reading, reading_ends) == found


@pytest.mark.skipif(WINDOWS, reason="there it is another matter")
def test_elsewhere_nothing_is_known():
    capture = ReadingCapture()
    capture.start()
    assert capture.take() == []
    capture.stop()


if WINDOWS:
    import ctypes
    import tkinter as tk
    from ctypes import wintypes

    COMPOSITION, TEXT, READING, TEXT_CLAUSES, READING_CLAUSES = 0x010F, 0x800, 0x200, 0x1000, 0x400

    class Context(ctypes.Structure):
        """INPUTCONTEXT, up to what is needed."""

        _fields_ = (
            ("window", wintypes.HWND),
            ("open", wintypes.BOOL),
            ("status_place", wintypes.POINT),
            ("keyboard_place", wintypes.POINT),
            ("conversion", wintypes.DWORD),
            ("sentence", wintypes.DWORD),
            ("font", ctypes.c_ubyte * 92),
            ("composition_form", ctypes.c_ubyte * 28),
            ("candidate_forms", ctypes.c_ubyte * 128),
            ("composition", wintypes.HANDLE),
        )

    PARTS = [
        *("comp_read_attr", "comp_read_clause", "comp_read", "comp_attr", "comp_clause", "comp"),
    ]
    RESULTS = ["read_clause", "read", "clause", "text"]

    class Composition(ctypes.Structure):
        """COMPOSITIONSTRING; behind it stands what its offsets point to."""

        _fields_ = (
            ("size", wintypes.DWORD),
            *((f"{part}_{what}", wintypes.DWORD) for part in PARTS for what in ("len", "offset")),
            ("cursor", wintypes.DWORD),
            ("delta", wintypes.DWORD),
            *((f"{part}_{what}", wintypes.DWORD) for part in RESULTS for what in ("len", "offset")),
            ("private_size", wintypes.DWORD),
            ("private_offset", wintypes.DWORD),
        )

    user, imm = ctypes.WinDLL("user32"), ctypes.WinDLL("imm32")
    user.GetFocus.restype = wintypes.HWND
    user.SendMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    imm.ImmGetContext.restype = imm.ImmCreateIMCC.restype = ctypes.c_void_p
    imm.ImmGetContext.argtypes = (wintypes.HWND,)
    imm.ImmLockIMC.restype = ctypes.POINTER(Context)
    imm.ImmLockIMCC.restype = ctypes.c_void_p
    for name in ("ImmLockIMC", "ImmUnlockIMC", "ImmLockIMCC", "ImmUnlockIMCC"):
        getattr(imm, name).argtypes = (ctypes.c_void_p,)
    imm.ImmReleaseContext.argtypes = (wintypes.HWND, ctypes.c_void_p)

    def put_in(window: int, text: str, ends: list[int], reading: str, reads: list[int]) -> None:
        """As an input method does: the result into its context, then the message."""
        parts = {
            "text": text.encode("utf-16-le"),
            "clause": b"".join(end.to_bytes(4, "little") for end in ends),
            "read": reading.encode("utf-16-le"),
            "read_clause": b"".join(end.to_bytes(4, "little") for end in reads),
        }
        head = Composition()
        at = ctypes.sizeof(Composition)
        for part, octets in parts.items():
            in_letters = len(octets) // 2 if part in ("text", "read") else len(octets)
            setattr(head, f"{part}_len", in_letters)
            setattr(head, f"{part}_offset", at)
            at += len(octets) + (-len(octets)) % 4
        head.size = at
        context = imm.ImmGetContext(window)
        assert context
        there = imm.ImmLockIMC(context)
        there.contents.composition = imm.ImmCreateIMCC(at)
        place = imm.ImmLockIMCC(there.contents.composition)
        ctypes.memmove(place, ctypes.byref(head), ctypes.sizeof(head))
        for part, octets in parts.items():
            ctypes.memmove(place + getattr(head, f"{part}_offset"), octets, len(octets))
        imm.ImmUnlockIMCC(there.contents.composition)
        imm.ImmUnlockIMC(context)
        imm.ImmReleaseContext(window, context)
        what = TEXT | READING | TEXT_CLAUSES | READING_CLAUSES
        user.SendMessageW(window, COMPOSITION, 0, what)

    @pytest.fixture
    def entry() -> Iterator[tk.Entry]:
        root = tk.Tk()
        entry = tk.Entry(root)
        entry.pack()
        root.update()
        entry.focus_force()
        root.update()
        yield entry
        root.destroy()


@needs_windows
def test_the_reading_comes_with_the_text(entry: tk.Entry):
    capture = ReadingCapture()
    capture.start()
    window = user.GetFocus()
    put_in(window, "山田太郎", [0, 2, 4], "ﾔﾏﾀﾞﾀﾛｳ", [0, 4, 7])
    assert capture.take() == [("山田", "ﾔﾏﾀﾞ"), ("太郎", "ﾀﾛｳ")]
    assert capture.take() == []
    entry.update()
    assert entry.get() == "山田太郎", "Tk gets it as ever"
    capture.stop()
    put_in(window, "花子", [0, 2], "ﾊﾅｺ", [0, 3])
    assert capture.take() == []
    entry.update()
    assert entry.get() == "山田太郎花子"


@needs_windows
def test_an_input_method_without_readings(entry: tk.Entry):
    capture = ReadingCapture()
    capture.start()
    put_in(user.GetFocus(), "山田", [0, 2], "", [])
    assert capture.take() == []
    user.SendMessageW(user.GetFocus(), COMPOSITION, 0, 0)
    entry.update()
    assert entry.get() == "山田"
    capture.stop()


@needs_windows
def test_started_and_stopped_for_each_field_and_left_with_a_window_that_goes(entry: tk.Entry):
    capture = ReadingCapture()
    for turn in range(200):
        capture.start()
        entry.event_generate("<Motion>", x=turn % 20, y=3)
        entry.update()
        capture.stop()
    capture.start()
    entry.winfo_toplevel().withdraw()
    entry.destroy()
    capture.stop()
    capture.stop()


@needs_windows
def test_a_fault_of_ours_keeps_no_text_from_its_field(
    entry: tk.Entry, monkeypatch: pytest.MonkeyPatch
):
    def fail(window: int, what: int) -> None:
        raise RuntimeError("played")

    monkeypatch.setattr("kollect.desktop.ime_reading._note", fail)
    capture = ReadingCapture()
    capture.start()
    put_in(user.GetFocus(), "山田", [0, 2], "ﾔﾏﾀﾞ", [0, 4])
    entry.update()
    assert entry.get() == "山田"
    assert capture.take() == []
    capture.stop()
