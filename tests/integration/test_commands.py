"""The commands as their users call them: real processes, a real Dovecot, a real Postfix."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.ledger.ledger import Ledger
from kollect.members.member import Member
from kollect.members.repository import Members
from kollect.settings import ini_file
from kollect.settings.model import Auth, Protocol, Receive, Security, Send, Settings, Shop, Tls
from tests.helpers.dovecot import Dovecot
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import Postfix
from tests.helpers.scripted_smtp import Act, ScriptedSmtp
from tests.helpers.shop import settings_for

pytestmark = pytest.mark.real
TOP = Path(__file__).resolve().parents[2]
SECRET = "S3cret-pw!"


def kollect(
    *arguments: str, data: Path | None = None, password: str = SECRET
) -> subprocess.CompletedProcess[str]:
    where = ["--data", str(data)] if data else []
    return subprocess.run(
        [sys.executable, "-m", "kollect", *arguments, *where],
        cwd=TOP,
        env=environment(password),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def environment(password: str) -> dict[str, str]:
    given = {"KOLLECT_RECEIVE_PASSWORD": password, "KOLLECT_SEND_PASSWORD": password}
    return os.environ | (given if password else {})


def encrypted(dovecot: Dovecot, postfix: Postfix, account: str) -> Settings:
    return Settings(
        shop=Shop(id="TEST", name="テスト商店"),
        receive=Receive(
            host="localhost", port=dovecot.pop3, security=Security.STARTTLS, account=account
        ),
        send=Send(host="localhost", port=postfix.plain, auth=Auth.YES, account="shop"),
        tls=Tls(ca_file=dovecot.ca_file),
        mail_address="shop@shop.example",
        forward_address="owner@customer.example",
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "データ 1"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("protocol", [Protocol.POP3, Protocol.IMAP])
def test_a_day_of_a_shop(
    dovecot: Dovecot, postfix: Postfix, data: Path, protocol: Protocol
) -> None:
    postfix.empty()
    account = f"day{protocol}"
    settings = encrypted(dovecot, postfix, account)
    if protocol is Protocol.IMAP:
        receive = replace(settings.receive, protocol=protocol, port=dovecot.imaps)
        settings = replace(settings, receive=replace(receive, security=Security.SSL))
    ini_file.save(data / "kollect.ini", settings)
    dovecot.deliver(
        account,
        blank("abc..def.@docomo.ne.jp", 1),
        blank("taro@customer.example", 2, subject=None),
        blank("hana@ezweb.ne.jp", 3, subject="(no subject)"),
        blank("taro@customer.example", 4),
        blank("jiro@customer.example", 5, subject="Opening hours?"),
    )
    ran = kollect("collect", "--once", "--json", data=data)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert list(report) == [
        *("accepted", "duplicate", "forwarded", "kept", "ignored", "bounced", "undeliverable"),
        *("deferred", "left", "seconds"),
    ]
    counts = {name: report[name] for name in ("accepted", "duplicate", "forwarded", "left")}
    assert counts == {"accepted": 3, "duplicate": 1, "forwarded": 1, "left": 0}
    assert dovecot.mails(account) == []

    [letter] = postfix.wait_for("abc..def.@docomo.ne.jp")
    assert "1001" in email.message_from_bytes(letter, policy=email.policy.default)["Subject"]
    assert len(postfix.wait_for("taro@customer.example", 2)) == 2
    [forwarded] = postfix.wait_for("owner@customer.example")
    assert b"Opening hours?" in forwarded

    rows = json.loads(kollect("results", "--json", data=data).stdout)
    assert [(r["number"], r["address"], r["state"], r["times"], r["member"]) for r in rows] == [
        (1001, "abc..def.@docomo.ne.jp", "replied", 1, False),
        (1002, "taro@customer.example", "replied", 2, False),
        (1003, "hana@ezweb.ne.jp", "replied", 1, False),
    ]
    assert all(datetime.fromisoformat(r["received_at"]).tzinfo for r in rows)

    log = kollect("log", data=data).stdout
    assert "1003" in log
    assert kollect("results", "--csv", str(data / "out.csv"), data=data).returncode == 0
    assert (data / "out.csv").read_bytes().startswith("\ufeff受付番号".encode())
    assert_no_secret(data, ran.stdout, ran.stderr, log)
    ours = [path for path in data.rglob("*") if path.name != "out.csv"]
    assert [path for path in ours if path.stat().st_mode & 0o077] == []


def assert_no_secret(data: Path, *texts: str) -> None:
    for text in texts:
        assert SECRET not in text
    for file in data.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file


def test_a_wrong_password_is_a_server_that_cannot_be_logged_in_to(
    dovecot: Dovecot, postfix: Postfix, data: Path
) -> None:
    ini_file.save(data / "kollect.ini", encrypted(dovecot, postfix, "wrong"))
    ran = kollect("collect", "--once", data=data, password="not-this-one")
    assert ran.returncode == 4
    assert "パスワード" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "not-this-one" not in ran.stdout + ran.stderr + kollect("log", data=data).stdout


def test_a_server_that_is_not_there(dovecot: Dovecot, postfix: Postfix, data: Path) -> None:
    settings = encrypted(dovecot, postfix, "away")
    ini_file.save(
        data / "kollect.ini", replace(settings, receive=replace(settings.receive, port=1))
    )
    ran = kollect("collect", "--once", "--json", data=data)
    assert ran.returncode == 4
    assert json.loads(ran.stdout)["error"]["cure"]


def test_a_folder_that_is_copied_to_the_internet_is_warned_of_once(
    dovecot: Dovecot, postfix: Postfix, data: Path
) -> None:
    folder = data / "Dropbox" / "コレクト"
    folder.mkdir(parents=True)
    ini_file.save(folder / "kollect.ini", encrypted(dovecot, postfix, "copied"))
    first = kollect("collect", "--once", "--json", data=folder)
    assert first.returncode == 0, first.stderr
    assert "データが Dropbox のフォルダにあります" in first.stderr
    assert json.loads(first.stdout)["accepted"] == 0
    assert kollect("collect", "--once", data=folder).stderr == ""
    assert "Dropbox" in kollect("log", data=folder).stdout


def test_a_certificate_of_another_authority_is_refused(
    dovecot: Dovecot, postfix: Postfix, data: Path
) -> None:
    dovecot.deliver("strange", blank("a@customer.example", 1))
    settings = replace(encrypted(dovecot, postfix, "strange"), tls=Tls())
    ini_file.save(data / "kollect.ini", settings)
    ran = kollect("collect", "--once", data=data)
    assert ran.returncode == 4
    assert "証明書" in ran.stderr
    assert len(dovecot.mails("strange")) == 1


def test_letters_that_are_put_off(dovecot: Dovecot, data: Path) -> None:
    dovecot.deliver("later", blank("slow@b.example", 1), blank("good@b.example", 2))
    with ScriptedSmtp() as smtp:
        smtp.script.fault = lambda at: (
            "450 4.2.1 later" if at.verb == "RCPT" and "slow@" in at.argument else None
        )
        ini_file.save(data / "kollect.ini", settings_for(dovecot.pop3, smtp.port, "later"))
        ran = kollect("collect", "--once", "--json", data=data)
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["deferred"] == 1
    rows = json.loads(kollect("results", "--json", data=data).stdout)
    assert [(row["state"], row["replied_at"] is None) for row in rows] == [
        ("pending", True),
        ("replied", False),
    ]


@pytest.mark.parametrize(
    "arguments",
    [("colect",), ("collect", "--nonce"), ("log", "--month", "11/2026"), ("results", "--csv")],
)
def test_bad_usage_is_one_line(arguments: tuple[str, ...], data: Path) -> None:
    ran = kollect(*arguments, data=data)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "正しくありません" in ran.stderr


def test_wrong_settings_name_file_section_key_and_value(data: Path) -> None:
    (data / "kollect.ini").write_text("[collect]\ninterval_seconds = soon\n", "utf-8")
    ran = kollect("collect", "--once", data=data)
    assert ran.returncode == 2
    for part in ("kollect.ini", "[collect]", "interval_seconds", "soon", "10", "3600"):
        assert part in ran.stderr


@pytest.mark.parametrize(
    ("command", "content", "why"),
    [
        (("collect", "--once"), None, "ファイルがありません"),
        (("check",), "no certificate", "PEM"),
        (("send", "--resume"), "", "PEM"),
    ],
)
def test_authorities_that_cannot_be_used_are_a_wrong_setting(
    data: Path, command: tuple[str, ...], content: str | None, why: str
) -> None:
    file = data / "ca.pem"
    if content is not None:
        file.write_text(content)
    settings = replace(settings_for(1, 1, "nobody"), tls=Tls(ca_file=str(file)))
    ini_file.save(data / "kollect.ini", settings)
    ran = kollect(*command, data=data)
    assert ran.returncode == 2
    for part in ("kollect.ini", "[tls] ca_file", str(file), why):
        assert part in ran.stderr


def test_a_missing_password_is_told(dovecot: Dovecot, postfix: Postfix, data: Path) -> None:
    ini_file.save(data / "kollect.ini", encrypted(dovecot, postfix, "nopassword"))
    ran = kollect("collect", "--once", data=data, password="")
    assert ran.returncode == 2
    assert "KOLLECT_RECEIVE_PASSWORD" in ran.stderr


def test_a_damaged_database_deletes_nothing(dovecot: Dovecot, postfix: Postfix, data: Path) -> None:
    ini_file.save(data / "kollect.ini", encrypted(dovecot, postfix, "damaged"))
    dovecot.deliver("damaged", blank("a@customer.example", 1))
    assert kollect("collect", "--once", data=data).returncode == 0
    dovecot.deliver("damaged", blank("b@customer.example", 2))
    with (data / "kollect.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    ran = kollect("collect", "--once", data=data)
    assert ran.returncode == 5
    assert "restore" in ran.stderr
    assert len(dovecot.mails("damaged")) == 1
    assert kollect("restore", "--yes", data=data).returncode == 0
    assert kollect("collect", "--once", data=data).returncode == 0
    rows = json.loads(kollect("results", "--json", data=data).stdout)
    assert rows[-1]["address"] == "b@customer.example"
    assert rows[-1]["number"] > 1001  # which was given before the damage: never again


@pytest.fixture
def resident(dovecot: Dovecot, data: Path) -> Iterator[tuple[subprocess.Popen[str], ScriptedSmtp]]:
    with ScriptedSmtp() as smtp:
        settings = settings_for(dovecot.pop3, smtp.port, "resident")
        settings = replace(settings, collect=replace(settings.collect, interval_seconds=10))
        ini_file.save(data / "kollect.ini", settings)
        dovecot.empty("resident")
        dovecot.deliver("resident", blank("a@b.example", 1))
        process = subprocess.Popen(
            [sys.executable, "-m", "kollect", "collect", "--data", str(data)],
            cwd=TOP,
            env=environment(SECRET),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            smtp.wait_for(1, 20)
            yield process, smtp
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_resident_collector_stops_cleanly(
    resident: tuple[subprocess.Popen[str], ScriptedSmtp], data: Path, number: signal.Signals
) -> None:
    process, smtp = resident
    assert len(smtp.kept) == 1
    second = kollect("collect", "--once", data=data)
    assert second.returncode == 2
    assert "すでに" in second.stderr or "動いて" in second.stderr
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "受付番号 1001" in out
    assert err == ""


def test_a_second_ctrl_c_ends_at_once(
    resident: tuple[subprocess.Popen[str], ScriptedSmtp], dovecot: Dovecot, data: Path
) -> None:
    """Also where a server's answer is waited for."""
    process, smtp = resident
    smtp.script.fault = lambda at: Act.HANG if at.verb in ("DOT", "BDAT") else None
    dovecot.deliver("resident", blank("hangs@b.example", 2))
    deadline = time.monotonic() + 30
    while not any("hangs@" in line for lines in smtp.commands for line in lines):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.7)
    assert process.poll() is None  # it finishes the mail in hand
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)  # the server would keep it for 600
    assert process.returncode == 130
    assert err == ""


