"""The frame: one screen at a time, keys and buttons alike, letters of three sizes, the pump."""

from __future__ import annotations

import threading
import time
import tkinter as tk
from tkinter import font, ttk

import pytest

from kollect.errors import Trouble
from kollect.settings.model import TextSize
from kollect.ui.framework.dialogs import QuestionDialog, TroubleDialog
from kollect.ui.framework.theme import SIZE_WORDS
from kollect.ui.framework.window import FunctionKey, Screen, Window
from kollect.ui.widgets.form import Form
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.table_driver import in_front
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    focus,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
    xdotool,
)


class First(Screen):
    code, heading = "KKRZZ001", "はじめ"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.digits: list[int] = []
        self.times_shown = 0
        ttk.Button(self, text="押す").pack()
        self.entry = ttk.Entry(self)
        self.entry.pack()

    def digit(self, number: int) -> None:
        self.digits.append(number)

    def on_show(self) -> None:
        self.times_shown += 1


class Second(Screen):
    code, heading = "KKRZZ002", "つぎ"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.done = 0
        self.left = False
        form = Form(self)
        form.pack(fill="both")
        self.name = form.line("名前")
        self.text = form.text("本文", lines=3)
        self.way = form.radios("方法", {"a": "はい", "b": "いいえ", "c": "どちらでも"})
        self.kind = form.choice("種類", {1: "ひとつ", 2: "ふたつ"})
        self.count = form.number("回数", (1, 9))
        self.name.value = "もと"

    def function_keys(self) -> list[FunctionKey]:
        return [FunctionKey("F12", "設定実行", self.go)]

    def go(self) -> None:
        self.done += 1

    def has_unsaved_changes(self) -> bool:
        return self.name.value != "もと"

    def on_close(self) -> None:
        self.left = True


class Bare(Screen):
    """Nothing on it wants the keys."""

    code, heading = "KKRZZ003", "なし"


def bar_button(window: Window, text: str) -> ttk.Button:
    return labelled(window.root, text)


def test_title_tells_screen_shop_and_whether_settings_are_locked(window: Window):
    window.open(First)
    window.identify("新宿01", locked=True)
    assert window.root.title() == "コレクト (KKRZZ001) id = 新宿01 (保守不可)"
    window.identify("新宿01", locked=False)
    window.open(Second)
    assert window.root.title() == "コレクト (KKRZZ002) id = 新宿01 (保守可)"


def test_a_screen_opens_on_top_and_escape_goes_back(window: Window):
    first = window.open(First)
    second = window.open(Second)
    window.root.update()
    assert second.winfo_ismapped()
    assert not first.winfo_ismapped()
    press(window.root, "Escape")
    assert window.screen is first
    assert first.winfo_ismapped()
    assert first.times_shown == 2
    assert second.left
    press(window.root, "Escape")
    assert window.screen is first, "there is nothing behind the first one"


def test_keys_press_nothing_that_is_out_of_sight(window: Window):
    pressed: list[bool] = []
    first = window.open(First)
    button = ttk.Button(first, text="送る", command=lambda: pressed.append(True))
    button.pack()
    focus(button)
    press(window.root, "space")
    assert pressed == [True]
    window.open(Bare)
    settle(window.root, lambda: not button.winfo_viewable())
    press(window.root, "space", "Return")
    assert pressed == [True]


def test_function_keys_work_by_key_and_by_click(window: Window):
    window.open(First)
    second = window.open(Second)
    press(window.root, "F12")
    assert second.done == 1
    click(bar_button(window, "F12:設定実行"))
    assert second.done == 2
    click(bar_button(window, "ESC:前画面"))
    assert isinstance(window.screen, First)


def test_going_back_asks_when_something_is_unsaved(window: Window, dialogs: Person):
    window.open(First)
    second = window.open(Second)
    type_in(second.name.widget, "new")
    dialogs.answers.append("入力を続ける")
    press(window.root, "Escape")
    assert window.screen is second
    assert second.name.value == "new"
    dialogs.answers.append("保存せずに戻る")
    press(window.root, "Escape")
    assert isinstance(window.screen, First)
    assert len(dialogs.asked) == 2


def test_digits_reach_the_screen_only_outside_of_fields(window: Window):
    first = window.open(First)
    focus(window.root)
    press(window.root, "3", "4")
    assert first.digits == [3, 4]
    focus(first.entry)
    press(window.root, "5")
    assert first.digits == [3, 4]
    assert first.entry.get() == "5"


