"""The demo's 「お客様の携帯」: a simple phone that sends blank mails and shows what comes back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.demo.session import DemoSession, Handset, Note
from kollect.errors import Trouble
from kollect.threads import safe_thread
from kollect.ui.demo.phone_case import PhoneCase
from kollect.ui.demo.phone_mails import PhoneMails
from kollect.ui.demo.side_by_side import side_by_side
from kollect.ui.framework import tk_windows
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT
from kollect.ui.framework.tk_lifetime import later
from kollect.ui.widgets.wrapped_label import WrappedLabel

LEAST_HEIGHT = 300
FRAME_HEIGHT = 76
"""What the title bar and the taskbar take of a small screen."""
SETTLED_MS = 150
"""After that a window manager has placed a window."""
BETWEEN = 8
"""Pixels between the two windows."""
NOTHING = "まだメールはありません。"
EMPTY = f"{NOTHING}\n「空メールを送る」を押してください。"


class PhoneWindow(tk.Toplevel):
    """Beside the main window. Its × hides it; it ends with the demo."""

    def __init__(
        self,
        root: tk.Tk,
        session: DemoSession,
        jobs: Jobs,
        show_trouble: Callable[[Trouble], None],
        *,
        sent: Callable[[], None],
        arrived: Callable[[str], None],
        collecting: Callable[[], bool],
    ) -> None:
        """`sent` is called after each mail, for the shop to look at once; `arrived` where a mail
        has come that the main window may cover.
        """
        super().__init__(root, class_="Kollect")
        self.withdraw()
        self.title("お客様の携帯（デモ）")
        self.protocol("WM_DELETE_WINDOW", self.withdraw)
        self._root_window = root
        self.is_apart = True
        """There is room for both windows; else the one that was clicked last is in front."""
        self._narrowed = ("", 0)
        """How the main window stood before it gave way, and how wide it has been since."""
        self._session = session
        self._jobs = jobs
        self._show_trouble = show_trouble
        self._sent = sent
        self._tell_arrived = arrived
        self._collecting = collecting
        self._sending = False
        self.handset = session.handsets[0]
        case = PhoneCase(self)
        case.pack(fill="both", expand=True, padx=HALF, pady=HALF)
        self.configure(background=case.cget("background"))
        self._build(case.screen)
        self._list_people()
        self._look_at(self.handset)
        self._across = 0
        self.bind("<Configure>", self._resized_itself)
        self._watch = jobs.run(self._receive, lambda result: None, owner=self)

    def destroy(self) -> None:
        self._watch.stop()
        before, width = self._narrowed
        if self._root_window.winfo_width() == width:  # nobody has made it another size meanwhile
            self._root_window.geometry(before)
        super().destroy()

    def stand_beside(self, root: tk.Tk) -> None:
        """Show the phone side by side with the main window, which gives way where it must."""
        self.update_idletasks()
        across, highest = root.winfo_screenwidth(), root.winfo_screenheight() - FRAME_HEIGHT
        width, height = self.winfo_reqwidth(), min(self.winfo_reqheight(), highest)
        self.maxsize(across, highest)
        self.minsize(width, min(LEAST_HEIGHT, highest))
        edge = max(0, root.winfo_rootx() - _outer(root)[0])
        place = side_by_side(
            across,
            root.winfo_width(),
            width,
            least=root.minsize()[0],
            frame=2 * edge,
            gap=BETWEEN,
        )
        _leave_full_screen(root)
        if place.width < root.winfo_width():
            self._narrowed = root.geometry(), place.width
        tall, top = min(root.winfo_height(), highest), max(0, _outer(root)[1])
        root.geometry(f"{place.width}x{tall}+{place.x}+{top}")
        self.is_apart = not place.overlapping
        self.geometry(f"+{place.beside_x}+{max(0, min(top, highest - height))}")
        self.deiconify()
        self.lift()
        later(self, SETTLED_MS, self._pull_in)

    def _resized_itself(self, event: tk.Event) -> None:
        """Larger letters have made it wider."""
        if event.widget is self and event.width != self._across:
            self._across = event.width
            later(self, SETTLED_MS, self._pull_in)

    def _pull_in(self) -> None:
        """Back on the screen, wholly."""
        beyond = self.winfo_rootx() + self.winfo_width() - self.winfo_screenwidth()
        if self.winfo_viewable() and beyond > 0:
            x, y = _outer(self)
            self.geometry(f"+{max(0, x - beyond)}+{max(0, y)}")

    # ---- what the customer does ----

    def send_blank(self) -> None:
        """「空メールを送る」「もう一度送る」"""
        self._send(self._session.send_blank)

    def send_question(self) -> None:
        """「件名をつけて送る」"""
        self._send(self._session.send_question)

    def take_new_phone(self) -> None:
        """「新しいお客様」"""
        self.handset = self._session.new_customer()
        self._list_people()
        self._look_at(self.handset)

    def _send(self, send: Callable[[Handset], Note]) -> None:
        if self._sending:
            return
        self._sending = True
        handset = self.handset
        self._say("送信しています…")
        self._enable()

        def done(note: Note) -> None:
            self._sending = False
            self._take(handset, note)
            self._sent()
            if self._collecting():
                self._say("送信しました。返信を待っています…")
            else:
                self._say(
                    "送信しました。お店がまだメールを集めていません。"
                    "コレクトの「メール収集の起動」を押してください。"
                )

        def failed(trouble: Trouble) -> None:
            self._sending = False
            self._say("")
            self._enable()
            self._show_trouble(trouble)

        self._jobs.run(lambda job: send(handset), done, owner=self, failed=failed)

    # ---- what arrives ----

    def _receive(self, job: Job) -> None:
        """One mail that cannot be read must not leave the phones deaf."""
        safe_thread.keep_going(
            lambda: self._session.watch(
                lambda *arrived: job.report(self._arrived, *arrived), job.stopping
            ),
            over=job.stopping,
        )

    def _arrived(self, handset: Handset, note: Note) -> None:
        self._take(handset, note)
        if handset is self.handset:
            self._say("メールが届きました。")
        else:
            self._say(f"{handset.called}にメールが届きました。")
        if not self.is_apart and handset.can_send:
            self._tell_arrived(f"{handset.called}の携帯に、メールが届きました。")

    def _take(self, handset: Handset, note: Note) -> None:
        handset.notes.append(note)
        if handset is self.handset:
            self._look_at(handset)

    # ---- how it looks ----

    def _look_at(self, handset: Handset) -> None:
        """Show this person's phone."""
        self.handset = handset
        self.who.current(self._session.everybody().index(handset))
        self.address.configure(text=handset.address)
        self._mails.show(handset.notes, EMPTY if handset.can_send else NOTHING)
        self._enable()

    def _enable(self) -> None:
        can_send = self.handset.can_send and not self._sending
        again = self.handset.has_sent
        for button, enabled in (
            (self.blank, can_send and not again),
            (self.again, can_send and again),
            (self.question, can_send),
        ):
            button.configure(state="normal" if enabled else "disabled")
        if tk_windows.focused(self) is self.blank and again:
            self.again.focus_set()  # the keyboard must not be left on what cannot be pressed

    def _say(self, text: str) -> None:
        self.state_line.configure(text=text)

    def _list_people(self) -> None:
        self.who.configure(values=[handset.name for handset in self._session.everybody()])

    def _chosen(self) -> None:
        self._say("")
        self._look_at(self._session.everybody()[self.who.current()])
        self.who.selection_clear()

    def _build(self, screen: ttk.Frame) -> None:
        inside = ttk.Frame(screen, style="Paper.TFrame", padding=GAP)
        inside.pack(fill="both", expand=True)
        top = ttk.Frame(inside, style="Paper.TFrame")
        top.pack(fill="x")
        self.who = ttk.Combobox(top, state="readonly", width=20, font=TEXT_FONT)
        self.who.pack(side="left", fill="x", expand=True)
        self.who.bind("<<ComboboxSelected>>", lambda event: self._chosen())
        self.new = ttk.Button(top, text="新しいお客様", command=self.take_new_phone)
        self.new.pack(side="left", padx=(HALF, 0))
        self.address = ttk.Label(inside, style="PaperFaint.TLabel")
        self.address.pack(anchor="w", pady=(HALF, HALF))
        self.state_line = WrappedLabel(inside, "", style="PaperFaint.TLabel")
        self.state_line.pack(side="bottom", fill="x")
        buttons = ttk.Frame(inside, style="Paper.TFrame")
        buttons.pack(side="bottom", fill="x", pady=(GAP, HALF))
        buttons.columnconfigure((0, 1), weight=1, uniform="phone")
        self.blank = ttk.Button(
            buttons, text="空メールを送る", command=self.send_blank, style="Primary.TButton"
        )
        self.again = ttk.Button(buttons, text="もう一度送る", command=self.send_blank)
        self.question = ttk.Button(buttons, text="件名をつけて送る", command=self.send_question)
        self.blank.grid(row=0, column=0, columnspan=2, sticky="ew", padx="1p", pady="1p")
        self.again.grid(row=1, column=0, sticky="ew", padx="1p", pady="1p")
        self.question.grid(row=1, column=1, sticky="ew", padx="1p", pady="1p")
        self._mails = PhoneMails(inside)
        self._mails.pack(fill="both", expand=True)
        self.mails = self._mails.text
        """What can be read there."""


def _outer(window: tk.Tk | tk.Toplevel) -> tuple[int, int]:
    """Where its frame begins; winfo_x tells that on Windows only."""
    _, x, y = window.geometry().replace("+-", "+").split("+")
    return int(x), int(y)


def _leave_full_screen(root: tk.Tk) -> None:
    try:
        root.attributes("-zoomed", False)
    except tk.TclError:  # Windows has it as a state
        if root.state() == "zoomed":
            root.state("normal")
