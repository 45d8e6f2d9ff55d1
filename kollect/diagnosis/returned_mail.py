"""Part 3 of the diagnosis: what a mail of ours that has come back tells. Pure.

SPF, DKIM and DMARC are three proofs that a mail is really the shop's. Carriers and mail providers
refuse, or put aside, what brings none of them; the cure is nearly always a switch in the panel of
the company with which the shop has its domain.
"""

from __future__ import annotations

from kollect.diagnosis.finding import Finding, Topic, Verdict
from kollect.mail import organization
from kollect.mail.authentication_results import (
    AuthenticationReport,
    AuthFinding,
    AuthMethod,
    AuthResult,
)

_EVERYBODY = ("docomo", "au", "ソフトバンク", "Yahoo!メール", "Gmail")
_PANEL = "ドメインを契約している会社の管理画面で、"
_AT_PROVIDER = (
    "プロバイダのアドレスは、そのプロバイダの送信サーバからだけ送れます。"
    "「メールの設定」の「送信サーバ」が、アドレスと同じ会社のものか、確かめてください。"
)


def about_returned(report: AuthenticationReport, *, own_domain: bool = True) -> tuple[Finding, ...]:
    """What the report means, a finding for each proof; never empty.

    `own_domain`: the shop can change the DNS of its address; else it is its provider's.
    """
    if not report.findings:
        return (_nothing(report),)
    found = [_spf(report, own_domain), _dkim(report, own_domain), _dmarc(report, own_domain)]
    return tuple(finding for finding in found if finding is not None)


def _nothing(report: AuthenticationReport) -> Finding:
    others = (
        "メールにはそれらしい記録がありますが、受け取ったサーバが書いたものではないため、"
        "信用しません。"
        if report.not_believed
        else ""
    )
    return Finding(
        "returned.nothing",
        Topic.SENDER,
        Verdict.CARE,
        "このメールサーバは、差出人を確かめた結果をメールに書いていません"
        f"（同じ会社の中のメールには、書かないサーバが多くあります）。{others}",
        cure="「自分の携帯・Gmailで試す」で、ご自分の携帯やGmailに届くかどうかを確かめてください。",
    )


def _finding(
    topic: Topic,
    result: str,
    verdict: Verdict,
    what: str,
    cure: str = "",
    receivers: tuple[str, ...] = (),
) -> Finding:
    method = {Topic.SPF: "spf", Topic.DKIM: "dkim", Topic.DMARC: "dmarc"}[topic]
    return Finding(f"returned.{method}_{result}", topic, verdict, what, "", cure, receivers)


def _spf(report: AuthenticationReport, own_domain: bool) -> Finding | None:
    found = report.of(AuthMethod.SPF)
    if found is None:
        return None
    domain = found.domain or report.from_domain
    setup = _cure(own_domain, f"{_PANEL}「SPF」（送信サーバの届け出）を設定してください。")
    match found.result:
        case AuthResult.PASS:
            return _finding(
                Topic.SPF,
                "pass",
                Verdict.GOOD,
                f"「{domain}」から送ってよいサーバとして届け出があります。",
            )
        case AuthResult.FAIL | AuthResult.SOFTFAIL | AuthResult.POLICY:
            return _finding(
                Topic.SPF,
                "fail",
                Verdict.BAD,
                f"送信サーバが、「{domain}」の届け出に入っていません。なりすましのメールと"
                "みなされ、受け取られないことがあります。",
                setup,
                _EVERYBODY,
            )
        case AuthResult.PERMANENT:
            return _finding(
                Topic.SPF,
                "permerror",
                Verdict.BAD,
                f"「{domain}」の届け出の書き方に、誤りがあります（2つある、長すぎる、など）。"
                "届け出がないのと同じになります。",
                _cure(own_domain, f"{_PANEL}「SPF」を1つだけにし、書き方を直してください。"),
                _EVERYBODY,
            )
        case AuthResult.TEMPORARY:
            return _could_not_be_asked(Topic.SPF)
    return _finding(
        Topic.SPF,
        "none",
        Verdict.CARE,
        f"「{domain}」から送ってよいサーバの届け出がありません。",
        setup,
        _EVERYBODY,
    )


def _dkim(report: AuthenticationReport, own_domain: bool) -> Finding | None:
    found = report.of(AuthMethod.DKIM) or AuthFinding(AuthMethod.DKIM, AuthResult.NONE)
    setup = _cure(own_domain, f"{_PANEL}「DKIM」を有効にしてください。")
    match found.result:
        case AuthResult.PASS if (
            organization.same(found.domain, report.from_domain) or not found.domain
        ):
            return _finding(Topic.DKIM, "pass", Verdict.GOOD, "署名がついていて、正しいものです。")
        case AuthResult.PASS:
            return _finding(
                Topic.DKIM,
                "of_another",
                Verdict.CARE,
                f"署名は「{found.domain}」のもので、店のドメイン「{report.from_domain}」の"
                "ものではありません。",
                setup,
                _EVERYBODY,
            )
        case AuthResult.FAIL | AuthResult.PERMANENT | AuthResult.POLICY:
            return _finding(
                Topic.DKIM,
                "fail",
                Verdict.BAD,
                "署名が合いません。鍵の届け出が古いか、送ったあとで内容が変わっています。",
                _cure(
                    own_domain,
                    f"{_PANEL}「DKIM」を設定し直してください。パソコンのウイルス対策ソフトが"
                    "送信メールを書き換えるときは、その機能を止めてください。",
                ),
                _EVERYBODY,
            )
        case AuthResult.TEMPORARY:
            return _could_not_be_asked(Topic.DKIM)
    return _finding(
        Topic.DKIM,
        "none",
        Verdict.CARE,
        "署名がついていません。",
        setup,
        ("Gmail", "Yahoo!メール"),
    )


def _dmarc(report: AuthenticationReport, own_domain: bool) -> Finding | None:
    found = report.of(AuthMethod.DMARC)
    domain = (found.domain if found else "") or report.from_domain
    passes = report.passes_dmarc
    if passes:
        return _finding(
            Topic.DMARC,
            "pass",
            Verdict.GOOD,
            f"店のドメイン「{domain}」からのメールと認められました。",
        )
    if found is not None and found.result is AuthResult.TEMPORARY:
        return _could_not_be_asked(Topic.DMARC)
    if passes is None:
        return None
    return _finding(
        Topic.DMARC,
        "fail",
        Verdict.BAD,
        f"店のドメイン「{domain}」からのメールと認められませんでした。ソフトバンクは、"
        "はじめの設定では、このようなメールを受け取りません。docomoは警告を表示します。",
        _cure(own_domain, "上の「SPF」か「DKIM」のどちらかを、店のドメインで ✓ にしてください。"),
        ("ソフトバンク", "docomo", "au", "Gmail"),
    )


def _could_not_be_asked(topic: Topic) -> Finding:
    return _finding(
        topic,
        "temperror",
        Verdict.CARE,
        "受け取ったサーバが、そのときは確かめられませんでした。",
        "しばらくしてから、もう一度テストしてください。",
    )


def _cure(own_domain: bool, text: str) -> str:
    return text if own_domain else _AT_PROVIDER
