"""One finding of 「届くかどうかの診断」: ✓ △ ✗, what it means, what to do, and what to copy."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from functools import partial
from tkinter import ttk

from kollect.diagnosis.finding import DnsRecord, Finding, Verdict
from kollect.ui.framework.theme import GAP, HALF, TEXT_FONT
from kollect.ui.framework.tk_lifetime import text_variable
from kollect.ui.widgets.form import wrapped

STYLES = {
    Verdict.GOOD: "Good.TLabel",
    Verdict.CARE: "Bold.TLabel",
    Verdict.BAD: "Bad.TLabel",
    Verdict.UNKNOWN: "TLabel",
}


class FindingRow(ttk.Frame):
    """`copied` is called with what was put on the clipboard."""

    def __init__(self, parent: tk.Misc, finding: Finding, copied: Callable[[str], None]) -> None:
        super().__init__(parent)
        self.finding = finding
        self._copied = copied
        self._row = 0
        self.columnconfigure(1, weight=1)
        style = STYLES[finding.verdict]
        ttk.Label(self, text=finding.verdict.sign, style=style, width=3, anchor="center").grid(
            row=0, column=0
        )
        self._line(finding.topic, style)
        self._line(finding.what)
        self._line(finding.meaning, "Faint.TLabel" if finding.verdict is Verdict.GOOD else "TLabel")
        self._line(finding.cure)
        if finding.where:
            self._line(f"設定する場所: {finding.where}")
        if finding.receivers:
            self._line(f"関係する相手: {'、'.join(finding.receivers)}", "Faint.TLabel")
        if finding.record is not None:
            self._record(finding.record, finding.instead_of)

    def _line(self, text: str, style: str = "TLabel") -> None:
        if text:
            wrapped(self, text, style=style).grid(
                row=self._row, column=1, sticky="ew", pady="1p", padx=(0, GAP)
            )
            self._row += 1

    def _record(self, record: DnsRecord, instead_of: tuple[str, ...]) -> None:
        box = ttk.Labelframe(self, text="DNSに書く内容（種別はTXT）", padding=(GAP, HALF))
        box.grid(row=self._row, column=1, sticky="ew", padx=(0, GAP), pady=HALF)
        box.columnconfigure(1, weight=1)
        self._row += 1
        lines = [("ホスト名", record.label or "@", "" if record.label else "（または空欄）")]
        lines += [("内容", record.value, "")]
        for row, (label, text, after) in enumerate(lines):
            ttk.Label(box, text=label + after).grid(row=row, column=0, sticky="w")
            self._to_copy(box, row, text)
        for row, text in enumerate(instead_of, len(lines)):
            ttk.Label(box, text="消すもの").grid(row=row, column=0, sticky="nw")
            wrapped(box, text).grid(row=row, column=1, sticky="ew", padx=GAP, pady="1p")

    def _to_copy(self, box: tk.Misc, row: int, text: str) -> None:
        """Readable, to be marked and copied with the keyboard, and by its button."""
        shown = text_variable(box)
        shown.set(text)
        entry = ttk.Entry(box, textvariable=shown, state="readonly", font=TEXT_FONT)
        entry.grid(row=row, column=1, sticky="ew", padx=GAP, pady="1p")
        ttk.Button(box, text="コピー", width=8, command=partial(self._copy, text)).grid(
            row=row, column=2, pady="1p"
        )

    def _copy(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)
        self._copied(text)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """What is to be done stands where it is seen without scrolling."""
    order = (Verdict.BAD, Verdict.CARE, Verdict.UNKNOWN, Verdict.GOOD)
    return sorted(findings, key=lambda finding: order.index(finding.verdict))


def summary(findings: Iterable[Finding]) -> tuple[str, str]:
    """The whole in one sentence, and its style."""
    verdicts = [finding.verdict for finding in findings]
    counts = {verdict: verdicts.count(verdict) for verdict in Verdict}
    if counts[Verdict.BAD] or counts[Verdict.CARE]:
        parts = [
            f"{verdict.sign} が{counts[verdict]}か所"
            for verdict in (Verdict.BAD, Verdict.CARE)
            if counts[verdict]
        ]
        text = f"直したほうがよいところがあります: {'、'.join(parts)}。上から順にご覧ください。"
        return text, "Bad.TLabel" if counts[Verdict.BAD] else "Bold.TLabel"
    if counts[Verdict.UNKNOWN]:
        text = "悪いところは見つかりませんでしたが、分からなかったところがあります（？）。"
        return text, "TLabel"
    return "悪いところは見つかりませんでした。", "Good.TLabel"
