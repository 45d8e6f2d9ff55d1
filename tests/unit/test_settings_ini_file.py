"""kollect.ini: any text comes back, people's own lines stay, damage is told and not guessed at."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kollect.errors import SettingsFileDamaged, SettingsTrouble, StorageTrouble
from kollect.settings import ini_file, ini_format
from kollect.settings.model import (
    Auth,
    Charset,
    Collect,
    Duplicate,
    DuplicateAction,
    Protocol,
    Push,
    Receive,
    ReportSettings,
    ScreenSettings,
    Security,
    Send,
    Settings,
    Shop,
    TextSize,
    Tls,
    Weekday,
)
from kollect.settings.pin import hashed
from kollect.settings.validation import problems

FULL = Settings(
    shop=Shop("新宿01", "めがねの髙田 👓", "東京都\n新宿区 1-2", "03-1234-5678", hashed("0123")),
    collect=Collect(
        interval_seconds=120,
        first_number=5001,
        number_digits=6,
        reply_subject="  % 50 # ; = [x] ★1★ ",
        reply_body="  ★1★\n\\n is no line end \\\\ \t\u2028\n\n",
        charset=Charset.ISO_2022_JP,
        blank_subjects=("無題", "a\\nb", "a, b; c | d = e", "# x"),
        replies_per_hour=1,
        replies_per_day=2,
        new_per_hour=3,
        start_at_login=True,
        busy_interval_seconds=0,
    ),
    duplicate=Duplicate(DuplicateAction.RENUMBER, "再び", "本文"),
    receive=Receive(
        Protocol.IMAP, "imap.例え.jp", 143, Security.STARTTLS, "DOM\\name", 30, Push.NO
    ),
    send=Send("smtp.example.jp", 465, Auth.SSL, "C:\\new", 31, 61),
    tls=Tls("C:\\new\\tls\\ca.pem", True, ("0f" * 32, "ab" * 32)),
    screen=ScreenSettings(TextSize.HUGE),
    report=ReportSettings(True, Weekday.SAT, 20),
    mail_address="abc..def@docomo.ne.jp",
    forward_address="owner@example.com",
    alert_address="alert@example.com",
)


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    return tmp_path / "kollect.ini"


def refused(path: Path) -> SettingsTrouble:
    with pytest.raises(SettingsTrouble) as caught:
        ini_file.load(path)
    return caught.value


class TestRoundTrip:
    def test_no_file_means_the_defaults(self, ini: Path):
        assert ini_file.load(ini) == Settings()
        assert not ini.exists()

    @pytest.mark.parametrize("settings", [Settings(), FULL])
    def test_every_field_comes_back(self, ini: Path, settings: Settings):
        ini_file.save(ini, settings)
        assert ini_file.load(ini) == settings

    def test_the_full_set_differs_from_the_defaults_in_every_field(self):
        """So that the test above would see a field that is forgotten."""
        default = ini_format.write(Settings()).splitlines()
        for line in ini_format.write(FULL).splitlines():
            assert " = " not in line or line not in default

    @given(st.text(), st.text(), st.lists(st.text()))
    @hypothesis_settings(deadline=None, max_examples=100)
    def test_any_text_comes_back(self, one: str, two: str, many: list[str]):
        lines = tuple(line for line in (m.replace("\n", "") for m in many) if line.strip())
        settings = Settings(
            shop=Shop(name=two, address=one),
            collect=Collect(reply_subject=one, reply_body=two, blank_subjects=lines),
        )
        text = ini_format.write(settings)
        text.encode()  # no text makes the file impossible to write
        assert ini_format.read(text) == ini_format.IniContents(settings, (), ())
        assert ini_format.read(ini_format.write(settings, text)).settings == settings

    @given(st.text(alphabet=" \\nru0041\n\r\t\u2028\x85\0\ufeff★"))
    @hypothesis_settings(deadline=None, max_examples=100)
    def test_escapes_are_the_inverse_of_each_other(self, text: str):
        assert ini_format.unescaped(ini_format.escaped(text)) == text
        assert "\n" not in ini_format.escaped(text)

    def test_any_sendable_text_comes_back_from_the_disk(self, ini: Path):
        body = " \t★1★\n\n%(x)s # ; = \\ \\n \\u0041 \u2028\u3000 👩‍👩‍👧 髙﨑①㈱ｶﾅ \n "
        settings = replace(FULL, collect=replace(FULL.collect, reply_body=body))
        assert problems(settings) == ()
        ini_file.save(ini, settings)
        assert ini_file.load(ini).collect.reply_body == body

    def test_a_text_stands_there_as_the_specification_says(self, ini: Path):
        body = "一行目 ★1★\nC:\\temp"
        ini_file.save(ini, Settings(collect=Collect(reply_body=body)))
        assert "reply_body = 一行目 ★1★\\nC:\\\\temp" in ini.read_text("utf-8").splitlines()


class TestByHand:
    def write(self, ini: Path, text: str) -> Settings:
        ini.write_text(text, "utf-8", newline="")
        return ini_file.load(ini)

    def test_short_file(self, ini: Path):
        settings = self.write(
            ini,
            "[Receive]\nHOST=pop.example.jp  \n port : = 5\n  Port  =  １１０\n"
            "security = StartTLS\n"
            "[tls]\nallow_plaintext_password = TRUE\n"
            "trusted_fingerprints = " + ":".join(["0F"] * 32) + " , " + "ab" * 32 + "\n",
        )
        assert settings.receive == Receive(
            host="pop.example.jp", port=110, security=Security.STARTTLS
        )
        assert settings.tls == Tls("", True, ("0f" * 32, "ab" * 32))

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            ("reply_subject = a", "a"),
            ("reply_subject=a", "a"),
            ("reply_subject =  a", " a"),
            ("reply_subject = 100% # ; = \\ok", "100% # ; = \\ok"),
            ("reply_subject = a\\\\nb", "a\\nb"),
            ('reply_subject = "a"', '"a"'),
            ("reply_subject = a\r", "a"),
        ],
    )
    def test_text(self, ini: Path, line: str, text: str):
        assert self.write(ini, f"[collect]\n{line}\n").collect.reply_subject == text

    def test_blank_subjects(self, ini: Path):
        settings = self.write(ini, "[collect]\nblank_subjects = 無題\\n\\n(no subject)\\n\n")
        assert settings.collect.blank_subjects == ("無題", "(no subject)")
        assert self.write(ini, "[collect]\nblank_subjects =\n").collect.blank_subjects == ()

    @pytest.mark.parametrize(
        "raw",
        [
            "\ufeff[shop]\r\nname = 髙田\r\n".encode(),
            "[shop]\nname = 髙田".encode(),
            "[shop]\nname = 髙田\n".encode("cp932"),
            "[shop]\nname = 髙田\n".encode("utf-16"),
        ],
    )
    def test_every_encoding_of_notepad(self, ini: Path, raw: bytes):
        ini.write_bytes(raw)
        settings = ini_file.load(ini)
        assert settings.shop.name == "髙田"
        ini_file.save(ini, replace(settings, shop=Shop("A", "髙田", "", "1")))
        ini.read_bytes().decode("utf-8")
        assert ini_file.load(ini).shop == Shop("A", "髙田", "", "1")

    def test_own_lines_stay_in_place(self, ini: Path):
        self.write(
            ini,
            "; mine\n\n[later]\nkey = a = b\nno sign here\n[Collect]\n"
            "# slow\nInterval_Seconds=  60\n"
            "first_number = 1\ncolour = red\n\n# about the shop\n[shop]\nid=A\n\n[end]\nx=\u2028\n",
        )
        settings = ini_file.load(ini)
        ini_file.save(ini, replace(settings, collect=replace(settings.collect, first_number=7)))
        text = ini.read_text("utf-8")
        assert text.startswith(
            "; mine\n\n[later]\nkey = a = b\nno sign here\n[Collect]\n"
            "# slow\nInterval_Seconds=  60\n"
            "first_number = 7\ncolour = red\nnumber_digits = 0\n"
        )
        assert "\n\n# about the shop\n[shop]\nid=A\nname =\n" in text
        assert "\n[end]\nx=\u2028\n" in text
        assert ini_file.load(ini).collect.first_number == 7

    def test_line_ends_stay(self, ini: Path):
        self.write(ini, "[shop]\r\nid = A\r\n")
        ini_file.save(ini, Settings())
        raw = ini.read_bytes()
        assert raw.count(b"\n") == raw.count(b"\r\n") > 30

    def test_an_unknown_key_is_told_as_it_may_be_a_slip(self, ini: Path, caplog):
        with caplog.at_level(logging.WARNING):
            self.write(ini, "[forward]\nadress = a@example.jp\n[own]\nx = 1\n")
        assert [r.getMessage() for r in caplog.records] == [
            "kollect.ini: [forward] adress という項目はありません。使わずに残しておきます。"
        ]

    def test_the_same_value_twice_does_no_harm(self, ini: Path):
        assert self.write(ini, "[shop]\nid = A\nid = A\n").shop.id == "A"


class TestWrongValues:
    def test_all_are_named_at_once_with_file_section_key_value_and_what_is_allowed(self, ini: Path):
        ini.write_text(
            "[collect]\ninterval_seconds = 5\nfirst_number = 千\ncharset = sjis\n"
            "start_at_login = maybe\nbusy_interval_seconds = 3 s\n"
            "[duplicate]\naction = stop\n[receive]\nport =\n"
            "host = pop.example.jp:995\nprotocol = pop\npush = yes\n"
            "[send]\nport = 1_000\ntimeout_seconds = 1e3\n"
            "[mail]\naddress = shop＠example.jp\n[tls]\ntrusted_fingerprints = 12\n",
            "utf-8",
        )
        trouble = refused(ini)
        assert trouble.file == str(ini)
        found = {(p.section, p.key): p for p in trouble.problems}
        assert len(found) == len(trouble.problems) == 14
        for section, key, value, allowed in [
            ("collect", "interval_seconds", "5", "10～3600の数字"),
            ("collect", "first_number", "千", "1～9999999999の数字"),
            ("collect", "charset", "sjis", "utf-8 か iso-2022-jp"),
            ("collect", "start_at_login", "maybe", "yes か no"),
            ("collect", "busy_interval_seconds", "3 s", "0（使わない）か、5～600の数字"),
            ("receive", "push", "yes", "auto か no"),
            ("duplicate", "action", "stop", "reply か ignore か renumber"),
            ("receive", "port", "", "1～65535の数字"),
            ("receive", "host", "pop.example.jp:995", "ポート番号の欄"),
            ("receive", "protocol", "pop", "pop3 か imap"),
            ("send", "port", "1_000", "1～65535の数字"),
            ("send", "timeout_seconds", "1e3", "1～3600の数字"),
            ("mail", "address", "shop＠example.jp", "メールアドレス"),
            ("tls", "trusted_fingerprints", "12", "SHA-256"),
        ]:
            problem = found[section, key]
            assert problem.value == value
            assert allowed in problem.allowed
            for part in (str(ini), f"[{section}]", key, value, problem.allowed):
                assert part in str(trouble)

    def test_a_key_that_stands_there_twice(self, ini: Path):
        ini.write_text("[shop]\nid = A\n[collect]\n[shop]\nID = B\n")
        (problem,) = refused(ini).problems
        assert (problem.section, problem.key, problem.value) == ("shop", "id", "B")
        assert "2行目と5行目" in problem.allowed

    def test_a_letter_pasted_over_several_lines(self, ini: Path):
        ini.write_text("[collect]\nreply_body = ★1★です。\nよろしく\n", "utf-8")
        trouble = refused(ini)
        (problem,) = trouble.problems
        assert (problem.section, problem.key, problem.value) == ("collect", "3行目", "よろしく")
        assert "\\n" in problem.allowed

    def test_saving_makes_such_a_line_a_comment(self, ini: Path):
        ini.write_text("first\n[collect]\nよろしく\n", "utf-8")
        assert len(refused(ini).problems) == 2
        ini_file.save(ini, Settings())
        assert ini_file.load(ini) == Settings()
        lines = ini.read_text("utf-8").splitlines()
        assert lines[:2] == ["# first", "[collect]"] and "# よろしく" in lines

    def test_saving_puts_wrong_and_double_values_right(self, ini: Path):
        ini.write_text("[shop]\nid = A\nid = B\n[receive]\nport = x\n")
        ini_file.save(ini, FULL)
        assert ini_file.load(ini) == FULL

    def test_wrong_settings_are_not_saved(self, ini: Path):
        ini_file.save(ini, FULL)
        before = ini.read_bytes()
        with pytest.raises(SettingsTrouble) as caught:
            ini_file.save(ini, replace(FULL, shop=Shop(id="")))
        assert [p.key for p in caught.value.problems] == ["id"]
        assert ini.read_bytes() == before

    @given(st.binary(max_size=200))
    @hypothesis_settings(deadline=None, max_examples=100)
    def test_no_text_is_an_exception(self, raw: bytes):
        for encoding in ("latin-1", "utf-16"):
            contents = ini_format.read(raw.decode(encoding, "ignore"))
            assert (
                ini_format.read(
                    ini_format.write(Settings(), raw.decode(encoding, "ignore"))
                ).problems
                == ()
            )
            assert isinstance(contents.settings, Settings)


class TestReplacing:
    def test_the_previous_one_is_kept(self, ini: Path):
        ini_file.save(ini, Settings())
        first = ini.read_bytes()
        ini_file.save(ini, FULL)
        assert (ini.parent / "kollect.ini.bak").read_bytes() == first
        ini_file.save(ini, FULL)  # changes nothing, so the previous one stays too
        assert (ini.parent / "kollect.ini.bak").read_bytes() == first
        assert sorted(p.name for p in ini.parent.iterdir()) == ["kollect.ini", "kollect.ini.bak"]

    def test_every_instant_of_a_save_holds_the_old_or_the_new(self, ini: Path):
        """A process that dies at every change to the disk, one after the other."""
        ini_file.save(ini, FULL)
        cuts = 0
        while save_defaults_and_die(ini, cuts):
            assert ini_file.load(ini) in (FULL, Settings())
            ini_file.save(ini, FULL)
            cuts += 1
        assert cuts == 4  # two files, each written and put in place
        assert ini_file.load(ini) == Settings()


def save_defaults_and_die(ini: Path, change: int) -> bool:
    """Save in another process, which ends just before its `change`th change to the disk."""
    program = f"""
