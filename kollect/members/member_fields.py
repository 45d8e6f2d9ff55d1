"""The fields of a member, as on screen, on paper and in CSV files: what was typed, what it means,
what is wrong with it.

A new field begins here, in `MemberField`; CONTRIBUTING's "A field of the members" says where it
goes on to. The screen and the CSV import both fill a `MemberFormInput` and have it read here; so
both forgive and refuse the same. Knows no file and no table. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kollect.members import normalize, phone_numbers, wareki
from kollect.members.member import Consent, Member, Sex


class MemberField(StrEnum):
    """The fields of the form, by the names they have on screen, on paper and in CSV files."""

    NUMBER = "受付番号"
    NAME = "お名前"
    KANA = "フリガナ"
    BIRTHDAY = "生年月日"
    SEX = "性別"
    PHONE = "電話番号"
    POSTCODE = "郵便番号"
    HOME = "住所"
    GROUPS = "グループ"
    NOTE = "備考"
    CONSENT = "メール配信"
    CONSENT_ON = "承諾日"
    CONSENT_HOW = "承諾方法"


@dataclass(frozen=True, slots=True)
class MemberFormInput:
    """The form as it was typed."""

    number: str = ""
    name: str = ""
    kana: str = ""
    birthday: str = ""
    sex: str = ""
    phone: str = ""
    postcode: str = ""
    home: str = ""
    groups: str = ""
    note: str = ""
    consent: str = ""
    consent_on: str = ""
    consent_how: str = ""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    field: MemberField
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class FormProblems(ValueError):
    """The form cannot be taken as it is; `problems` has all reasons, in the order of the fields."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


LONGEST = {
    MemberField.NAME: 60,
    MemberField.KANA: 60,
    MemberField.HOME: 200,
    MemberField.GROUPS: 200,
    MemberField.NOTE: 1000,
    MemberField.CONSENT_HOW: 60,
}
YES, NO = "承諾する", "承諾しない"
_YES = frozenset({YES, "承諾", "承諾済", "承諾済み", "はい", "する", "可", "○", "〇", "◯", "有"})
_YES_CODES = frozenset({"y", "yes", "true", "1", "ok"})
_NO = frozenset({"", NO, "承諾なし", "いいえ", "しない", "不可", "×", "✕", "無", "なし"})
_NO_CODES = frozenset({"n", "no", "false", "0"})
_SEXES = {
    Sex.MALE: {"男性", "男", "m", "male"},
    Sex.FEMALE: {"女性", "女", "f", "female"},
    Sex.OTHER: {"その他", "x", "other"},
    Sex.UNSAID: {"", "回答しない", "無回答", "不明", "未回答"},
}
_OLDEST = 130


def problems(form: MemberFormInput, today: date) -> tuple[FieldProblem, ...]:
    """Everything that is wrong with the form; empty where it can be registered."""
    try:
        read_form(form, today)
    except FormProblems as found:
        return found.problems
    return ()


def read_form(form: MemberFormInput, today: date) -> Member:
    """What the form says, with all forgiveness. Raises FormProblems."""
    reader = _Reader(today)
    member = Member(
        number=reader.number(form.number),
        name=reader.name(form.name),
        kana=reader.kana(form.kana),
        birthday=reader.birthday(form.birthday),
        sex=reader.sex(form.sex),
        phone=reader.phone(form.phone),
        postcode=reader.postcode(form.postcode),
        home=reader.short(MemberField.HOME, normalize.line(form.home)),
        groups=reader.groups(form.groups),
        note=reader.short(MemberField.NOTE, normalize.lines(form.note)),
        consent=reader.consent(form),
    )
    if reader.found:
        raise FormProblems(tuple(reader.found))
    return member


def as_form_input(member: Member) -> MemberFormInput:
    """The form as it would be typed for this member: `read_form(as_form_input(m)) == m`."""
    return MemberFormInput(
        number=str(member.number),
        name=member.name,
        kana=member.kana,
        birthday=_slashed(member.birthday),
        sex=member.sex,
        phone=member.phone,
        postcode=member.postcode,
        home=member.home,
        groups="、".join(member.groups),
        note=member.note,
        consent=YES if member.consent.given else NO,
        consent_on=_slashed(member.consent.on),
        consent_how=member.consent.how,
    )


