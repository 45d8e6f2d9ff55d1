"""Whatever is raised in the sender of メール発信: it is told, and it goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from kollect.mailing.mailing_events import MailingFailed
from kollect.mailing.mailing_states import MailingState
from tests.helpers.faults import ERRORS, raising
from tests.helpers.member_shop import begin
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.integration.test_mailing import open_shop, until

PARTS = (
    "kollect.mailing.mailing_worker.Outbox",
    "kollect.mailing.mailing_worker.Ledger",
    "kollect.mailing.mailing_worker.MailingRun",
    "kollect.mailing.mailing_worker.MailingWorker._work",
    "kollect.mailing.mailing_worker.MailingWorker._tell_waiting",
)

pytestmark = pytest.mark.expects_errors


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("part", PARTS)
def test_it_goes_on_after_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, error: BaseException
):
    with ScriptedSmtp() as smtp:
        mailer = open_shop(tmp_path, smtp, 3)
        mailing = begin(mailer.database)
        worker = mailer.worker
        with monkeypatch.context() as patch:
            patch.setattr(part, raising(error))
            worker.start()
            until(lambda: any(isinstance(news, MailingFailed) for news in mailer.news), 30)
            assert worker.alive
        told = next(news for news in mailer.news if isinstance(news, MailingFailed))
        assert told.trouble.happened and told.trouble.cure
        assert told.next_at is not None
        worker.look()
        until(lambda: mailer.mailing(mailing).state is MailingState.DONE, 30)
        worker.stop()
        assert worker.join(30)
        assert len(smtp.recipients) == len(set(smtp.recipients)) == 3


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_a_listener_that_falls_stops_no_letter(tmp_path: Path, error: BaseException):
    from kollect.mailing.mailing_worker import MailingWorker

    with ScriptedSmtp() as smtp:
        mailer = open_shop(tmp_path, smtp, 3)
        mailing = begin(mailer.database)
        old = mailer.worker
        assert MailingWorker(old._folder, old._load, raising(error)).once() is None
        assert len(smtp.recipients) == 3
    assert mailer.mailing(mailing).state is MailingState.DONE
