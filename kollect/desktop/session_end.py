"""Log-off, shutdown, and the PC's return from sleep, told to the program in time.

On Windows by a window that nobody sees, in a thread of its own: what Tk's windows are told of this,
Tk keeps to itself. Elsewhere by the signals SIGTERM and SIGHUP. Knows nothing of mails or screens.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from kollect.threads import safe_thread

log = logging.getLogger(__name__)

WHY_WAIT = "コレクトが、処理中のメールを終えています。"
"""Windows shows it where the end takes longer."""


class SessionWatch:
    """Calls `ending` when the session ends, `resumed` after sleep.

    `ending` may take some seconds and comes back when everything is written: after that the program
    may be killed at any moment. On Windows both are called in a thread of ours, elsewhere `ending`
    in the main thread.
    """

    def __init__(
        self, *, ending: Callable[[], None], resumed: Callable[[], None] = lambda: None
    ) -> None:
        self._ending = ending
        self._resumed = resumed
        self._stop: Callable[[], None] = lambda: None

    def start(self) -> None:
        """To be called in the main thread. Where there is nothing to watch, nothing is watched."""
        self._stop = _watch(self._end, self._resume)

    def stop(self) -> None:
        stop, self._stop = self._stop, lambda: None
        stop()

    def _end(self) -> None:
        log.info("パソコンの終了（ログオフ）を知らされました。")
        try:
            self._ending()
        except safe_thread.FAULTS as error:
            safe_thread.log_error(error, "終了の処理ができませんでした")

    def _resume(self) -> None:
        log.info("パソコンがスリープから戻りました。")
        try:
            self._resumed()
        except safe_thread.FAULTS as error:
            safe_thread.log_error(error, "スリープから戻ったあとの処理ができませんでした")


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    WINDOW_CLASS = "KollectSession"

    _DESTROY, _CLOSE = 0x0002, 0x0010
    _QUERY_END_SESSION, _END_SESSION = 0x0011, 0x0016
    _POWER_BROADCAST, _RESUMED = 0x0218, 0x0012  # PBT_APMRESUMEAUTOMATIC: once for each sleep

    _AMONG_THE_FIRST = 0x3FF

    _PROCEDURE = ctypes.WINFUNCTYPE(
        ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM
    )

    class _WindowClass(ctypes.Structure):
        """WNDCLASSW."""

        _fields_ = (
            ("style", wintypes.UINT),
            ("procedure", _PROCEDURE),
            ("class_extra", ctypes.c_int),
            ("window_extra", ctypes.c_int),
            ("instance", wintypes.HINSTANCE),
            ("icon", wintypes.HICON),
            ("cursor", wintypes.HANDLE),
            ("background", wintypes.HBRUSH),
            ("menu", wintypes.LPCWSTR),
            ("name", wintypes.LPCWSTR),
        )

    def _user32() -> Any:
        # an instance of our own: pystray declares the functions of the common one in its own way
        user32 = ctypes.WinDLL("user32", use_last_error=True)
        user32.CreateWindowExW.restype = wintypes.HWND
        user32.CreateWindowExW.argtypes = (
            *(wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD),
            *(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int),
            *(wintypes.HWND, wintypes.HMENU, wintypes.HINSTANCE, wintypes.LPVOID),
        )
        message = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
        user32.DefWindowProcW.restype = ctypes.c_ssize_t
        user32.DefWindowProcW.argtypes = message
        user32.PostMessageW.argtypes = message
        user32.DestroyWindow.argtypes = (wintypes.HWND,)
        user32.ShutdownBlockReasonCreate.argtypes = (wintypes.HWND, wintypes.LPCWSTR)
        user32.ShutdownBlockReasonDestroy.argtypes = (wintypes.HWND,)
        return user32

    def _watch(end: Callable[[], None], resume: Callable[[], None]) -> Callable[[], None]:
        user32 = _user32()
        windows: list[int] = []
        ready = threading.Event()

        @_PROCEDURE
        def procedure(window: int, message: int, wparam: int, lparam: int) -> int:
            if message == _QUERY_END_SESSION:
                return 1  # nothing of ours speaks against it
            if message == _END_SESSION:
                if wparam:  # else another program has said no
                    user32.ShutdownBlockReasonCreate(window, WHY_WAIT)
                    end()
                    user32.ShutdownBlockReasonDestroy(window)
                return 0
            if message == _POWER_BROADCAST and wparam == _RESUMED:
                resume()
            elif message == _CLOSE:
                user32.DestroyWindow(window)
            elif message == _DESTROY:
                user32.PostQuitMessage(0)
            else:
                return int(user32.DefWindowProcW(window, message, wparam, lparam))
            return 1

        def live() -> None:
            # before others: the process that has unpacked kollect.exe is told of the same end, and
            # kills the program a second later (PyInstaller 6)
            ctypes.WinDLL("kernel32").SetProcessShutdownParameters(_AMONG_THE_FIRST, 0)
            kind = _WindowClass(procedure=procedure, name=WINDOW_CLASS)
            user32.RegisterClassW(ctypes.byref(kind))
            # never shown, but one of the desktop: windows for messages only are not told
            window = user32.CreateWindowExW(
                0, WINDOW_CLASS, None, 0, 0, 0, 0, 0, None, None, None, None
            )
            if window:
                windows.append(window)
            ready.set()
            if not window:
                log.warning("パソコンの終了を前もって知ることはできません: %s", ctypes.WinError())
                return
            message = wintypes.MSG()
            while user32.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
                user32.DispatchMessageW(ctypes.byref(message))
            user32.UnregisterClassW(WINDOW_CLASS, None)

        # whatever is wrong with it, the program must not wait for it for ever
        thread = safe_thread.thread(live, name="session-end", fell=lambda error: ready.set())
        thread.start()
        ready.wait()

        def stop() -> None:
            for window in windows:
                user32.PostMessageW(window, _CLOSE, 0, 0)
            if thread is not threading.current_thread():
                thread.join(2)

        return stop

else:

    def _watch(end: Callable[[], None], resume: Callable[[], None]) -> Callable[[], None]:
        if threading.current_thread() is not threading.main_thread():
            return lambda: None
        numbers = (signal.SIGTERM, signal.SIGHUP)
        before = [signal.signal(number, lambda *_: end()) for number in numbers]

        def stop() -> None:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

        return stop
