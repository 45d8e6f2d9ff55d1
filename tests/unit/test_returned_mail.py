"""What a receiver's marks mean for the shop, in its words."""

from __future__ import annotations

import pytest

from kollect.diagnosis.finding import Finding, Topic, Verdict
from kollect.diagnosis.returned_mail import about_returned
from kollect.mail.authentication_results import (
    AuthenticationReport,
    AuthFinding,
    AuthMethod,
    AuthResult,
)

OURS, HOSTER = "shop.example", "hoster.example"


def notes(*found: tuple[str, str, str], **more: bool) -> dict[Topic, Finding]:
    findings = [AuthFinding(AuthMethod(m), AuthResult(r), domain) for m, r, domain in found]
    report = AuthenticationReport("mx.box.example", tuple(findings), OURS)
    return {note.topic: note for note in about_returned(report, **more)}


def test_all_is_well():
    told = notes(("spf", "pass", OURS), ("dkim", "pass", OURS), ("dmarc", "pass", OURS))
    assert [note.verdict for note in told.values()] == [Verdict.GOOD] * 3
    assert [*told] == [Topic.SPF, Topic.DKIM, Topic.DMARC]
    assert not any(note.cure for note in told.values())


@pytest.mark.parametrize("result", AuthResult)
@pytest.mark.parametrize("method", AuthMethod)
def test_every_result_has_words_and_what_is_not_good_has_a_cure(
    method: AuthMethod, result: AuthResult
):
    for note in notes((method, result, OURS)).values():
        assert note.what.endswith("。")
        assert (note.verdict is Verdict.GOOD) != bool(note.cure)


def test_a_server_that_is_not_announced():
    told = notes(("spf", "softfail", OURS), ("dmarc", "fail", OURS))
    assert [note.verdict for note in told.values()] == [Verdict.BAD, Verdict.CARE, Verdict.BAD]
    assert "SPF" in told[Topic.SPF].cure
    assert "ソフトバンク" in told[Topic.DMARC].what
    assert "ソフトバンク" in told[Topic.DMARC].receivers


def test_the_hosters_own_signature_is_not_the_shops():
    told = notes(("spf", "pass", HOSTER), ("dkim", "pass", HOSTER))
    assert told[Topic.DKIM].verdict is Verdict.CARE
    assert HOSTER in told[Topic.DKIM].what
    assert told[Topic.DMARC].verdict is Verdict.BAD


def test_nobody_can_change_the_dns_of_his_provider():
    told = notes(("spf", "fail", OURS), ("dmarc", "fail", OURS), own_domain=False)
    assert all("送信サーバ" in note.cure for note in told.values())
    assert not any("管理画面" in note.cure for note in told.values())


def test_nothing_was_written():
    [note] = about_returned(AuthenticationReport("mx.box.example", (), OURS))
    assert (note.verdict, note.topic) == (Verdict.CARE, Topic.SENDER)
    assert "信用しません" not in note.what
    [note] = about_returned(AuthenticationReport("mx.box.example", (), OURS, not_believed=1))
    assert "信用しません" in note.what
