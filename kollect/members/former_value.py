"""「この内容に戻す」: what stood in one field of a member's form, put back into the form. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kollect.members.member import Member
from kollect.members.member_fields import MemberField, as_form_input, read_form
from kollect.members.member_reader import MemberChange

_FIELDS = {
    field.value: field.name.lower()
    for field in MemberField
    if field not in (MemberField.NUMBER, *(f for f in MemberField if f.name.startswith("CONSENT")))
}
"""A consent is not put back: it is given anew, with its day and manner."""


def is_of_form(change: MemberChange) -> bool:
    """Whether it can be put back; an event, as 退会, cannot."""
    return change.what in _FIELDS


def with_former(member: Member, change: MemberChange, today: date) -> Member:
    """The member with the former value; all else as it is. Raises FormProblems where that is not
    a value any more, ValueError for an event.
    """
    if not is_of_form(change):
        raise ValueError(change.what)
    form = replace(as_form_input(member), **{_FIELDS[change.what]: change.former})
    return read_form(form, today)
