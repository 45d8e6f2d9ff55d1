"""「文例」: taken by keyboard, saved, renamed, deleted; nothing that was typed is lost by it."""

from __future__ import annotations

from contextlib import closing
from tkinter import ttk

import pytest

from kollect.mailing.builtin_texts import BUILTIN_TEXTS
from kollect.mailing.text_library import TextLibrary
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.standing_edit import StandingEditScreen
from kollect.ui.mailing.standing_list import StandingListScreen
from kollect.ui.mailing.text_dialog import TextNameDialog, TextsDialog
from kollect.ui.main import Program
from tests.helpers.ledger_samples import NOW
from tests.helpers.mailing_driver import front, list_of
from tests.helpers.mailing_driver import texts as shown_texts
from tests.helpers.ui_driver import Person, click, labelled, press, settle, type_in
from tests.screens.mailing.test_schedule_screens import standing_list

SALE = next(one for one in BUILTIN_TEXTS if one.name == "セールのご案内")


@pytest.fixture
def screen(place: Program) -> MailingComposeScreen:
    press(list_of(place), "F9")
    return front(place, MailingComposeScreen)


def names(dialog: TextsDialog) -> list[str]:
    return [dialog.tree.set(item, "文例") for item in dialog.tree.get_children()]


def ready(dialog: TextsDialog) -> None:
    """The shop's own are read."""
    settle(dialog, lambda: not dialog.is_working)


def choose(dialog: TextsDialog, name: str) -> None:
    ready(dialog)
    item = next(
        item for item in dialog.tree.get_children() if dialog.tree.set(item, "文例") == name
    )
    dialog.tree.selection_set(item)
    dialog.tree.focus(item)
    dialog.update()


def own(place: Program) -> list[tuple[str, str, str]]:
    with closing(TextLibrary(place.workspaces.real.folder.database)) as texts:
        return [(one.name, one.subject, one.body) for one in texts.all()]


def written(screen: MailingComposeScreen) -> tuple[str, str]:
    return screen.subject.value, screen.body.value


def is_usable(button: ttk.Button) -> bool:
    return str(button.cget("state")) == "normal"


def test_one_is_chosen_by_arrow_and_enter(screen: MailingComposeScreen, dialogs: Person):
    def by_keyboard(dialog: TextsDialog) -> None:
        ready(dialog)
        settle(dialog, lambda: dialog.focus_get() is dialog.tree)
        first, second = BUILTIN_TEXTS[:2]
        assert first.subject in dialog.preview.text
        press(dialog, "Down")
        settle(dialog, lambda: second.subject in dialog.preview.text)
        press(dialog, "Return")

    dialogs.answers.append(by_keyboard)
    click(labelled(screen, "文例"))
    assert written(screen) == (SALE.subject, SALE.body)
    assert screen.preview.mail.text.count("セール") > 1
    settle(screen, lambda: screen.focus_get() is screen.body.widget)
    assert screen.has_unsaved_changes()


def test_escape_leaves_everything_as_it_is(screen: MailingComposeScreen, dialogs: Person):
    type_in(screen.subject.widget, "書きかけ")
    dialogs.answers.append(lambda dialog: press(dialog, "Escape"))
    click(labelled(screen, "文例"))
    assert written(screen) == ("書きかけ", "")


def test_what_is_typed_is_given_up_only_on_a_yes_and_comes_back(
    screen: MailingComposeScreen, dialogs: Person
):
    type_in(screen.subject.widget, "書きかけの見出")
    type_in(screen.body.widget, "書きかけの\n本文")

    def take(dialog: TextsDialog) -> None:
        choose(dialog, SALE.name)
        press(dialog, "Return")

    dialogs.answers += [take, "やめる"]
    click(labelled(screen, "文例"))
    assert written(screen) == ("書きかけの見出", "書きかけの\n本文")
    dialogs.answers += [take, "入れかえる"]
    click(labelled(screen, "文例"))
    assert written(screen) == (SALE.subject, SALE.body)
    click(labelled(screen, "前の文章に戻す"))
    assert written(screen) == ("書きかけの見出", "書きかけの\n本文")
    click(labelled(screen, "前の文章に戻す"))
    assert written(screen) == (SALE.subject, SALE.body)


def test_undo_brings_the_former_text_back_in_each_field(
    screen: MailingComposeScreen, dialogs: Person
):
    type_in(screen.subject.widget, "書きかけの見出")
    type_in(screen.body.widget, "書きかけの本文")

    def take(dialog: TextsDialog) -> None:
        choose(dialog, SALE.name)
        press(dialog, "Return")

    dialogs.answers += [take, "入れかえる"]
    click(labelled(screen, "文例"))
    for field, former in (
        (screen.subject, "書きかけの見出"),
        (screen.body, "書きかけの本文"),
    ):
        field.focus()
        screen.update()
        field.widget.event_generate("<<Undo>>")
        assert field.value == former
    screen.body.widget.event_generate("<<Redo>>")
    assert screen.body.value == SALE.body


