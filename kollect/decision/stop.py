"""When a subject asks to stop the mails of the shop: 「配信停止」, 「退会」. Pure."""

from __future__ import annotations

from urllib.parse import unquote

from kollect.decision.blank import folded

WORDS = ("配信停止", "退会")
_AROUND = "「」『』【】[]()<>\"' "
"""People copy the brackets that stand around the word in our footer."""
_LONGEST = 200


def asks_to_stop(subject: str | None) -> bool:
    """Whether that is all that the subject says, without regard to width, spaces and brackets.

    A phone that follows the link in `List-Unsubscribe` without undoing its percent signs is
    understood as well (RFC 6068 section 2).
    """
    if not subject or len(subject) > _LONGEST:
        return False
    written = folded(unquote(subject, errors="replace")).translate(_WITHOUT)
    return written.replace(" ", "") in WORDS


_WITHOUT = str.maketrans("", "", _AROUND)
