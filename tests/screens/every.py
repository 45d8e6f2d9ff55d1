"""Every screen and every dialog of the program, each as it comes up in a shop with some data.

A test of something that holds for all of them goes through these; one that is missing here is told
by `test_leaves_nothing.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import kollect.ui
from kollect.errors import Trouble
from kollect.ledger.kept_query import KeptMail
from kollect.mail.body import MailBody
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailing, StandingMailings
from kollect.members.member import Member
from kollect.members.member_filter import EVERYBODY
from kollect.members.member_reader import Candidate, FormerAddress
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergePlan
from kollect.members.postcodes import PostalAddress
from kollect.members.repository import Members
from kollect.settings.model import Passwords, Receive, Send, Settings, Shop
from kollect.storage.backup import DataLoss
from kollect.threads.background_thread import local_now
from kollect.ui.code_dialog import CodeDialog, why_asked
from kollect.ui.collecting.screen import CollectingScreen
from kollect.ui.damage_dialog import DamageDialog
from kollect.ui.demo.demo_dialog import DemoDialog
from kollect.ui.framework.dialogs import Dialog, QuestionDialog, TroubleDialog
from kollect.ui.framework.window import Screen
from kollect.ui.log.screen import LogScreen
from kollect.ui.mailing.due_fields import ReservationDialog
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_dialogs import LetterDialog, PeopleDialog, SampleDialog
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.standing_edit import StandingEditScreen
from kollect.ui.mailing.standing_list import StandingListScreen
from kollect.ui.mailing.standing_results import StandingResultsScreen
from kollect.ui.mailing.text_dialog import TextNameDialog, TextsDialog
from kollect.ui.main import Program
from kollect.ui.manual.manual_dialog import ManualDialog
from kollect.ui.members.address_change_flow import AddressDialog
from kollect.ui.members.candidate_dialog import CandidateDialog
from kollect.ui.members.consent_dialog import ConsentDialog
from kollect.ui.members.group_dialogs import IntoGroupDialog, OutOfGroupDialog
from kollect.ui.members.home_by_postcode import TownDialog
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.members.member_import import MemberImportScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.members.merge_dialogs import MergeDialog, MergeWithDialog
from kollect.ui.members.print_dialog import PrintDialog
from kollect.ui.menu import FirstStartDialog, MenuScreen
from kollect.ui.opening_dialog import OpeningDialog
from kollect.ui.own_phone_dialog import OwnPhoneDialog
from kollect.ui.papers.posters_dialog import PostersDialog
from kollect.ui.papers.screen import PapersScreen
from kollect.ui.results.kept_dialogs import MailDialog, NumberDialog
from kollect.ui.results.results_print_dialog import ResultsPaper, ResultsPrintDialog
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.settings.backups_dialog import BackupsDialog
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.duplicate_page import DuplicatePage
from kollect.ui.settings.explanation import ExplanationDialog
from kollect.ui.settings.find_servers_dialog import FindServersDialog
from kollect.ui.settings.forget_pc_dialog import ForgetCodeDialog
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.password_dialog import PasswordDialog
from kollect.ui.settings.pin_dialogs import AskPinDialog, NewPinDialog
from kollect.ui.settings.protection_dialogs import (
    BEGINNING,
    MeaningDialog,
    SheetDialog,
    TurnOffDialog,
)
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.settings.templates import TemplateDialog
from kollect.ui.settings.trial_dialog import TrialDialog
from tests.helpers.bar_driver import can_press_key
from tests.helpers.member_samples import YAMADA, numbers, register
from tests.helpers.protected_shop import CODE
from tests.helpers.receipt_samples import fill_kept, fill_log
from tests.helpers.ui_driver import settle, settle_jobs

SHOP = Settings(
    shop=Shop("S0123", "フレッシュ髙田 駅前店", "東京都新宿区西新宿1-2-3", "03-1234-5678"),
    mail_address="karamail@ocn.ne.jp",
    receive=Receive(host="pop.ocn.ne.jp", account="karamail@ocn.ne.jp"),
    send=Send(host="smtp.ocn.ne.jp", port=587, account="karamail@ocn.ne.jp"),
    forward_address="tencho@example.com",
)
TROUBLE = Trouble(
    "受信サーバに接続できません",
    happened="「pop.ocn.ne.jp」からの応答がありません。",
    cure="しばらくすると、もう一度試します。",
    detail="timed out",
)


def fill(program: Program) -> None:
    """Settings, some numbers, two members, kept mails, a log, a draft and a mailing."""
    program.workspaces.real.save(SHOP, Passwords("one", "two"))
    folder, now = program.workspaces.real.folder, datetime.now().astimezone().replace(microsecond=0)
    numbers(folder.database, *(f"kyaku.{n}@docomo.ne.jp" for n in range(40)))
    register(folder.database, YAMADA, replace(YAMADA, number=1002, name="佐藤　花子"))
    fill_kept(folder, now)
    fill_log(folder, now.date(), lines=100)
    with closing(Outbox(folder.database)) as outbox:
        for subject in ("セールのご案内", "入荷のお知らせ"):
            identity = outbox.save(subject, "★名前★ 様\nお待ちしております。", RateLimit(), now)
        outbox.start(
            identity,
            EVERYBODY,
            now,
            shop=SHOP.shop,
            mail_address=SHOP.mail_address,
            letter_domain="ocn.ne.jp",
        )
        outbox.pause(identity)
        kind = StandingKind.BIRTHDAY
        StandingMailings(outbox).add(kind, 7, "お誕生日おめでとうございます", "★名前★ 様\n", now)


Open = Callable[[Program], Screen]


def _settings(tab: type[SettingsPage]) -> Open:
    def go(program: Program) -> Screen:
        screen = program.window.open(SettingsScreen, program.workspaces, program.go, tab)
        settle(screen, lambda: screen.locked or can_press_key(screen.window))
        return screen

    return go


def _plain(kind: type[Screen], *more: Any) -> Open:
    return lambda program: program.window.open(kind, program.workspaces, program.go, *more)


def _results(tab: int) -> Open:
    def go(program: Program) -> Screen:
        screen = program.window.open(ResultsScreen, program.workspaces, program.go)
        screen.notebook.select(tab)
        settle_jobs(screen)
        return screen

    return go


SCREENS: dict[str, tuple[type[Screen], Open]] = {
    "制御情報": (SettingsScreen, _settings(ControlPage)),
    "2重登録時の処理": (SettingsScreen, _settings(DuplicatePage)),
    "メールの設定": (SettingsScreen, _settings(MailPage)),
    "メールの設定のテスト": (SettingsScreen, _settings(MailTestPage)),
    "ID": (SettingsScreen, _settings(IdPage)),
    "メール収集": (CollectingScreen, _plain(CollectingScreen)),
    "収集結果": (ResultsScreen, _results(0)),
    "対象外・保留": (ResultsScreen, _results(1)),
    "グラフ": (ResultsScreen, _results(2)),
    "ログの表示": (LogScreen, _plain(LogScreen)),
    "会員登録": (MemberFormScreen, _plain(MemberFormScreen)),
    "会員一覧": (MemberListScreen, _plain(MemberListScreen)),
    "会員の修正": (
        MemberEditScreen,
        lambda program: program.window.open(
            MemberEditScreen, program.workspaces, program.go, member(program)
        ),
    ),
    "CSVから取り込み": (MemberImportScreen, _plain(MemberImportScreen)),
    "店頭ポスター・登録用紙": (PapersScreen, _plain(PapersScreen)),
    "メール発信": (MailingListScreen, _plain(MailingListScreen)),
    "文章を書く": (MailingComposeScreen, _plain(MailingComposeScreen)),
    "送る相手を選ぶ": (MailingRecipientsScreen, _plain(MailingRecipientsScreen, 1)),
    "発信のようす": (MailingProgressScreen, _plain(MailingProgressScreen, 2)),
    "自動で送るメール": (StandingListScreen, _plain(StandingListScreen)),
    "自動で送るメールの文章": (
        StandingEditScreen,
        lambda program: program.window.open(
            StandingEditScreen,
            program.workspaces,
            program.go,
            StandingKind.BIRTHDAY,
            standing(program),
        ),
    ),
    "自動で送ったもの": (
        StandingResultsScreen,
        lambda program: program.window.open(
            StandingResultsScreen, program.workspaces, program.go, standing(program)
        ),
    ),
}
"""Each opens a screen above the menu, however often."""

NOT_OPENED = {MenuScreen}
"""It is there from the beginning to the end."""


def standing(program: Program) -> StandingMailing:
    with program.workspaces.real.standing_mailings() as found:
        return found.all()[0]


def member(program: Program, number: int = 1001) -> Member:
    with closing(Members(program.workspaces.real.folder.database)) as members:
        found = members.get(number)
    assert found is not None
    return found


def _candidates(program: Program) -> list[Candidate]:
    with closing(Members(program.workspaces.real.folder.database)) as members:
        return members.lookup("docomo")


def _merge_plan(program: Program) -> MergePlan:
    with closing(MemberMerges(program.workspaces.real.folder.database)) as members:
        return members.plan(1001, 1002)


def _kept(program: Program) -> KeptMail:
    records = program.workspaces.current.results()
    found = records.find_kept("", at=None, rows=1)
    return next(iter(found.rows.values()))


def _loss(program: Program) -> DataLoss:
    backup = program.workspaces.real.folder.backup_dir / "kollect.db"
    return DataLoss(backup, date(2026, 11, 23), 1037, 1040, 1041)


DIALOGS: dict[str, tuple[type[Dialog[Any]], Callable[[Program], tuple[tuple[Any, ...], dict]]]] = {
    "FirstStartDialog": (FirstStartDialog, lambda program: ((), {})),
    "OwnPhoneDialog": (
        OwnPhoneDialog,
        lambda program: (
            ("karamail@ocn.ne.jp", lambda: program.go.tray.status, program.go.tray.watch),
            {},
        ),
    ),
    "TemplateDialog": (TemplateDialog, lambda program: ((), {})),
    "FindServersDialog": (
        FindServersDialog,
        lambda program: (
            (
                program.window.jobs,
                program.window.dialogs,
                program.workspaces.current,
                Settings(),
                "",
            ),
            {},
        ),
    ),
    "ExplanationDialog": (ExplanationDialog, lambda program: ((), {})),
    "DemoDialog": (DemoDialog, lambda program: ((), {"in_demo": False})),
    "NewPinDialog": (NewPinDialog, lambda program: ((), {})),
    "AskPinDialog": (AskPinDialog, lambda program: ((lambda typed: True, Path("kollect.ini")), {})),
    "CodeDialog": (
        CodeDialog,
        lambda program: (
            (program.window.jobs, lambda typed, watch: None),
            {"why": why_asked(is_kept=False)},
        ),
    ),
    "ForgetCodeDialog": (ForgetCodeDialog, lambda program: ((CODE,), {})),
    "PasswordDialog": (
        PasswordDialog,
        lambda program: ((SHOP, Passwords(), ("receive", "send")), {"is_kept": False}),
    ),
    "TroubleDialog": (TroubleDialog, lambda program: ((TROUBLE,), {})),
    "QuestionDialog": (
        QuestionDialog,
        lambda program: (("削除", "削除しますか？", ("いいえ", "はい")), {}),
    ),
    "CandidateDialog": (
        CandidateDialog,
        lambda program: ((_candidates(program),), {"there_are_more": False}),
    ),
    "TownDialog": (
        TownDialog,
        lambda program: (("100-0001", [PostalAddress("東京都", "千代田区", "千代田")] * 12), {}),
    ),
    "AddressDialog": (
        AddressDialog,
        lambda program: (
            (member(program), [FormerAddress("old@docomo.ne.jp", local_now(), 1009)]),
            {},
        ),
    ),
    "MergeWithDialog": (
        MergeWithDialog,
        lambda program: ((member(program), "1002 佐藤　花子 様（同じ電話番号）", "1002"), {}),
    ),
    "MergeDialog": (MergeDialog, lambda program: ((_merge_plan(program), local_now()), {})),
    "IntoGroupDialog": (IntoGroupDialog, lambda program: ((12_345, ["常連", "朝市"]), {})),
    "OutOfGroupDialog": (OutOfGroupDialog, lambda program: ((12_345, ["常連", "朝市"]), {})),
    "ConsentDialog": (ConsentDialog, lambda program: ((member(program), date(2026, 11, 27)), {})),
    "PrintDialog": (PrintDialog, lambda program: ((), {})),
    "ResultsPrintDialog": (
        ResultsPrintDialog,
        lambda program: (
            (12_345, [date(2026, 11, 1), date(2026, 10, 1)], ResultsPaper.MONTH),
            {},
        ),
    ),
    "PostersDialog": (
        PostersDialog,
        lambda program: (
            (program.workspaces.current, program.window.jobs, program.window.dialogs),
            {},
        ),
    ),
    "DamageDialog": (
        DamageDialog,
        lambda program: (
            (program.window.jobs, _loss(program)),
            {"there": True, "go_back": lambda: None},
        ),
    ),
    "MailDialog": (
        MailDialog,
        lambda program: (
            (_kept(program), MailBody("a@b.example", "件名", "", "本文", ("card.jpg",), True)),
            {},
        ),
    ),
    "NumberDialog": (NumberDialog, lambda program: ((_kept(program),), {})),
    "SampleDialog": (SampleDialog, lambda program: (("tencho@example.com",), {})),
    "PeopleDialog": (
        PeopleDialog,
        lambda program: (
            ("送る会員", "このメールを送る会員です。", [1001, 1002]),
            {
                "members": program.workspaces.current.members,
                "jobs": program.window.jobs,
                "shown": str,
            },
        ),
    ),
    "BackupsDialog": (
        BackupsDialog,
        lambda program: (
            (
                program.workspaces.real.folder,
                program.window.jobs,
                program.window.dialogs,
                lambda cost: None,
            ),
            {},
        ),
    ),
    "MeaningDialog": (
        MeaningDialog,
        lambda program: ((lambda: None,), {"is_kept": False, "has_members": True}),
    ),
    "SheetDialog": (
        SheetDialog,
        lambda program: (
            (
                BEGINNING,
                program.workspaces.current,
                program.window.jobs,
                program.window.dialogs,
                lambda code, progress: True,
                lambda: False,
            ),
            {},
        ),
    ),
    "TurnOffDialog": (
        TurnOffDialog,
        lambda program: (
            (
                program.window.jobs,
                program.window.dialogs,
                lambda progress: True,
                lambda: False,
            ),
            {},
        ),
    ),
    "ManualDialog": (ManualDialog, lambda program: (("how",), {})),
    "TrialDialog": (
        TrialDialog,
        lambda program: (
            (program.window, program.workspaces.current, SHOP, Passwords("one", "two")),
            {},
        ),
    ),
    "TextsDialog": (
        TextsDialog,
        lambda program: (
            (
                program.window.jobs,
                program.window.dialogs,
                program.workspaces.current.texts,
                ("見出", "本文"),
            ),
            {},
        ),
    ),
    "TextNameDialog": (
        TextNameDialog,
        lambda program: (("名前を変える", "秋のセール", lambda name: None), {}),
    ),
    "ReservationDialog": (ReservationDialog, lambda program: ((_written(program),), {})),
    "LetterDialog": (LetterDialog, lambda program: ((_written(program), "店 <a@b.example>"), {})),
}


END_BY_THEMSELVES: set[type[Dialog[Any]]] = {OpeningDialog}
"""Nobody can leave them before."""


def _written(program: Program) -> Any:
    with closing(Outbox(program.workspaces.real.folder.database)) as outbox:
        return outbox.mailing(2)


def kinds(of: type[Any]) -> set[type[Any]]:
    """All classes in kollect.ui that are a screen, or a dialog; what they are made of is not."""
    found: set[type[Any]] = set()
    for module in pkgutil.walk_packages(kollect.ui.__path__, "kollect.ui."):
        there = vars(importlib.import_module(module.name)).values()
        found |= {one for one in there if isinstance(one, type) and issubclass(one, of)}
    return {
        one
        for one in found - {of}
        if one.__module__.startswith("kollect.ui.") and not one.__name__.startswith("_")
    }


def make(program: Program, name: str) -> tuple[type[Dialog[Any]], tuple[Any, ...], dict[str, Any]]:
    """The dialog of this name, and what it is made with."""
    kind, given = DIALOGS[name]
    return kind, *given(program)