def test_the_text_at_hand_is_saved_renamed_used_and_deleted(
    place: Program, screen: MailingComposeScreen, dialogs: Person
):
    type_in(screen.subject.widget, "【★店名★】秋のセール")
    type_in(screen.body.widget, "★名前★ 様\n秋です。")

    def name_it(dialog: TextNameDialog) -> None:
        assert dialog.name.value == "秋のセール", "the subject is proposed"
        type_in(dialog.name.widget, "セールのご案内")
        press(dialog, "Return")
        assert "はじめからある文例" in dialog.name.error
        type_in(dialog.name.widget, "秋")
        press(dialog, "Return")

    def keep(dialog: TextsDialog) -> None:
        ready(dialog)
        assert not is_usable(dialog.rename_button), "one of the program's own"
        assert not is_usable(dialog.delete_button)
        dialogs.answers.append(name_it)
        click(dialog.save_button)
        settle(dialog, lambda: names(dialog)[0] == "秋")
        assert dialog.chosen is not None and dialog.chosen.name == "秋"
        assert is_usable(dialog.rename_button)

        def rename(name: TextNameDialog) -> None:
            type_in(name.name.widget, " 秋の\u3000大セール ")
            press(name, "Return")

        dialogs.answers.append(rename)
        click(dialog.rename_button)
        settle(dialog, lambda: names(dialog)[0] == "秋の 大セール")
        press(dialog, "Escape")

    dialogs.answers.append(keep)
    click(labelled(screen, "文例"))
    assert own(place) == [("秋の 大セール", "【★店名★】秋のセール", "★名前★ 様\n秋です。")]
    screen.subject.value = screen.body.value = ""

    def use(dialog: TextsDialog) -> None:
        choose(dialog, "秋の 大セール")
        assert not is_usable(dialog.save_button), "there is nothing written"
        press(dialog, "Return")

    dialogs.answers.append(use)
    click(labelled(screen, "文例"))
    assert written(screen) == ("【★店名★】秋のセール", "★名前★ 様\n秋です。")

    def delete(dialog: TextsDialog) -> None:
        choose(dialog, "秋の 大セール")
        dialogs.answers.append("やめる")
        click(dialog.delete_button)
        assert len(own(place)) == 1, "nothing was said yes to"
        dialogs.answers.append("削除する")
        dialog.tree.focus_set()
        press(dialog, "Delete")
        settle(dialog, lambda: names(dialog) == [one.name for one in BUILTIN_TEXTS])
        press(dialog, "Escape")

    dialogs.answers.append(delete)
    click(labelled(screen, "文例"))
    assert own(place) == []
    assert written(screen) == ("【★店名★】秋のセール", "★名前★ 様\n秋です。")


def test_one_of_the_same_name_is_overwritten_only_on_a_yes(
    place: Program, screen: MailingComposeScreen, dialogs: Person
):
    with closing(TextLibrary(place.workspaces.real.folder.database)) as texts:
        texts.save("秋", "古い見出", "古い本文", NOW)
    type_in(screen.subject.widget, "新しい見出")

    def as_autumn(dialog: TextNameDialog) -> None:
        type_in(dialog.name.widget, "秋")
        press(dialog, "Return")

    def keep(dialog: TextsDialog) -> None:
        ready(dialog)
        for answer in ("やめる", "上書きする"):
            dialogs.answers += [as_autumn, answer]
            click(dialog.save_button)
            settle(dialog, lambda: not dialogs.answers)
            ready(dialog)
            assert (own(place)[0][1] == "新しい見出") is (answer == "上書きする")
        settle(dialog, lambda: "新しい見出" in dialog.preview.text)
        press(dialog, "Escape")

    dialogs.answers.append(keep)
    click(labelled(screen, "文例"))
    assert own(place) == [("秋", "新しい見出", "")]


def test_gaps_are_told_in_the_check_and_asked_about_before_the_recipients(
    place: Program, screen: MailingComposeScreen, dialogs: Person, few: list[int]
):
    def take(dialog: TextsDialog) -> None:
        choose(dialog, SALE.name)
        press(dialog, "Return")

    dialogs.answers.append(take)
    click(labelled(screen, "文例"))
    settle(screen, lambda: "直したいところ" in screen.check.text)
    assert any("「○月○日（○）」" in one.what for one in screen.check.remarks)
    dialogs.answers.append("文章を直す")
    press(screen, "F12")
    title, text = dialogs.asked[-1]
    assert title == "うめていないところがあります"
    assert "「○月○日（○）」、「○時」、「○○」など" in text
    assert place.window.screen is screen
    dialogs.answers.append("このまま進む")
    press(screen, "F12")
    front(place, MailingRecipientsScreen)


def test_a_text_without_gaps_goes_on_without_a_question(
    place: Program, screen: MailingComposeScreen, dialogs: Person, few: list[int]
):
    type_in(screen.subject.widget, "お知らせ")
    type_in(screen.body.widget, "12月30日（水）まで。土曜 ○　日曜 ×")
    press(screen, "F12")
    front(place, MailingRecipientsScreen)
    assert not dialogs.asked


def test_what_sends_itself_begins_with_a_text_too_and_is_asked_about_its_gaps(
    place: Program, dialogs: Person, few: list[int]
):
    listed = standing_list(place)
    settle(listed, lambda: "まだありません" in shown_texts(listed))
    click(listed.birthday_button)
    edit = front(place, StandingEditScreen)

    def take(dialog: TextsDialog) -> None:
        choose(dialog, "お誕生日")
        press(dialog, "Return")

    dialogs.answers.append(take)
    click(labelled(edit, "文例"))
    assert "お誕生日" in edit.subject.value
    dialogs.answers.append("文章を直す")
    press(edit, "F12")
    assert dialogs.asked[-1][0] == "うめていないところがあります"
    assert place.window.screen is edit
    edit.body.value = edit.body.value.replace("○○", "焼き菓子")
    dialogs.answers.append("まだ送らない")
    press(edit, "F12")
    front(place, StandingListScreen)
