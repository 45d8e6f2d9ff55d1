"""Letters whose body is a file: whole, cut off, gone, as seven bits, and in little memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from kollect.settings.model import Auth, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, OutgoingMail
from tests.helpers.scripted_smtp import Act, At, ScriptedSmtp, sink_process
from tests.helpers.smtp_delivery import (
    SHOP,
    endings_of,
    every_mode,
    from_disk,
    letter,
    once,
    posting,
    script,
)


@every_mode
def test_mail_from_disk_arrives_whole(scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str):
    scripted_smtp.script = script(mode)
    content = b"\r\n".join(b"." * (n % 5) + b"line %d" % n for n in range(30000)) + b"\r\n.\r\n"
    batch = [letter(1), from_disk(tmp_path, content), letter(2)]
    with posting(scripted_smtp) as post:
        assert endings_of(post, batch) == [DeliveryStatus.ACCEPTED] * 3
    assert scripted_smtp.kept[1].data == b"".join(batch[1].chunks())
    assert scripted_smtp.kept[1].verb == "DATA"  # a stranger's mail is never taken for commands
    assert scripted_smtp.recipients == [one.recipient for one in batch]
    assert len(scripted_smtp.commands) == 1


@pytest.mark.parametrize("act", [Act.CUT, Act.KEEP_AND_CUT])
@every_mode
def test_mail_from_disk_cut_at_its_end_is_unknown(
    scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str, act: Act
):
    scripted_smtp.script = script(
        mode, fault=once(lambda at: (at.verb, at.recipient) == ("DOT", "f0@docomo.ne.jp"), act)
    )
    batch = [letter(1), from_disk(tmp_path, b"x" * 70 + b"\r\n"), letter(2)]
    with posting(scripted_smtp) as post:
        ended = {one.key: one.status for outcomes in post.deliver(batch) for one in outcomes}
    assert ended == {
        1: DeliveryStatus.ACCEPTED,
        0: DeliveryStatus.UNKNOWN,
        2: DeliveryStatus.ACCEPTED,
    }


def test_eight_bits_go_as_seven_where_needed(scripted_smtp: ScriptedSmtp, tmp_path: Path):
    seven = from_disk(tmp_path, b"\x82\xa0\r\n", file_base64=True)
    eight = from_disk(tmp_path, b"\x82\xa0\r\n", eight_bit=True, seven_bit=seven)
    with posting(scripted_smtp) as post:
        assert endings_of(post, [eight]) == [DeliveryStatus.ACCEPTED]
    assert "BODY=8BITMIME" in scripted_smtp.kept[0].parameters
    assert b"\x82\xa0" in scripted_smtp.kept[0].data
    scripted_smtp.script.eight_bit = False
    with posting(scripted_smtp) as post:
        assert endings_of(post, [eight]) == [DeliveryStatus.ACCEPTED]
    assert "BODY" not in scripted_smtp.kept[1].parameters
    assert scripted_smtp.kept[1].data == b"".join(seven.chunks())


@every_mode
def test_file_that_is_gone_is_for_later(scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str):
    scripted_smtp.script = script(mode)
    gone, changed = from_disk(tmp_path, b"x\r\n", 0), from_disk(tmp_path, b"x\r\n", 1)
    gone.file.unlink()
    changed.file.write_bytes(b"longer\r\n")
    with posting(scripted_smtp) as post:
        ended = {
            one.key: one.status
            for outcomes in post.deliver([gone, changed, letter(2)])
            for one in outcomes
        }
    assert ended == {0: DeliveryStatus.LATER, 1: DeliveryStatus.LATER, 2: DeliveryStatus.ACCEPTED}
    assert scripted_smtp.recipients == ["kokyaku2@docomo.ne.jp"]


def test_file_that_vanishes_while_it_is_sent(scripted_smtp: ScriptedSmtp, tmp_path: Path):
    one = from_disk(tmp_path, b"x" * 70 + b"\r\n")

    def fault(at: At) -> None:
        if at.verb == "DATA":
            one.file.write_bytes(b"short")

    scripted_smtp.script.fault = fault
    with posting(scripted_smtp) as post:
        ended = {
            done.key: done.status
            for outcomes in post.deliver([one, letter(2)])
            for done in outcomes
        }
    assert ended == {0: DeliveryStatus.LATER, 2: DeliveryStatus.ACCEPTED}
    assert scripted_smtp.recipients == ["kokyaku2@docomo.ne.jp"]


@every_mode
def test_refused_in_the_middle_of_a_large_mail(
    scripted_smtp: ScriptedSmtp, tmp_path: Path, mode: str
):
    """What is left of the mail must not be taken for commands, nor the answer for another's."""
    scripted_smtp.script = script(mode, early="552 5.3.4 too big")
    batch = [letter(1), from_disk(tmp_path, b"x" * 70 + b"\r\n" * 2_000_000), letter(2)]
    with posting(scripted_smtp) as post:
        ended = {one.key: one for outcomes in post.deliver(batch) for one in outcomes}
    assert {key: one.status for key, one in ended.items()} in (
        {0: DeliveryStatus.REFUSED, 1: DeliveryStatus.ACCEPTED, 2: DeliveryStatus.ACCEPTED},
        {
            0: DeliveryStatus.LATER,
            1: DeliveryStatus.ACCEPTED,
            2: DeliveryStatus.ACCEPTED,
        },  # the line was lost first
    )
    assert sorted(scripted_smtp.recipients) == ["kokyaku1@docomo.ne.jp", "kokyaku2@docomo.ne.jp"]


def test_accepted_in_the_middle_of_a_large_mail(scripted_smtp: ScriptedSmtp, tmp_path: Path):
    """Nobody can have accepted what was not all sent."""
    scripted_smtp.script.early = "250 2.0.0 thanks"
    with posting(scripted_smtp) as post:
        batch = [letter(1), from_disk(tmp_path, b"x" * 70 + b"\r\n" * 2_000_000)]
        ended = {one.key: one.status for outcomes in post.deliver(batch) for one in outcomes}
    assert ended == {1: DeliveryStatus.ACCEPTED, 0: DeliveryStatus.LATER}


@pytest.mark.parametrize("in_base64", [False, True])
def test_memory_stays_flat(tmp_path: Path, in_base64: bool):
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(3_000_000)
    big = OutgoingMail(0, "a@docomo.ne.jp", b"x\r\n\r\n", path, 3_000_000, file_base64=in_base64)
    with sink_process() as port:
        post = SmtpClient(Send("127.0.0.1", port, Auth.NO), Tls(), SHOP, "")
        tracemalloc.start()
        try:
            assert endings_of(post, [big]) == [DeliveryStatus.ACCEPTED]
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()
        post.close()
