"""「データを保護する」: what it means, the 復元シート and its letters, and the change with its
progress.
"""

from __future__ import annotations

import secrets
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tkinter import ttk

from kollect.app import data_protection
from kollect.app.workspace import Workspace
from kollect.desktop.open_file import open_file
from kollect.errors import StorageTrouble, Trouble
from kollect.protection import recovery_code
from kollect.protection.file_changes import ConversionStopped, Progress
from kollect.protection.recovery_code import RecoveryCode
from kollect.ui.framework.dialogs import Dialog, Dialogs, paragraph
from kollect.ui.framework.jobs import Job, Jobs, watch_of
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.widgets.form import Form, button_row, wrapped

PROTECT, RENEW, STOP = "保護を始める", "シートを作り直す", "保護をやめる"
SAVE_SHEET, CSV = "復元シートを保存して印刷", "会員の一覧をCSVで取り出す"
NOT_YET = "まだ保存していません。"
_SHEET_KINDS = (("PDFファイル", "*.pdf"),)

_LOST = (
    "USBメモリをなくすと、拾った人がお客様のアドレスやお名前を読めてしまい、"
    "国（個人情報保護委員会）への報告と、お客様への通知が必要になります。"
)
_WHAT = (
    "保護すると、受付と会員の記録、控え、保存したメールを暗号化し、"
    "ログのアドレスの一部を隠しますので、拾った人には読めません。"
)
_KEY = "鍵になる「復元コード」は、このパソコンと、紙に印刷した「復元シート」だけにあります。"
_NO_WAY_BACK = (
    "このパソコンと復元シートの両方をなくすと、だれもデータを開けず、"
    "お客様の記録はすべて失われます。"
)
_ON_PAPER_ALONE = (
    "鍵になる「復元コード」は、紙に印刷した「復元シート」だけにあります。このパソコンには鍵を"
    "覚えさせる場所がないため、コレクトを起動するたびに、復元コード（27文字）の入力が必要です。"
)
_NO_OTHER_WAY = "復元シートをなくすと、だれもデータを開けず、お客様の記録はすべて失われます。"
_NOT = "取り出したExcel（CSV）のファイル、印刷した一覧、USBメモリに残る古い跡は、保護されません。"
_CSV_HINT = "お店の金庫にしまう控えです。だれでも読めます。"
SENTENCES = (_LOST, _WHAT, _KEY, _NO_WAY_BACK, _NOT)
WITHOUT_A_PLACE = (_LOST, _WHAT, _ON_PAPER_ALONE, _NO_OTHER_WAY, _NOT)
"""Where this PC cannot keep the code."""


class MeaningDialog(Dialog[bool]):
    """Answers whether the user goes on."""

    manual = "protection"

    def __init__(
        self,
        parent: tk.Misc,
        write_csv: Callable[[], None],
        *,
        is_kept: bool,
        has_members: bool,
    ) -> None:
        """`is_kept`: this PC will know the code. `has_members`: there is something to write."""
        super().__init__(parent, "データを保護する", otherwise=False)
        for sentence in SENTENCES if is_kept else WITHOUT_A_PLACE:
            red = (_NO_WAY_BACK, _NO_OTHER_WAY, _ON_PAPER_ALONE)
            style = "Bad.TLabel" if sentence in red else "TLabel"
            paragraph(self.body, sentence, style=style, characters=_WIDTH).pack(
                anchor="w", pady=(0, HALF)
            )
        if has_members:
            row, (self.csv_button,) = button_row(self.body, {CSV: write_csv})
            row.pack(anchor="w", pady=(HALF, 0))
            hint = paragraph(self.body, _CSV_HINT, style="Faint.TLabel", characters=_WIDTH)
            hint.pack(anchor="w")
        self.buttons(("キャンセル", self.cancel), ("次へ", lambda: self.finish(True)))


_WIDTH = 40
"""Full-width characters of a line."""

_LEAVE = "キャンセル"
_GOING_BACK = "元に戻しています"

Change = Callable[[Progress], bool]
"""Changes the folder, in a thread; whether this PC has kept the code. Raises Trouble."""


