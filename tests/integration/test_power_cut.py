"""The power cut before and after every act; then the program runs again. Design section 3.

One scene with every kind of mail is played with a cut at each of its acts, all of them. Then the
power comes back, the program polls until nothing is left, and the promises are checked.
"""

from __future__ import annotations

import email
import tempfile
from collections import Counter
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from kollect.ledger.states import ReceiptState
from tests.helpers.mail_samples import blank
from tests.helpers.power_cut import Fuse, PowerCut, fused
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import At, Kept, Script, ScriptedSmtp
from tests.helpers.shop import OWNER, ShopProgram, settings_for

PASSWORD = "S3cret-pw!"
NEW = ("c..c@docomo.ne.jp", "a@b.example", "bad@b.example", "slow@b.example", "e@f.example")
SCENE = (
    *(blank(sender, n) for n, sender in enumerate(NEW)),
    blank("a@b.example", 10),
    blank("x@y.example", 11, subject="Question"),
    b"Precedence: bulk\r\n" + blank("news@y.example", 12),
    blank("shop@shop.example", 13),
    blank("last@z.example", 14),
)
MOST_ON_WAY = 20
TEMPLATES = ("受付番号は", "受付済みです", "Fwd:")


def fault(at: At) -> str | None:
    """One recipient is refused for good, one put off at first."""
    if at.verb == "RCPT" and "bad@" in at.argument:
        return "550 5.1.1 no such user"
    if at.verb == "RCPT" and "slow@" in at.argument and at.connection < 3:
        return "450 4.2.1 later"
    return None


def play(at: int, *, after: bool, plain: bool) -> Fuse:
    """Play the scene with a cut at this act. Returns what acts there were."""
    fuse = Fuse(at, after=after)
    script = Script(fault=fault, pipelining=not plain, chunking=not plain)
    with (
        tempfile.TemporaryDirectory() as name,
        ScriptedPop3(SCENE) as pop3,
        ScriptedSmtp(script) as smtp,
    ):
        shop = ShopProgram(Path(name), settings_for(pop3.port, smtp.port), PASSWORD)
        try:
            with fused(fuse):
                shop.poll()
        except PowerCut:
            assert fuse.blown
        check_nothing_lost(shop, pop3, smtp)
        for _ in range(5):
            report, trouble = shop.poll()
            if not (report.left or report.deferred or trouble):
                break
        check_promises(shop, pop3, smtp)
    return fuse


def check_nothing_lost(shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp) -> None:
    """Promise 2, at the very moment of the cut."""
    answered = Counter(kept.recipients[0] for kept in smtp.kept)
    copies = shop.kept()
    for raw in SCENE:
        if raw in pop3.mails.values() or raw in copies:
            continue
        sender = email.message_from_bytes(raw)["From"]
        assert answered[sender] or sender == "bad@b.example", f"lost: {sender}"


def check_promises(shop: ShopProgram, pop3: ScriptedPop3, smtp: ScriptedSmtp) -> None:
    assert not pop3.mails
    receipts = shop.receipts()
    expected = [*NEW, "last@z.example"]
    assert [r.address for r in receipts] == expected
    assert [r.number for r in receipts] == list(range(1001, 1001 + len(expected)))
    assert [r.address for r in receipts if r.state is not ReceiptState.REPLIED] == ["bad@b.example"]
    letters = [(kept, *identity(kept)) for kept in smtp.kept]
    sent = Counter(kept.recipients[0] for kept, *_ in letters)
    assert set(sent) == {*expected, OWNER} - {"bad@b.example"}
    by_id: dict[str, set[str]] = {}
    for kept, message_id, subject in letters:
        by_id.setdefault(message_id, set()).add(f"{kept.recipients[0]} {subject}")
    assert all(len(same) == 1 for same in by_id.values()), by_id
    kinds = Counter(
        template for [letter] in by_id.values() for template in TEMPLATES if template in letter
    )
    assert kinds == {"受付番号は": 5, "受付済みです": 1, "Fwd:": 2}
    assert len(letters) - len(by_id) <= MOST_ON_WAY
    copies = shop.kept()
    assert all(raw in copies for raw in SCENE[7:9])


def identity(kept: Kept) -> tuple[str, str]:
    letter = email.message_from_bytes(kept.data)
    return letter["Message-ID"], str(make_header(decode_header(letter["Subject"])))


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True], ids=["streamed", "plain"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_at_every_act(after: bool, plain: bool) -> None:
    scene = play(10**9, after=after, plain=plain)  # no cut: how long the scene is
    assert {"COMMIT", "INSERT", "UPDATE", "replace"} < set(scene.names)
    assert any(name.startswith("send b'QUIT") for name in scene.names)
    for at in range(1, scene.acts + 1):
        play(at, after=after, plain=plain)
