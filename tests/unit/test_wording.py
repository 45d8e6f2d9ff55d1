"""One word for one thing, and one kind of brackets: over every text in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2] / "kollect"
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_NARROW = re.compile(
    r"\([^()\n]*[\u3040-\u30ff\u4e00-\u9fff][^()\n]*\)|[\u3040-\u30ff\u4e00-\u9fff」] ?\("
)
AS_THE_MANUAL_HAS_IT = re.compile(
    r"する\(SSL(認証)?\)|店番\(ID\)|\(KKR[A-Z0-9]+\)|コレクト \(\{\}\) id = \{\} \(\{\}\)"
)
OTHERS_WORDS = re.compile(r"\(件名なし\)|\(&[A-Z]\)|\((no |implicit )?(TLS|STARTTLS)\)")
"""What phones write for no subject; Tk's own buttons; the names of lines of providers.csv."""
ONE_WORD = {
    "全部": "すべて",
    "試しのメール": "テストメール",
    "送信不能": "不達",
    "下さい": "ください",
    "お客さま": "お客様",
    "受信サーバー": "受信サーバ",
    "送信サーバー": "送信サーバ",
    "メールサーバー": "メールサーバ",
    "件名が空です": "見出",
    "通知メール": "お知らせのメール",
    "Eメール": "メール",
}
"""What is not written here, and the word for it. (フォルダー is what phones call theirs.)"""
PLACES = sorted(path for path in TOP.rglob("*.py"))


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The Japanese texts of a module with their lines; what is filled in is {}. No docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            passed_over.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed_over |= {id(one) for one in ast.walk(node) if one is not node}
    for node in ast.walk(tree):
        if id(node) in passed_over:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values]
            text = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if _JAPANESE.search(text):
            yield node.lineno, text


def is_pattern(text: str) -> bool:
    """A regular expression for what others write."""
    return "\\" in text or "(?" in text or (")." in text and "|" in text)


@pytest.fixture(scope="module")
def everything() -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(TOP)}:{line}", text)
        for path in PLACES
        for line, text in texts(path)
        if not is_pattern(text)
    ]


def test_there_is_something_to_look_at(everything: list[tuple[str, str]]):
    assert len(everything) > 1500


def test_brackets_around_japanese_are_full_width(everything: list[tuple[str, str]]):
    plain = [
        (place, OTHERS_WORDS.sub("", AS_THE_MANUAL_HAS_IT.sub("", text)))
        for place, text in everything
    ]
    assert not [(place, text) for place, text in plain if _NARROW.search(text)]


@pytest.mark.parametrize("other", ONE_WORD)
def test_one_word_for_one_thing(everything: list[tuple[str, str]], other: str):
    found = [(place, text) for place, text in everything if other in text]
    assert not found, f"「{ONE_WORD[other]}」"


def test_a_sentence_is_not_cut_by_a_half_width_mark(everything: list[tuple[str, str]]):
    """「です.」「です,」: typed with the keyboard in the wrong state."""
    wrong = re.compile("[\u3040-\u30ff\u4e00-\u9fff][.,?](?:\\s|$)")
    assert not [(place, text) for place, text in everything if wrong.search(text)]


def test_numbers_are_written_in_one_form(everything: list[tuple[str, str]]):
    """「12件」, 「3 ／ 12件」."""
    wrong = re.compile(r"\{\} (名|件|通|行|か所|回)|\{\} / \{\}")
    on_screens = [(place, text) for place, text in everything if place.startswith("ui/")]
    assert not [(place, text) for place, text in on_screens if wrong.search(text)]


ASKING = {"show_info": (1,), "confirm": (1,), "choose": (1,)}
"""Which argument is the text below the heading."""


def test_what_a_dialog_says_ends_as_a_sentence():
    without = []
    for path in PLACES:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            for place in ASKING.get(node.func.attr, ()):
                said = node.args[place] if len(node.args) > place else None
                last = said.values[-1] if isinstance(said, ast.JoinedStr) else said
                if isinstance(last, ast.Constant) and not str(last.value).endswith(
                    ("。", "？", "。\n\n")
                ):
                    without.append((path.name, node.lineno, last.value))
    assert not without


def test_a_window_code_is_of_one_window_only():
    """Staff read it out on the telephone."""
    codes = [
        code
        for path in PLACES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for code in re.findall(r"\((KKR[A-Z0-9]+)\)|^(KKR[A-Z0-9]+)$", node.value)
    ]
    assert len(codes) > 15
    assert sorted(codes) == sorted(set(codes))
