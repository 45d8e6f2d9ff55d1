"""「届くかどうかの診断」 over a real DNS server, and over one that lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.__main__ import main
from kollect.diagnosis.dns_client import DnsClient
from kollect.diagnosis.examination import SECONDS, examine
from kollect.diagnosis.finding import Finding, Verdict
from kollect.settings import ini_file
from kollect.settings.model import Receive, Send, Settings
from kollect.storage.data_folder import DataFolder
from kollect.storage.database import to_text
from kollect.storage.database_driver import sqlite3
from tests.helpers import lying_dns, nsd
from tests.helpers.receipt_samples import FIRST, fill_receipts
from tests.helpers.zones import EXPECTED, GOOD, ZONES

pytestmark = pytest.mark.timeout(120)

DnsServer = tuple[str, int]


def shop(domain: str, host: str = "") -> Settings:
    host = host or f"smtp.{domain}"
    return Settings(
        mail_address=f"shop@{domain}",
        receive=Receive(host=host, account="shop"),
        send=Send(host=host, account="shop"),
    )


def wrong(found: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in found if finding.verdict is not Verdict.GOOD}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsServer]:
    with nsd.serving(tmp_path_factory.mktemp("nsd"), ZONES) as at:
        yield at


LONG_TEXT = "v=spf1 " + "ip4:203.0.113.7 " * 40 + "ip4:192.0.2.1 -all"


@pytest.fixture(scope="module")
def liar() -> Iterator[DnsServer]:
    texts = {}
    for way in ("truncated", "cut", "truncatedforever"):
        texts[f"{way}.example"] = LONG_TEXT
        texts[f"_dmarc.{way}.example"] = "v=DMARC1; p=none"
    texts["outer.example"] = "v=spf1 include:silent.example ip4:192.0.2.1 -all"
    texts["_dmarc.outer.example"] = "v=DMARC1; p=none"
    with lying_dns.lying(texts) as at:
        yield at


@pytest.mark.parametrize("domain", EXPECTED)
def test_each_fault_is_found_and_nothing_else(server: DnsServer, domain: str):
    host = "smtp.good.example" if domain in ("alias.example", "nowhere.example") else ""
    found = examine(shop(domain, host), DnsClient(server))
    assert wrong(found) == EXPECTED[domain], [*map(str, found)]
    assert all(finding.what for finding in found)
    for finding in found:
        if finding.verdict is not Verdict.GOOD:
            assert finding.meaning and finding.cure


def records(found: tuple[Finding, ...]) -> dict[str, str]:
    return {one.record.name: one.record.value for one in found if one.record is not None}


@pytest.mark.parametrize(
    ("domain", "name", "value"),
    [
        ("twospf.example", "twospf.example", "v=spf1 a:smtp.twospf.example mx ~all"),
        ("plusall.example", "plusall.example", "v=spf1 mx ~all"),
        ("loop.example", "loop.example", "v=spf1 ip4:192.0.2.25 -all"),
        ("deadend.example", "deadend.example", "v=spf1 mx ~all"),
        ("voids.example", "voids.example", "v=spf1 ip4:192.0.2.25 ~all"),
        ("noend.example", "noend.example", "v=spf1 ip4:192.0.2.25 ~all"),
        ("nospf.example", "nospf.example", "v=spf1 mx a:smtp.nospf.example ~all"),
        ("nobody.example", "nobody.example", "v=spf1 mx a:smtp.nobody.example ~all"),
        ("misspf.example", "misspf.example", "v=spf1 mx ip4:192.0.2.25 ~all"),
        ("nodmarc.example", "_dmarc.nodmarc.example", "v=DMARC1; p=none"),
        ("twice.example", "_dmarc.twice.example", "v=DMARC1; p=quarantine"),
        ("misdmarc.example", "_dmarc.misdmarc.example", "v=DMARC1; p=quarantine"),
        ("misversion.example", "_dmarc.misversion.example", "v=DMARC1; p=reject"),
    ],
)
def test_what_is_there_becomes_the_record_to_paste(
    server: DnsServer, domain: str, name: str, value: str
):
    found = examine(shop(domain), DnsClient(server))
    assert records(found) == {name: value}


NOT_BY_A_RECORD = {"eleven.example", "deep.example", "stranger.example"}
"""What of theirs may go, only the shop and its hoster know."""
BY_A_RECORD = [
    domain
    for domain, codes in EXPECTED.items()
    if any(code.startswith(("spf.", "dmarc.")) for code in codes) and domain not in NOT_BY_A_RECORD
]


@pytest.mark.parametrize("domain", BY_A_RECORD)
def test_with_the_pasted_records_all_is_well(tmp_path: Path, server: DnsServer, domain: str):
    """The cure cures: what is to be pasted is put there, and the diagnosis asked again."""
    to_write = [one for one in examine(shop(domain), DnsClient(server)) if one.record]
    gone = {text for one in to_write for text in one.instead_of}
    lines = [line for line in ZONES[domain].splitlines() if not any(t in line for t in gone)]
    for one in to_write:
        assert one.record is not None
        lines.append(f'{one.record.label or "@"} IN TXT "{one.record.value}"')
    with nsd.serving(tmp_path, {**ZONES, domain: "\n".join(lines)}) as at:
        assert wrong(examine(shop(domain), DnsClient(at))) == set()


def test_the_hosters_part_is_added_to_the_one_record(server: DnsServer):
    found = examine(shop("google.example", "smtp.gmail.com"), DnsClient(server))
    assert {"spf.server_missing", "dkim.missing"} == wrong(found)
    assert records(found) == {
        "google.example": "v=spf1 ip4:198.51.100.1 include:_spf.google.com ~all"
    }
    (spf,) = [one for one in found if one.record]
    assert spf.instead_of == ("v=spf1 ip4:198.51.100.1 ~all",)
    assert "Google" in spf.where


@pytest.mark.parametrize(
    ("domain", "codes"),
    [
        ("servfail.example", {"domain.unknown", "spf.unknown", "dmarc.unknown"}),
        ("refused.example", {"domain.unknown", "spf.unknown", "dmarc.unknown"}),
        ("garbage.example", {"domain.unknown", "spf.unknown", "dmarc.unknown"}),
        ("otherid.example", {"domain.unknown", "spf.unknown", "dmarc.unknown"}),
        ("silent.example", {"domain.unknown", "spf.unknown", "dmarc.unknown"}),
        ("halfsilent.example", {"domain.address_only", "spf.unknown", "dmarc.unknown"}),
        ("truncatedforever.example", {"domain.unknown", "spf.unknown", "dmarc.unknown"}),
        ("truncated.example", {"domain.address_only"}),
        ("outer.example", {"domain.address_only"}),
    ],
)
def test_a_server_that_lies_is_no_fault_of_the_shop(liar: DnsServer, domain: str, codes: set[str]):
    """Not found out is an answer; a short datagram is asked for again over TCP."""
    found = examine(shop(domain), DnsClient(liar))
    assert wrong(found) - {"dns.silent"} == codes, [*map(str, found)]
    for finding in found:
        if finding.code.endswith(".unknown"):
            assert finding.verdict is Verdict.UNKNOWN and "分かりませんでした" in finding.what


def test_no_name_server_at_all():
    """A port at which nobody is: told once, and all else not known."""
    found = examine(shop("good.example"), DnsClient(("127.0.0.1", 9)))
    assert {one.verdict for one in found} == {Verdict.GOOD, Verdict.UNKNOWN}


def test_it_stops_when_it_is_told(liar: DnsServer):
    found = examine(shop("silent.example"), DnsClient(liar), stopping=lambda: True)
    assert "spf.unknown" in wrong(found)


def test_all_of_it_has_an_end(liar: DnsServer, monkeypatch: pytest.MonkeyPatch):
    """Every question waits for nothing; the questions are side by side, the whole is limited."""
    assert SECONDS < 10
    given: list[float] = []
    client = DnsClient(liar)
    ask = client.ask
    monkeypatch.setattr(
        client, "ask", lambda q, **named: given.append(named["within"]) or ask(q, **named)
    )
    examine(shop("silent.example"), client)
    assert all(seconds <= SECONDS for seconds in given)
    assert given == sorted(given, reverse=True)


class TestCommand:
    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: DnsServer) -> Path:
        monkeypatch.setenv("KOLLECT_DNS", f"{server[0]}:{server[1]}")
        return tmp_path

    def run(self, folder: Path, settings: Settings, *options: str) -> int:
        ini_file.save(folder / "kollect.ini", settings)
        return main(["diagnose", "--data", str(folder), *options])

    def test_nothing_wrong(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        assert self.run(folder, shop("good.example"), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["verdict"]) == (True, "good")
        assert told["refusals"] == []
        assert not (folder / "kollect.db").exists(), "it only looks"
        assert [one["code"] for one in told["findings"]] == [
            *("server.own_domain", "domain.good", "spf.good", "dmarc.none"),
        ]

    def test_something_to_mend(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        assert self.run(folder, shop("nodmarc.example"), "--json") == 3
        told = json.loads(capsys.readouterr().out)
        (missing,) = [one for one in told["findings"] if one["verdict"] == "care"]
        assert missing["record"] == {
            "domain": "nodmarc.example",
            "label": "_dmarc",
            "value": "v=DMARC1; p=none",
            "name": "_dmarc.nodmarc.example",
            "type": "TXT",
        }

    def test_in_words(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        assert self.run(folder, shop("twospf.example")) == 3
        told = capsys.readouterr().out
        assert "✗" in told and "書き込む内容" in told and "消す内容: v=spf1 mx -all" in told

    def refuse(self, folder: Path, *refusals: tuple[str, str]) -> None:
        now = datetime.now().astimezone()
        fill_receipts(DataFolder(folder), 20, now, days=60)
        with closing(sqlite3.connect(folder / "kollect.db")) as db, db:
            db.execute("UPDATE receipt SET state = 'replied', reason = ''")
            for place, (address, reason) in enumerate(refusals):
                db.execute(
                    "UPDATE receipt SET state = 'undeliverable', address = ?, reason = ?,"
                    " received_at = ? WHERE number = ?",
                    (address, reason, to_text(now - timedelta(days=place)), FIRST + place),
                )
            db.execute(
                "UPDATE receipt SET state = 'undeliverable', address = 'old@au.com',"
                " reason = '550 User unknown', received_at = ? WHERE number = ?",
                (to_text(now - timedelta(days=40)), FIRST + 19),
            )

    def test_what_the_carriers_refused(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        """With counts and dates, of the last 30 days; the customers' filters are no fault of the
        shop's, and the exit code does not say so."""
        self.refuse(
            folder,
            ("a@docomo.ne.jp", "550 Unknown user a@docomo.ne.jp"),
            ("b@docomo.ne.jp", "550 Unknown user b@docomo.ne.jp"),
            ("c@gmail.com", "550 5.1.1 no such user"),
        )
        assert self.run(folder, shop("good.example"), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["verdict"]) == (True, "good")
        docomo, gmail = told["refusals"]
        assert (docomo["carrier"], docomo["count"], docomo["by_filter"]) == ("docomo", 2, 2)
        assert docomo["meaning"] == "宛先がないか、お客様の受信拒否設定です。"
        assert docomo["answer"] == "550 Unknown user …"
        first, last = (datetime.fromisoformat(docomo[key]) for key in ("first", "last"))
        assert timedelta(hours=23) < last - first < timedelta(hours=25)
        assert (gmail["carrier"], gmail["by_filter"]) == ("gmail", 0)
        assert "紙" in docomo["cure"] and "紙" not in gmail["cure"]
        assert self.run(folder, shop("good.example")) == 0
        assert "docomo: 宛先がないか、お客様の受信拒否設定です。（2件、" in capsys.readouterr().out

    def test_a_refusal_for_the_shops_domain_is_to_be_mended(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ):
        self.refuse(folder, ("a@softbank.ne.jp", "550 5.7.1 DMARC policy violation"))
        assert self.run(folder, shop("good.example"), "--json") == 3
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["verdict"]) == (False, "bad")
        assert told["refusals"][0]["of_shop"] == 1

    def test_a_broken_database_hides_nothing_else(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ):
        (folder / "kollect.db").write_bytes(b"this is no database" * 1000)
        assert self.run(folder, shop("nodmarc.example"), "--json") == 3
        out, err = capsys.readouterr()
        assert json.loads(out)["refusals"] == []
        assert "断られた返信を調べられませんでした" in err and "Traceback" not in err

    def test_settings_not_ready(self, folder: Path, capsys: pytest.CaptureFixture[str]):
        assert self.run(folder, replace(shop("good.example"), mail_address="")) == 2
        assert "Traceback" not in capsys.readouterr().err

    def test_nobody_to_ask(self, folder: Path, monkeypatch: pytest.MonkeyPatch, liar: DnsServer):
        monkeypatch.setenv("KOLLECT_DNS", f"{liar[0]}:{liar[1]}")
        assert self.run(folder, shop("shop.silent")) == 4


def test_the_zones_are_many():
    assert len(ZONES) >= 25 and GOOD