def test_collecting_goes_on_when_nobody_reads_any_more(
    resident: tuple[subprocess.Popen[str], ScriptedSmtp], dovecot: Dovecot, data: Path
) -> None:
    process, smtp = resident
    assert process.stdout is not None
    process.stdout.close()
    dovecot.deliver("resident", blank("next@b.example", 2))
    smtp.wait_for(2, 30)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert "誤り" not in kollect("log", data=data).stdout


def test_the_check_does_not_make_a_lost_database_anew(data: Path) -> None:
    """Its numbers would begin anew."""
    with DemoServer() as server:
        ini_file.save(data / "kollect.ini", demo_settings(server))
        assert kollect("collect", "--once", data=data, password=server.password).returncode == 0
        for file in data.glob("kollect.db*"):
            file.unlink()
        assert kollect("check", data=data, password=server.password).returncode == 5
        assert not (data / "kollect.db").exists()


@pytest.mark.parametrize("copies", [True, False])
def test_a_lost_database_is_no_empty_list(data: Path, copies: bool) -> None:
    """Where there are copies of it, or the log tells of numbers that were given."""
    with DemoServer() as server:
        ini_file.save(data / "kollect.ini", demo_settings(server))
        server.mailbox(server.shop_address).add(blank("guest@customer.example", 1))
        assert kollect("collect", "--once", data=data, password=server.password).returncode == 0
    table = data / "out.csv"
    assert kollect("results", "--csv", str(table), data=data).returncode == 0
    before = table.read_bytes()
    assert b"guest@customer.example" in before
    for file in data.glob("kollect.db*"):
        file.unlink()
    if not copies:
        shutil.rmtree(data / "backup")
    for form in ((), ("--json",), ("--csv", str(table))):
        ran = kollect("results", *form, data=data)
        assert ran.returncode == 5
        assert "0 件" not in ran.stdout
        assert "kollect.db" in ran.stderr + ran.stdout
    assert table.read_bytes() == before
    assert not (data / "kollect.db").exists()


