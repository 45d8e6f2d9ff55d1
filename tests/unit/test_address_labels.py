"""宛名ラベル, read back from the PDF: who stands on which label, to the millimetre."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator

import pytest

from kollect.printing import address_labels
from kollect.printing.address_labels import Addressee, LabelsMade
from kollect.printing.label_sheets import SHEETS, LabelSheet
from kollect.printing.line_breaking import NOT_FIRST, NOT_LAST
from tests.helpers.pdf_reader import Line, read_pdf, shapes_of

YAMADA = Addressee("山田　太郎", "160-0023", "東京都新宿区西新宿1-2-3　コーポ西新宿101")
SATO = Addressee("髙橋　花子", "", "横浜市西区5-6")
WORDY = Addressee(
    "株式会社こもれび商店街振興組合連合会　代表取締役　長谷川　喜久右衛門",
    "100-0001",
    "東京都千代田区「千代田」、シャトー・ヴィラージュー" * 8,
)


def made(*addressees: Addressee, sheet: LabelSheet = SHEETS[0], first: int = 0) -> LabelsMade:
    return address_labels.make(lambda: addressees, sheet, first)


def by_label(made: LabelsMade, sheet: LabelSheet) -> list[dict[int, list[Line]]]:
    """Of each page the lines of each label; every line lies wholly on one."""
    pages = []
    for page in read_pdf(made.pdf):
        assert (round(page.width), round(page.height)) == (210, 297)
        found: dict[int, list[Line]] = {}
        for line in page.lines:
            em = line.points * 25.4 / 72
            places = [
                place
                for place in range(sheet.labels)
                for x, y in [sheet.corner(place)]
                if x + 2 <= line.left <= line.right <= x + sheet.width - 2
                and y + 2 <= line.baseline - 0.9 * em
                and line.baseline + 0.15 * em <= y + sheet.height - 2
            ]
            assert len(places) == 1, line
            found.setdefault(places[0], []).append(line)
        pages.append(found)
    return pages


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.title)
def test_the_labels_of_a_sheet_lie_on_the_paper_and_not_on_each_other(sheet: LabelSheet):
    corners = [sheet.corner(place) for place in range(sheet.labels)]
    assert len(set(corners)) == sheet.labels
    assert sheet.step_across >= sheet.width
    assert sheet.step_down >= sheet.height
    right = 210 - (corners[-1][0] + sheet.width)
    below = 297 - (corners[-1][1] + sheet.height)
    assert right >= 0
    assert below >= 0
    assert abs(below - sheet.top) < 1


@pytest.mark.parametrize(
    ("index", "place", "corner"),
    [
        (0, 0, (19.3, 21.6)), (0, 1, (106.9, 21.6)), (0, 11, (106.9, 233.1)),
        (1, 11, (105.0, 232.7)), (2, 17, (139.2, 241.7)), (3, 17, (140.0, 232.7)),
        (4, 5, (138.0, 46.8)), (4, 23, (138.0, 250.2)),
    ],
)  # fmt: skip
def test_where_a_label_begins(index: int, place: int, corner: tuple[float, float]):
    assert SHEETS[index].corner(place) == pytest.approx(corner)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.title)
@pytest.mark.parametrize("one", [YAMADA, SATO, WORDY], ids=lambda one: one.name[:2])
def test_all_of_it_stands_on_the_label(sheet: LabelSheet, one: Addressee):
    (page,) = by_label(made(*[one] * sheet.labels, sheet=sheet), sheet)
    assert sorted(page) == list(range(sheet.labels))
    for place, lines in page.items():
        assert all(
            line.left == pytest.approx(sheet.corner(place)[0] + 5, abs=0.05) for line in lines
        )
        whole = "".join(line.text for line in lines).replace(" ", "")
        post = f"〒{one.postcode}" if one.postcode else ""
        assert whole == f"{post}{one.home}{one.name}様".replace("　", "")
        tops = [line.baseline for line in lines]
        assert tops == sorted(tops)
        assert not [line for line in lines if line.text[0] in NOT_FIRST]
        assert not [line for line in lines if line.text[-1] in NOT_LAST]


def test_the_name_of_the_house_has_a_line_of_its_own():
    (page,) = by_label(made(YAMADA, sheet=SHEETS[4]), SHEETS[4])
    assert [line.text for line in page[0]] == [
        "〒160-0023", "東京都新宿区西新宿1-2-3", "コーポ西新宿101", "山田 太郎 様",
    ]  # fmt: skip


def test_a_used_sheet_is_begun_where_it_is_still_whole():
    sheet = SHEETS[0]
    numbered = [Addressee(f"{n}番", "", "横浜市") for n in range(16)]
    first, second, third = by_label(made(*numbered, sheet=sheet, first=9), sheet)
    assert {place: lines[-1].text for place, lines in first.items()} == {
        9: "0番 様", 10: "1番 様", 11: "2番 様",
    }  # fmt: skip
    assert [second[place][-1].text for place in range(12)] == [f"{n}番 様" for n in range(3, 15)]
    assert [third[0][-1].text] == ["15番 様"]


def test_a_last_label_that_fills_the_sheet_needs_no_further_one():
    assert made(*[SATO] * 3, first=9).pages == 1
    assert made(*[SATO] * 4, first=9).pages == 2


def test_characters_that_the_font_has_not_are_named():
    result = made(Addressee("𠮷野🍞ก", "", "葛\U000e0100飾"))
    assert result.missing == "🍞ก"
    (page,) = read_pdf(result.pdf)
    assert [line.text for line in page.lines] == ["葛飾", "𠮷野〓 様"]


def test_each_character_is_drawn_as_it_looks():
    """Not only called so: its dots are those of the font."""
    pattern = re.compile(rb"q (\d+) 0 0 (\d+) (-?\d+) (-?\d+) cm.*ID\n(\w+)>", re.DOTALL)
    dots = {}
    for one in ("一", "口"):
        shape = shapes_of(made(Addressee("名", "", one)).pdf)[one]
        across, down, _, low = map(int, pattern.search(shape).groups()[:4])
        row = (across + 7) // 8
        octets = bytes.fromhex(pattern.search(shape)[5].decode())
        assert len(octets) == row * down
        dots[one] = (across, down, low, [octets[n * row : n * row + row] for n in range(down)])
    across, down, low, _ = dots["一"]
    assert across > 5 * down
    assert low > 20, "at half the height of a kanji, not on its baseline"
    across, down, low, rows = dots["口"]
    assert 0.8 < across / down < 1.3
    assert low < 5
    middle = rows[down // 2]
    assert middle[len(middle) // 2] == 0, "it is a box"
    assert middle[0] != 0


def test_many_labels_need_little_memory():
    def each() -> Iterator[Addressee]:
        return (
            Addressee(f"山田 {n}郎", "160-0023", f"東京都新宿区西新宿{n}") for n in range(4_000)
        )

    made(SATO)  # Pillow and the font are there
    tracemalloc.start()
    try:
        result = address_labels.make(each, SHEETS[0])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (result.labels, result.pages) == (4_000, 334)
    assert peak < 2_000_000, "0.5 MB for 500 of them"
