"""What a server's answer to a letter means, in the words of the shop. Pure.

The answer itself is for whoever asks for help: it stands behind these words, or in the log.
"""

from __future__ import annotations

import re

from kollect.delivery.carriers import may_be_filter, speaks_of_shop
from kollect.delivery.refusal import address_is_dead, is_refusal

_CODE = re.compile(r"\b[45]\d\d\b.*", re.DOTALL)
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def cause_of(answer: str, address: str = "") -> str:
    """Why the letter to this address did not arrive, without a full stop; "" where nothing was
    answered. A delivery report may have something before the code.
    """
    if not answer:
        return ""
    found = _CODE.search(answer)
    spoken = found[0] if found else answer
    if may_be_filter(address, answer):
        return "受信拒否の設定かもしれません"
    if speaks_of_shop(answer):
        return "お店のドメインや送信サーバが理由で、断られました"
    if address_is_dead(spoken):
        return "宛先がありません"
    if found and spoken.startswith("4"):
        return "いまは受け取れないとの答えです"
    if is_refusal(spoken):
        return "送信サーバが断りました"
    if _JAPANESE.search(answer):
        return answer.rstrip("。")
    return "届けられないとの答えです"


def cause_and_answer(answer: str, address: str = "") -> str:
    """As `cause_of`, with the server's own words behind it."""
    cause = cause_of(answer, address)
    return cause if not cause or answer.startswith(cause) else f"{cause}（サーバの答え: {answer}）"