def test_a_lost_database_without_a_copy_is_begun_anew_only_when_asked_for(data: Path) -> None:
    """And no number is given twice: the log tells which were."""
    with DemoServer() as server:
        ini_file.save(data / "kollect.ini", demo_settings(server))
        mailbox = server.mailbox(server.shop_address)
        mailbox.add(blank("guest@customer.example", 1))
        assert kollect("collect", "--once", data=data, password=server.password).returncode == 0
        for file in data.glob("kollect.db*"):
            file.unlink()
        shutil.rmtree(data / "backup")
        mailbox.add(blank("other@customer.example", 2))
        refused = kollect("collect", "--once", data=data, password=server.password)
        assert refused.returncode == 5
        assert "見つかりません" in refused.stderr
        assert "kollect restore" in refused.stderr
        assert len(mailbox.mails) == 1
        declined = kollect("restore", data=data)
        assert "何もしませんでした" in declined.stdout
        assert not (data / "kollect.db").exists()
        begun = kollect("restore", "--yes", data=data)
        assert begun.returncode == 0
        assert "1102 から発行します" in begun.stdout
        assert kollect("collect", "--once", data=data, password=server.password).returncode == 0
    (row,) = json.loads(kollect("results", "--json", data=data).stdout)
    assert row["number"] == 1102


