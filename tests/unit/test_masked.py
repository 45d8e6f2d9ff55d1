"""What a protected log shows of a customer: enough to recognise, nothing to write to."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kollect.collector.save_copies import WHOLE_AFTER_ALL
from kollect.storage import event_log, log_sentences, numbers_in_log, protection_mark
from kollect.storage.data_folder import DataFolder
from kollect.storage.masked import masked
from kollect.storage.protection_mark import Mark, Protection


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("keiko@docomo.ne.jp", "ke***@docomo.ne.jp"),
        (
            "発行: keiko@docomo.ne.jp（画面から）",
            "発行: ke***@docomo.ne.jp（画面から）",
        ),
        ("abc..def@docomo.ne.jp", "ab***@docomo.ne.jp"),
        ('"abc..def"@docomo.ne.jp', "ab***@docomo.ne.jp"),
        ('"a b c d"@docomo.ne.jp', "a***@docomo.ne.jp"),
        (".abc@ezweb.ne.jp", ".a***@ezweb.ne.jp"),
        ("abc@x.jp", "a***@x.jp"),
        ("ab@x.jp", "a***@x.jp"),
        ("a@x.jp", "***@x.jp"),
        ("o'neil+shop_1~x@shop.example", "o'***@shop.example"),
        ("550 <keiko@docomo.ne.jp>: User unknown", "550 <ke***@docomo.ne.jp>: User unknown"),
        ("RCPT TO:<keiko@docomo.ne.jp>", "RCPT TO:<ke***@docomo.ne.jp>"),
        ("a1b2@x.jp, c3d4@y.jp", "a1***@x.jp, c3***@y.jp"),
        ("花子はな@日本語.example", "花子***@日本語.example"),
        ("3通を受信しました。@ 10:00", "3通を受信しました。@ 10:00"),
        ("受付番号 1001 を返信しました", "受付番号 1001 を返信しました"),
    ],
)
def test_addresses(text: str, shown: str):
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize("subject", ["予約の変更", "3名）、14時、見出 ふたつ", "（差出人 ", ""])
@pytest.mark.parametrize("sentence", [log_sentences.FORWARDED, WHOLE_AFTER_ALL])
def test_subjects_of_customers(sentence: str, subject: str):
    who = "keiko@docomo.ne.jp"
    filled = (
        sentence.format(who, subject)
        if "{}" in sentence
        else sentence.format(who=who, subject=subject)
    )
    shown = masked(filled)
    assert "ke***@docomo.ne.jp" in shown
    assert not subject or subject not in shown.replace("（差出人 ke", "")
    assert masked(shown) == shown


@given(st.from_regex(r"[a-z0-9._'+-]{4,30}", fullmatch=True), st.text(max_size=20))
def test_no_local_part_is_left(local: str, around: str):
    assert f"{local}@docomo" not in masked(f"{around} {local}@docomo.ne.jp {around}")


@given(st.text(alphabet="ab@.*<> 、見出差人（）", max_size=60))
@example("<@@@a")
def test_twice_is_as_once(text: str):
    assert masked(masked(text)) == masked(text)


def test_a_protected_folder_s_log(tmp_path: Path):
    folder = DataFolder(tmp_path)
    folder.prepare()
    log = logging.getLogger("kollect.test")
    with event_log.install(folder):
        log.info(log_sentences.NUMBER_GIVEN.format(number=1001, who="before@docomo.ne.jp"))
        protection_mark.write(tmp_path, Mark(Protection.ON, "ab" * 8, "cd" * 16))
        log.info(log_sentences.NUMBER_GIVEN.format(number=1002, who="keiko@docomo.ne.jp"))
        try:
            raise ValueError("keiko@docomo.ne.jp")
        except ValueError:
            log.warning("予期しない誤り: %s", "keiko@docomo.ne.jp", exc_info=True)
        protection_mark.remove(tmp_path)
        log.info(log_sentences.NUMBER_GIVEN.format(number=1003, who="after@docomo.ne.jp"))
    (month,) = event_log.months(folder)
    lines = event_log.read_month(folder, month)
    text = "\n".join(lines)
    assert "keiko" not in text
    assert text.count("ke***@docomo.ne.jp") == 3
    assert "before@docomo.ne.jp" in text and "after@docomo.ne.jp" in text
    assert [*numbers_in_log.numbers_given(lines)] == [1001, 1002, 1003], "recovery reads it as ever"
