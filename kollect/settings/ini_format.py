r"""The text of kollect.ini: read into a `Settings`, and written back into the same text. Pure.

The form, chosen so that any text comes back as it went in and nothing a person added is lost:

    [section]
    key = value     one space after the sign is part of the form; all else belongs to a text
    # comment       also after ;, and only at the beginning of a line: a value may hold both

* A text is on one line: `\n` is a line end, `\\` a backslash. What editors lose or break is written
  as `\r`, or as `\uXXXX` for other control characters and for a blank at the very end. Any other
  backslash stands for itself.
* `[collect] blank_subjects` is such a text with one subject a line: `無題\n(no subject)`.
* `[tls] trusted_fingerprints` are parted by commas or blanks; colons and capitals do not matter.
* Hosts, accounts, addresses, the id and paths know no escapes (`DOMAIN\name`, `C:\new\ca.pem`), and
  blanks around them do not count. Numbers may be full-width.
* Texts are composed (NFC): a Mac writes か and ゙ where others write が.
* Sections and keys are read without regard to case. Unknown ones are kept and not used.

Python's configparser would drop comments and leading blanks and stop at `%` and at odd lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, get_type_hints

from kollect.errors import Problem
from kollect.mail.nfc import composed
from kollect.settings.field_rules import shown
from kollect.settings.model import Settings
from kollect.settings.validation import range_fault

OPENING = "# コレクトの設定です。ふだんは「緒言設定」の画面で変えてください。"

_ORDER = (
    "shop",
    "collect",
    "duplicate",
    "mail",
    "receive",
    "send",
    "forward",
    "tls",
    "alert",
    "report",
    "screen",
)
_WITHOUT_ESCAPES = {
    ("shop", "id"),
    ("shop", "pin"),
    ("mail", "address"),
    ("receive", "host"),
    ("receive", "account"),
    ("send", "host"),
    ("send", "account"),
    ("forward", "address"),
    ("tls", "ca_file"),
    ("alert", "address"),
}
_AS_IT_IS = {("tls", "ca_file")}
"""A file is found by the very characters of its name."""
_YES = ("yes", "true", "on", "1", "はい")
_NO = ("no", "false", "off", "0", "いいえ")

_HEADER = re.compile(r"\s*\[([^\]]*)\]\s*")
_ESCAPE = re.compile(r"\\(?:([\\nr])|u([0-9A-Fa-f]{4}))")


@dataclass(frozen=True, slots=True)
class IniContents:
    """What a text says: the settings, with the default wherever a value could not be read."""

    settings: Settings
    problems: tuple[Problem, ...]
    """Values and lines that make no sense. What makes sense may still be wrong: see
    `validation`."""
    unknown: tuple[str, ...]
    """`[section] key` of what stands in a known section and is not known: perhaps a slip."""


@dataclass(frozen=True, slots=True)
class _Field:
    section: str
    key: str
    type: Any
    path: tuple[str, ...]
    """The names that lead from a Settings to the value."""

    def of(self, settings: Settings) -> Any:
        value: Any = settings
        for name in self.path:
            value = getattr(value, name)
        return value


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    section: str
    key: str = ""
    """Empty for headers, comments, empty lines, and lines that make no sense."""
    value: str = ""
    is_header: bool = False
    is_odd: bool = False


def read(text: str) -> IniContents:
    """Understand a text; never raises."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    problems: list[Problem] = []
    unknown: list[str] = []
    for number, line in enumerate(_lines(text), start=1):
        if line.is_odd and line.section in ("", *_ORDER):
            allowed = (
                "「項目 = 値」の形（=は半角）で書いてください。文の途中の改行は \\n と書きます。"
            )
            section = line.section or "先頭"
            problems.append(Problem(section, f"{number}行目", shown(line.text), allowed))
        elif (line.section, line.key) in _FIELDS:
            found[line.section, line.key].append((number, line.value))
        elif line.key and line.section in _ORDER:
            unknown.append(f"[{line.section}] {line.key}")

    values: dict[tuple[str, ...], Any] = {}
    for place, written in found.items():
        field = _FIELDS[place]
        try:
            values[field.path] = _decoded(field, _only_one(written))
        except ValueError as error:
            problems.append(Problem(*place, shown(written[-1][1].strip()), str(error)))
    return IniContents(_settings(values), tuple(problems), tuple(unknown))


def write(settings: Settings, old: str = "") -> str:
    """The old text with these settings in it: its comments, order and unknown lines stay.

    `settings` must have no `validation.problems`. A line that made no sense becomes a comment,
    since the text could not be read otherwise.
    """
    lines: list[_Line] = []
    missing = dict(_FIELDS)
    for line in _lines(old or OPENING + "\n"):
        place = (line.section, line.key)
        if line.is_odd and line.section in ("", *_ORDER):
            lines.append(_Line(f"# {line.text}", line.section))
        elif place not in _FIELDS:
            lines.append(line)
        elif place in missing:
            lines.append(_with_value(line, missing.pop(place), settings))
        # else the key stands there a second time, and the first line has the value now

    for section in _ORDER:
        new = [_new_line(f, settings) for f in missing.values() if f.section == section]
        ends = [n for n, s in enumerate(lines) if s.section == section and (s.key or s.is_header)]
        if ends:
            lines[ends[-1] + 1 : ends[-1] + 1] = new
        else:
            gap = [_Line("", section)] if lines and lines[-1].text.strip() else []
            lines += [*gap, _Line(f"[{section}]", section, is_header=True), *new]
    return "".join(f"{line.text}\n" for line in lines)


