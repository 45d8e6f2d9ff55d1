"""統合 on a screen: asks with whom and what stays, makes two members one, or two of one again."""

from __future__ import annotations

from collections.abc import Callable

from kollect.app.active_workspace import ActiveWorkspace
from kollect.members.member import Member
from kollect.members.member_fields import as_form_input
from kollect.members.merge_rules import MergePlan, Merger
from kollect.threads.background_thread import local_now
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.screen import Screen
from kollect.ui.members.address_change_flow import LIST_SOURCE
from kollect.ui.members.merge_dialogs import MergeDialog, MergeWish, MergeWithDialog


class MergeFlow:
    """What 「ほかの会員と統合」 does on a screen."""

    def __init__(
        self, screen: Screen, workspaces: ActiveWorkspace, done: Callable[[int, str], None]
    ) -> None:
        """`done` is told which member there is now, and in words what was done."""
        self._screen, self._workspaces, self._done = screen, workspaces, done

    def ask_with_whom(self, member: Member) -> None:
        """From one member's form. Who has the same telephone, or name and birthday, is proposed."""
        form = as_form_input(member)

        def work(job: Job) -> tuple[str, str]:
            with self._workspaces.current.members() as members:
                found = members.alike(form, member.number)
            shown = self._workspaces.current.number_text
            words = "、".join(
                f"{shown(one.number)} {one.name} 様（{why}）" for one, why in found[:3]
            )
            return words, str(found[0][0].number) if found else ""

        def asked(found: tuple[str, str]) -> None:
            goes = self._screen.window.dialogs.show(MergeWithDialog, member, *found)
            if goes is not None:
                self.ask(member.number, goes)

        self._screen.work(work, asked, busy=True)

    def ask(self, stays: int, goes: int) -> None:
        """What stays of these two; the first is the one that is proposed to stay."""

        def work(job: Job) -> MergePlan:
            with self._workspaces.current.merges() as members:
                return members.plan(stays, goes)

        def found(plan: MergePlan) -> None:
            digits = self._workspaces.current.digits
            wish = self._screen.window.dialogs.show(MergeDialog, plan, local_now(), digits)
            if wish is not None:
                self._merge(wish)

        self._screen.work(work, found, busy=True)

    def _merge(self, wish: MergeWish) -> None:
        now = local_now()

        def work(job: Job) -> Member:
            with self._workspaces.current.merges() as members:
                return members.merge(wish.stays, wish.goes, wish.taken, now, LIST_SOURCE)

        def done(member: Member) -> None:
            shown = self._workspaces.current.number_text
            self._done(member.number, f"{shown(wish.goes)} を {shown(wish.stays)} に統合しました。")

        self._screen.work(work, done, busy=True)

    def ask_back(self, member: Member, merger: Merger) -> None:
        """「統合を取り消す」: the last one of this member."""
        now, shown = local_now(), self._workspaces.current.number_text
        if not self._screen.window.dialogs.confirm(
            "統合を取り消す",
            f"{merger.at.astimezone():%Y/%m/%d} の統合を取り消して、{shown(merger.goes)} を別の"
            "会員に戻しますか？\n内容は、それぞれの統合の前のものに戻ります。統合のあとで直した項目は、"
            f"{shown(merger.stays)} にそのまま残ります。統合のあとにお店で受けた配信停止や退会は、"
            "両方の会員に残ります。",
            yes="取り消す",
        ):
            return

        def work(job: Job) -> int:
            with self._workspaces.current.merges() as members:
                return members.undo_merge(member.number, now, LIST_SOURCE)

        def done(goes: int) -> None:
            self._done(member.number, f"統合を取り消しました。{shown(goes)} は別の会員です。")

        self._screen.work(work, done, busy=True)
