"""What only the body of a mail can tell: a letter that did not arrive, a member who wants no mails.

Read from the copy in kept/, in the transaction in which the copy is written down.
"""

from __future__ import annotations

from datetime import timedelta

from kollect.collector.poll_context import PollContext
from kollect.decision.bounce import MOST_READ, BounceReport, read_report
from kollect.decision.quotation import own_lines
from kollect.decision.stop_request import asks_to_stop, mentions_stop
from kollect.decision.types import Kind
from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.records import MailRecord, NewMail
from kollect.ledger.states import MailState
from kollect.ledger.trial_results import write_returned
from kollect.mail import address
from kollect.mail.body import read_contents
from kollect.mail.foreign_text import exact
from kollect.mail.message import Mail
from kollect.mail.trial_code import code_in
from kollect.mailing.mailing_text import TO_STOP
from kollect.mailing.returned_letters import ReturnedLetter
from kollect.storage.log_sentences import LETTER, REPLY_BOUNCED

REPORT_WINDOW = timedelta(days=7)
"""For how long after a letter a delivery report that names only the recipient is believed."""
NO_REASON = "理由は書かれていません。"
STOPPED = "会員からの、メールの配信を止めるご依頼です（返信の本文の1行目）。配信を止めました。"
PERHAPS = (
    "会員からのメールに、配信停止や退会などの言葉があります。内容を見て、メールの配信を止める"
    "ご依頼のときは、「対象外・保留」で「配信停止にする」を押してください。"
)


class Bodies:
    """Each method returns the lines for the log."""

    def __init__(self, context: PollContext) -> None:
        self._context = context

    def read(self, entry: MailRecord, copy: str) -> list[str]:
        events: list[str] = []
        if entry.kind in (Kind.BOUNCE, Kind.AUTOMATIC):
            events = self._report(entry, copy)
        if not events and entry.kind in (Kind.OUT_OF_SCOPE, Kind.AUTOMATIC) and entry.address:
            events = self._wants_no_mails(entry, copy)
        return events

    # --- delivery reports

    def _report(self, entry: MailRecord, copy: str) -> list[str]:
        """Mark the receipt or the member that a report is about. One about a forwarded mail stays
        here."""
        report = read_report(self._context.kept.head(copy, MOST_READ))
        if report is None:
            return []
        if code := code_in(" ".join(report.ids), self._context.ledger.mark("test")):
            return self._trial_came_back(entry, code, report)
        if entry.step is MailState.OWED and self._is_about_a_forward(report):
            # forwarding it to the address that just failed would go on for ever
            self._context.ledger.move([entry.id], MailState.KEPT, self._context.now())
            return [f"「対象外メールの送信先」に届きませんでした: {report.reason}"]
        if not report.failed:
            return []
        # this field is the same in all our letters: it says something only together with the
        # recipient
        ours = report.mark == self._context.reply_mark
        keys = [address.key(one) for one in report.named]
        sure = [(identity, "") for identity in report.ids]
        sure += [("", key) for key in keys] if ours else []
        if report.permanent and (events := self._came_back(sure, report)):
            return events
        return self._seems_lost([*sure, *(("", key) for key in keys)], report)

    def _trial_came_back(self, entry: MailRecord, code: str, report: BounceReport) -> list[str]:
        """It is told where whoever has sent the trial waits, and to nobody else: no forwarding."""
        if report.failed:
            write_returned(self._context.ledger, code, report.reason or NO_REASON)
        if entry.step is MailState.OWED:
            self._context.ledger.move([entry.id], MailState.KEPT, self._context.now())
        return [f"テストメールについての通知です: {report.reason}"]

    def _is_about_a_forward(self, report: BounceReport) -> bool:
        owner = address.key(self._context.settings.forward_address)
        recipient = address.key(report.recipient)
        return recipient == owner or any(map(self._context.ledger.is_forward, report.ids))

    def _came_back(self, letters: list[tuple[str, str]], report: BounceReport) -> list[str]:
        ledger, now = self._context.ledger, self._context.now()
        since = now - REPORT_WINDOW
        for letter in letters:
            events = []
            if (number := ledger.bounced(*letter, report.reason, since)) is not None:
                events.append(
                    REPLY_BOUNCED.format(letter=LETTER.format(number=number), reason=report.reason)
                )
            members = self._context.members
            if (told := members.bounced(*letter, report.reason, since, now)) is not None:
                events.append(_returned(told, report.reason))
            if events:
                self._context.tally.add("bounced")
                return events
        return []

    def _seems_lost(self, letters: list[tuple[str, str]], report: BounceReport) -> list[str]:
        """Anybody who knows the address can write such a report; and a 4xx may be over tomorrow."""
        ledger, since = self._context.ledger, self._context.now() - REPORT_WINDOW
        for letter in letters:
            found = ledger.sent(*letter, since)
            if found is None:
                found = self._context.members.handed_over(*letter, since)
            if found is not None:
                number, to = found
                ledger.seems_lost(number, to, report.reason or NO_REASON)
                return [f"受付番号 {number} へのメールは届かなかったようです: {report.reason}"]
        return []

    # --- members who want no mails

    def _wants_no_mails(self, entry: MailRecord, copy: str) -> list[str]:
        context, key = self._context, address.key(entry.address)
        member = context.members.member(key)
        if member is None:
            return []
        raw = context.kept.head(copy, MOST_READ)
        mail = Mail.read(raw)
        lines = [
            one for one in own_lines(read_contents(raw, whole=True).text) if TO_STOP not in one
        ]
        subject = mail.subject or ""
        ids = (*mail.references, mail.message_id_answered)
        if (
            lines
            and asks_to_stop(lines[0])
            and context.members.answers_a_mailing(key, ids, subject)
        ):
            return self._stop(entry, key, member)
        if context.members.may_be_stopped(key) and mentions_stop("\n".join([subject, *lines])):
            context.ledger.reclassify(entry.id, Kind.STOP_PERHAPS, PERHAPS)
        return []

    def _stop(self, entry: MailRecord, key: str, member: int) -> list[str]:
        context, now = self._context, self._context.now()
        new = context.members.stop(key, now)
        context.ledger.reclassify(entry.id, entry.kind, STOPPED)
        if not new:
            return []
        hour, day = context.ledger.answered_lately(key, now)
        limits = context.settings.collect
        may_answer = hour < limits.replies_per_hour and day < limits.replies_per_day
        if entry.kind == Kind.OUT_OF_SCOPE and may_answer:
            confirmed = NewMail(
                uid=f"stop-{entry.id}",
                fingerprint="",
                kind=Kind.STOP,
                reason=STOPPED,
                address=entry.address,
                address_key=key,
                subject=entry.subject,
                message_id=entry.message_id,
                thread=entry.references,
            )
            context.ledger.record(
                MANUAL, confirmed, MailState.OWED, now,
                template=context.confirmation(now), number=member,
                letter_domain=context.letter_domain,
            )  # fmt: skip
        return [f"会員 {member} へのメールの配信を止めました: {exact(entry.address)}"]


def _returned(told: ReturnedLetter, reason: str) -> str:
    if told.undeliverable:
        return f"会員 {told.number} へのメールは届きませんでした（不達）: {reason}"
    again = "（1回目。別の日にもう一度戻ると不達にします）" if told.days else ""
    return f"会員 {told.number} へのメールが戻ってきました{again}: {reason}"
