"""店頭ポスター・登録用紙: seen as they will be printed, saved as a file, printed by the system.

Pillow is loaded in the thread that draws, when this screen is opened.
"""

from __future__ import annotations

import base64
import re
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.desktop.open_file import open_file
from kollect.errors import Trouble
from kollect.ledger.posters import PLAIN_ADDRESS, Poster
from kollect.printing import documents
from kollect.printing.documents import Paper
from kollect.storage import temporary_files
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.latest_only import LatestOnly
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.form import Form, button_row, wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame

FILE_KINDS = {"PDF": (("PDFファイル", "*.pdf"),), "PNG": (("PNG画像", "*.png"),)}
_CHOICES = 19
"""Full-width characters: what the choices on the left need."""
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_EDGE = 12
_LEAST = 200
_REDRAW_AFTER_MS = 200
"""The window is still being pulled larger within this time."""
_HINTS = {
    Paper.POSTER: "A4の用紙に印刷して、お客様の目につくところに貼ってください。",
    Paper.FORM: "A4の用紙に印刷し、点線で切ってお使いください。",
    Paper.SHEET: "A4の用紙に印刷し、返信が届かないお客様に店頭でお見せください。",
}


class PapersScreen(Screen):
    code, heading = "KKRFR104", "店頭ポスター・登録用紙"
    manual = "papers"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._drawings: LatestOnly[tuple[bytes, list[str]]] = LatestOnly(
            window.jobs, self, self._not_drawn
        )
        self._drawn: tuple[object, ...] = ()
        self._posters: dict[str, Poster] = {}
        """By their tags."""
        self._notes: list[str] = []
        self._soon = Timer(self, self._draw)
        self._image: tk.PhotoImage | None = None
        self.columnconfigure(1, weight=1)
        self.rowconfigure(0, weight=1)
        self._left = ScrollFrame(self)
        self._left.grid(row=0, column=0, sticky="ns", padx=(0, WIDE))
        self.on_text_size()
        self._build_choices(self._left.inside)
        self.sheet = tk.Canvas(
            self,
            highlightthickness=0,
            borderwidth=0,
            width=1,
            height=1,
            background=ttk.Style(self).lookup("TScrollbar", "troughcolor") or window.theme.ground,
        )
        self.sheet.grid(row=0, column=1, sticky="nsew")
        self.sheet.bind("<Configure>", lambda event: self._draw_soon())

    def _build_choices(self, place: tk.Misc) -> None:
        rows = Form(place, label_characters=4)
        rows.pack(fill="both", expand=True)
        self.paper = rows.radios("用紙", {one: one.value for one in Paper}, below=True)
        self.slips = rows.radios("1枚に", {2: "2人分", 3: "3人分"})
        words: dict[str, str] = {"": PLAIN_ADDRESS}
        self.poster = rows.choice("宛先", words)
        self.posters_button = ttk.Button(
            rows.row(under_fields=True), text="ポスターの一覧", command=self.open_posters
        )
        self.posters_button.pack(anchor="w")
        self.hint = rows.note("")
        self._mend = rows.row()
        self.trouble = wrapped(self._mend, "", style="Wrong.TLabel")
        self.trouble.pack(fill="x", pady=(GAP, HALF))
        self.enter_shop = ttk.Button(
            self._mend, text="「ID」を開く", command=self._go.shop_settings
        )
        self.enter_mail = ttk.Button(
            self._mend, text="「メールの設定」を開く", command=self._go.mail_settings
        )
        self._save = save = rows.row()
        ttk.Label(save, text="ファイルに保存").pack(anchor="w", pady=(GAP, HALF))
        buttons, self.save_buttons = button_row(
            save, {kind: partial(self.save, kind) for kind in FILE_KINDS}, least=8
        )
        buttons.pack(anchor="w")
        self.paper.value = Paper.POSTER
        self.slips.value = 2
        self.paper.on_edit(self._changed)
        self.slips.on_edit(self._changed)
        self.poster.on_edit(self._changed)

    def choose(self, paper: Paper) -> None:
        """Show this one."""
        self.paper.value = paper
        if self.winfo_ismapped():
            self._changed()

    # ---- as a screen ----

    def function_keys(self) -> Sequence[FunctionKey]:
        return [FunctionKey("F12", "開いて印刷", self.print, enabled=self._can_print)]

    def on_show(self) -> None:
        self.paper.focus()
        self._changed()
        self._read_posters()

    def on_text_size(self) -> None:
        """Nothing is cut off on the left, the scroll bar counted in."""
        widest = max(self.winfo_pixels("250p"), _CHOICES * em(self))
        self._left.ask_for(width=str(widest), height="200p")

    def digit(self, number: int) -> None:
        self.paper.choose(number) or self.slips.choose(number)

    # ---- posters with an address of their own ----

    def open_posters(self) -> None:
        """「ポスターの一覧」"""
        from kollect.ui.papers.posters_dialog import PostersDialog

        self.window.dialogs.show(
            PostersDialog, self._workspaces.current, self.window.jobs, self.window.dialogs
        )
        self._read_posters()

    def _read_posters(self) -> None:
        """Which there are, and what is known of them now."""

        def work(job: Job) -> Sequence[Poster]:
            if not self._workspaces.current.folder.database.exists():
                return ()
            with self._workspaces.current.posters() as posters:
                return posters.all()

        def done(found: Sequence[Poster]) -> None:
            if list(found) != list(self._posters.values()):
                self._posters = {one.tag: one for one in found}
                self.poster.offer({"": PLAIN_ADDRESS} | {one.tag: one.name for one in found})
                self._changed()

        def failed(trouble: Trouble) -> None:  # the poster with the plain address needs no record
            self.window.say_not_done(f"{trouble.title}。{trouble.cure}")

        self.window.jobs.run(work, done, owner=self, failed=failed)

    @property
    def _chosen_poster(self) -> Poster | None:
        """The one that is to be printed; None: the poster with the plain address, or no poster."""
        return self._posters.get(self.poster.value) if self.paper.value is Paper.POSTER else None

    # ---- the preview ----

    @property
    def _can_print(self) -> bool:
        return self._image is not None and not self.is_busy

    def _changed(self) -> None:
        self.slips.enable(self.paper.value is Paper.FORM)
        self.poster.enable(self.paper.value is Paper.POSTER)
        self.hint.configure(text=_HINTS[self.paper.value])
        try:
            notes = documents.notes(self._workspaces.current.settings())
        except Trouble as trouble:
            self._say_trouble(trouble, mail=False)
            return
        self._notes = notes
        self._say_what_is_missing(notes)
        self._drawn = ()
        self._draw()

    def _draw_soon(self) -> None:
        self._soon.start(_REDRAW_AFTER_MS)

    def _draw(self) -> None:
        """Draw it in a thread, as large as there is room; where one is drawn, once more after."""
        across, down = self.sheet.winfo_width(), self.sheet.winfo_height()
        height = max(_LEAST, min(down - 2 * _EDGE, round((across - 2 * _EDGE) * 297 / 210)))
        which, slips = self.paper.value, self.slips.value
        one = self._chosen_poster
        wanted = (which, slips, height, one)
        if across <= 1 or wanted == self._drawn:
            return
        if self._image is None:
            self._write_on_sheet("作成しています…")

        def work() -> tuple[bytes, list[str]]:
            settings = self._workspaces.current.settings()
            png = documents.preview(which, settings, height, slips_a_page=slips, one=one)
            return base64.b64encode(png), documents.missing_characters(settings, one)

        def done(found: tuple[bytes, list[str]]) -> None:
            png, missing = found
            self._drawn = wanted
            self._show(tk.PhotoImage(master=self, data=png))
            self._say_what_is_missing([*self._notes, *missing])

        self._drawings.submit(work, done)

    def _not_drawn(self, trouble: Trouble) -> None:
        self._show(None)
        has_address = bool(self._workspaces.current.readable_settings().mail_address)
        self._say_trouble(trouble, mail=self.paper.value is not Paper.FORM and not has_address)

    def _show(self, image: tk.PhotoImage | None) -> None:
        self._image = image
        self.sheet.delete("all")
        if image is not None:
            middle = (self.sheet.winfo_width() // 2, self.sheet.winfo_height() // 2)
            self.sheet.create_image(*middle, image=image)
        for button in self.save_buttons:
            button.configure(state="normal" if self._can_print else "disabled")
        self.refresh_keys()

    def _write_on_sheet(self, text: str) -> None:
        self.sheet.delete("all")
        middle = (self.sheet.winfo_width() // 2, self.sheet.winfo_height() // 2)
        self.sheet.create_text(*middle, text=text, font="TkDefaultFont")

    def _say_trouble(self, trouble: Trouble, *, mail: bool) -> None:
        self._say_in_red(f"{trouble.happened}{trouble.cure}", shop=False, mail=mail)

    def _say_what_is_missing(self, notes: Sequence[str]) -> None:
        self._say_in_red("\n".join(notes), shop=bool(notes), mail=False)

    def _say_in_red(self, text: str, *, shop: bool, mail: bool) -> None:
        """With the button that leads to where it is mended."""
        self.trouble.configure(text=text)
        _packed(self.enter_shop, shop)
        _packed(self.enter_mail, mail)
        # in large letters on a small display there is no room for all of them
        _gridded(self._mend, bool(text))
        _gridded(self.hint, not text)
        _gridded(self._save, not mail)

    # ---- files ----

    def save(self, kind: str) -> None:
        """「PDF」「PNG」: where the user wants it."""
        path = self.window.dialogs.save_as(
            f"{self.paper.value}を{kind}に保存",
            f"{self._file_name()}.{kind.lower()}",
            FILE_KINDS[kind],
        )
        if path is not None:
            done = f"「{path.name}」に保存しました。"
            self._write(path, lambda: self.window.say_done(done))

    def print(self) -> None:
        """F12: open it in the system's own program, which prints."""
        hint = "開いた画面の「印刷」から、A4・実際のサイズで印刷してください。"
        self._write(None, lambda: self.window.set_status(hint))

    def _file_name(self) -> str:
        one = self._chosen_poster
        return _NOT_IN_NAMES.sub("_", f"{self.paper.value}-{one.name}" if one else self.paper.value)

    def _write(self, chosen: Path | None, say: Callable[[], None]) -> None:
        """Where the user has chosen, or into a file that is only shown."""
        which, slips, one = self.paper.value, self.slips.value, self._chosen_poster
        name = self._file_name()
        self.window.set_status("作成しています…")

        def work(job: Job) -> None:
            path = (
                chosen
                or temporary_files.fresh_folder(self._workspaces.current.folder) / f"{name}.pdf"
            )
            settings = self._workspaces.current.settings()
            documents.save(which, settings, path, slips_a_page=slips, one=one)
            if chosen is None:
                open_file(path)
            self._workspaces.current.papers_made()

        def done(result: None) -> None:
            say()

        self.work(work, done, busy=True)

    def busy_changed(self) -> None:
        for button in self.save_buttons:
            button.configure(state="disabled" if self.is_busy else "normal")


def _packed(widget: tk.Widget, there: bool) -> None:
    widget.pack_forget()
    if there:
        widget.pack(anchor="w", pady=(HALF, 0))


def _gridded(widget: tk.Widget, there: bool) -> None:
    if there:
        widget.grid()
    else:
        widget.grid_remove()
