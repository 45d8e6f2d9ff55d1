"""The screens of the members: a form half filled in, a list, a correction, an import, papers."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from kollect.app.poster_trial import TagProof, TagVerdict
from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import proof_place
from kollect.members import postcodes
from kollect.members.member import Consent, Member, Sex
from kollect.members.member_fields import MemberField
from kollect.members.merge import MemberMerges
from kollect.members.repository import Members
from kollect.printing.documents import Paper
from kollect.printing.label_sheets import SHEETS
from kollect.threads.background_thread import local_now
from kollect.ui.members.candidate_dialog import CandidateDialog
from kollect.ui.members.consent_dialog import ConsentDialog
from kollect.ui.members.group_dialogs import IntoGroupDialog, OutOfGroupDialog
from kollect.ui.members.home_by_postcode import TownDialog
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.members.member_import import MemberImportScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.members.merge_dialogs import MergeDialog, MergeWithDialog
from kollect.ui.members.print_dialog import PrintChoice, PrintDialog, PrintedPaper
from kollect.ui.menu import MenuScreen
from kollect.ui.papers.posters_dialog import PostersDialog, proof_words
from kollect.ui.papers.screen import PapersScreen
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_samples import YAMADA, numbers, register
from tests.pictures.album import Album

_SURNAMES = ("佐藤　サトウ", "鈴木　スズキ", "高橋　タカハシ", "伊藤　イトウ", "渡辺　ワタナベ")
_FIRST_NAMES = ("花子　ハナコ", "次郎　ジロウ", "美咲　ミサキ", "健一　ケンイチ", "陽子　ヨウコ")
_GOOD = (
    "会員番号,氏名,ﾌﾘｶﾞﾅ,携帯,お住まい,ひとこと\n1031,山本 さくら,やまもと,09012345678,横浜市,朝\n"
    "1032,中村 健,なかむら,09023456789,川崎市,\n1033,小林 由美,こばやし,,,\n"
    "1002,鈴木 花子,すずき,,,夜\n"
)
_WRONG = (
    "受付番号,お名前,電話番号,生年月日\n1031,,123,\n1032,佐藤花子,,昭和70年1月1日\n4711,幽霊,,\n"
)


def member_form(album: Album) -> None:
    people(album.program.workspaces.current.folder.database)
    album.window.back_to(MenuScreen)
    album.program.go.members()
    screen = album.window.screen
    assert isinstance(screen, MemberFormScreen)
    album.take("member-form-empty")
    screen.number.value = "1031"
    screen._look(screen.fields.name.focus)
    album.wait(lambda: screen._found)
    fields = screen.fields
    fields.name.value = "山本　さくら"
    fields.kana.value = "ヤマモト　サクラ"
    fields.birthday.value = "S60.1.2"
    fields._say_birthday()
    fields.sex.value = Sex.FEMALE
    fields.phone.value = "045-123-4567"
    fields.postcode.value = "220-0012"
    fields.home.value = "神奈川県横浜市西区みなとみらい2-3-4"
    fields.consent.focus()
    fields.consent.choose(1)
    album.take("member-form")
    fields.phone.value = "090-1037-8947"  # somebody has it already
    fields.postcode.value = "9999999"
    fields.consent.focus()
    for where in (MemberField.PHONE, MemberField.POSTCODE):
        fields._done_with(where, by_key=True)
    album.wait(lambda: fields.phone.error)
    album.take("member-form-alike")
    fields.name.value = ""
    fields.birthday.value = "昭和70年1月1日"
    fields._say_birthday()
    fields.phone.value = "123"
    screen.save()
    album.take("member-form-wrong")
    fields.empty()
    screen.number.value = "1001"
    screen._look()
    album.wait(lambda: screen.number.error)
    album.take("member-form-registered")
    with closing(Ledger(album.program.workspaces.current.folder.database)) as ledger:
        reason = "550 Unknown user sakura@docomo.ne.jp"
        ledger._db.execute(
            "UPDATE receipt SET state = 'undeliverable', address = 'sakura@docomo.ne.jp',"
            " reason = ? WHERE number = 1031",
            (reason,),
        )
    fields.empty()
    screen.number.value = "1031"
    screen._look()
    album.wait(lambda: screen.sheet_button.winfo_manager())
    album.take("member-form-not-arrived")
    fields.empty()
    with closing(Members(album.program.workspaces.current.folder.database)) as members:
        found = members.lookup("docomo")
    dialogs = album.window.dialogs
    album.dialog(
        "member-candidates",
        lambda: dialogs.show(CandidateDialog, found, there_are_more=False),
    )
    album.dialog(
        "member-towns",
        lambda: dialogs.show(TownDialog, "452-0961", postcodes.find("4520961")),
    )


LABELS = PrintChoice(PrintedPaper.LABELS, SHEETS[0], 0, opens=True)


def member_list(album: Album) -> None:
    screen = album.window.open(MemberListScreen, album.program.workspaces, album.program.go)
    album.wait(lambda: len(screen.table.row_keys) == 30)
    album.take("member-list")
    album.dialog("member-print", lambda: album.window.dialogs.show(PrintDialog, LABELS))
    album.dialog(
        "member-print-protected",
        lambda: album.window.dialogs.show(PrintDialog, LABELS, protected=True),
    )
    screen.table.select((1, 3, 4))
    album.take("member-list-chosen")
    ask = album.window.dialogs.show
    album.dialog("member-into-group", lambda: ask(IntoGroupDialog, 3, ["常連"]))
    album.dialog("member-out-of-group", lambda: ask(OutOfGroupDialog, 3, ["常連"]))
    screen.table.show_row(0)
    screen._wanted.set("いない人")
    album.wait(lambda: not screen.table.row_keys)
    album.take("member-list-nobody")
    screen._wanted.set("")
    album.wait(lambda: len(screen.table.row_keys) == 30)
    screen.open_member(1001)
    album.wait(lambda: isinstance(album.window.screen, MemberEditScreen))
    edit = album.window.screen
    assert isinstance(edit, MemberEditScreen)
    album.wait(lambda: edit.history.table.row_keys)
    album.take("member-edit")
    edit.notebook.select(1)
    album.take("member-history")
    edit.notebook.select(2)
    album.take("member-mails")
    dialogs = album.window.dialogs
    album.dialog(
        "member-resume", lambda: dialogs.show(ConsentDialog, edit._member, date(2026, 11, 24))
    )
    album.dialog("member-withdraw", edit.withdraw)
    album.dialog("member-address", edit.change_address)
    with closing(MemberMerges(album.program.workspaces.current.folder.database)) as members:
        members.update(
            replace(
                members.get(1008), name="山田　太朗", note="卵アレルギー", groups=("パン教室",),
                home="神奈川県横浜市西区みなとみらい2-3-4 みなとみらいグランドタワー1203号室",
            ),
            NOW,
            "CSV",
        )  # fmt: skip
        plan = members.plan(1001, 1008)
        alike = "1008 山田　太朗 様（同じ電話番号）"
        album.dialog(
            "member-merge-with", lambda: dialogs.show(MergeWithDialog, edit._member, alike, "1008")
        )
        album.dialog("member-merge", lambda: dialogs.show(MergeDialog, plan, NOW))
        members.merge(1001, 1008, (), NOW, "会員一覧")
    edit._fetch()
    edit.notebook.select(1)
    album.wait(lambda: edit.history.part_button.winfo_manager())
    album.take("member-merged")
    album.window.back(confirm=False)


def member_import(album: Album) -> None:
    screen = album.window.open(MemberImportScreen, album.program.workspaces, album.program.go)
    album.take("member-import-first")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "顧客名簿.csv"
        for name, text in (("member-import", _GOOD), ("member-import-wrong", _WRONG)):
            path.write_bytes(text.encode("cp932"))
            album.window.dialogs.open_file = lambda *given: path  # type: ignore[method-assign]
            screen.choose()
            album.wait(lambda: screen._job is None)
            album.take(name)
    del album.window.dialogs.open_file
    album.window.back_to(MenuScreen)


def _posters(album: Album, screen: PapersScreen) -> None:
    """Two that are proved, one that is not."""
    workspace, now = album.program.workspaces.current, local_now()
    with workspace.posters() as posters:
        known = posters.tags()
        for tag, name in (("reji", "レジ横"), ("iriguchi", "入口の看板"), ("chirashi", "チラシ")):
            if tag not in known:
                posters.add(tag, name, now)
            if tag != "chirashi":
                posters.prove(tag, proof_place(workspace.settings()), now)

    def added(dialog: PostersDialog) -> None:
        album.wait(lambda: dialog.table.row_keys)
        dialog.name.value = "駐車場"
        dialog.told.configure(text=proof_words(TagProof(TagVerdict.ARRIVED)), style="Good.TLabel")

    album.dialog("posters", screen.open_posters, added)
    album.wait(lambda: len(screen.poster.widget.cget("values")) > 1)
    screen.poster.value = "reji"
    screen._changed()
    album.wait(lambda: not screen._drawings.busy and screen._image)
    album.take("papers-poster-of-its-own")
    screen.poster.value = "chirashi"
    screen._changed()
    album.wait(lambda: screen._image is None)
    album.take("papers-not-proved")
    screen.poster.value = ""


def papers(album: Album) -> None:
    album.program.go.papers()
    screen = album.window.screen
    assert isinstance(screen, PapersScreen)
    album.wait(lambda: screen._image and not screen._drawings.busy)
    album.take("papers-poster")
    _posters(album, screen)
    screen.paper.value = Paper.FORM
    screen._changed()
    album.wait(lambda: screen._drawn[:1] == (Paper.FORM,))
    album.take("papers-form")
    album.program.go.arrival_sheet()
    album.wait(lambda: screen._drawn[:1] == (Paper.SHEET,))
    album.take("papers-sheet")
    workspace = album.program.workspaces.current
    settings = workspace.settings()
    workspace._settings = replace(settings, shop=replace(settings.shop, name=""))
    screen._changed()
    album.take("papers-no-shop")
    workspace._settings = replace(settings, mail_address="")
    screen.paper.value = Paper.POSTER
    screen._changed()
    album.wait(lambda: screen._image is None)
    album.take("papers-no-address")
    workspace._settings = settings
    album.window.back_to(MenuScreen)


def people(database: Path) -> None:
    """Thirty members and four numbers that nobody has registered yet."""
    numbers(database, *(f"kyaku{n:02}@docomo.ne.jp" for n in range(1, 35)))
    some = [YAMADA]
    for place in range(1, 30):
        surname, kana = _SURNAMES[place % 5].split("　")
        first, first_kana = _FIRST_NAMES[place // 5 % 5].split("　")
        some.append(
            Member(
                1001 + place,
                f"{surname}　{first}",
                kana=f"{kana}　{first_kana}",
                phone=f"090-{1000 + 37 * place}-{9000 - 53 * place}",
                groups=("常連",) if place % 3 == 0 else (),
                consent=YAMADA.consent if place % 4 else Consent(),
            )
        )
    register(database, *some)
    with closing(Members(database)) as members:
        members.update(
            replace(YAMADA, phone="03-9999-0000", home="東京都港区1-2-3"), NOW, "会員一覧"
        )
        members.withdraw(1004, NOW, "会員一覧")
        members.undeliverable(1006, "宛先が見つかりません。", NOW, "メール")
        members.stop_member(1008, NOW, "メール")


SCENES = (member_form, member_list, member_import, papers)
