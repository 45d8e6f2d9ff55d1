"""The code in the mail of 「自分の携帯・Gmailで試す」, by which its answer is known. Pure.

An answer brings no header field of ours back; what it does bring is the subject and, from most
programs, our Message-ID in In-Reply-To. So the code stands in both, as some providers write a
Message-ID of their own. It is made with this installation's secret: nobody can make one up. Whoever
has got such a mail can use its code again; such a mail is only left on the server.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from kollect.mail.message import Mail
from kollect.mail.own_headers import TEST_HEADER

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter is taken for another."""
_ONE = f"[{_LETTERS}]{{4}}"
_CODE = re.compile(rf"(?<![0-9A-Z])({_ONE})-({_ONE}-{_ONE})(?![0-9A-Z])")
_MOST_READ = 4000
_MOST_TRIED = 20


def code_of(mark: str, chosen: int) -> str:
    """The code, as `4F7K-2M9Q-1D3X`. `chosen`: any number; with another one it is another code."""
    return _signed(mark, _in_letters(chosen & 0xFFFFF, 4))


def code_in(text: str, mark: str) -> str:
    """The first code of this installation that stands in the text; "" where there is none."""
    text = unicodedata.normalize("NFKC", text[:_MOST_READ]).upper()
    for found in [*_CODE.finditer(text)][:_MOST_TRIED]:
        if hmac.compare_digest(_signed(mark, found[1]), found[0]):
            return found[0]
    return ""


def code_of_answer(mail: Mail, mark: str) -> str:
    """The code of the trial that this mail is, or answers; "" for every other mail."""
    if not mark:
        return ""
    marked = (mail.first(TEST_HEADER.lower()) or b"").decode("latin-1")
    return code_in(
        " ".join([marked, mail.message_id_answered, *mail.references, mail.subject or ""]), mark
    )


def _signed(mark: str, chosen: str) -> str:
    digest = hmac.new(mark.encode(), f"trial {chosen}".encode(), hashlib.sha256).digest()
    proof = _in_letters(int.from_bytes(digest[:5], "big"), 8)
    return f"{chosen}-{proof[:4]}-{proof[4:]}"


def _in_letters(number: int, length: int) -> str:
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(length)))