def test_a_table_that_cannot_be_written_there_is_told_as_such(data: Path) -> None:
    """The data folder has nothing to do with it."""
    ledger = Ledger(data / "kollect.db")
    numbered(ledger, "a@x.jp")
    ledger.close()
    for where, why in ((data / "gone" / "o.csv", "フォルダ）がありません"), (data, "同じ名前")):
        for command in (("results", "--csv"), ("members", "export")):
            ran = kollect(*command, str(where), data=data)
            assert ran.returncode == 5
            assert f"「{where}」に書き出せませんでした" in ran.stderr
            assert why in ran.stderr
            assert "データの入ったフォルダ" not in ran.stderr


def test_a_member_moves_to_a_new_address(data: Path) -> None:
    with closing(Ledger(data / "kollect.db")) as ledger:
        numbered(ledger, "old@docomo.ne.jp")
        numbered(ledger, "new@gmail.com")
    members = ("members", "change-address")
    named = ("--number", "1001", "--new-number")
    ran = kollect(*members, *named, "1002", data=data)
    assert ran.returncode == 2
    assert "先に「会員登録」で登録してください。" in ran.stderr
    with closing(Members(data / "kollect.db")) as register:
        register.register(Member(1001, "山田　太郎"), NOW)
    for arguments in ((), ("--number", "1001"), (*named, "x"), (*named, "1001"), (*named, "9999")):
        ran = kollect(*members, *arguments, data=data)
        assert ran.returncode == 2
        assert "Traceback" not in ran.stderr
    ran = kollect(*members, *named, "1002", "--json", data=data)
    assert ran.returncode == 0
    assert json.loads(ran.stdout) == {"number": 1001, "address": "new@gmail.com", "stopped": False}
    rows = json.loads(kollect("results", "--json", data=data).stdout)
    assert [(row["number"], row["address"], row["member"]) for row in rows] == [
        (1001, "new@gmail.com", True),
        (1002, "new@gmail.com", True),
    ]
    assert kollect("members", "export", data=data).returncode == 2


