"""A line of the log without what tells who a customer is: for a folder whose data are protected.

`keiko@docomo.ne.jp` becomes `ke***@docomo.ne.jp`: the 受付番号 beside it tells staff who that is.
Pure.
"""

from __future__ import annotations

import re

_HIDDEN = "***"
_PLAIN = r"""[^\s<>()\[\]{}「」『』（）【】、。，：；:;,"“”=|/]"""
_ADDRESS = re.compile(rf"""("(?:[^"\\\n]|\\.){{1,128}}"|{_PLAIN}+)@+(?=[^\s<>()（）])""")
"""Whatever stands before an @, in any script: rather too much than too little."""
_NOT_PLAIN = re.compile(_PLAIN.replace("[^", "[@", 1))
_SUBJECT = re.compile(r"(（差出人 [^\n]*?、見出 )[^\n]*")
"""In the sentences about a mail of a customer (`log_sentences`); shops' own 見出 stay."""


def masked(text: str) -> str:
    """The text with addresses and customers' subjects hidden.

    What is hidden is not changed by a second time, unless stray quotation marks stand around it.
    """
    return _SUBJECT.sub(rf"\1{_HIDDEN}）", _ADDRESS.sub(_hidden_address, text))


def _hidden_address(found: re.Match[str]) -> str:
    local = found[1].strip('"')
    if local.endswith(_HIDDEN):
        return found[0]
    shown = local[:2] if len(local) > 3 else local[:1] if len(local) > 1 else ""
    return f"{_NOT_PLAIN.sub('', shown)}{_HIDDEN}@"