def test_every_letter_grows_at_once(window: Window):
    window.open(First)
    sizes = {}
    told: list[TextSize] = []
    window.on_text_size = told.append
    for size in TextSize:
        click(labelled(window.root, SIZE_WORDS[size]))
        sizes[size] = [
            font.nametofont(name, window.root).actual("size")
            for name in ("TkDefaultFont", "TkTextFont", "KollectHeading", "TkFixedFont")
        ] + [int(ttk.Style(window.root).lookup("Treeview", "rowheight"))]
    normal, large, huge = (sizes[size] for size in TextSize)
    assert all(a < b < c for a, b, c in zip(normal, large, huge, strict=True))
    assert told == [TextSize.LARGE, TextSize.HUGE]
    press(window.root, "Control-minus")
    assert window.theme.size is TextSize.LARGE


def test_enter_moves_on_and_tab_follows_the_reading_order(window: Window):
    second = window.open(Second)
    second.kind.value, second.count.value, second.way.value = 1, 3, "b"
    focus(second.name.widget)
    press(window.root, "Return")
    assert window.root.focus_get() is second.text.widget
    type_in(second.text.widget, "a\nb")
    assert second.text.value == "a\nb", "in a text Enter is a line end"
    order = []
    for _ in range(5):
        press(window.root, "Tab")
        order.append(window.root.focus_get())
    assert order[0] is second.way.widget
    assert shown_text(order[0]) == "いいえ", "Tab stops at what is chosen, once"
    assert order[1] is second.kind.widget
    assert order[2] is second.count.widget
    assert shown_text(order[3]) == "ESC:前画面"
    assert shown_text(order[4]) == "F12:設定実行"
    press(window.root, "Return")
    assert second.done == 1, "Enter presses a button"
    focus(second.text.widget)
    press(window.root, "Shift-Tab")
    assert window.root.focus_get() is second.name.widget


def test_arrow_keys_choose_among_radio_buttons(window: Window):
    second = window.open(Second)
    second.way.value = "a"
    focus(second.way.widget)
    press(window.root, "Down")
    assert second.way.value == "b"
    press(window.root, "Right", "Right")
    assert second.way.value == "a"


def test_a_number_forgives_full_width_digits_and_nothing_else(window: Window):
    second = window.open(Second)
    type_in(second.count.widget, "８")
    assert second.count.value == 8
    assert second.count.fault() is None
    for wrong in ("x", "", "10", "1.5", "-1"):
        type_in(second.count.widget, wrong)
        assert second.count.fault() == "1～9の数字を入力してください。", wrong


def test_marks_stand_on_their_characters_whoever_typed_them(window: Window):
    """A Mac's clipboard gives か and ゙ one after the other; a password stays what was typed."""
    second = window.open(Second)
    second.name.widget.insert("end", "か\u3099")
    second.text.insert("は\u309a\nき\u3099")
    assert second.name.value == "もとが"
    assert second.text.value == "ぱ\nぎ"
    second.name.is_password = True
    assert second.name.value == "もとか\u3099"


def test_a_complaint_stands_under_its_field_until_it_is_edited(window: Window):
    second = window.open(Second)
    second.name.show_error("名前が長すぎます。")
    window.root.update()
    label = labelled(second, "名前が長すぎます。")
    assert label.winfo_ismapped()
    assert label.winfo_rooty() >= second.name.widget.winfo_rooty()
    assert label.winfo_rooty() < second.text.widget.winfo_rooty()
    type_in(second.name.widget, "a")
    window.root.update()
    assert not label.winfo_ismapped()