def test_two_members_become_one_and_two_again(data: Path) -> None:
    with closing(Ledger(data / "kollect.db")) as ledger:
        numbered(ledger, "old@docomo.ne.jp")
        numbered(ledger, "new@gmail.com")
    with closing(Members(data / "kollect.db")) as register:
        register.register(Member(1001, "山田　太郎"), NOW)
        register.register(Member(1002, "山田　太朗", home="東京都", note="犬"), NOW)
        register.stop_member(1002, NOW, "会員一覧")
    merge = ("members", "merge")
    for wrong, why in (
        ((), "この順に"), (("1002",), "この順に"), (("1002", "x"), "この順に"),
        (("1001", "1001"), "自分自身"), (("1002", "4711"), "4711"),
        (("1002", "1001", "--take", "承諾"), "メールアドレス、お名前"),
    ):  # fmt: skip
        ran = kollect(*merge, *wrong, data=data)
        assert (ran.returncode, why in ran.stderr) == (2, True), ran.stderr
        assert "Traceback" not in ran.stderr
    ran = kollect(*merge, "1002", "1001", "--take", "メールアドレス", "--json", data=data)
    assert json.loads(ran.stdout) == {
        "number": 1001, "merged": 1002, "address": "new@gmail.com",
        "stopped": True, "withdrawn": False,
    }  # fmt: skip
    with closing(Members(data / "kollect.db")) as register:
        found = register.get(1001)
    assert (found.name, found.home, found.note) == ("山田　太郎", "東京都", "犬")
    assert kollect("members", "export", str(data / "o.csv"), data=data).returncode == 0
    assert len((data / "o.csv").read_text("utf-8-sig").splitlines()) == 2
    ran = kollect("members", "unmerge", "1001", data=data)
    assert (ran.returncode, "会員 1002 は" in ran.stdout) == (0, True)
    assert kollect("members", "unmerge", "1001", data=data).returncode == 2