import os, sys
from pathlib import Path
from kollect.settings import ini_file
from kollect.settings.model import Settings

changes = 0

def die(event, args):
    global changes
    if event in ("os.rename", "os.remove") or (event == "open" and args[1] == "w"):
        if changes == {change}:
            os._exit(9)
        changes += 1

sys.dont_write_bytecode = True
sys.addaudithook(die)
ini_file.save(Path({str(ini)!r}), Settings())
"""
    root = Path(ini_file.__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode
    assert ended in (0, 9)
    return ended == 9


class TestDamage:
    @pytest.mark.parametrize(
        ("raw", "word"),
        [
            (b"", "空"),
            (b"\r\n  ", "空"),
            (b"\0" * 700, "壊れて"),
            (b"[shop]\nid = A\n" + b"\0" * 100, "壊れて"),
            ("[shop]\nname = めがねの店\n".encode()[:-3] + b"\xe3\n", "文字として読めない"),
            (b"\xff\xfe[", "文字として読めない"),
            (b"[shop]\nname = \x81\xff\xfd\xa0\n", "文字として読めない"),
        ],
    )
    def test_is_told_and_the_backup_offered(self, ini: Path, raw: bytes, word: str):
        ini_file.save(ini, FULL)
        ini_file.save(ini, Settings())
        ini.write_bytes(raw)
        trouble = refused(ini)
        assert isinstance(trouble, SettingsFileDamaged)
        assert trouble.backup
        assert word in trouble.happened and str(ini) in trouble.happened
        assert "kollect.ini.bak" in trouble.cure
        assert ini_file.restore_backup(ini) == FULL == ini_file.load(ini)
        assert (ini.parent / "kollect.ini.damaged").read_bytes() == raw

    def test_a_lost_file_is_no_first_start(self, ini: Path):
        ini_file.save(ini, FULL)
        ini_file.save(ini, Settings())
        ini.unlink()
        trouble = refused(ini)
        assert isinstance(trouble, SettingsFileDamaged) and trouble.backup
        assert "なくなって" in trouble.happened
        assert ini_file.restore_backup(ini) == FULL

    @pytest.mark.parametrize("backup", [None, b"", b"\0\0", b"[collect]\ninterval_seconds = 1\n"])
    def test_without_a_good_backup(self, ini: Path, backup: bytes | None):
        ini.write_bytes(b"\0")
        if backup is not None:
            (ini.parent / "kollect.ini.bak").write_bytes(backup)
        trouble = refused(ini)
        assert isinstance(trouble, SettingsFileDamaged) and not trouble.backup
        assert "UTF-8" in trouble.cure
        with pytest.raises((SettingsTrouble, StorageTrouble)):
            ini_file.restore_backup(ini)
        assert ini.read_bytes() == b"\0"

    def test_an_empty_file_made_by_hand_means_the_defaults(self, ini: Path):
        ini.write_bytes(b"\n")
        assert ini_file.load(ini) == Settings()

    def test_a_save_over_a_damaged_file_leaves_the_good_backup(self, ini: Path):
        ini_file.save(ini, Settings())
        ini_file.save(ini, FULL)
        good = (ini.parent / "kollect.ini.bak").read_bytes()
        ini.write_bytes(b"\0\0")
        ini_file.save(ini, FULL)
        assert (ini.parent / "kollect.ini.damaged").read_bytes() == b"\0\0"
        assert (ini.parent / "kollect.ini.bak").read_bytes() == good
        assert ini_file.load(ini) == FULL


class TestDisk:
    def test_a_folder_that_is_gone_is_no_first_start(self, tmp_path: Path):
        with pytest.raises(StorageTrouble) as caught:
            ini_file.load(tmp_path / "stick" / "kollect.ini")
        assert "USBメモリが抜かれた" in caught.value.happened
        with pytest.raises(StorageTrouble):
            ini_file.save(tmp_path / "stick" / "kollect.ini", Settings())

    @pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/full")  # Wine's is never full
    def test_a_full_disk_leaves_the_old_file(self, ini: Path):
        ini_file.save(ini, FULL)
        (ini.parent / "kollect.ini.new").symlink_to("/dev/full")
        (ini.parent / "kollect.ini.bak.new").symlink_to("/dev/full")
        with pytest.raises(StorageTrouble) as caught:
            ini_file.save(ini, Settings())
        assert "いっぱい" in caught.value.happened and str(ini) in caught.value.happened
        assert ini_file.load(ini) == FULL

    def test_a_folder_in_the_place_of_the_file(self, ini: Path):
        ini.mkdir()
        with pytest.raises(StorageTrouble):
            ini_file.load(ini)
