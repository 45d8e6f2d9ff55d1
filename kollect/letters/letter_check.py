"""文面の点検: what in a text may keep it from arriving, or from being read on a phone. Pure.

Looked at are the words that the shop writes, as they stand in the settings or in a draft, with
their placeholders. Nothing here forbids anything: what cannot be sent is said by the settings' own
checks. A remark names the place and the cure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kollect.mail import iso2022jp
from kollect.settings.model import Charset, Collect, Duplicate

LONG_SUBJECT = 30
"""Characters; of more a phone shows the beginning."""
LONG_LINE = 150
"""Characters without a line end: a wall of text on a small display."""
LARGE = 10_000
"""Octets. Old phones (i-mode, EZweb) cut a mail here."""
_MOST_SHOWN = 8


class TextPlace(StrEnum):
    SUBJECT = "見出"
    BODY = "本文"


class LetterKind(StrEnum):
    REPLY = "reply"
    """With the number: ★1★ and ★2★ are filled in."""
    MAILING = "mailing"


@dataclass(frozen=True, slots=True)
class TextRemark:
    """One thing to think about before the text is sent."""

    what: str
    cure: str
    place: TextPlace | None = None
    """None: it is about the letter as a whole."""
    line: int = 0
    """In the body, from 1; 0 where no line is meant."""
    serious: bool = False
    """It may well keep the letter from arriving, or from telling the number."""

    @property
    def where(self) -> str:
        if self.place is None:
            return ""
        return f"{self.place}の{self.line}行目" if self.line else str(self.place)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


_STANDARD = (Collect().reply_body, Duplicate().reply_body)
"""The texts that are there before anybody writes one."""


def remarks(
    subject: str, body: str, *, shop_name: str, charset: Charset, kind: LetterKind
) -> tuple[TextRemark, ...]:
    """The serious ones first, else in the order of reading; empty where all is well."""
    found = [
        *_links(subject, body, kind),
        *(_placeholders(subject, body) if kind is LetterKind.REPLY else _gaps(subject, body)),
        *_sender(subject, body, shop_name, kind),
        *_characters(subject, body, charset),
        *_lengths(subject, body, charset),
    ]
    return tuple(sorted(found, key=lambda one: not one.serious))


# --- links

_LINK = re.compile(
    r"(?:https?|ｈｔｔｐｓ?)\s?(?::|：)(?://|／／)[^\s<>「」『』（）、。\"]*"
    r"|(?<![\w.@-])www\.[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s<>「」『』（）、。\"]*",
    re.IGNORECASE,
)
_BARE_DOMAIN = re.compile(
    r"(?<![\w.@/-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.(?:com|net|org|jp|info|biz|shop|site|me)"
    r"(?:/[^\s<>「」『』（）、。\"]*)?(?![\w@.-])",
    re.IGNORECASE,
)
"""Without http:// phones make a link of it all the same."""
_HOST = re.compile(r"(?:[a-z]+:)?/*([a-z0-9.-]+)", re.IGNORECASE)
SHORT_HOSTS = frozenset(
    {"bit.ly", "j.mp", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "v.gd", "buff.ly", "x.gd"}
    | {"cutt.ly", "rebrand.ly", "t.ly", "rb.gy", "tiny.cc", "shorturl.at", "s.id", "lnkd.in"}
    | {"urx.blue", "urx.space", "ur0.work", "00m.in", "qr.paps.jp", "onl.la", "onl.sc", "onl.tw"}
    | {"onl.bz", "p.tl", "ux.nu", "amba.to", "bitly.com", "dlvr.it", "trib.al", "kutt.it"}
)
"""Services that hide where a link leads. Filters take them for a trick, as many a trick uses them.
"""

_NO_LINK = "受付番号の返信には、リンクを書かないでください。お店の名前と電話番号で十分です。"


def _links(subject: str, body: str, kind: LetterKind) -> Iterator[TextRemark]:
    for place, line, text in _lines(subject, body):
        for found in _LINK.finditer(text):
            yield from _of_link(found[0], place, line, kind)
        for found in _BARE_DOMAIN.finditer(_LINK.sub(" ", text)):
            yield from _of_link(found[0], place, line, kind)


