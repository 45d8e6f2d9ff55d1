"""A mailing with the power cut at every act of the outbox: nobody is lost, few are repeated."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from kollect.mailing.mailing_states import MailingState, RecipientResult, SendResult
from kollect.mailing.outbox import Outbox
from tests.helpers.ledger_samples import NOW
from tests.helpers.power_cut import Fuse, PowerCut, fused
from tests.unit.test_members_outbox import begun, database

AT_ONCE = 3


def send_all(path: Path, mailing: int, server: list[str], fuse: Fuse | None = None) -> None:
    """A sending loop as the program's: taken, handed over, settled."""
    with closing(Outbox(path)) as outbox:
        while recipients := outbox.take(mailing, 0, AT_ONCE, NOW):
            for recipient in recipients:
                if fuse:
                    fuse.act("hand over", lambda: server.append(recipient.address))  # noqa: B023
                else:
                    server.append(recipient.address)
            outbox.settle([RecipientResult(p.id, SendResult.ACCEPTED) for p in recipients], NOW)


@pytest.mark.parametrize("after", [False, True])
def test_a_cut_at_any_act_loses_nobody_and_repeats_only_those_on_the_way(
    tmp_path: Path, after: bool
):
    at, cut = 1, True
    while cut:
        path = database(tmp_path / f"{at}.db", 5)
        with closing(Outbox(path)) as outbox:
            mailing = begun(outbox)
        server: list[str] = []
        fuse = Fuse(at, after=after)
        try:
            with fused(fuse):
                send_all(path, mailing, server, fuse)
            cut = False
        except PowerCut:
            assert fuse.blown
        got = Counter(server)
        send_all(path, mailing, server)
        assert Counter(server).keys() == {f"m{n}@x.jp" for n in range(5)}
        repeated = sum(count - 1 for count in Counter(server).values())
        assert repeated <= min(AT_ONCE, sum(got.values()))
        with closing(Outbox(path)) as outbox:
            assert outbox.mailing(mailing).state is MailingState.DONE
        at += 1
    assert at > 20