class TestEditing:
    def test_undo_and_redo_in_a_line(self, window: Window):
        second = window.open(Second)
        entry = second.name.widget
        type_in(entry, "ab")
        entry.event_generate("<<Undo>>")
        assert second.name.value == "a"
        entry.event_generate("<<Undo>>")
        entry.event_generate("<<Undo>>")
        assert second.name.value == "もと"
        for _ in range(5):
            entry.event_generate("<<Redo>>")
        assert second.name.value == "ab"

    def test_undo_in_a_text_does_not_go_behind_what_was_shown(self, window: Window):
        second = window.open(Second)
        second.text.value = "元の本文"
        type_in(second.text.widget, "x")
        for _ in range(5):
            second.text.widget.event_generate("<<Undo>>")
        assert second.text.value == "元の本文"

    @pytest.mark.parametrize("field", ["name", "text"])
    def test_the_menu_of_the_right_button_edits(self, window: Window, field: str):
        from kollect.ui.framework.editing import context_menu

        second = window.open(Second)
        widget = getattr(second, field).widget
        type_in(widget, "abc")
        menu = context_menu(widget)
        labels = [
            menu.entrycget(n, "label")
            for n in range(menu.index("end") + 1)
            if menu.type(n) == "command"
        ]
        assert labels == ["元に戻す", "やり直し", "切り取り", "コピー", "貼り付け", "すべて選択"]
        focus(widget)
        menu.invoke("すべて選択")
        menu.invoke("切り取り")
        assert getattr(second, field).value == ""
        menu.invoke("貼り付け")
        menu.invoke("貼り付け")
        assert getattr(second, field).value == "abcabc"
        menu.invoke("すべて選択")
        menu.invoke("貼り付け")
        assert getattr(second, field).value == "abc", "what is selected is replaced"

    def test_a_paste_of_lines_into_a_line_stays_one_line(self, window: Window):
        second = window.open(Second)
        window.root.clipboard_clear()
        window.root.clipboard_append("pop.example.jp\r\n")
        type_in(second.name.widget, "")
        second.name.widget.event_generate("<<Paste>>")
        assert second.name.value == "pop.example.jp"

    def test_an_edit_is_told_and_a_value_set_by_the_program_is_not(self, window: Window):
        second = window.open(Second)
        told: list[str] = []
        for name in ("name", "text", "way", "kind", "count"):
            getattr(second, name).on_edit(lambda name=name: told.append(name))
        second.name.value, second.text.value, second.way.value = "x", "y", "c"
        second.kind.value, second.count.value = 2, 4
        window.root.update()
        assert told == []
        type_in(second.name.widget, "z")
        type_in(second.text.widget, "z")
        click(labelled(second, "はい"))
        assert [name for name in ("name", "text", "way") if name in told] == ["name", "text", "way"]


class TestPumpAndJobs:
    def test_calls_of_other_threads_are_made_in_ours_and_in_order(self, window: Window):
        calls: list[tuple[int, int]] = []
        thread = threading.Thread(
            target=lambda: [
                window.tk_calls.call(lambda n=n: calls.append((n, threading.get_ident())))
                for n in range(500)
            ]
        )
        thread.start()
        settle(window.root, lambda: len(calls) == 500)
        assert [n for n, _ in calls] == list(range(500))
        assert {ident for _, ident in calls} == {threading.get_ident()}

    @pytest.mark.expects_errors
    def test_one_failing_call_does_not_silence_the_rest(self, window: Window, dialogs: Person):
        calls: list[int] = []
        window.tk_calls.call(lambda: 1 / 0)
        window.tk_calls.call(calls.append, 1)
        settle(window.root, lambda: calls)
        assert "ZeroDivisionError" in dialogs.troubles[0].detail

    def test_however_much_there_is_to_tell_the_window_gets_its_turn(self, window: Window):
        told: list[int] = []

        def tell(n: int) -> None:
            time.sleep(0.03)
            told.append(n)

        def work() -> None:
            for n in range(100):
                window.tk_calls.call(tell, n)
            settle(window.root, lambda: len(told) == 100)

        assert Heartbeat(window.root).during(work) < LONGEST_SILENCE
        assert told == list(range(100))

    def test_work_does_not_freeze_the_window(self, window: Window):
        first = window.open(First)
        results: list[str] = []

        def work() -> None:
            window.jobs.run(lambda job: time.sleep(2.5) or "fertig", results.append, owner=first)
            settle(window.root, lambda: results)

        assert Heartbeat(window.root).during(work) < LONGEST_SILENCE
        assert results == ["fertig"]

    def test_a_trouble_is_shown(self, window: Window, dialogs: Person):
        first = window.open(First)

        def fail(job: object) -> None:
            raise Trouble("だめでした", happened="理由", cure="もう一度")

        window.jobs.run(fail, lambda result: None, owner=first)
        settle(window.root, lambda: dialogs.troubles)
        assert dialogs.troubles[0].title == "だめでした"

    @pytest.mark.expects_errors
    def test_a_fault_of_ours_is_logged_and_told_in_words(self, window: Window, dialogs: Person):
        first = window.open(First)
        window.jobs.run(lambda job: 1 / 0, lambda result: None, owner=first)
        settle(window.root, lambda: dialogs.troubles)
        assert "予期しない誤り" in dialogs.troubles[0].happened
        assert "ZeroDivisionError" in dialogs.troubles[0].detail

    def test_the_result_for_a_closed_screen_is_dropped_and_a_job_can_be_stopped(
        self, window: Window
    ):
        window.open(First)
        second = window.open(Second)
        ended = threading.Event()
        results: list[object] = []

        def work(job: object) -> str:
            while not job.stopping():  # type: ignore[attr-defined]
                time.sleep(0.01)
            ended.set()
            return "too late"

        job = window.jobs.run(work, results.append, owner=second)
        window.back()
        job.stop()
        assert ended.wait(30)
        settle(window.root, lambda: time.sleep(0.2) is None)
        assert results == []


