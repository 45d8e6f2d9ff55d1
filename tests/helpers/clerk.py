"""A clerk who types paper forms into 会員登録 with real keys, and counts them.

No test machine has a Japanese input method: what one would put in is pasted, and counted as the
keys that it takes, the romaji, the space that turns them into kanji, and Enter. What Windows tells
of the reading is told in its place; the rest is the program.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from kollect.desktop.ime_reading import Clause, ReadingCapture
from kollect.members import postcodes
from kollect.ui.members.member_form import MemberFormScreen
from tests.helpers.ui_driver import press, settle, type_letters_on

KEYS_A_SECOND = 3
"""A practised clerk."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A text as it is typed: kanji, their reading, and the keys for it."""

    text: str
    kana: str
    romaji: str


@dataclass(frozen=True, slots=True)
class PaperForm:
    number: int
    surname: Spelled
    first_name: Spelled
    birthday: str
    sex: str
    phone: str
    postcode: str
    town: Spelled
    house: str

    @property
    def name(self) -> str:
        return f"{self.surname.text}\u3000{self.first_name.text}"

    @property
    def kana(self) -> str:
        return f"{self.surname.kana}\u3000{self.first_name.kana}"


FORMS = (
    PaperForm(
        1001, Spelled("山田", "ヤマダ", "yamada"), Spelled("太郎", "タロウ", "tarou"),
        "s60.1.2", "2", "09012345678", "1600023",
        Spelled("東京都新宿区西新宿", "", "toukyoutoshinjukukunishishinjuku"), "2-8-1",
    ),
    PaperForm(
        1002, Spelled("佐藤", "サトウ", "satou"), Spelled("花子", "ハナコ", "hanako"),
        "h2.11.23", "3", "0665551234", "5300001",
        Spelled("大阪府大阪市北区梅田", "", "oosakafuoosakashikitakuumeda"), "3-1-1",
    ),
    PaperForm(
        1003, Spelled("長谷川", "ハセガワ", "hasegawa"), Spelled("美咲", "ミサキ", "misaki"),
        "1998/4/30", "3", "08098765432", "2200012",
        Spelled("神奈川県横浜市西区みなとみらい", "", "kanagawakenyokohamashinishikuminatomirai"),
        "2-3-4-1205",
    ),
    PaperForm(
        1004, Spelled("渡辺", "ワタナベ", "watanabe"),
        Spelled("健一郎", "ケンイチロウ", "kenichirou"),
        "s32.8.15", "2", "0422451151", "1800006",
        Spelled("東京都武蔵野市中町", "", "toukyoutomusashinoshinakachou"), "1-15-6",
    ),
    PaperForm(
        1005, Spelled("林", "ハヤシ", "hayashi"), Spelled("歩", "アユム", "ayumu"),
        "r1.5.1", "4", "07011112222", "0600042",
        Spelled("北海道札幌市中央区大通西", "", "hokkaidousapporoshichuuoukuoodoorinishi"), "10",
    ),
)  # fmt: skip


class Clerk:
    """Types where the focus is. `told` is what the input method has told and nobody has taken."""

    def __init__(self, screen: MemberFormScreen) -> None:
        self._screen = screen
        self.keys = 0
        self.told: list[Clause] = []

    def type(self, text: str) -> None:
        self.keys += len(text)
        type_letters_on(self._here(), text)

    def press(self, key: str) -> None:
        self.keys += 1
        press(self._screen, key)

    def convert(self, spelled: Spelled) -> None:
        """Romaji, space, Enter: the input method puts in the kanji."""
        self.keys += len(spelled.romaji) + 2
        self.told.append((spelled.text, spelled.kana))
        type_letters_on(self._here(), spelled.text)

    def blank(self) -> None:
        self.keys += 1
        type_letters_on(self._here(), "\u3000")

    def register(self, form: PaperForm, *, by_hand: bool) -> None:
        """One form from the empty screen to the next empty screen."""
        screen, fields = self._screen, self._screen.fields
        self.type(str(form.number))
        self.press("Return")
        settle(screen, lambda: self._here() is fields.name.widget)
        self.convert(form.surname)
        self.blank()
        self.convert(form.first_name)
        self.press("Return")
        if by_hand:
            # in katakana, put in by one Enter
            self.keys += len(form.surname.romaji) + 1 + len(form.first_name.romaji) + 1
            type_letters_on(self._here(), form.kana)
        self.press("Return")
        self.type(form.birthday)
        self.press("Return")
        self.type(form.sex)
        self.press("Return")
        self.type(form.phone)
        self.press("Return")
        self.type(form.postcode)
        self.press("Return")
        if by_hand:
            self.convert(form.town)
        self.type(form.house)
        self.press("Return")
        self.press("Return")  # no グループ
        self.press("Return")  # no 備考
        self.type("1")  # 承諾する
        self.press("F12")
        settle(screen, lambda: screen.number.value == "" and not screen.is_busy)

    def _here(self) -> tk.Misc:
        here = self._screen.focus_get()
        assert here is not None
        return here


@contextmanager
def clerk_at(screen: MemberFormScreen, *, by_hand: bool = False) -> Iterator[Clerk]:
    """`by_hand`: the program helps with nothing, as before it knew postcodes and readings."""
    clerk = Clerk(screen)

    def take(capture: ReadingCapture) -> list[Clause]:
        taken, clerk.told = clerk.told, []
        return [] if by_hand else taken

    find = (lambda code: []) if by_hand else postcodes.find
    with (
        mock.patch.object(ReadingCapture, "take", take),
        mock.patch.object(postcodes, "find", find),
    ):
        yield clerk


def play(screen: MemberFormScreen, *, by_hand: bool) -> list[tuple[int, float]]:
    """Every form; how many keys it took, and how long the program kept the clerk waiting."""
    measured = []
    with clerk_at(screen, by_hand=by_hand) as clerk:
        for form in FORMS:
            keys, begun = clerk.keys, time.perf_counter()
            clerk.register(form, by_hand=by_hand)
            measured.append((clerk.keys - keys, time.perf_counter() - begun))
    return measured
