"""Says beside the fields who else may be this customer; nobody has to answer."""

from __future__ import annotations

from collections.abc import Callable

from kollect.app.active_workspace import ActiveWorkspace
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import MemberField, MemberFormInput
from kollect.members.member_reader import Likeness
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.screen import Screen
from kollect.ui.members.member_form_fields import MemberFormFields

_ASKED_AFTER = (MemberField.NAME, MemberField.BIRTHDAY, MemberField.PHONE)
_BESIDE = {
    Likeness.PHONE: MemberField.PHONE,
    Likeness.NAME_AND_BIRTHDAY: MemberField.BIRTHDAY,
}


class AlikeNotice:
    """Looks whenever one of these fields was left, in a thread."""

    def __init__(
        self,
        screen: Screen,
        workspaces: ActiveWorkspace,
        fields: MemberFormFields,
        number: Callable[[], int | None],
    ) -> None:
        """`number`: whose form it is, if it is known."""
        self._screen = screen
        self._workspaces = workspaces
        self._fields = fields
        self._number = number
        fields.on_left = self._left

    def _left(self, where: MemberField) -> None:
        if where not in _ASKED_AFTER:
            return
        sheet, number = self._fields.typed, self._number()

        def work(job: Job) -> list[tuple[Member, Likeness]]:
            with self._workspaces.current.members() as members:
                return members.alike(sheet, number)

        def done(found: list[tuple[Member, Likeness]]) -> None:
            if _asked_of(self._fields.typed) == _asked_of(sheet) and self._number() == number:
                self._say(found)

        # this is only a hint: what is wrong with the file is told where something is written
        self._screen.work(work, done, failed=lambda trouble: None)

    def _say(self, found: list[tuple[Member, Likeness]]) -> None:
        for likeness, where in _BESIDE.items():
            who = [self._named(member) for member, own in found if own is likeness]
            if who:
                self._fields.fields[where].show_notice(f"{'、'.join(who)}と{likeness}です。")

    def _named(self, member: Member) -> str:
        number = self._workspaces.current.number_text(member.number)
        withdrawn = member.standing.state is MemberState.WITHDRAWN
        return f"{number} {member.name} 様{'（退会）' if withdrawn else ''}"


def _asked_of(sheet: MemberFormInput) -> tuple[str, str, str]:
    """What the answer depends on; the rest may be typed on meanwhile."""
    return sheet.name, sheet.birthday, sheet.phone