def escaped(text: str) -> str:
    """A text as it stands in the file: on one line, and safe from editors. See `unescaped`."""
    body, last = (text[:-1], text[-1]) if text[-1:].isspace() else (text, "")
    return "".join(_escape(c) for c in body) + (_escape(last, always=True) if last else "")


def unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        letter, number = match.groups()
        return chr(int(number, 16)) if number else {"n": "\n", "r": "\r"}.get(letter, letter)

    return _ESCAPE.sub(plain, text)


def _escape(c: str, *, always: bool = False) -> str:
    if c in "\\\n\r":
        return {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}[c]
    # Cc and Cs: control characters and halves of a pair; Zl, Zp: U+2028 and U+2029
    if always or (c != "\t" and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")):
        return f"\\u{ord(c):04x}"
    return c


def _lines(text: str) -> list[_Line]:
    """The text taken apart at \n and \r\n only: a text may hold U+2028 and the like."""
    raw = text.split("\n")
    if raw[-1] == "":
        raw.pop()
    lines: list[_Line] = []
    section = ""
    for one in (piece.removesuffix("\r") for piece in raw):
        if not one.strip() or one.lstrip()[0] in "#;":
            lines.append(_Line(one, section))
        elif header := _HEADER.fullmatch(one):
            section = header[1].strip().lower()
            lines.append(_Line(one, section, is_header=True))
        else:
            key, sign, value = one.partition("=")
            key = key.strip().lower()
            if sign and key and not key.startswith("["):
                lines.append(_Line(one, section, key, value.removeprefix(" ")))
            else:
                lines.append(_Line(one, section, is_odd=True))
    return lines


def _only_one(written: list[tuple[int, str]]) -> str:
    """Raises ValueError where a key stands there more than once with different values."""
    if len({value for _, value in written}) > 1:
        places = "と".join(f"{number}行目" for number, _ in written)
        raise ValueError(
            f"同じ項目が{places}に書かれています。正しいほうを残して、ほかを消してください。"
        )
    return written[0][1]


def _decoded(field: _Field, raw: str) -> Any:
    """Raises ValueError with what is allowed, in Japanese."""
    place = (field.section, field.key)
    word = raw.strip()
    if field.type is bool:
        if word.lower() not in _YES + _NO:
            raise ValueError("yes か no を書いてください。")
        return word.lower() in _YES
    if field.type is int:
        digits = unicodedata.normalize("NFKC", word)
        number = int(digits) if re.fullmatch(r"[+-]?[0-9]{1,18}", digits) else None
        if number is None:
            raise ValueError(range_fault(*place, None))
        return number
    if field.type is str:
        if place in _AS_IT_IS:
            return word
        return composed(word if place in _WITHOUT_ESCAPES else unescaped(raw))
    if issubclass(field.type, StrEnum):
        try:
            return field.type(word.lower())
        except ValueError:
            allowed = " か ".join(field.type)
            raise ValueError(f"{allowed} を書いてください。") from None
    if field.key == "trusted_fingerprints":
        return tuple(p.replace(":", "").lower() for p in re.split(r"[,、\s]+", word) if p)
    return tuple(line for line in composed(unescaped(raw)).split("\n") if line.strip())


def _encoded(field: _Field, value: Any) -> str:
    if field.type is bool:
        return "yes" if value else "no"
    if field.type is str and (field.section, field.key) not in _WITHOUT_ESCAPES:
        return escaped(value)
    if field.key == "trusted_fingerprints":
        return ", ".join(value)
    if field.type is tuple:
        return escaped("\n".join(value))
    return str(value)


def _with_value(line: _Line, field: _Field, settings: Settings) -> _Line:
    """The line as a person wrote it where it says the right thing already, else a new one."""
    try:
        is_right = _decoded(field, line.value) == field.of(settings)
    except ValueError:
        is_right = False
    return line if is_right else _new_line(field, settings)


def _new_line(field: _Field, settings: Settings) -> _Line:
    value = _encoded(field, field.of(settings))
    text = f"{field.key} = {value}" if value else f"{field.key} ="
    return _Line(text, field.section, field.key, value)


def _settings(values: dict[tuple[str, ...], Any]) -> Settings:
    groups: dict[str, dict[str, Any]] = defaultdict(dict)
    own: dict[str, Any] = {}
    for path, value in values.items():
        if len(path) == 1:
            own[path[0]] = value
        else:
            groups[path[0]][path[1]] = value
    hints = get_type_hints(Settings)
    return Settings(**own, **{name: hints[name](**group) for name, group in groups.items()})


def _all_fields() -> dict[tuple[str, str], _Field]:
    """Every field of the model, by its place in the file."""
    found = []
    for name, kind in get_type_hints(Settings).items():
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            found += [
                _Field(name, f.name, _plain_type(hints[f.name]), (name, f.name))
                for f in fields(kind)
            ]
        else:
            section, key = name.split("_", 1)
            found.append(_Field(section, key, _plain_type(kind), (name,)))
    found.sort(key=lambda field: _ORDER.index(field.section))
    return {(field.section, field.key): field for field in found}


def _plain_type(hint: Any) -> Any:
    return getattr(hint, "__origin__", hint)  # tuple[str, ...] → tuple


_FIELDS = _all_fields()
