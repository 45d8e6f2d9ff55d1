"""What 「設定をさがす」 says of each ending: what happened, and what to do."""

from __future__ import annotations

import pytest

from kollect.errors import LoginTrouble, ServerTrouble, Stage
from kollect.settings.providers import for_domain, for_mx
from kollect.setup.found_servers import FoundServers, SideResult, SideState
from kollect.setup.server_offer import MailSide
from kollect.ui.settings.search_texts import NOTHING, of_result, of_strangers, of_word

REFUSED = LoginTrouble("断られました", stage=Stage.LOGIN, happened="", cure="直してください。")
AWAY = ServerTrouble("つながりません", stage=Stage.CONNECT, happened="", cure="")
GMAIL, ASAHI = for_domain("a@gmail.com"), for_domain("a@asahi-net.or.jp")
HOSTER = for_mx("mx01.lolipop.jp")


def found(
    receive: SideState,
    send: SideState,
    provider: object = None,
    trouble: ServerTrouble | None = None,
) -> FoundServers:
    return FoundServers(
        SideResult(MailSide.RECEIVE, receive, trouble=trouble),
        SideResult(MailSide.SEND, send, trouble=trouble),
        provider,  # type: ignore[arg-type]
    )


IN, NO = SideState.LOGGED_IN, SideState.NOTHING
REFUSES, UNTRIED = SideState.REFUSED, SideState.NOT_TRIED


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (found(NO, NO), ["見つかりませんでした", "テンプレートから選ぶ"]),
        (found(REFUSES, UNTRIED, trouble=REFUSED), ["断られました", "直してください", "もう一度"]),
        (found(REFUSES, UNTRIED, GMAIL, REFUSED), ["断られました", "アプリ パスワード"]),
        (found(IN, REFUSES, trouble=REFUSED), ["送信サーバに断られ", "直してください"]),
        (found(IN, NO, trouble=AWAY), ["送信サーバが見つかりません", "サーバの欄だけ"]),
        (found(NO, NO, HOSTER, AWAY), ["ロリポップ", "つながりません"]),
        (found(UNTRIED, NO, ASAHI), ["ASAHIネットのID"]),
    ],
)
def test_every_ending_says_what_happened_and_what_to_do(result: FoundServers, words: list[str]):
    label = result.provider.label if result.provider else "megane.example"
    text = of_result(result, label)
    for word in words:
        assert word in text
    assert text.endswith("。") and "。。" not in text and "None" not in text


def test_only_the_unknown_ends_in_nothing():
    assert of_result(found(NO, NO), "x") == NOTHING
    assert found(IN, IN).found and not found(IN, NO).found
    assert found(UNTRIED, UNTRIED, ASAHI).has_own_account
    assert not found(UNTRIED, UNTRIED).has_own_account, "nobody vouches for a guessed name"


def test_the_questions_name_who_is_asked_and_who_gets_the_password():
    assert "megane.jp のホームページ" in of_word("megane.jp")
    assert "メールアドレスもパスワードも送りません" in of_word("megane.jp")
    text = of_strangers(("a.example", "b.example"), "info@megane.jp")
    assert "・a.example\n・b.example" in text and "「megane.jp」" in text
