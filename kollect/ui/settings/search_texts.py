"""What 「設定をさがす」 says: before, in between, and of what was found. Pure."""

from __future__ import annotations

from kollect.errors import IN_MAIL_SETTINGS, ServerTrouble
from kollect.setup.found_servers import FoundServers, SideState

INTRODUCTION = (
    "メールアドレスとパスワードを入れると、サーバの名前やポート番号などをさがして入力します。"
    "パスワードは、名前を確かめたサーバにだけ、暗号化して送ります。"
)
NO_ADDRESS = "メールアドレスを入力してください。"
NO_PASSWORD = "パスワードを入力してください。ログインできるかどうかで、サーバを確かめます。"
CASE_MATTERS = "大文字と小文字は別の文字です。"
LOOKING_UP = "サーバをさがしています…"

WORD_TITLE = "インターネットで調べます"
WORD_ANSWERS = ("戻る", "調べずにさがす", "調べる")
STRANGERS_TITLE = "このサーバにパスワードを送りますか？"
MOST_STRANGERS = 4
"""Whom the user is asked about. Who names more has something else in mind: the rest is left out."""
STRANGERS_ANSWERS = ("このサーバは使わない", "送って確かめる")

NOTHING = (
    "サーバが見つかりませんでした。「テンプレートから選ぶ」を押すか、契約の書類を見て入力して"
    "ください。インターネットにつながっているかどうかも、確かめてください。"
)


def of_word(domain: str) -> str:
    """What the user says yes or no to: who is asked, and what for."""
    return (
        f"「{domain}」のメールサーバをさがすために、次のところにたずねます。\n"
        "・ドメインの登録（DNS）: どの会社のメールサーバか\n"
        f"・{domain} のホームページ: メールソフト向けの案内があるか\n"
        "メールアドレスもパスワードも送りません。"
        "「調べずにさがす」では、よくある名前のサーバだけを試します。"
    )


def of_strangers(hosts: tuple[str, ...], address: str) -> str:
    domain = address.rpartition("@")[2]
    named = "\n".join(f"・{host}" for host in hosts)
    return (
        f"次のサーバは、「{domain}」のものとは名前が違います。\n{named}\n"
        "契約している会社のサーバだとわかるときだけ、送ってください。"
        "違うサーバに送ると、パスワードを知られてしまいます。"
    )


def of_result(found: FoundServers, label: str) -> str:
    """Why nothing was filled in, and what to do."""
    receive, send = found.receive, found.send
    note = found.provider.note if found.provider is not None else ""
    if receive.state is SideState.REFUSED:
        return (
            f"{label}のサーバは見つかりましたが、パスワードを断られました。"
            f"{note or _cure_here(receive.trouble)}"
            "入力し直して、もう一度「設定をさがす」を押してください。"
        )
    if receive.state is SideState.LOGGED_IN and send.state is SideState.REFUSED:
        return (
            f"受信サーバにはログインできましたが、送信サーバに断られました。{_cure(send.trouble)}"
        )
    if receive.state is SideState.LOGGED_IN:
        return (
            "受信サーバは見つかりましたが、送信サーバが見つかりませんでした。"
            "「サーバの欄だけ入力する」で受信の欄を入れて、送信の欄は契約の書類を見て入力して"
            "ください。"
        )
    if found.provider is not None:
        why = f"{receive.trouble.title}。" if receive.trouble is not None else ""
        return f"{label}のサーバで、ログインを確かめられませんでした。{why}{note}"
    return NOTHING


def _cure_here(trouble: ServerTrouble | None) -> str:
    """In the dialog there are the address and the password, and nothing else to look at."""
    cure = _cure(trouble)
    return CASE_MATTERS if cure.startswith(IN_MAIL_SETTINGS) else cure


def _cure(trouble: ServerTrouble | None) -> str:
    return trouble.cure_by_hand if trouble is not None else ""
