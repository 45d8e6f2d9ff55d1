# ruff: noqa: E501 (answers are as long as they are)
"""Answers of real servers to MAIL, RCPT, DATA, BDAT and the final dot, and what they are about."""

from __future__ import annotations

import pytest

from kollect.delivery.refusal import About, about, address_is_dead, enhanced_code, same

RECIPIENT, FULL, LETTER = About.RECIPIENT, About.FULL, About.LETTER
SHOP, HOUR, DOUBTFUL = About.SHOP, About.HOUR, About.DOUBTFUL

REAL = [
    # --- there is no such mailbox or domain: Postfix, Exim, sendmail, qmail, courier
    ("RCPT", "550 5.1.1 <a@b.jp>: Recipient address rejected: User unknown in local recipient table", RECIPIENT),
    ("RCPT", "550 5.1.1 <a@b.jp>: Recipient address rejected: User unknown in relay recipient table", RECIPIENT),
    ("RCPT", "550 <a@b.jp>: Recipient address rejected: User unknown in virtual mailbox table", RECIPIENT),
    ("RCPT", "550 <a@b.jp>: Recipient address rejected: User unknown in relay recipient table", RECIPIENT),
    ("RCPT", "550 5.1.2 <a@b.jp>: Recipient address rejected: Domain not found", RECIPIENT),
    ("RCPT", "556 5.1.10 <a@b.jp>: Recipient address rejected: Domain b.jp does not accept mail (nullMX)", RECIPIENT),
    ("RCPT", "550 No Such User Here", RECIPIENT),
    ("RCPT", "550 No such person at this address", RECIPIENT),
    ("RCPT", "550 Unrouteable address", RECIPIENT),
    ("RCPT", "550 5.1.1 <a@b.jp>... User unknown", RECIPIENT),
    ("RCPT", "550 5.1.2 <a@b.jp>... Host unknown (Name server: b.jp.: host not found)", RECIPIENT),
    ("RCPT", "553 5.3.0 <a@b.jp>... No such user here", RECIPIENT),
    ("RCPT", "553 sorry, no mailbox here by that name (#5.1.1)", RECIPIENT),
    ("RCPT", "550 User unknown.", RECIPIENT),
    ("RCPT", "553 5.1.3 <a..b@c.jp>: bad recipient address syntax", RECIPIENT),
    ("RCPT", "551 5.1.6 <a@b.jp>: Recipient has moved to <c@d.jp>", RECIPIENT),
    ("DATA", "550 5.1.1 <a@b.jp>: Recipient address rejected: User unknown", RECIPIENT),
    # --- Gmail, Microsoft 365, Yahoo!, iCloud, Amazon SES
    ("RCPT", "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. For more information, go to https://support.google.com/mail/?p=NoSuchUser - gsmtp", RECIPIENT),
    ("RCPT", "550 5.2.1 The email account that you tried to reach is disabled. - gsmtp", RECIPIENT),
    ("RCPT", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", RECIPIENT),
    ("RCPT", "550 5.5.0 Requested action not taken: mailbox not found", RECIPIENT),
    ("RCPT", "554 delivery error: dd This user doesn't have a yahoo.co.jp account (a@yahoo.co.jp) [-5]", RECIPIENT),
    ("RCPT", "550 5.1.1 <a@icloud.com>: user does not exist", RECIPIENT),
    # --- the carriers
    ("RCPT", "550 Unknown user kokyaku@docomo.ne.jp", RECIPIENT),
    ("RCPT", "550 <a@ezweb.ne.jp>: User unknown", RECIPIENT),
    ("RCPT", "550 : User unknown", RECIPIENT),
    ("RCPT", "550 Invalid recipient: <a@i.softbank.jp>", RECIPIENT),
    ("RCPT", "550 5.1.1 <a@softbank.ne.jp>... User unknown", RECIPIENT),
    ("RCPT", "550 宛先のメールアドレスが存在しません", RECIPIENT),
    # --- the mailbox is full
    ("RCPT", "552 5.2.2 <a@b.jp>: Mailbox full", FULL),
    (".", "552 5.2.2 mailbox over quota", FULL),
    ("BDAT", "552 5.2.2 The email account that you tried to reach is over quota. - gsmtp", FULL),
    ("RCPT", "552 Too much mail data kokyaku@docomo.ne.jp", FULL),
    ("RCPT", "552 Requested mailbox exceeds quota.", FULL),
    ("RCPT", "550 mailbox is full", FULL),
    ("RCPT", "552 user over quota. (#5.1.1)", FULL),
    (".", "550 メールボックスの容量が上限に達しました", FULL),
    ("RCPT", "554 5.2.2 mailbox full; recipient is over its sending quota", FULL),
    # --- the letter is too large
    ("MAIL", "552 5.3.4 Message size exceeds fixed limit", LETTER),
    ("MAIL", "552 message size exceeds fixed limit", LETTER),
    (".", "552 sorry, that message size exceeds my databytes limit (#5.3.4)", LETTER),
    (".", "554 5.3.4 Message too big for system", LETTER),
    (".", "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", LETTER),
    # --- the shop: login, address, limits
    ("MAIL", "530 5.7.0 Authentication required", SHOP),
    ("MAIL", "530 5.7.57 Client not authenticated to send mail", SHOP),
    ("MAIL", "552 5.2.2 Mailbox full", SHOP),
    ("MAIL", "550 5.7.1 whatever they do not like", SHOP),
    ("RCPT", "554 5.7.1 <a@b.jp>: Relay access denied", SHOP),
    ("RCPT", "550 5.7.1 Relaying denied. Proper authentication required.", SHOP),
    ("RCPT", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", SHOP),
    ("RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", SHOP),
    ("RCPT", "553 5.7.1 <shop@shop.jp>: Sender address rejected: not owned by user shop", SHOP),
    ("RCPT", "550 5.1.8 <shop@shop.jp>: Sender address rejected: Domain not found", SHOP),
    ("RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", SHOP),
    ("RCPT", "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", SHOP),
    ("RCPT", "550 5.4.5 Daily user sending limit exceeded. - gsmtp", SHOP),
    ("RCPT", "550 smtp auth required", SHOP),
    ("RCPT", "550 5.7.1 <shop@shop.jp>... Fix reverse DNS for 203.0.113.9", SHOP),
    ("RCPT", "550 5.1.0 Authentication required", SHOP),
    ("DATA", "550 5.7.1 <DATA>: Data command rejected: only 10 messages per day", SHOP),
    (".", "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Cannot submit message.", SHOP),
    (".", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; permanent exception", SHOP),
    (".", "554 5.2.252 SendAsDenied; shop@shop.jp not allowed to send as info@shop.jp", SHOP),
    (".", "550 Domain shop.example has exceeded the max emails per hour (101/100 (101%)) allowed. Message discarded.", SHOP),
    (".", "552 Message would take you over your relay quota of 500", SHOP),
    (".", "550 Incorrect sender header (LOCAL)", SHOP),
    (".", "550 5.4.6 Unusual sending activity detected.", SHOP),
    (".", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", SHOP),
    (".", "550 The from address does not match a verified Sender Identity.", SHOP),
    ("RCPT", "550 5.1.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", SHOP),
    ("RCPT", "550 5.1.1 too many recipients this hour", SHOP),
    ("RCPT", "550 5.1.1 Relaying denied", SHOP),
    ("RCPT", "550 送信元アドレスが存在しません", SHOP),
    ("RCPT", "550 5.7.1 送信制限中です", SHOP),
    ("RCPT", "554 送信者の認証に失敗しました", SHOP),
    (".", "550 1時間に送信できる通数の上限を超えました", SHOP),
    # --- what may be about anything
    ("RCPT", "550 5.1.1 Account suspended for outgoing mail", DOUBTFUL),
    ("RCPT", "550 5.2.1 Account shop is suspended; outbound mail disabled", DOUBTFUL),
    ("RCPT", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.", DOUBTFUL),
    ("RCPT", "550 お客様のメールアドレスは存在しません。送信の設定を確認してください", DOUBTFUL),
    (".", "550 送信数が多いため、メールボックスがいっぱいです", DOUBTFUL),
    (".", "554 Transaction failed. Reject due to policy restrictions.", DOUBTFUL),
    (".", "550 5.7.1 Message rejected as spam by Content Filtering.", DOUBTFUL),
    (".", "571 5.7.1 Spam mail", DOUBTFUL),
    (".", "554 Message rejected: Email address is not verified.", DOUBTFUL),
    (".", "554 5.6.0 Message content rejected", DOUBTFUL),
    (".", "554 Transaction Failed Spam Message not queued.", DOUBTFUL),
    (".", "550 Unknown user kokyaku@docomo.ne.jp", DOUBTFUL),
    (".", "554 delivery error: dd This user doesn't have a yahoo.co.jp account (a@yahoo.co.jp) [-5]", DOUBTFUL),
    (".", "552 Requested mail action aborted: exceeded storage allocation", DOUBTFUL),
    (".", "550 5.1.3 the From header has no valid domain", DOUBTFUL),
    ("RCPT", "550 Requested action not taken: mailbox unavailable", DOUBTFUL),
    ("RCPT", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", DOUBTFUL),
    ("RCPT", "554 5.7.1 Recipient address rejected: Access denied", DOUBTFUL),
    ("RCPT", "550 5.1.0 Address rejected", DOUBTFUL),
    ("RCPT", "550 Administrative prohibition", DOUBTFUL),
    ("RCPT", "553 shop.example does not exist", DOUBTFUL),  # SoftBank, of the sender's domain
    ("RCPT", "550 5.7.1 user unknown to our policy server", DOUBTFUL),
    ("RCPT", "551 User not local", DOUBTFUL),
    ("RCPT", "550 sender unknown, mailbox does not exist", DOUBTFUL),
    ("RCPT", "550 5.1.1 your account is not active", DOUBTFUL),
    ("RCPT", "550", DOUBTFUL),
    ("RCPT", "599 あとで", DOUBTFUL),
    # --- the hour
    ("RCPT", "450 4.7.1 <a@b.jp>: Recipient address rejected: Greylisted", HOUR),
    ("RCPT", "450 4.1.1 <a@b.jp>: Recipient address rejected: User unknown", HOUR),
    (".", "452 4.2.2 The email account that you tried to reach is over quota. - gsmtp", HOUR),
    ("MAIL", "451 4.7.0 Temporary server error. Please try again later.", HOUR),
    (".", "454 Throttling failure: Maximum sending rate exceeded.", HOUR),
]  # fmt: skip


def parts(answer: str) -> tuple[int, str]:
    return int(answer[:3]), answer[4:]


@pytest.mark.parametrize(("command", "answer", "expected"), REAL)
def test_what_real_answers_are_about(command: str, answer: str, expected: About):
    assert about(command, *parts(answer)) is expected


@pytest.mark.parametrize("command", ["RCPT", "DATA", ".", "BDAT"])
@pytest.mark.parametrize(
    "name", ["user.unknown@b.jp", "<mailbox-full@b.jp>", "<spam.sender@b.jp>", "<a@no.such.user>"]
)
def test_an_address_says_nothing(name: str, command: str):
    """Whatever words stand in it: it is the customer's."""
    assert about(command, 550, f"{name} no") is DOUBTFUL
    assert about("RCPT", 550, f"5.1.1 {name}: User unknown") is RECIPIENT


@pytest.mark.parametrize("command", ["DATA", ".", "BDAT"])
def test_words_behind_the_letter_never_make_a_customer_undeliverable(command: str):
    for word in ("User unknown", "no such user", "mailbox not found", "Invalid recipient"):
        assert about(command, 550, word) is DOUBTFUL
        assert about("RCPT", 550, word) is RECIPIENT


def test_only_a_dead_mailbox_is_dead():
    for command, answer, expected in REAL:
        if command == "RCPT":
            assert address_is_dead(answer) is (expected is RECIPIENT)
    assert not address_is_dead("")
    assert not address_is_dead("送信サーバの答えがありません")


def test_the_code_at_the_beginning_or_as_qmail_writes_it():
    assert enhanced_code("5.7.1 no") == "5.7.1"
    assert enhanced_code("sorry, no mailbox here by that name (#5.1.1)") == "5.1.1"
    assert enhanced_code("203.0.113.9 is listed") == enhanced_code("5.1.1.7 x") == ""


def test_the_same_refusal_whatever_it_counts():
    assert same("550 5.7.1 try 3 of 9", "550 5.7.1 try 4 of 9")
    assert same("550 no (abc)", "550 no (def)")
    assert not same("550 5.7.1 no", "554 5.7.1 no")
    assert not same("550 5.7.1 no", "550 5.4.1 no")
    assert not same("", "")
