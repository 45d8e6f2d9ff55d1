"""What is refused in each field, and that the refusal names the field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kollect.errors import Problem
from kollect.settings.field_rules import is_loopback, shown
from kollect.settings.model import (
    Auth,
    Collect,
    Duplicate,
    DuplicateAction,
    Receive,
    Security,
    Send,
    Settings,
    Shop,
    Tls,
)
from kollect.settings.validation import PASSWORD_IN_CLEAR, problems, ready_to_collect

COMPLETE = Settings(
    mail_address="shop@example.jp",
    receive=Receive(host="pop.example.jp", account="shop"),
    send=Send(host="smtp.example.jp", account="shop"),
    forward_address="owner@example.com",
    alert_address="owner@example.com",
)


def fields(found: tuple[Problem, ...]) -> list[str]:
    return [f"{p.section}.{p.key}" for p in found]


def with_(section: str, **changes: object) -> Settings:
    return replace(COMPLETE, **{section: replace(getattr(COMPLETE, section), **changes)})


def test_nothing_is_wrong_with_the_defaults_or_a_complete_set():
    assert problems(Settings()) == ()
    assert problems(COMPLETE) == ()
    assert ready_to_collect(COMPLETE) == ()


@pytest.mark.parametrize(
    ("section", "key", "good", "bad"),
    [
        ("shop", "id", ["TEST", "新宿01", "a-1"], ["", "A B", "あ" * 21, "A\n"]),
        ("shop", "name", ["", "めがね 髙田 👓"], ["二\n行", "a\0b", "あ" * 101]),
        ("shop", "address", ["東京都\n新宿区"], ["\x1b[0m"]),
        ("shop", "phone", ["03-1234-5678"], ["1\r2"]),
        ("collect", "interval_seconds", [10, 3600], [9, 3601, -60]),
        ("collect", "first_number", [1, 1001, 100000], [0, -1, 10**10]),
        ("collect", "number_digits", [0, 8], [-1, 13]),
        ("collect", "reply_subject", ["受付"], ["", "　", "a\nb", "a\rBcc: x", "a\u2028b", "\x07"]),
        ("collect", "reply_body", ["★1★", "番号\n\t★1★\n👓"], ["", "★１★", "★2★", "★1★\0"]),
        (
            "collect",
            "blank_subjects",
            [(), ("無題", "(no subject)")],
            [("",), ("無題", "　"), ("a\nb",)],
        ),
        ("collect", "replies_per_hour", [1, 1_000_000], [0, -5]),
        ("collect", "replies_per_day", [1], [0]),
        ("collect", "new_per_hour", [1], [0]),
        ("collect", "busy_interval_seconds", [0, 5, 15, 600], [1, 4, 601, -1]),
        ("duplicate", "reply_subject", ["受付済み"], ["", "a\nb"]),
        ("duplicate", "reply_body", ["★2★"], ["番号なし", "★1★"]),
        (
            "receive",
            "host",
            [
                "",
                "pop.example.jp",
                "メール.日本.jp",
                "127.0.0.1",
                "::1",
                "nas_1",
                "pop.example.jp.",
            ],
            [
                "pop.example.jp:995",
                "pop3://pop.example.jp",
                "pop example",
                "pop..jp",
                "-a.jp",
                "shop@example.jp",
                "sv***.xserver.jp",
                "pop.<独自ドメイン>",
                "1.2.3",
                "a" * 64 + ".jp",
                "pop.example.jp\n",
            ],
        ),
        ("receive", "port", [1, 65535], [0, 65536, -1]),
        ("receive", "account", ["", "DOMAIN\\user", "shop@example.jp"], [" shop", "a\nb"]),
        ("receive", "timeout_seconds", [1, 3600], [0, 3601]),
        ("send", "host", ["smtp.example.jp"], ["smtp.example.jp/"]),
        ("send", "port", [25, 465, 587], [0]),
        ("send", "account", ["shop"], ["shop "]),
        ("send", "timeout_seconds", [60], [0]),
        ("send", "final_timeout_seconds", [600], [0, 3601]),
        ("report", "hour", [8, 9, 20], [0, 7, 21]),
        ("tls", "ca_file", ["", "C:\\鍵\\ca.pem"], [" ca.pem", "a\nb"]),
        (
            "tls",
            "trusted_fingerprints",
            [(), ("0f" * 32,)],
            [("0F" * 32,), ("0f" * 31,), ("",), ("0g" * 32,)],
        ),
    ],
)
def test_each_field(section: str, key: str, good: list, bad: list):
    base = COMPLETE
    if key == "reply_body":
        base = replace(base, collect=replace(base.collect, reply_subject="番号のお知らせ"))
        base = replace(base, duplicate=replace(base.duplicate, reply_subject="番号のお知らせ"))
    for value, wrong in [(v, False) for v in good] + [(v, True) for v in bad]:
        settings = replace(base, **{section: replace(getattr(base, section), **{key: value})})
        expected = [f"{section}.{key}"] if wrong else []
        assert fields(problems(settings)) == expected, value


@pytest.mark.parametrize("section", ["mail", "forward", "alert"])
@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("", True),
        ("info@shop.example.jp", True),
        ("abc..def@docomo.ne.jp", True),
        (".abc@ezweb.ne.jp", True),
        ("abc.@ezweb.ne.jp", True),
        ('"abc..def"@docomo.ne.jp', True),
        ("info@めがね.jp", True),
        ("test@localhost", True),
        ("info", False),
        ("@example.jp", False),
        ("info@", False),
        ("info@example", False),
        ("in fo@example.jp", False),
        ("info@exa mple.jp", False),
        ("a@example.jp,b@example.jp", False),
        ("店 <info@example.jp>", False),
        ("めがね@example.jp", False),
        ("ｉｎｆｏ@example.jp", False),
        ("info＠example.jp", False),
        ("info@example.jp\nBcc: x@example.jp", False),
        ("a" * 65 + "@example.jp", False),
        ("a@b@example.jp", False),
        ("info@example..jp", False),
    ],
)
def test_addresses(section: str, address: str, good: bool):
    settings = replace(Settings(), **{f"{section}_address": address})
    assert fields(problems(settings)) == ([] if good else [f"{section}.address"])


def test_the_weekly_report_needs_somebody_to_write_to():
    weekly = with_("report", weekly=True)
    assert problems(weekly) == ()
    (problem,) = problems(replace(weekly, alert_address=""))
    assert (problem.section, problem.key) == ("alert", "address")
    assert "1週間のまとめ" in problem.allowed


@pytest.mark.parametrize("key", ["forward", "alert"])
@pytest.mark.parametrize(
    ("to", "own", "account"),
    [
        ("Shop@EXAMPLE.jp", "shop@example.jp", ""),
        ('"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp", ""),
        ("box@example.jp", "shop@example.jp", "Box@example.jp"),
    ],
)
def test_mail_must_not_come_back_to_us(key: str, to: str, own: str, account: str):
    settings = replace(
        Settings(),
        mail_address=own,
        receive=Receive(account=account),
        **{f"{key}_address": to},
    )
    (problem,) = problems(settings)
    assert (problem.section, problem.key, problem.value) == (key, "address", to)
    assert "別の" in problem.allowed


@pytest.mark.parametrize("key", ["forward_address", "alert_address"])
def test_an_own_address_with_a_tag_is_taken_as_by_version_1_0_0(key: str):
    """Else a shop that has one collects nothing any more."""
    settings = replace(Settings(), mail_address="shop@x.jp", **{key: "shop+boss@x.jp"})
    assert problems(settings) == ()


def test_a_login_at_the_senders_server_may_be_the_owners_own_address():
    settings = replace(COMPLETE, send=Send(host="smtp.example.jp", account="owner@example.com"))
    assert problems(settings) == ()


@pytest.mark.parametrize("action", [DuplicateAction.IGNORE, DuplicateAction.RENUMBER])
def test_the_duplicate_letter_needs_its_mark_only_where_it_is_sent(action: DuplicateAction):
    empty = Duplicate(reply_subject="", reply_body="")
    assert problems(Settings(duplicate=replace(empty, action=action))) == ()
    assert fields(problems(Settings(duplicate=empty))) == [
        "duplicate.reply_subject",
        "duplicate.reply_body",
    ]


def test_the_number_may_stand_in_the_subject_alone():
    letter = Collect(reply_subject="番号は★1★", reply_body="")
    assert problems(Settings(collect=letter)) == ()


class TestPasswordInClear:
    def test_is_refused_over_a_network(self):
        (problem,) = problems(with_("receive", security=Security.NONE))
        assert problem == Problem("receive", "security", "none", PASSWORD_IN_CLEAR)
        assert "[tls] allow_plaintext_password = yes" in str(problem)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.9", "::1", "localhost", "LocalHost."])
    def test_is_let_through_on_this_pc(self, host: str):
        assert is_loopback(host)
        assert problems(with_("receive", security=Security.NONE, host=host)) == ()

    @pytest.mark.parametrize("host", ["localhost.example.jp", "128.0.0.1", "10.0.0.1", "::2"])
    def test_other_numbers_are_a_network(self, host: str):
        assert not is_loopback(host)

    def test_is_let_through_where_the_user_said_so(self):
        settings = with_("receive", security=Security.NONE)
        settings = replace(settings, tls=Tls(allow_plaintext_password=True))
        assert problems(settings) == ()

    def test_is_not_asked_for_before_there_is_a_server(self):
        assert problems(Settings(receive=Receive(security=Security.NONE))) == ()


def test_all_problems_come_at_once_in_the_order_of_the_file():
    settings = Settings(
        shop=Shop(id=""),
        collect=Collect(interval_seconds=5),
        receive=Receive(port=0),
        send=Send(port=99999),
        mail_address="x",
        alert_address="y",
    )
    assert fields(problems(settings)) == [
        "shop.id",
        "collect.interval_seconds",
        "mail.address",
        "receive.port",
        "send.port",
        "alert.address",
    ]


def test_a_problem_reads_as_a_sentence_with_all_its_parts():
    (problem,) = problems(Settings(collect=Collect(interval_seconds=5)))
    assert str(problem) == (
        "[collect] interval_seconds の値「5」は使えません。10～3600の数字を入力してください。"
    )


def test_what_is_missing_to_start():
    assert fields(ready_to_collect(Settings())) == [
        "mail.address",
        "receive.host",
        "receive.account",
        "send.host",
        "send.account",
    ]
    without = replace(COMPLETE, send=Send(host="smtp.example.jp", auth=Auth.NO))
    assert ready_to_collect(without) == ()
    assert fields(ready_to_collect(replace(without, mail_address=""))) == ["mail.address"]
    assert "空です" in str(ready_to_collect(Settings())[0])


def test_a_long_or_broken_value_is_shown_on_one_short_line():
    assert shown("一\n二\0") == "一\\n二 "
    assert len(shown("あ" * 1000)) == 61
    assert (shown(True), shown(Security.NONE), shown(5)) == ("yes", "none", "5")