def test_times_of_a_table_are_such_as_excel_knows(data: Path) -> None:
    ledger = Ledger(data / "kollect.db")
    _, number = numbered(ledger, "a@x.jp")
    ledger.replied([number], NOW + timedelta(minutes=1))
    numbered(ledger, "b@x.jp")
    ledger.close()
    assert kollect("results", "--csv", str(data / "o.csv"), data=data).returncode == 0
    first, second = (f"{(NOW + timedelta(minutes=n)).astimezone():%Y/%m/%d %H:%M}" for n in (0, 1))
    assert (data / "o.csv").read_bytes().decode("utf-8-sig").splitlines()[1:] == [
        f"1001,a@x.jp,{first},{second},送信済,1,,",
        f"1002,b@x.jp,{first},,未送信,1,,",
    ]


def test_restore_without_anybody_to_ask_does_nothing(dovecot: Dovecot, data: Path) -> None:
    with DemoServer() as server:
        ini_file.save(data / "kollect.ini", demo_settings(server))
        assert kollect("collect", "--once", data=data, password=server.password).returncode == 0
    for file in data.glob("kollect.db*"):
        file.unlink()
    ran = kollect("restore", data=data)
    assert "何もしませんでした" in ran.stdout
    assert "誤り" not in ran.stderr
    assert not (data / "kollect.db").exists()


@pytest.mark.parametrize("before", [True, False])
def test_the_data_folder_may_stand_before_or_behind_the_command(data: Path, before: bool) -> None:
    with DemoServer() as server:
        ini_file.save(data / "kollect.ini", demo_settings(server))
        where = ["--data", str(data)]
        rest = ["collect", "--once", "--json"]
        ran = kollect(*([*where, *rest] if before else [*rest, *where]), password=server.password)
        assert ran.returncode == 0
    assert (data / "kollect.db").exists()


@pytest.mark.parametrize(
    "command", [("results",), ("results", "--json"), ("log",), ("log", "--month", "2026-1")]
)
def test_looking_into_a_folder_that_is_not_there(command: tuple[str, ...], tmp_path: Path) -> None:
    ran = kollect(*command, data=tmp_path / "none")
    assert ran.returncode == 0
    assert ran.stderr == ""
    assert not (tmp_path / "none").exists()


def test_looking_into_a_damaged_folder(data: Path) -> None:
    (data / "kollect.db").write_bytes(b"not a database at all" * 1000)
    for form in ((), ("--json",)):
        ran = kollect("results", *form, data=data)
        assert ran.returncode == 5
        assert "壊れて" in ran.stderr + ran.stdout
        assert "Traceback" not in ran.stderr
    assert (data / "kollect.db").read_bytes().startswith(b"not a database")


def test_results_while_it_collects(
    resident: tuple[subprocess.Popen[str], ScriptedSmtp], data: Path
) -> None:
    for _ in range(5):
        [row] = json.loads(kollect("results", "--json", data=data).stdout)
        assert row["number"] == 1001
        assert "1001" in kollect("log", data=data).stdout


def test_the_check_sends_finds_and_removes_its_mail(data: Path) -> None:
    with DemoServer() as server:
        ini_file.save(data / "kollect.ini", demo_settings(server))
        server.mailbox(server.shop_address)
        ran = kollect("check", "--json", data=data, password=server.password)
        told = json.loads(ran.stdout)
        assert ran.returncode == 0, told
        assert told["ok"]
        assert [step["ok"] for step in told["steps"]] == [True] * len(told["steps"])
        assert server.mailbox(server.shop_address).mails == ()
        wrong = kollect("check", data=data, password="wrong")
        assert wrong.returncode == 4
        assert "✗" in wrong.stdout
        assert "Traceback" not in wrong.stderr


def test_the_demo_in_the_terminal() -> None:
    ran = kollect("demo", "--headless")
    assert ran.returncode == 0
    assert "✗" not in ran.stdout
    assert "hanako..yamada.@docomo.ne.jp" in ran.stdout