@pytest.mark.expects_errors
def test_a_failing_button_is_told_and_logged(
    window: Window, dialogs: Person, caplog: pytest.LogCaptureFixture
):
    first = window.open(First)
    labelled(first, "押す").configure(command=lambda: 1 / 0)
    click(labelled(first, "押す"))
    assert "ZeroDivisionError" in dialogs.troubles[0].detail
    assert "予期しない誤り" in caplog.text


class TestDialogs:
    TROUBLE = Trouble(
        "受信サーバにログインできません",
        happened="パスワードが違うと言われました。",
        cure="「メールの設定」のパスワードを確かめてください。",
        detail="-ERR [AUTH] bad",
    )

    def test_a_question_is_answered_by_button_by_enter_and_by_escape(self, window: Window):
        window.root.update()
        for act, expected in (
            (lambda d: click(labelled(d, "はい")), "はい"),
            (lambda d: press(d, "Return"), "はい"),
            (lambda d: press(d, "Escape"), "いいえ"),
            (lambda d: click(labelled(d, "いいえ")), "いいえ"),
        ):
            dialog = QuestionDialog(window.root, "質問", "よろしいですか？", ("いいえ", "はい"))
            dialog.after(100, act, dialog)
            assert dialog.run() == expected

    def test_a_trouble_says_what_why_and_what_to_do_and_hides_the_rest(self, window: Window):
        window.root.update()
        seen: list[list[str]] = []

        def look(dialog: TroubleDialog) -> None:
            seen.append([shown_text(w) for w in all_inside(dialog)])
            assert not [w for w in all_inside(dialog) if isinstance(w, tk.Text)]
            click(labelled(dialog, "詳細"))
            (text,) = [w for w in all_inside(dialog) if isinstance(w, tk.Text)]
            assert "-ERR [AUTH] bad" in text.get("1.0", "end")
            click(labelled(dialog, "コピー"))
            assert "-ERR [AUTH] bad" in dialog.clipboard_get()
            click(labelled(dialog, "閉じる"))

        dialog = TroubleDialog(window.root, self.TROUBLE)
        dialog.after(100, look, dialog)
        dialog.run()
        for text in ("何が起きたか", self.TROUBLE.happened, "どうすればよいか", self.TROUBLE.cure):
            assert text in seen[0]
        assert not any("-ERR" in text for text in seen[0])

    @pytest.mark.parametrize("above", [False, True])
    def test_keys_stay_in_it_when_a_screen_behind_takes_the_focus(
        self, window: Window, above: bool
    ):
        """Whether what is behind is the window or another dialog."""
        screen = window.open(First)
        screen.entry.focus_force()
        window.root.update()
        behind: tk.Misc = labelled(screen, "押す")

        def open_second(first: QuestionDialog) -> None:
            nonlocal behind
            behind = labelled(first, "はい")
            second = QuestionDialog(first, "内", "内", ("いいえ", "はい"))
            second.after(100, act, second)
            answers.append(second.run())
            first.finish("いいえ")

        def act(dialog: QuestionDialog) -> None:
            yes, taken = labelled(dialog, "はい"), []
            settle(dialog, lambda: dialog.focus_get() is yes)
            behind.bind("<FocusIn>", taken.append, add="+")
            behind.focus_set()
            settle(dialog, lambda: taken and dialog.focus_get() is yes)
            xdotool("key", "Return")

        answers: list[str] = []
        dialog = QuestionDialog(window.root, "質問", "よろしいですか？", ("いいえ", "はい"))
        dialog.after(100, open_second if above else act, dialog)
        answers.append(dialog.run())
        window.root.update()
        assert answers == (["はい", "いいえ"] if above else ["はい"])
        assert above or window.root.focus_get() is behind, "it wanted it, and has it now"

    def test_a_dialog_opens_over_another_one(self, window: Window):
        window.root.update()
        outer = QuestionDialog(window.root, "外", "外", ("いいえ", "はい"))
        answers: list[str] = []

        def open_inner() -> None:
            inner = QuestionDialog(window.dialogs.parent(), "内", "内", ("いいえ", "はい"))
            inner.after(100, say_yes, inner)
            answers.append(inner.run())
            outer.after(100, say_yes, outer)

        def say_yes(dialog: QuestionDialog) -> None:
            in_front(dialog)
            press(dialog, "Return")

        outer.after(100, open_inner)
        answers.append(outer.run())
        assert answers == ["はい", "はい"]
