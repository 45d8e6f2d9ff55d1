"""Every field of the form has its place everywhere: a new one that was forgotten somewhere."""

from __future__ import annotations

import csv
import inspect
import io
from contextlib import closing
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from kollect.members import csv_columns, csv_export, csv_table, member_rows
from kollect.members.csv_columns import CsvColumn
from kollect.members.member import Member
from kollect.members.member_fields import MemberField, MemberFormInput, as_form_input, read_form
from kollect.members.repository import Members
from kollect.storage import integrity
from kollect.ui.members import member_form_fields
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_csv import take_in
from tests.helpers.member_samples import numbers

FILLED = MemberFormInput(
    number="1001",
    name="山田　太郎",
    kana="ヤマダ　タロウ",
    birthday="1985/01/02",
    sex="男性",
    phone="090-1234-5678",
    postcode="100-0001",
    home="東京都千代田区千代田1-1",
    groups="常連、週末",
    note="犬がいる",
    consent="承諾する",
    consent_on="2026/01/02",
    consent_how="会員登録用紙",
)
TODAY = date(2026, 11, 28)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "kollect.db"
    numbers(path, "taro@docomo.ne.jp")
    return path


def test_each_is_in_the_form_and_in_this_test():
    assert [one.name for one in fields(MemberFormInput)] == [
        one.name.lower() for one in MemberField
    ]
    assert all(getattr(FILLED, one.name.lower()) for one in MemberField), "fill in the new one too"


@pytest.mark.parametrize("field", MemberField)
def test_each_is_read_and_shown_again(field: MemberField):
    name = field.name.lower()
    assert getattr(as_form_input(read_form(FILLED, TODAY)), name) == getattr(FILLED, name)


@pytest.mark.parametrize("field", MemberField)
def test_each_is_kept_in_kollect_db(database: Path, field: MemberField):
    member = read_form(FILLED, TODAY)
    with closing(Members(database)) as members:
        members.register(member, NOW)
        kept = as_form_input(members.get(1001) or Member(0, ""))
    assert getattr(kept, field.name.lower()) == getattr(FILLED, field.name.lower())


def test_the_columns_that_the_form_fills_are_checked_at_the_start():
    source = inspect.getsource(integrity)
    assert [name for name in member_rows.WRITTEN if f'"{name}"' not in source] == []


@pytest.mark.parametrize("field", MemberField)
def test_each_goes_out_as_csv_and_comes_in_again(database: Path, field: MemberField):
    name = field.name.lower()
    with closing(Members(database)) as members:
        members.register(read_form(FILLED, TODAY), NOW)
        octets = csv_export.members_csv([members.get(1001) or Member(0, "")])
        (row,) = csv.DictReader(io.StringIO(octets.decode("utf-8-sig")))
        assert row[CsvColumn(field.value)]
        members.update(Member(1001, "佐藤"), NOW, "試験")
        take_in(csv_table.read(octets), members, NOW)
        again = as_form_input(members.get(1001) or Member(0, ""))
    assert getattr(again, name) == getattr(FILLED, name)


@pytest.mark.parametrize("field", MemberField)
def test_a_file_of_others_may_name_each(field: MemberField):
    assert csv_columns.match([field.value]) == (CsvColumn(field.value),)


@pytest.mark.parametrize("field", [one for one in MemberField if one is not MemberField.NUMBER])
def test_each_has_its_row_on_screen(field: MemberField):
    source = inspect.getsource(member_form_fields.MemberFormFields)
    assert f"MemberField.{field.name}:" in source
