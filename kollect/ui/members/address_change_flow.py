"""アドレスの変更 in 会員の修正: asks for the number that the new address was given, shows whose it
is, and moves the member there; or takes the last such move back.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mail.foreign_text import exact
from kollect.members import normalize
from kollect.members.member import Member
from kollect.members.member_reader import FormerAddress
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.screen import Screen
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.form import Form

LIST_SOURCE = "会員一覧"


@dataclass(frozen=True, slots=True)
class AddressWish:
    """What is to become of a member's address."""

    new_number: int | None
    """The number of the new address; None: back to the former one."""


class AddressDialog(Dialog[AddressWish | None]):
    """None: the address stays."""

    def __init__(self, parent: tk.Misc, member: Member, former: Sequence[FormerAddress]) -> None:
        super().__init__(parent, "アドレスの変更", otherwise=None)
        paragraph(
            self.body,
            "新しいスマートフォンなどから、もう一度空メールを送っていただいてください。返信に"
            "書かれた受付番号を入力すると、その番号のアドレスに変わります。会員の受付番号"
            f"（{member.number}）、登録内容、承諾は、そのままです。",
        ).pack(anchor="w", pady=(0, GAP))
        rows = Form(self.body, label_characters=9)
        rows.pack(fill="x")
        rows.note(f"いまのアドレス　{exact(member.standing.address)}")
        for one in former[:3]:
            day = f"{one.left_at.astimezone():%Y/%m/%d}"
            rows.note(f"{day} まで　{exact(one.address)}")
        self.number = rows.line("新しい受付番号", characters=12)
        answers = [("キャンセル", self.cancel), ("次へ", self.accept)]
        if former:
            answers.insert(0, ("前のアドレスに戻す", self.go_back))
        self.buttons(*answers, left=1 if former else 0)
        self.start_at(self.number.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        self.number.clear()
        number = normalize.number(self.number.value)
        if number is None:
            self.number.show_error("返信に書かれていた受付番号を、数字で入力してください。")
            self.number.focus()
            return
        self.finish(AddressWish(number))

    def go_back(self) -> None:
        self.finish(AddressWish(None))


class AddressChangeFlow:
    """What 「アドレスの変更」 does on a screen."""

    def __init__(
        self, screen: Screen, workspaces: ActiveWorkspace, done: Callable[[str], None]
    ) -> None:
        """`done` is told in words what was changed."""
        self._screen, self._workspaces, self._done = screen, workspaces, done

    def ask(self, member: Member, former: Sequence[FormerAddress]) -> None:
        """`former`: the addresses that the member has left, the newest first."""
        dialogs = self._screen.window.dialogs
        wish = dialogs.show(AddressDialog, member, former)
        if wish is None:
            return
        if wish.new_number is None:
            self._ask_back(member, former[0])
            return
        new_number = wish.new_number

        def work(job: Job) -> str:
            with self._workspaces.current.address_changes() as members:
                return members.new_address(member.number, new_number)

        def found(address: str) -> None:
            if dialogs.confirm(
                "アドレスの変更",
                f"{member.name} 様のメールアドレスを、次のとおり変えますか？\n"
                f"いま　 {exact(member.standing.address)}\n"
                f"新しく {exact(address)}\n"
                "これからのメールは、新しいアドレスにだけ送ります。",
                yes="変更する",
            ):
                self._change(member, new_number)

        self._screen.work(work, found, busy=True)

    def _change(self, member: Member, new_number: int) -> None:
        now = local_now()

        def work(job: Job) -> datetime | None:
            with self._workspaces.current.address_changes() as members:
                return members.change_address(member.number, new_number, now, LIST_SOURCE)

        def done(no: datetime | None) -> None:
            self._done("アドレスを変更しました。")
            if no is not None:
                self._screen.window.dialogs.show_info(
                    "配信停止になります",
                    f"新しいアドレスには、{no.astimezone():%Y/%m/%d} に配信停止か退会のお申し出が"
                    "ありました。アドレスは変更しましたが、メールは送りません。お申し出のあとで"
                    "承諾をいただいたときは、「配信の再開」を押してください。",
                )

        self._screen.work(work, done, busy=True)

    def _ask_back(self, member: Member, former: FormerAddress) -> None:
        now = local_now()
        if not self._screen.window.dialogs.confirm(
            "前のアドレスに戻す",
            f"{member.name} 様のメールアドレスを、前の {exact(former.address)} に戻しますか？\n"
            f"受付番号 {former.new_number} は、会員登録がまだの番号に戻ります。",
            yes="前に戻す",
        ):
            return

        def work(job: Job) -> str:
            with self._workspaces.current.address_changes() as members:
                return members.undo_address_change(member.number, now, LIST_SOURCE)

        self._screen.work(
            work, lambda address: self._done(f"{exact(address)} に戻しました。"), busy=True
        )
