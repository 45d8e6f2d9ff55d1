"""The demo in the window: the way there and back, the strip that says so, the customer's phone."""

from __future__ import annotations

from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING, TypeVar

from kollect.app.active_workspace import ActiveWorkspace
from kollect.errors import Trouble
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.window import Window
from kollect.ui.menu import BACK, MenuScreen
from kollect.ui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:  # the window has to be there before what speaks to servers is loaded
    from kollect.demo.session import DemoSession
    from kollect.ui.demo.phone_window import PhoneWindow
    from kollect.ui.navigator import Navigator

T = TypeVar("T")

ENDED = "デモを終わりました。"
TITLE_NOTE = "【デモ（練習用）】"
TEXT = (
    "デモ（練習）で動いています。ここで受け付けた番号は本物ではありません。"
    "お店の設定とデータは、そのまま取ってあります。"
)


class DemoMode:
    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        self._window = window
        self._workspaces = workspaces
        self._go = go
        self._strip: ttk.Frame | None = None
        self.phone: PhoneWindow | None = None
        self.changing = False
        """On the way there or back."""

    def begin(self, then: Callable[[], None] = lambda: None) -> None:
        """「デモ設定を行う」"""

        def done(session: DemoSession) -> None:
            self._changed()
            self._window.annotate(TITLE_NOTE)
            self._build_strip()
            self._open_phone(session)
            then()

        self._change("デモの準備をしています…", self._to_demo, done)

    def end(self) -> None:
        """「デモ設定の解除」"""

        def done(result: None) -> None:
            self._changed()
            self._go_on()
            menu = self._window.screen
            if isinstance(menu, MenuScreen):
                menu.lead_on(ENDED)
            else:  # what the demo has interrupted goes on
                self._window.say_done(f"{ENDED}{BACK}")

        self.close()
        self._change("元の設定に戻しています…", self._workspaces.to_real, done)

    def close(self) -> None:
        """Take away what only the demo has."""
        for widget in (self.phone, self._strip):
            if widget is not None:
                widget.destroy()
        self.phone = self._strip = None
        self._window.place.resume()
        self._window.banner.grid_remove()
        self._window.annotate("")

    def show_phone(self) -> None:
        """「お客様の携帯」"""
        if self.phone is not None:
            self.phone.stand_beside(self._window.root)

    def _change(self, word: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        if self.changing:
            return
        self.changing = True
        self._window.set_status(word)
        self._window.jobs.run(
            lambda job: work(), done, owner=self._window.root, failed=self._failed
        )

    def _to_demo(self) -> DemoSession:
        """Set the real things aside and start the demo's server. Raises Trouble. Takes a while."""
        from kollect.demo.session import DemoSession

        workspace = self._workspaces.to_demo()
        assert workspace.server is not None
        return DemoSession(workspace.server, workspace.readable_settings)

    def _changed(self) -> None:
        """Another workspace is in force now."""
        self.changing = False
        self._go.tray.forget()
        self._window.back_to(MenuScreen)
        self._go.identify()  # last: leaving 緒言設定 names the shop it has shown

    def _go_on(self) -> None:
        """The demo is over or could not begin: take up what it has interrupted."""
        if self._workspaces.resume_mailing:
            self._go.mailings.go_on()
        if self._workspaces.resume_collecting:
            self._go.start_collecting()

    def _failed(self, trouble: Trouble) -> None:
        """Neither way can end anywhere but with the real things in force."""
        try:
            self._changed()
            self._go_on()
        finally:
            self._window.dialogs.show_error(trouble)

    def _open_phone(self, session: DemoSession) -> None:
        from kollect.ui.demo.phone_window import PhoneWindow

        window = self._window
        window.place.pause()  # it gives way to the phone
        self.phone = PhoneWindow(
            window.root,
            session,
            window.jobs,
            window.dialogs.show_error,
            sent=lambda: self._workspaces.current.poll_now(),
            arrived=window.say_done,
            collecting=lambda: self._workspaces.current.collecting,
        )
        self.show_phone()

    def _build_strip(self) -> None:
        strip = ttk.Frame(self._window.banner, style="Notice.TFrame", padding=(GAP, HALF))
        strip.pack(fill="x")
        strip.columnconfigure(0, weight=1)
        WrappedLabel(strip, TEXT, style="Notice.TLabel").grid(row=0, column=0, sticky="ew")
        for column, (label, action) in enumerate(
            (("お客様の携帯", self.show_phone), ("デモ設定の解除", self._end_asked)), start=1
        ):
            button = ttk.Button(strip, text=label, width=16, command=action)
            button.grid(row=0, column=column, padx=(HALF, 0))
        self._window.banner.grid()
        self._strip = strip

    def _end_asked(self) -> None:
        self._window.leave(self.end, "解除する")
