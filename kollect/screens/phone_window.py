"""The demo's 「お客様の携帯」: a simple phone that sends blank mails and shows what comes back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.demo.session import Handset, Note, Session
from kollect.errors import Trouble
from kollect.screens.folding import Folded, fold
from kollect.screens.form import text_of
from kollect.screens.jobs import Job, Jobs
from kollect.screens.side_by_side import side_by_side
from kollect.screens.theme import (
    ACCENT_PALE,
    BOLD_FONT,
    FAINT,
    GAP,
    GROUND,
    HALF,
    PAPER,
    PHONE_BODY,
    PHONE_EDGE,
    SMALL_FONT,
    STATE_FONT,
    TEXT_FONT,
    WIDE,
)

BEZEL = "14p"
ROUND = "26p"
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
        session: Session,
        jobs: Jobs,
        show_trouble: Callable[[Trouble], None],
        *,
        sent: Callable[[], None],
        collecting: Callable[[], bool],
    ) -> None:
        """`sent` is called after each mail, for the shop to look at once."""
        super().__init__(root, class_="Kollect")
        self.withdraw()
        self.title("お客様の携帯（デモ）")
        self.protocol("WM_DELETE_WINDOW", self.withdraw)
        self._root_window = root
        self._narrowed = ("", 0)
        """How the main window stood before it gave way, and how wide it has been since."""
        self._session = session
        self._jobs = jobs
        self._show_trouble = show_trouble
        self._sent = sent
        self._collecting = collecting
        self._sending = False
        self.handset = session.handsets[0]
        screen = self._build_body()
        self._build(screen)
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
        self.attributes("-topmost", place.overlapping)
        self.geometry(f"+{place.beside_x}+{max(0, min(top, highest - height))}")
        self.deiconify()
        self.after(SETTLED_MS, self._pull_in)

    def _resized_itself(self, event: tk.Event) -> None:
        """Larger letters have made it wider."""
        if event.widget is self and event.width != self._across:
            self._across = event.width
            self.after(SETTLED_MS, self._pull_in)

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
        self._session.watch(lambda *arrived: job.tell(self._arrived, *arrived), job.stopping)

    def _arrived(self, handset: Handset, note: Note) -> None:
        self._take(handset, note)
        if handset is self.handset:
            self._say("メールが届きました。")
        else:
            self._say(f"{handset.name}さんにメールが届きました。")

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
        text = self.mails
        text.configure(state="normal")
        text.delete("1.0", "end")
        if not handset.notes:
            text.insert("end", EMPTY if handset.can_send else NOTHING, "empty")
        newest = "end"
        for note in handset.notes:
            newest = text.index("end-1c")
            self._write(note)
        text.configure(state="disabled")
        text.yview(newest)  # the number is in its first lines
        self._enable()

    def _write(self, note: Note) -> None:
        insert = self.mails.insert
        if note.sent:
            what = f"「{note.subject}」" if note.subject else "空メール（件名なし）"
            insert("end", f"{what}を送りました  {note.at:%H:%M:%S}\n", "sent")
            return
        insert("end", f"{note.sender}  {note.at:%H:%M:%S}\n", ("received", "small"))
        insert("end", f"{self._fold(note.subject, BOLD_FONT)}\n", ("received", "bold"))
        if note.number:
            insert("end", f"{note.number}\n", ("received", "number"))
        insert("end", f"{self._fold(note.body, TEXT_FONT)}\n", "received")
        insert("end", "\n", "gap")

    def _fold(self, text: str, font: str) -> str:
        """Lines that do not begin with 「。」, as on a good phone."""
        room = self.mails.winfo_width() - 3 * self.winfo_pixels(HALF)
        return fold(text, room, lambda letter: self.tk.call("font", "measure", font, letter))

    def _enable(self) -> None:
        can_send = self.handset.can_send and not self._sending
        again = self.handset.has_sent
        for button, enabled in (
            (self.blank, can_send and not again),
            (self.again, can_send and again),
            (self.question, can_send),
        ):
            button.configure(state="normal" if enabled else "disabled")
        if self.focus_get() is self.blank and again:
            self.again.focus_set()  # the keyboard must not be left on what cannot be pressed

    def _resized(self, event: tk.Event) -> None:
        if event.width != self._width:
            self._width = event.width
            self._look_at(self.handset)

    def _say(self, text: str) -> None:
        self.state_line.configure(text=text)

    def _list_people(self) -> None:
        self.who.configure(values=[handset.name for handset in self._session.everybody()])

    def _chosen(self) -> None:
        self._say("")
        self._look_at(self._session.everybody()[self.who.current()])
        self.who.selection_clear()

    def _build_body(self) -> ttk.Frame:
        """The phone around its screen."""
        ground = ttk.Style(self).lookup("TFrame", "background") or GROUND
        self.configure(background=ground)
        body = tk.Canvas(self, background=ground, highlightthickness=0)
        body.pack(fill="both", expand=True, padx=HALF, pady=HALF)
        screen = ttk.Frame(body, style="Paper.TFrame")
        screen.pack(fill="both", expand=True, padx=BEZEL, pady=("26p", "30p"))

        def draw(event: tk.Event) -> None:
            body.delete("all")
            width, height = event.width, event.height
            _rounded(body, 1, 1, width - 2, height - 2, body.winfo_pixels(ROUND))
            middle, speaker = width / 2, body.winfo_pixels("13p")
            body.create_line(
                *(middle - 24, speaker, middle + 24, speaker),
                fill=PHONE_EDGE, width=5, capstyle="round",
            )  # fmt: skip
            knob, low = body.winfo_pixels("9p"), height - body.winfo_pixels("15p")
            body.create_oval(
                *(middle - knob, low - knob, middle + knob, low + knob),
                outline=PHONE_EDGE, width=2,
            )  # fmt: skip

        body.bind("<Configure>", draw)
        return screen

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
        self.state_line = Folded(inside, "", style="PaperFaint.TLabel")
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
        self.mails = text_of(inside, lines=15, characters=30)
        self.mails.configure(state="disabled", undo=False, cursor="arrow", highlightthickness=0)
        self.mails.pack(fill="both", expand=True)
        self._width = 0
        self.mails.bind("<Configure>", self._resized)
        for tag, look in {
            "empty": {"foreground": FAINT, "justify": "center", "spacing1": WIDE},
            "sent": {
                "background": ACCENT_PALE,
                "justify": "right",
                "spacing1": HALF,
                "spacing3": HALF,
                "font": SMALL_FONT,
            },
            "received": {"background": PAPER, "lmargin1": HALF, "lmargin2": HALF},
            "small": {"foreground": FAINT, "font": SMALL_FONT, "spacing1": GAP},
            "bold": {"font": BOLD_FONT},
            "number": {"font": STATE_FONT, "justify": "center", "background": ACCENT_PALE},
            "gap": {"font": SMALL_FONT},
        }.items():
            self.mails.tag_configure(tag, **look)


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


def _rounded(canvas: tk.Canvas, x: float, y: float, right: float, low: float, by: float) -> None:
    """A filled rectangle with round corners."""
    corners = (
        *(x + by, y, x + by, y, right - by, y, right - by, y, right, y),
        *(right, y + by, right, y + by, right, low - by, right, low - by, right, low),
        *(right - by, low, right - by, low, x + by, low, x + by, low, x, low),
        *(x, low - by, x, low - by, x, y + by, x, y + by, x, y),
    )
    canvas.create_polygon(corners, smooth=True, fill=PHONE_BODY, outline=PHONE_EDGE)