class _ChangeDialog(Dialog[bool | None]):
    """Answers as `Change` does; None: it has not come to its end."""

    manual = "protection"

    def __init__(self, parent: tk.Misc, title: str, jobs: Jobs, dialogs: Dialogs) -> None:
        super().__init__(parent, title, otherwise=None)
        self._jobs = jobs
        self._dialogs = dialogs
        self._job: Job | None = None

    def _build_end(self, begin: str, accept: Callable[[], None]) -> None:
        """The progress, and the buttons."""
        self.bar = ttk.Progressbar(self.body, maximum=1.0)
        self.told = wrapped(self.body, "")
        self.told.pack(fill="x", pady=(HALF, 0))
        self.leave_button, self.begin_button = self.buttons((_LEAVE, self.cancel), (begin, accept))
        on_key(self, "<F12>", self.begin_button.invoke)

    @property
    def _is_working(self) -> bool:
        return self._job is not None

    def cancel(self) -> None:
        """「キャンセル」; 「中止」 while it works."""
        if self._job is None:
            super().cancel()
        elif not self._job.stopping():
            self._job.stop()
            self.leave_button.configure(state="disabled")
            self.bar.configure(value=0.0)
            self.told.configure(text=f"{_GOING_BACK}…")

    def _begin(self, change: Change, has_changed: Callable[[], bool]) -> None:
        """`has_changed`: where it fails, whether anything is different from before."""

        def work(job: Job) -> bool | None:
            there, back = watch_of(job, self._show), watch_of(job, self._show_way_back)
            watch = there

            def progress(done: int, total: int) -> bool:
                nonlocal watch
                goes_on = watch(done / total)
                if not goes_on:
                    watch = back  # the next word is of that
                return goes_on

            try:
                return change(progress)
            except ConversionStopped:
                return None

        def done(kept: bool | None) -> None:
            self._set_working(None)
            if kept is not None:
                self.finish(kept)
            elif has_changed():
                self.destroy()
            else:
                self._say_unchanged("中止しました。データは元のままです。")

        def failed(trouble: Trouble) -> None:
            self._set_working(None)
            if has_changed():
                self._dialogs.show_error(trouble)
                self.destroy()
            else:
                self._say_unchanged("できませんでした。データは元のままです。")
                self._dialogs.show_error(trouble)

        self.told.configure(text="途中のメールを済ませてから始めます。しばらくお待ちください…")
        self._set_working(self._jobs.run(work, done, owner=self, failed=failed))

    def _say_unchanged(self, text: str) -> None:
        self.bar.configure(value=0.0)
        self.told.configure(text=text)

    def _show(self, part: float | None) -> None:
        if self._job is not None and not self._job.stopping():
            self._show_part(part or 0.0, "書き直しています")

    def _show_way_back(self, part: float | None) -> None:
        if self._job is not None:
            self._show_part(part or 0.0, _GOING_BACK)

    def _show_part(self, part: float, doing: str) -> None:
        self.bar.configure(value=part)
        self.told.configure(text=f"{doing}… {part:.0%}")

    def _set_working(self, job: Job | None) -> None:
        self._job = job
        if job is None:
            self.bar.pack_forget()
        else:
            self.bar.pack(fill="x", pady=(GAP, 0), before=self.told)
        self.leave_button.configure(text=_LEAVE if job is None else "中止", state="normal")
        self.begin_button.configure(state="normal" if job is None else "disabled")


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What differs between beginning and renewing."""

    title: str
    introduction: str
    begin: str
    sheet_of_nothing: str
    """What is said of a sheet that was saved, when it is left at that."""


_SHEET_OF_NOTHING = (
    "保存した復元シート「{name}」は、何も開けません。印刷した紙とPDFのファイルを捨ててください。"
)
BEGINNING = SheetWords(
    "復元シート",
    "復元シートを印刷して、USBメモリとは別の場所（金庫など）にしまってください。"
    "印刷したら、シートの文字を4つ入力して、「保護を始める」を押してください。",
    PROTECT,
    _SHEET_OF_NOTHING,
)
RENEWING = SheetWords(
    RENEW,
    "シートをなくしたときや、人に見られたかもしれないときに、新しい復元シートを作ります。"
    "終わると、前のシートでは開けなくなります。",
    RENEW,
    f"前の復元シートが、これまでどおり使えます。\n{_SHEET_OF_NOTHING}",
)


class SheetDialog(_ChangeDialog):
    """The sheet is saved, four of its letters are typed back, then everything is encrypted."""

    def __init__(
        self,
        parent: tk.Misc,
        words: SheetWords,
        workspace: Workspace,
        jobs: Jobs,
        dialogs: Dialogs,
        change: Callable[[RecoveryCode, Progress], bool],
        has_changed: Callable[[], bool],
    ) -> None:
        super().__init__(parent, words.title, jobs, dialogs)
        self._words = words
        self._workspace = workspace
        self._change = change
        self._has_changed = has_changed
        self.code = data_protection.new_code()
        self.places = recovery_code.places_to_ask(secrets.randbelow)
        """Of the letters that are asked for, counted from 1."""
        self._sheet: Path | None = None
        self._is_saving = False
        paragraph(self.body, words.introduction, characters=_WIDTH).pack(anchor="w", pady=(0, GAP))
        row, (self.sheet_button,) = button_row(self.body, {SAVE_SHEET: self.save})
        row.pack(anchor="w")
        self.saved = wrapped(self.body, NOT_YET, style="Faint.TLabel")
        self.saved.pack(fill="x", pady=(HALF, GAP))
        form = Form(self.body, label_characters=9)
        form.pack(fill="x")
        asked = "、".join(map(str, self.places))
        self.letters = form.line("シートの文字", characters=10, after=f"{asked} 文字目")
        self._build_end(words.begin, self.accept)
        self.start_at(self.sheet_button)
        self._enable()

    def cancel(self) -> None:
        """A sheet of no data must not be taken for one that is needed."""
        if self._is_saving:
            return
        if self._sheet is not None and not self._is_working:
            sheet, self._sheet = self._sheet, None
            self._dialogs.show_info(
                "データは元のままです", self._words.sheet_of_nothing.format(name=sheet.name)
            )
        super().cancel()

    def save(self) -> None:
        """「復元シートを保存して印刷」"""
        path = self._dialogs.save_as("復元シートの保存", "復元シート.pdf", _SHEET_KINDS)
        if path is None:
            return
        folder = self._workspace.folder
        if (trouble := data_protection.wrong_place(folder, path)) is not None:
            self._dialogs.show_error(trouble)
            return

        def work(job: Job) -> tuple[bool, list[str]]:
            settings = self._workspace.readable_settings()
            missing = data_protection.save_sheet(settings, self.code, path)
            try:
                open_file(path)
            except StorageTrouble:  # the sheet is there; another PC may print it
                return False, missing
            return True, missing

        def done(result: tuple[bool, list[str]]) -> None:
            self._is_saving, self._sheet = False, path
            is_open, missing = result
            how = "開いた画面から" if is_open else "開くプログラムがありません。別の方法で"
            text = f"「{path.name}」に保存しました。{how}印刷してください。"
            self.saved.configure(text="\n".join([text, *missing]))
            self._enable()
            self.letters.focus()

        def failed(trouble: Trouble) -> None:
            self._is_saving = False
            self.saved.configure(text=NOT_YET)
            self._enable()
            self._dialogs.show_error(trouble)

        self._is_saving = True
        self.saved.configure(text="作成しています…")
        self._enable()
        self._jobs.run(work, done, owner=self, failed=failed)

    def accept(self) -> None:
        """The blue button: where the letters are those of the sheet."""
        if self._is_working or self._sheet is None:
            return
        if not recovery_code.confirms(self.code, self.places, self.letters.value):
            self.letters.show_error(
                f"文字が違います。印刷したシートの {'、'.join(map(str, self.places))} 文字目を、"
                "続けて入力してください。"
            )
            self.letters.focus()
            return
        self.letters.clear()
        self._begin(lambda progress: self._change(self.code, progress), self._has_changed)

    def _set_working(self, job: Job | None) -> None:
        super()._set_working(job)
        self._enable()

    def _enable(self) -> None:
        is_free = not (self._is_working or self._is_saving)
        self.sheet_button.configure(state="normal" if is_free else "disabled")
        is_saved = is_free and self._sheet is not None
        self.letters.enable(is_saved)
        self.begin_button.configure(state="normal" if is_saved else "disabled")
        # what is to be done next is blue
        self.main_button = self.sheet_button if self._sheet is None else self.begin_button
        for button in (self.sheet_button, self.begin_button):
            is_next = button is self.main_button
            button.configure(style="Primary.TButton" if is_next else "TButton")


class TurnOffDialog(_ChangeDialog):
    def __init__(
        self,
        parent: tk.Misc,
        jobs: Jobs,
        dialogs: Dialogs,
        change: Change,
        has_changed: Callable[[], bool],
    ) -> None:
        super().__init__(parent, STOP, jobs, dialogs)
        paragraph(
            self.body,
            "保護をやめると、USBメモリなどを拾った人が、お客様のアドレスやお名前を読めるように"
            "なります。復元シートは要らなくなります。",
            characters=_WIDTH,
        ).pack(anchor="w")
        self._build_end(STOP, lambda: self._begin(change, has_changed))
