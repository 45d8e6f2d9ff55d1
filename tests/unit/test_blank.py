"""The table of blank subjects (design: what each mail is), from the raw header to the verdict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.decision.blank import is_blank
from kollect.mail.message import Mail
from kollect.settings.model import DEFAULT_BLANK_SUBJECTS

BLANK_HEADERS = {
    "no header": b"",
    "nothing": b"Subject:",
    "a space": b"Subject: ",
    "tabs and spaces": b"Subject:\t \t ",
    "folded": b"Subject:\r\n \r\n\t",
    "lower case name": b"subject: ",
    "space before the colon": b"Subject : ",
    "ideographic space, UTF-8 B": b"Subject: =?UTF-8?B?44CA?=",
    "ideographic space, UTF-8 Q": b"Subject: =?utf-8?Q?=E3=80=80?=",
    "ideographic space, iso-2022-jp": b"Subject: =?ISO-2022-JP?B?GyRCISEbKEI=?=",
    "ideographic space, iso-2022-jp without end": b"Subject: =?ISO-2022-JP?B?GyRCISE=?=",
    "ideographic space, shift_jis": b"Subject: =?Shift_JIS?B?gUA=?=",
    "ideographic space, euc-jp": b"Subject: =?EUC-JP?B?oaE=?=",
    "ideographic space, raw UTF-8": b"Subject: \xe3\x80\x80",
    "ideographic space, raw Shift_JIS": b"Subject: \x81\x40",
    "ideographic space, raw EUC-JP": b"Subject: \xa1\xa1",
    "ideographic space, raw JIS": b"Subject: \x1b$B!!\x1b(B",
    "ideographic space, gb2312": b"Subject: =?gb2312?B?oaE=?=",
    "ideographic space, ks_c_5601-1987": b"Subject: =?ks_c_5601-1987?B?oaE=?=",
    "ideographic space, utf-16": b"Subject: =?utf-16?B?//4AMA==?=",
    "no-break space, iso-8859-1": b"Subject: =?iso-8859-1?Q?=A0?=",
    "no-break space, windows-1252": b"Subject: =?windows-1252?B?oA==?=",
    "underscores are spaces": b"Subject: =?us-ascii?Q?___?=",
    "language": b"Subject: =?utf-8*ja?B?44CA?=",
    "words of nothing": b"Subject: =?utf-8?B??=\r\n =?utf-8?Q??=",
    "only escapes": b"Subject: =?iso-2022-jp?B?GyhC?=",
    "empty word of a charset nobody knows": b"Subject: =?x-nobody?B??=",
    "a character cut in two words": b"Subject: =?utf-8?B?44A=?= =?utf-8?B?gA==?=",
    "padding missing": b"Subject: =?utf-8?Q?_?= =?utf-8?B?4oCL?= =?utf-8?B?IA?=",
    "zero width and byte order mark": b"Subject: =?utf-8?B?4oCL77u/?=",
    "encoded line end": b"Subject: =?utf-8?Q?=0D=0A?=",
    "several empty ones": b"Subject:\r\nSubject: =?utf-8?B?44CA?=",
    **{
        f"the tag of a filter, {tag}": f"Subject: {tag}".encode()
        for tag in (
            *("[SPAM]", "[MEIWAKU]", "[meiwaku] ", "***SPAM***", "*****SPAM*****", "*** SPAM ***"),
            *(
                "【迷惑メール】",
                "【SPAM】",
                "【迷惑メール判定】",
                "[迷惑メールの疑い]",
                "■迷惑メール■",
            ),
            *(
                "［ＳＰＡＭ］",
                "{Spam?}",
                "[SPAM 5.3]",
                "[SPAM LEVEL 5]",
                "[SPAM:****]",
                "[SPAM-LOW]",
            ),
            *("[ SPAM ]", "(SPAM)", "<<SPAM>>", "[[SPAM]]", "##SPAM##", "!!SPAM!!", "[*SPAM*]"),
            *("[Suspected Spam]", "[?? Probable Spam]", "[Norton AntiSpam]", "[spam mail]"),
            *(
                "[JUNK]",
                "[BULK]",
                "[SPAM]:",
                "SPAM:",
                "[SPAM][SPAM]",
                "[Spam] [Meiwaku]",
                "【スパム】",
            ),
            *("[EXTERNAL]", "【社外】", "[External Email]", "***UNCHECKED***", "[Phishing]"),
            "[VIRUS]",
            *("[WARNING: SPAM]", "[SPAM(7.5)]", "（無題）", "<件名なし>", "[no subject]"),
            *("[SPAM] (件名なし)", "***SPAM*** 無題", "（件名なし） [SPAM]", "[SPAM]　"),
        )
    },
    "the phrase of docomo phones": "Subject: 無題".encode(),
    "in iso-2022-jp": b"Subject: =?ISO-2022-JP?B?GyRCTDVCahsoQg==?=",
    "in Shift_JIS": b"Subject: =?Shift_JIS?B?lrOR6A==?=",
    "raw Shift_JIS": "Subject: 無題".encode("cp932"),
    "(no subject)": b"Subject: (no subject)",
    "encoded, other case": b"Subject: =?utf-8?Q?=28NO_SUBJECT=29?=",
}

WRITTEN_HEADERS = {
    "a letter": b"Subject: a",
    **{
        f"no tag, {text}": f"Subject: {text}".encode()
        for text in (
            *("SPAM", "spam", "迷惑メール", "[SPAM] hello", "[SPAM] Re:", "hello [SPAM]", "***"),
            *("外部の方へ", "virus", "[EXTERNAL] 予約", "()", "（ご予約）"),
            *("[重要]", "[SALE]", "【迷惑メール】予約", "迷惑メールについて", "[spam] 配信停止"),
        )
    },
    "a dot": b"Subject: .",
    "words": b"Subject: hello",
    "Re: of nothing": b"Subject: Re:",
    "Japanese": b"Subject: =?ISO-2022-JP?B?GyRCNnUlYSE8JWsbKEI=?=",
    "an emoji": b"Subject: =?UTF-8?B?8J+Yig==?=",
    "an emoji of an old phone": b"Subject: =?Shift_JIS?B?+J8=?=",
    "words behind a blank word": b"Subject: =?UTF-8?B?44CA?= hi",
    "words before a blank word": b"Subject: hi =?UTF-8?B?44CA?=",
    "a phrase and more": "Subject: 無題です".encode(),
    "unknown charset": b"Subject: =?x-nobody?B?ICAg?=",
    "broken base64": b"Subject: =?utf-8?B?!?=",
    "broken UTF-8": b"Subject: =?utf-8?B?gA==?=",
    "broken JIS": b"Subject: =?iso-2022-jp?B?GyRCIRsoQg==?=",
    "half a word": b"Subject: =?utf-8?B?44CA",
    "the euro sign of Windows, raw": b"Subject: \x80",
    "quotes of Windows under a wrong name": b"Subject: =?iso-8859-1?Q?=93=94?=",
    "second one has words": b"Subject:\r\nSubject: hello",
}


def _blank(header: bytes) -> bool:
    mail = Mail.read(b"From: <a@example.jp>\r\n" + header + b"\r\nTo: <b@example.jp>\r\n\r\n")
    return is_blank(mail.subject, DEFAULT_BLANK_SUBJECTS)


@pytest.mark.parametrize("header", BLANK_HEADERS.values(), ids=BLANK_HEADERS)
def test_blank(header: bytes):
    assert _blank(header)


@pytest.mark.parametrize("header", WRITTEN_HEADERS.values(), ids=WRITTEN_HEADERS)
def test_not_blank(header: bytes):
    assert not _blank(header)


INKLESS = [*"\t\n\r\v\f \x00\x1c\x7f\x85\xa0\xad\u1680\u2028\u2029\u202f\u205f\u3000\u180e\u061c"]
INKLESS += [chr(code) for code in [*range(0x2000, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF]]
INKLESS += [*"\u115f\u1160\u2800\u3164\uffa0\u034f\ufe0e\ufe0f\U000e0020"]


@pytest.mark.parametrize("character", INKLESS, ids=ascii)
def test_white_space_of_any_kind(character: str):
    assert is_blank(character * 3, ())
    assert is_blank(f" {character}無題{character}", ("無題",))
    assert not is_blank(f"{character}あ{character}", ("無題",))


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        ("（件名なし）", "(件名なし)"),
        ("(件名なし)", "（件名なし）"),
        ("　無題　", "無題"),
        ("無\u200b題", "無題"),
        ("NO  SUBJECT", "no subject"),
        ("no\u00a0subject", "No Subject"),
        ("Ｎｏ　Ｓｕｂｊｅｃｔ", "no subject"),
        ("ﾑﾀﾞｲ", "ムダイ"),
        ("か\u3099", "が"),
    ],
)
def test_phrases_of_the_setting(subject: str, phrase: str):
    assert is_blank(subject, (phrase,))
    assert not is_blank(subject, ())
    assert not is_blank(subject + "x", (phrase,))


def test_what_cannot_be_read_is_not_blank():
    assert not is_blank(None, DEFAULT_BLANK_SUBJECTS)
    assert not is_blank(None, ("", "None"))


def test_an_empty_phrase_of_the_setting_changes_nothing():
    assert not is_blank("a", ("", " "))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20), st.text(st.sampled_from(INKLESS), max_size=5))
def test_space_around_never_matters(text: str, space: str):
    assert is_blank(space + text + space, ()) == is_blank(text, ())


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters=INKLESS), min_size=1)
)
def test_anything_with_ink_is_not_blank(text: str):
    assert not is_blank(text, ())
