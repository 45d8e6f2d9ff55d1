"""What is to be pressed where, at each carrier and mail provider, for a mail to be let in. Pure.

For the sheet 「返信が届かないとき」 and for 「自分の携帯・Gmailで試す」. Where a carrier moves
a menu, the words to look for stay. Read on pages of au (受信リストに登録, 必ず受信), SoftBank
(迷惑メール対策, 詳細設定, 受信許可リスト), docomo (受信リスト設定), Yahoo! JAPAN (救済リスト),
Apple (迷惑メールではない), Google (メッセージのソースを表示); none of 楽天 and ワイモバイル.
"""

from __future__ import annotations

from kollect.delivery.carriers import Carrier

_IN_JUNK = "「迷惑メール」のフォルダーを見ます。あったら「迷惑メールではない」にします。"
_ALLOW = {
    Carrier.DOCOMO: "「My docomo」→「メール設定」→「迷惑メール対策」→「受信リスト設定」を"
    "「利用する」にして、{domain}を登録します。",
    Carrier.AU: "「メール設定」→「迷惑メールフィルター」→「受信リストに登録」に{domain}を入れ、"
    "「必ず受信」に印を付けて保存します。",
    Carrier.SOFTBANK: "「My SoftBank」「My Y!mobile」→「メール設定」→「迷惑メール対策」→"
    "「詳細設定」→「受信許可リスト」（許可するメールの登録）に{domain}を登録します。",
    Carrier.RAKUTEN: "楽天メールの「設定」で、受信を許可する相手に{domain}を"
    "登録します。「迷惑メール」のフォルダーも見てください。",
    Carrier.ICLOUD: "「メール」アプリの「迷惑メール」のフォルダーを見ます（30日で"
    "消えます）。あったら開いて「迷惑メールではない」にします。",
    Carrier.GMAIL: _IN_JUNK
    + "「設定」→「フィルタ」で、{domain}を「迷惑メールにしない」にもできます。",
    Carrier.YAHOO: _IN_JUNK
    + "「メールの設定」→「なりすましメール拒否」の「救済リスト」に、{domain}を追加できます。",
    Carrier.MICROSOFT: _IN_JUNK
    + "「設定」→「迷惑メール」の「差出人セーフリスト」に、{domain}を追加できます。",
    Carrier.OTHER: "「迷惑メール」のフォルダーと、メールの会社の「迷惑メールフィルター」の設定を"
    "見ます。受信を許可する相手に、{domain}を登録します。",
}
_NO_SOURCE = (
    "携帯のメールアプリでは、ソースを見られません。Gmailのアドレスにも送ってみて、"
    "そちらのソースを貼り付けてください。"
)
_SOURCE = {
    Carrier.GMAIL: "パソコンのブラウザでGmailを開き、届いたメールの右上の「︙」→"
    "「メッセージのソースを表示」→「クリップボードにコピー」を押します"
    "（携帯のアプリにはありません）。",
    Carrier.YAHOO: "パソコンのブラウザでYahoo!メールを開き、届いたメールの「…」→"
    "「詳細ヘッダーを表示」を選んで、出た文字をすべてコピーします。",
    Carrier.ICLOUD: "パソコンのブラウザでicloud.comの「メール」を開き、届いたメールの"
    "「すべてのヘッダを表示」を選んで、出た文字をすべてコピーします。",
    Carrier.MICROSOFT: "パソコンのブラウザでOutlook.comを開き、届いたメールの「…」→「表示」→"
    "「メッセージのソースを表示」を選んで、出た文字をすべてコピーします。",
    Carrier.OTHER: "パソコンのメールソフトで、届いたメールの「ソースを表示」"
    "（Outlookでは「ファイル」→「プロパティ」の「インターネットヘッダー」）を選び、"
    "すべてコピーします。",
}


def to_allow(carrier: Carrier, domain: str) -> str:
    """How a customer, or the owner, lets our mails in there; `domain` as it is to be read."""
    return _ALLOW[carrier].format(domain=domain)


def to_see_source(carrier: Carrier) -> str:
    """How the source of a mail is seen there."""
    return _SOURCE.get(carrier, _NO_SOURCE)
