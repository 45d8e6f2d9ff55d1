"""How the columns of a members' CSV file may be named; a new field begins in `member_fields`. Pure.

What is taken out in which order, with which values: `csv_export`.

A column is a field of the form (`member_fields.MemberField`), or one of the few things that only a
file has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from kollect.members import normalize
from kollect.members.member_fields import MemberField


class CsvColumn(StrEnum):
    """What can be read from a file: the form's fields, and three things beside them."""

    NUMBER = MemberField.NUMBER
    MAIL = "メールアドレス"
    NAME = MemberField.NAME
    KANA = MemberField.KANA
    BIRTHDAY = MemberField.BIRTHDAY
    SEX = MemberField.SEX
    PHONE = MemberField.PHONE
    POSTCODE = MemberField.POSTCODE
    HOME = MemberField.HOME
    GROUPS = MemberField.GROUPS
    NOTE = MemberField.NOTE
    CONSENT = MemberField.CONSENT
    CONSENT_ON = MemberField.CONSENT_ON
    CONSENT_HOW = MemberField.CONSENT_HOW
    STATE = "状態"
    STOPPED_ON = "配信停止日"


WITHDRAWN, ACTIVE = "退会", "会員"
"""What stands in 状態."""

# by the folded form: katakana, half-width lower-case letters, no お and ご, nothing in brackets
_NAMES: dict[CsvColumn, str] = {
    CsvColumn.NUMBER: "受付番号 番号 会員番号 会員no 会員id no id number",
    CsvColumn.MAIL: "メールアドレス メール アドレス mail email e-mail eメール mailaddress"
    " emailaddress",
    CsvColumn.NAME: "名前 氏名 姓名 会員名 客様名 顧客名 name fullname ナマエ",
    CsvColumn.KANA: "フリガナ カナ 氏名カナ 名前カナ 氏名フリガナ 名前フリガナ ヨミ ヨミガナ kana",
    CsvColumn.BIRTHDAY: "生年月日 誕生日 birthday birthdate dateofbirth",
    CsvColumn.SEX: "性別 sex gender",
    CsvColumn.PHONE: "電話番号 電話 連絡先 携帯 携帯電話 携帯番号 携帯電話番号 tel phone mobile",
    CsvColumn.POSTCODE: "郵便番号 郵便 〒 zip zipcode postcode postalcode",
    CsvColumn.HOME: "住所",
    CsvColumn.GROUPS: "グループ グループ名 区分 分類 タグ group groups tag tags",
    CsvColumn.NOTE: "備考 メモ 備考欄 note notes memo",
    CsvColumn.CONSENT: "メール配信 メール配信承諾 メール配信ノ承諾 配信承諾 承諾 同意 配信可否"
    " メール可否 メルマガ consent optin",
    CsvColumn.CONSENT_ON: "承諾日 承諾年月日 承諾シタ日 同意日 consentdate",
    CsvColumn.CONSENT_HOW: "承諾方法 承諾ノ方法 同意方法",
    CsvColumn.STATE: "状態 会員状態",
    CsvColumn.STOPPED_ON: "配信停止日 配信停止 停止日",
}
_MEANT = {name: column for column, names in _NAMES.items() for name in names.split()}
_BRACKETED = re.compile(r"[(\[【<].*?[)\]】>]|[*※:：_\s]")


def match(header: Sequence[str]) -> tuple[CsvColumn | None, ...]:
    """What each column of a file is, by its name; None: not ours, or there was one before it."""
    found: list[CsvColumn | None] = []
    for title in header:
        column = _MEANT.get(_folded(title))
        found.append(None if column in found else column)
    return tuple(found)


def _folded(title: str) -> str:
    return _BRACKETED.sub("", normalize.search_key(title)).lstrip("オゴ御")
