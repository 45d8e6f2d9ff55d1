"""What a receiver's marks mean for the shop, in its words."""

from __future__ import annotations

import pytest

from kollect.delivery.arrival import (
    DKIM_TITLE,
    DMARC_TITLE,
    NOTHING_TITLE,
    SPF_TITLE,
    ArrivalNote,
    Grade,
    notes_of,
)
from kollect.mail.authentication_results import (
    AuthenticationReport,
    AuthFinding,
    AuthMethod,
    AuthResult,
)

OURS, HOSTER = "shop.example", "hoster.example"


def notes(*found: tuple[str, str, str], **more: bool) -> dict[str, ArrivalNote]:
    findings = [AuthFinding(AuthMethod(m), AuthResult(r), domain) for m, r, domain in found]
    report = AuthenticationReport("mx.box.example", tuple(findings), OURS)
    return {note.what: note for note in notes_of(report, **more)}


def test_all_is_well():
    told = notes(("spf", "pass", OURS), ("dkim", "pass", OURS), ("dmarc", "pass", OURS))
    assert [note.grade for note in told.values()] == [Grade.GOOD] * 3
    assert [*told] == [SPF_TITLE, DKIM_TITLE, DMARC_TITLE]
    assert not any(note.cure for note in told.values())


@pytest.mark.parametrize("result", AuthResult)
@pytest.mark.parametrize("method", AuthMethod)
def test_every_result_has_words_and_what_is_not_good_has_a_cure(
    method: AuthMethod, result: AuthResult
):
    for note in notes((method, result, OURS)).values():
        assert note.meaning.endswith("。")
        assert (note.grade is Grade.GOOD) != bool(note.cure)


def test_a_server_that_is_not_announced():
    told = notes(("spf", "softfail", OURS), ("dmarc", "fail", OURS))
    assert [note.grade for note in told.values()] == [Grade.BAD, Grade.DOUBTFUL, Grade.BAD]
    assert "SPF" in told[SPF_TITLE].cure
    assert "ソフトバンク" in told[DMARC_TITLE].meaning
    assert "ソフトバンク" in told[DMARC_TITLE].carriers


def test_the_hosters_own_signature_is_not_the_shops():
    told = notes(("spf", "pass", HOSTER), ("dkim", "pass", HOSTER))
    assert told[DKIM_TITLE].grade is Grade.DOUBTFUL
    assert HOSTER in told[DKIM_TITLE].meaning
    assert told[DMARC_TITLE].grade is Grade.BAD


def test_nobody_can_change_the_dns_of_his_provider():
    told = notes(("spf", "fail", OURS), ("dmarc", "fail", OURS), own_domain=False)
    assert all("送信サーバ" in note.cure for note in told.values())
    assert not any("管理画面" in note.cure for note in told.values())


def test_nothing_was_written():
    [note] = notes_of(AuthenticationReport("mx.box.example", (), OURS))
    assert (note.grade, note.what) == (Grade.DOUBTFUL, NOTHING_TITLE)
    assert "信用しません" not in note.meaning
    [note] = notes_of(AuthenticationReport("mx.box.example", (), OURS, not_believed=1))
    assert "信用しません" in note.meaning
