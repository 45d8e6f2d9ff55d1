"""A server's answer in the words of the shop."""

from __future__ import annotations

import pytest

from kollect.delivery.answer_words import cause_and_answer, cause_of


@pytest.mark.parametrize(
    ("answer", "address", "cause"),
    [
        ("", "a@b.jp", ""),
        ("550 5.1.1 User unknown", "a@softbank.ne.jp", "宛先がありません"),
        ("550 Unknown user", "a@docomo.ne.jp", "受信拒否の設定かもしれません"),
        ("550 5.7.26 SPF fail", "a@gmail.com", "お店のドメインや送信サーバが理由で、断られました"),
        ("450 4.2.1 try later", "a@b.jp", "いまは受け取れないとの答えです"),
        ("554 5.7.1 no", "a@b.jp", "送信サーバが断りました"),
        ("smtp; 550 5.1.1 no such user", "", "宛先がありません"),
        ("宛先が見つかりません。", "", "宛先が見つかりません"),
        ("gone", "", "届けられないとの答えです"),
    ],
)
def test_the_cause(answer: str, address: str, cause: str):
    assert cause_of(answer, address) == cause


def test_the_server_s_own_words_come_last():
    assert cause_and_answer("550 5.1.1 no") == "宛先がありません（サーバの答え: 550 5.1.1 no）"
    assert cause_and_answer("宛先が見つかりません。") == "宛先が見つかりません"
    assert cause_and_answer("") == ""
