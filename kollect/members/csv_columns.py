"""The columns of a members' CSV file, and which column of somebody else's file is meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from kollect.members import normalize
from kollect.members.member import Field


class Column(StrEnum):
    """What can be read from a file: the form's fields, and three things beside them."""

    NUMBER = Field.NUMBER
    MAIL = "メールアドレス"
    NAME = Field.NAME
    KANA = Field.KANA
    BIRTHDAY = Field.BIRTHDAY
    SEX = Field.SEX
    PHONE = Field.PHONE
    POSTCODE = Field.POSTCODE
    HOME = Field.HOME
    GROUPS = Field.GROUPS
    NOTE = Field.NOTE
    CONSENT = Field.CONSENT
    CONSENT_ON = Field.CONSENT_ON
    CONSENT_HOW = Field.CONSENT_HOW
    STATE = "状態"
    STOPPED_ON = "配信停止日"


WITHDRAWN, ACTIVE = "退会", "会員"
"""What stands in 状態."""

# by the folded form: katakana, half-width lower-case letters, no お and ご, nothing in brackets
_NAMES: dict[Column, str] = {
    Column.NUMBER: "受付番号 番号 会員番号 会員no 会員id no id number",
    Column.MAIL: "メールアドレス メール アドレス mail email e-mail eメール mailaddress"
    " emailaddress",
    Column.NAME: "名前 氏名 姓名 会員名 客様名 顧客名 name fullname ナマエ",
    Column.KANA: "フリガナ カナ 氏名カナ 名前カナ 氏名フリガナ 名前フリガナ ヨミ ヨミガナ kana",
    Column.BIRTHDAY: "生年月日 誕生日 birthday birthdate dateofbirth",
    Column.SEX: "性別 sex gender",
    Column.PHONE: "電話番号 電話 連絡先 携帯 携帯電話 携帯番号 携帯電話番号 tel phone mobile",
    Column.POSTCODE: "郵便番号 郵便 〒 zip zipcode postcode postalcode",
    Column.HOME: "住所",
    Column.GROUPS: "グループ グループ名 区分 分類 タグ group groups tag tags",
    Column.NOTE: "備考 メモ 備考欄 note notes memo",
    Column.CONSENT: "メール配信 メール配信承諾 メール配信ノ承諾 配信承諾 承諾 同意 配信可否"
    " メール可否 メルマガ consent optin",
    Column.CONSENT_ON: "承諾日 承諾年月日 承諾シタ日 同意日 consentdate",
    Column.CONSENT_HOW: "承諾方法 承諾ノ方法 同意方法",
    Column.STATE: "状態 会員状態",
    Column.STOPPED_ON: "配信停止日 配信停止 停止日",
}
_MEANT = {name: column for column, names in _NAMES.items() for name in names.split()}
_BRACKETED = re.compile(r"[(\[【<].*?[)\]】>]|[*※:：_\s]")


def match(header: Sequence[str]) -> tuple[Column | None, ...]:
    """What each column of a file is, by its name; None: not ours, or there was one before it."""
    found: list[Column | None] = []
    for title in header:
        column = _MEANT.get(_folded(title))
        found.append(None if column in found else column)
    return tuple(found)


def _folded(title: str) -> str:
    return _BRACKETED.sub("", normalize.search_key(title)).lstrip("オゴ御")