def _slashed(day: date | None) -> str:
    return f"{day.year:04}/{day.month:02}/{day.day:02}" if day else ""


class _Reader:
    """Reads one field after the other and remembers what was wrong."""

    def __init__(self, today: date) -> None:
        self.found: list[FieldProblem] = []
        self._today = today

    def wrong(self, where: MemberField, message: str) -> None:
        self.found.append(FieldProblem(where, message))

    def short(self, where: MemberField, text: str) -> str:
        if len(text) > LONGEST[where]:
            self.wrong(where, f"長すぎます。{LONGEST[where]}文字までにしてください。")
        return text

    def number(self, typed: str) -> int:
        found = normalize.number(typed)
        if found is None:
            self.wrong(MemberField.NUMBER, "受付番号を数字で入力してください。")
        return found or 0

    def name(self, typed: str) -> str:
        name = normalize.person(typed)
        if not name:
            self.wrong(MemberField.NAME, "お名前を入力してください。")
        return self.short(MemberField.NAME, name)

    def kana(self, typed: str) -> str:
        kana = normalize.kana(typed)
        if not all(
            "ァ" <= c <= "ヿ" or c in "\u3000 .,'-" or "A" <= c.upper() <= "Z" for c in kana
        ):
            self.wrong(
                MemberField.KANA, "フリガナはカタカナで入力してください（ひらがなでも結構です）。"
            )
        return self.short(MemberField.KANA, kana)

    def day(self, where: MemberField, typed: str) -> date | None:
        if not typed.strip():
            return None
        try:
            day = wareki.read(typed)
        except wareki.NotADate as why:
            self.wrong(where, str(why))
            return None
        if day > self._today:
            self.wrong(where, f"{wareki.written(day)}（{day.year}年）は、まだ来ていない日です。")
        return day

    def birthday(self, typed: str) -> date | None:
        day = self.day(MemberField.BIRTHDAY, typed)
        if day is not None and self._today.year - day.year > _OLDEST:
            self.wrong(MemberField.BIRTHDAY, f"{day.year}年は古すぎます。年を確かめてください。")
        return day

    def sex(self, typed: str) -> Sex:
        plain = normalize.narrow(typed).casefold()
        for sex, words in _SEXES.items():
            if plain in words:
                return sex
        self.wrong(MemberField.SEX, "男性・女性・その他のどれかにするか、空けておいてください。")
        return Sex.UNSAID

    def phone(self, typed: str) -> str:
        phone = phone_numbers.phone(typed)
        if wrong := phone_numbers.fault(phone):
            self.wrong(MemberField.PHONE, wrong)
        return phone

    def postcode(self, typed: str) -> str:
        postcode = normalize.postcode(typed)
        if postcode and not normalize.is_postcode(postcode):
            self.wrong(
                MemberField.POSTCODE, "郵便番号は7けたの数字で入力してください。例: 100-0001"
            )
        return postcode

    def groups(self, typed: str) -> tuple[str, ...]:
        groups = normalize.groups(typed)
        self.short(MemberField.GROUPS, "、".join(groups))
        return groups

    def consent(self, form: MemberFormInput) -> Consent:
        plain = normalize.narrow(form.consent)
        given = plain in _YES or plain.casefold() in _YES_CODES
        if not given and plain not in _NO and plain.casefold() not in _NO_CODES:
            self.wrong(MemberField.CONSENT, f"「{YES}」か「{NO}」のどちらかにしてください。")
        if not given:
            return Consent()
        on = self.day(MemberField.CONSENT_ON, form.consent_on)
        if not form.consent_on.strip():
            self.wrong(MemberField.CONSENT_ON, "承諾をいただいた日を入力してください。")
        how = self.short(MemberField.CONSENT_HOW, normalize.line(form.consent_how))
        if not how:
            self.wrong(
                MemberField.CONSENT_HOW, "承諾をいただいた方法を入力してください。例: 会員登録用紙"
            )
        return Consent(True, on, how)