def _of_link(link: str, place: TextPlace, line: int, kind: LetterKind) -> Iterator[TextRemark]:
    host = _HOST.match(link)
    name = host[1].lower().removeprefix("www.") if host else ""
    shown = f"「{link if len(link) <= 30 else link[:29] + '…'}」"
    if name in SHORT_HOSTS:
        yield TextRemark(
            f"行き先のわからない短縮リンク{shown}があります。迷惑メールとみなされやすい書き方です。",
            _NO_LINK
            if kind is LetterKind.REPLY
            else "短縮していない、お店のホームページのアドレスにするか、消してください。",
            *(place, line),
            serious=True,
        )
    elif kind is LetterKind.REPLY:
        yield TextRemark(
            f"リンク{shown}があります。URLのあるメールを受け取らない設定の携帯には、届きません。",
            _NO_LINK,
            *(place, line),
            serious=True,
        )
    else:
        yield TextRemark(
            f"リンク{shown}があります。URLのあるメールを受け取らない設定の携帯には、届きません。",
            "なくてもよければ、消してください。要るときは、1つだけにします。",
            *(place, line),
        )


# --- ★1★ and its like

_FILLED = re.compile("★[12１２]★")
_STARRED = re.compile(r"[★☆＊*✩✭]\s?[0-9０-９①②一二]{1,2}\s?[★☆＊*✩✭]|★[^★\n]{1,12}★")
_HALF_STARRED = re.compile(r"(?<![★☆＊*])★\s?[12１２①②](?![★☆＊*0-9０-９])|(?<![★☆＊*])[12１２]★")


def _placeholders(subject: str, body: str) -> Iterator[TextRemark]:
    if not (_FILLED.search(subject) or _FILLED.search(body)):
        yield TextRemark(
            "受付番号の入るところがありません。お客様に番号が伝わりません。",
            "番号を入れたいところで、「★1★を挿入」（2重登録では「★2★を挿入」）を押してください。",
            serious=True,
        )
    for place, line, text in _lines(subject, body):
        rest = _FILLED.sub("\n", text)
        for found in (*_STARRED.finditer(rest), *_HALF_STARRED.finditer(_STARRED.sub("", rest))):
            yield TextRemark(
                f"「{found[0]}」は番号に変わらず、このままの文字で届きます。",
                "番号を入れるところなら、★1★ と書き直してください（「挿入」のボタンで入ります）。",
                *(place, line),
                serious=any(character in found[0] for character in "12１２①②"),
            )


# --- ○月○日

_UNIT = "(?:曜日|周年|[年月日時分円％%割名様個点本枚回歳])"
_GAP = re.compile(
    rf"(?:[0-9０-９]{{1,2}}月)?(?:[○〇◯]{{2,}}{_UNIT}*|[○〇◯]{_UNIT}+|[（(][○〇◯]+[）)])+"
)
"""One alone, without a word that counts something behind it, is a mark: 土曜 ○、日曜 ×."""
_BULLET = re.compile(r"\s*[○〇◯](?:日時|日程|時間|年齢|本日|\s)")
"""A mark at the beginning of a line, where it could be taken for a gap."""
_KANJI_ZERO = re.compile("(?<=[一二三四五六七八九十百千〇])〇|〇(?=[一二三四五六七八九])")
"""二〇二六年"""


def gaps(subject: str, body: str) -> tuple[str, ...]:
    """The places that are still to be filled in (○月○日, ○○), as they stand there, each once."""
    found = (gap for _, _, text in _lines(subject, body) for gap in _gaps_in(text))
    return tuple(dict.fromkeys(found))


def _gaps_in(text: str) -> list[str]:
    if _BULLET.match(text):
        text = re.sub("[○〇◯]", "・", text, count=1)
    text = _KANJI_ZERO.sub("零", text)
    return [found[0] for found in _GAP.finditer(text)]


def _gaps(subject: str, body: str) -> Iterator[TextRemark]:
    for place, line, text in _lines(subject, body):
        if found := list(dict.fromkeys(_gaps_in(text))):
            yield TextRemark(
                f"{'、'.join(f'「{gap}」' for gap in found)}が、うめられていません。"
                "このままの文字で届きます。",
                "日にちや品物の名前などに、書きかえてください。要らない行は、消してください。",
                *(place, line),
                serious=True,
            )


# --- who writes


def _sender(subject: str, body: str, shop_name: str, kind: LetterKind) -> Iterator[TextRemark]:
    name = shop_name.strip()
    if not name:
        yield TextRemark(
            "店名が入っていません。差出人がアドレスだけになり、迷惑メールと思われやすくなります。",
            "「緒言設定」の「ID」で、店名を入力してください。",
            serious=True,
        )
    # a mailing has the name in its footer; the program's own text is nobody's fault, and has it in
    # From alone
    elif kind is LetterKind.REPLY and body not in _STANDARD and not _names(name, subject + body):
        yield TextRemark(
            "文章の中に店名がありません。どの店からの返信か、わかりにくくなります。",
            f"本文のはじめか終わりに「{name}」と書いてください。",
            TextPlace.BODY,
        )
    if not subject.strip():
        yield TextRemark(
            "見出がありません。見出のないメールは、迷惑メールと思われやすくなります。",
            "用件がわかる、短い見出を書いてください。",
            TextPlace.SUBJECT,
            serious=True,
        )


def _names(name: str, text: str) -> bool:
    def bare(words: str) -> str:
        return re.sub(r"\s", "", words).casefold()

    return bare(name) in bare(text)


# --- characters

_HALF_KANA = re.compile("[\uff66-\uff9f]+")
_EMOJI = re.compile(
    "[\u203c\u2049\u2139\u2600-\u2604\u2607-\u26bf\u26c0-\u2712\u2714-\u27bf\u2b50\u2b55"
    "\U0001f000-\U0001faff]"
)
"""Without those of JIS X 0213 that are letters of print: ★☆♪♂♀♨."""
_IN_PRINT = frozenset("★☆♪♭♂♀♨☎☏☁☂☃♠♡♢♣♤♥♦♧")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_TAG = re.compile(r"</?(?:a|b|br|font|p|div|img|strong|span|u|i|html|body)\b[^<>\n]{0,200}>", re.I)


def _characters(subject: str, body: str, charset: Charset) -> Iterator[TextRemark]:
    old = charset is Charset.ISO_2022_JP
    for place, line, text in _lines(subject, body):
        if kana := _HALF_KANA.search(text):
            yield TextRemark(
                f"半角カタカナ「{kana[0][:12]}」があります。携帯によっては文字化けします。",
                "全角カタカナに直してください。",
                *(place, line),
            )
        if _INVISIBLE.search(_without_emoji_joiners(text)):
            yield TextRemark(
                "見えない文字が混ざっています（ホームページなどから写したときに入ります）。",
                "この行を消して、打ち直してください。",
                *(place, line),
            )
        if tag := _TAG.search(text):
            yield TextRemark(
                f"「{tag[0][:20]}」は、このままの文字で届きます。",
                "文字の大きさや色は付けられません。消してください。",
                *(place, line),
            )
        emoji = [one for one in _EMOJI.findall(text) if one not in _IN_PRINT]
        rare = [one for one in _not_in_jis(_INVISIBLE.sub("", text)) if one not in emoji]
        if lacking := (rare + emoji if old else emoji):
            shown = "".join(dict.fromkeys(lacking))[:_MOST_SHOWN]
            yield TextRemark(
                f"「{shown}」は、古い携帯では「？」や四角になります。"
                + ("このメールはUTF-8で送ることになります。" if old else ""),
                "ほかの字（髙→高 など）か、言葉に置きかえてください。",
                *(place, line),
            )


def _without_emoji_joiners(text: str) -> str:
    return re.sub("(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d", "", text)


def _not_in_jis(text: str) -> list[str]:
    """What has no place in ISO-2022-JP, in order."""
    try:
        iso2022jp.encode(text)
    except UnicodeEncodeError:
        return [one for one in dict.fromkeys(text) if not one.isascii() and not _in_jis(one)]
    return []


def _in_jis(one: str) -> bool:
    try:
        iso2022jp.encode(one)
    except UnicodeEncodeError:
        return False
    return True


# --- lengths


def _lengths(subject: str, body: str, charset: Charset) -> Iterator[TextRemark]:
    if len(subject.strip()) > LONG_SUBJECT:
        yield TextRemark(
            f"見出が長すぎます（{len(subject.strip())}文字）。携帯では、はじめの部分しか見えません。",
            f"大事な言葉を先にして、{LONG_SUBJECT}文字までにしてください。",
            TextPlace.SUBJECT,
        )
    for place, line, text in _lines("", body):
        if len(text) > LONG_LINE:
            yield TextRemark(
                f"1行が長すぎます（{len(text)}文字）。小さい画面では読みにくくなります。",
                "文の切れめで改行してください。",
                *(place, line),
            )
    octets = len(_octets(body, charset))
    if octets > LARGE:
        yield TextRemark(
            f"本文が長すぎます（{octets:,}バイト）。古い携帯では、後ろが切れます。",
            f"{LARGE:,}バイト（全角で約{LARGE // (2 if charset is Charset.ISO_2022_JP else 3):,}"
            "文字）までにしてください。",
            TextPlace.BODY,
        )


def _octets(text: str, charset: Charset) -> bytes:
    if charset is Charset.ISO_2022_JP:
        try:
            return iso2022jp.encode(text)
        except UnicodeEncodeError:
            pass
    return text.encode("utf-8", "replace")


def _lines(subject: str, body: str) -> Iterator[tuple[TextPlace, int, str]]:
    if subject:
        yield TextPlace.SUBJECT, 0, subject
    for line, text in enumerate(body.split("\n"), 1):
        yield TextPlace.BODY, line, text
