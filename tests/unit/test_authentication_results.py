# ruff: noqa: E501 (fields are as long as servers write them)
"""Authentication-Results of real servers; and those that somebody else has written."""

from __future__ import annotations

import pytest

from kollect.mail import organization
from kollect.mail.authentication_results import AuthenticationReport, AuthMethod, AuthResult, read
from kollect.mail.message import Mail

SPF, DKIM, DMARC = AuthMethod.SPF, AuthMethod.DKIM, AuthMethod.DMARC
PASS, FAIL, NONE = AuthResult.PASS, AuthResult.FAIL, AuthResult.NONE
SOFTFAIL = AuthResult.SOFTFAIL

SENT = """\
Received: from [192.0.2.7] (unknown [192.0.2.7])
\tby sv1.hoster.example (Postfix) with ESMTPSA id ABC
\tfor <me@box.example>; Sat, 28 Nov 2026 10:00:00 +0900 (JST)
From: =?UTF-8?B?5bqX?= <touroku@shop.example>
To: me@box.example
Subject: test
Message-ID: <1@shop.example>
"""
"""What the shop has sent, with the Received of its own server."""

GMAIL = """\
Delivered-To: owner@gmail.com
Received: by 2002:a05:6a10:1234:b0:1:2:3 with SMTP id a1csp1;
        Fri, 27 Nov 2026 17:00:02 -0800 (PST)
X-Received: by 2002:a17:90a:: with SMTP id b2mr1;
        Fri, 27 Nov 2026 17:00:02 -0800 (PST)
ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=google.com; s=arc-20240605; b=AAAA
ARC-Authentication-Results: i=1; mx.google.com;
       dkim=pass header.i=@shop.example header.s=default header.b=XkL4SKhL;
       spf=pass (google.com: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) smtp.mailfrom=touroku@shop.example;
       dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=shop.example
Return-Path: <touroku@shop.example>
Received: from sv1.hoster.example (sv1.hoster.example. [192.0.2.20])
        by mx.google.com with ESMTPS id c3si1
        for <owner@gmail.com>
        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        Fri, 27 Nov 2026 17:00:02 -0800 (PST)
Received-SPF: pass (google.com: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) client-ip=192.0.2.20;
Authentication-Results: mx.google.com;
       dkim=pass header.i=@shop.example header.s=default header.b=XkL4SKhL;
       spf=pass (google.com: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) smtp.mailfrom=touroku@shop.example;
       dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=shop.example
"""
GMAIL_FAILED = """\
Received: by 2002:a05:6a10:: with SMTP id a1csp1; Fri, 27 Nov 2026 17:00:02 -0800 (PST)
Return-Path: <touroku@shop.example>
Received: from sv1.hoster.example (sv1.hoster.example. [192.0.2.20])
        by mx.google.com with ESMTPS id c3si1; Fri, 27 Nov 2026 17:00:02 -0800 (PST)
Received-SPF: softfail (google.com: domain of transitioning touroku@shop.example does not designate 192.0.2.20 as permitted sender) client-ip=192.0.2.20;
Authentication-Results: mx.google.com;
       spf=softfail (google.com: domain of transitioning touroku@shop.example does not designate 192.0.2.20 as permitted sender) smtp.mailfrom=touroku@shop.example;
       dmarc=fail (p=QUARANTINE sp=NONE dis=QUARANTINE) header.from=shop.example
"""
YAHOO = """\
Received: from 127.0.0.1
 by atlas-production.v2-mail-prod1-gq1.omega.yahoo.com with HTTP; Sat, 28 Nov 2026 01:00:03 +0000
Return-Path: <touroku@shop.example>
X-Originating-Ip: [192.0.2.20]
Received-SPF: pass (domain of shop.example designates 192.0.2.20 as permitted sender)
Authentication-Results: atlas-production.v2-mail-prod1-gq1.omega.yahoo.com;
 dkim=pass header.i=@shop.example header.s=default;
 spf=pass smtp.mailfrom=shop.example;
 dmarc=pass(p=REJECT,sp=NONE) header.from=shop.example;
X-Apparently-To: owner@yahoo.com; Sat, 28 Nov 2026 01:00:03 +0000
"""
YAHOO_UNSIGNED = """\
Received: from 127.0.0.1
 by atlas116.free.mail.bf1.yahoo.com with HTTP; Sat, 28 Nov 2026 01:00:03 +0000
Authentication-Results: atlas116.free.mail.bf1.yahoo.com;
 dkim=unknown;
 spf=softfail smtp.mailfrom=shop.example arc_overridden_status=NOT_OVERRIDDEN;
 dmarc=unknown header.from=shop.example arc_overridden_status=NOT_OVERRIDDEN;
"""
YAHOO_OF_2020 = """\
X-Atlas-Received: from 10.248.229.139 by atlas207.free.mail.gq1.yahoo.com with http; Fri, 6 Mar 2020 09:53:21 +0000
Return-Path: <touroku@shop.example>
Received: from 192.0.2.20 (EHLO sv1.hoster.example)
 by atlas207.free.mail.gq1.yahoo.com with SMTPs; Fri, 6 Mar 2020 09:53:21 +0000
Received-SPF: pass (domain of shop.example designates 192.0.2.20 as permitted sender)
Authentication-Results: atlas207.free.mail.gq1.yahoo.com;
 dkim=dkim_pass header.i=@shop.example header.s=@default;
 dkim=dkim_pass header.i=@hoster.example header.s=@h;
 spf=pass smtp.mailfrom=shop.example;
 dmarc=success(p=QUARANTINE,sp=REJECT) header.from=shop.example;
"""
ICLOUD = """\
Return-path: <touroku@shop.example>
Original-recipient: rfc822;owner@icloud.com
Received: from p00-icloudmta-asmtp-us-west-1a-60-percent-10.p00-icloudmta-smtpin-vip.icloud-mail-production.svc.kube.us-west-1a.k8s.cloud.apple.com by p111-mailgateway-smtp-6d7c8d8c9-x1 (mailgateway 2514B20)
\twith SMTP id 1-2-3 for <owner@icloud.com>; Sat, 28 Nov 2026 01:00:05 GMT
X-Apple-MoveToFolder: INBOX
X-Apple-Action: MOVE_TO_FOLDER/INBOX
Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20]) by
 p00-icloudmta-smtpin-us-west-2a-100-percent-35.p00-icloudmta-smtpin-vip.icloud-mail-production.svc.kube.us-west-2a.k8s.cloud.apple.com
 (Postfix) with ESMTPS id 56DF7C0009F for <owner@icloud.com>; Sat, 28 Nov 2026 01:00:04 +0000 (UTC)
X-ICL-Score: 3.003033034
Authentication-Results: bimi.icloud.com; bimi=skipped reason="insufficient dmarc"
X-ARC-Info: policy=fail; arc=none
Authentication-Results: arc.icloud.com; arc=none
Authentication-Results: dmarc.icloud.com; dmarc=pass header.from=shop.example
X-DMARC-Info: pass=pass; dmarc-policy=none; s=r1; d=r1; pdomain=shop.example
Authentication-Results: dkim-verifier.icloud.com;
\tdkim=pass (2048-bit key) header.d=shop.example header.i=@shop.example header.b=XEFkSwVW
Authentication-Results: spf.icloud.com; spf=pass (spf.icloud.com: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) smtp.mailfrom=touroku@shop.example
Received-SPF: pass (spf.icloud.com: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) receiver=spf.icloud.com; client-ip=192.0.2.20; helo=sv1.hoster.example; envelope-from=touroku@shop.example
"""
OUTLOOK = """\
Received: from TYCPR01MB1.jpnprd01.prod.outlook.com (2603:1096:400:1::1) by
 OS3PR01MB2.jpnprd01.prod.outlook.com with HTTPS; Sat, 28 Nov 2026 01:00:06 +0000
Authentication-Results: spf=pass (sender IP is 192.0.2.20)
 smtp.mailfrom=shop.example; dkim=none (message not signed)
 header.d=none;dmarc=bestguesspass action=none header.from=shop.example;compauth=pass
 reason=109
Received-SPF: Pass (protection.outlook.com: domain of shop.example designates
 192.0.2.20 as permitted sender) receiver=protection.outlook.com;
 client-ip=192.0.2.20; helo=sv1.hoster.example; pr=C
Received: from sv1.hoster.example (192.0.2.20) by
 TY2PEPF0000AB83.mail.protection.outlook.com (10.167.253.6) with Microsoft
 SMTP Server id 15.20.9388.8 via Frontend Transport; Sat, 28 Nov 2026 01:00:05 +0000
"""
HOTMAIL_OF_2017 = """\
Received: from CY1NAM02HT174.eop-nam02.prod.protection.outlook.com
 (10.162.29.12) by BY1PR19MB0022.namprd19.prod.outlook.com with HTTPS; Sat, 18 Mar 2017 16:04:31 +0000
Authentication-Results: spf=pass (sender IP is 192.0.2.20)
 smtp.mailfrom=shop.example; hotmail.com; dkim=test (signature was verified)
 header.d=shop.example;hotmail.com; dmarc=pass action=none
 header.from=shop.example;
"""
GMAIL_OF_2012_FOR_DOCOMO = """\
Received: by 10.229.8.67 with SMTP id g3csp291362qcg; Mon, 25 Jun 2012 19:01:13 -0700 (PDT)
Return-Path: <touroku@shop.example>
Received: from sv1.hoster.example (sv1.hoster.example. [192.0.2.20])
 by mx.google.com with ESMTP id wh5si2161253pbc.158; Mon, 25 Jun 2012 19:01:13 -0700 (PDT)
Authentication-Results: mx.google.com; spf=pass (google.com: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) smtp.mail=touroku@shop.example
"""
YAHOO_JAPAN = """\
Received: from 192.0.2.20  (EHLO sv1.hoster.example) (192.0.2.20)
  by mta7001.mail.djm.yahoo.co.jp with SMTP; Sat, 28 Nov 2026 10:00:04 +0900
Return-Path: <touroku@shop.example>
Authentication-Results: mta7001.mail.djm.yahoo.co.jp from=shop.example; spf=pass smtp.mailfrom=shop.example; dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example
Received-SPF: pass (sv1.hoster.example: domain of shop.example designates 192.0.2.20 as permitted sender) receiver=sv1.hoster.example; client-ip=192.0.2.20;
"""
YAHOO_JAPAN_WITH_DOMAINKEYS = """\
Received: from 192.0.2.20  (EHLO sv1.hoster.example) (192.0.2.20)
  by mta706.mail.djm.yahoo.co.jp with SMTP; Sat, 28 Nov 2020 10:00:04 +0900
Received-SPF: pass (sv1.hoster.example: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) receiver=sv1.hoster.example; client-ip=192.0.2.20; envelope-from=touroku@shop.example;
Authentication-Results: mta706.mail.djm.yahoo.co.jp  from=shop.example; domainkeys=pass (ok); dkim=pass (ok); header.i=@shop.example
"""
DOCOMO = """\
Received: from mfsmax.docomo.ne.jp (mfsmax.docomo.ne.jp [10.1.2.3])
\tby mail.docomo.ne.jp with SMTP; Sat, 28 Nov 2026 10:00:04 +0900
Authentication-Results: mfsmax.docomo.ne.jp; spf=pass smtp.mailfrom=touroku@shop.example; dkim=none; dmarc=fail (p=none) header.from=shop.example
Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])
\tby mfsmax.docomo.ne.jp (docomo mail) with ESMTP; Sat, 28 Nov 2026 10:00:03 +0900
"""
MILTERS = """\
Return-Path: <touroku@shop.example>
Received: from localhost (localhost [127.0.0.1])
\tby sv77.xserver.jp (Postfix) with ESMTP id 1; Sat, 28 Nov 2026 10:00:04 +0900 (JST)
Authentication-Results: sv77.xserver.jp; dmarc=pass (p=none dis=none) header.from=shop.example
Authentication-Results: sv77.xserver.jp;
\tdkim=pass (2048-bit key; unprotected) header.d=shop.example header.i=@shop.example header.a=rsa-sha256 header.s=default header.b=b1wGz;
\tdkim-atps=neutral
Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.20; helo=sv1.hoster.example; envelope-from=touroku@shop.example; receiver=<UNKNOWN>
Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])
\tby sv77.xserver.jp (Postfix) with ESMTPS id 2; Sat, 28 Nov 2026 10:00:03 +0900 (JST)
"""
ENMA = """\
Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])
\tby mx05.lolipop.jp (Postfix) with ESMTP id 3; Sat, 28 Nov 2026 10:00:03 +0900 (JST)
Authentication-Results: mx05.lolipop.jp; spf=pass smtp.mailfrom=touroku@shop.example; sender-id=pass header.From=touroku@shop.example; dkim=hardfail header.i=@shop.example; dkim-adsp=fail header.from=touroku@shop.example
"""
ARENA = """\
Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])
\tby mta1.arena.ne.jp (Postfix) with ESMTP id 4; Sat, 28 Nov 2026 10:00:03 +0900 (JST)
Authentication-Results: me@box.example; sender-id=pass header.from=touroku@shop.example; spf=pass smtp.mfrom=touroku@shop.example
Authentication-Results: me@box.example; dkim=pass (2048-bit key) header.i=@shop.example; x-dkim-adsp=pass
"""
RSPAMD = """\
Return-Path: <touroku@shop.example>
Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])
\tby mail1.conoha.ne.jp (Postfix) with ESMTPS id 5; Sat, 28 Nov 2026 10:00:03 +0900 (JST)
Authentication-Results: mail1.conoha.ne.jp;
\tdkim=pass header.d=shop.example header.s=default header.b=T0;
\tdmarc=pass (policy=reject) header.from=shop.example;
\tspf=pass (mail1.conoha.ne.jp: domain of touroku@shop.example designates 192.0.2.20 as permitted sender) smtp.mailfrom=touroku@shop.example
"""
EXIM = """\
Received: from sv1.hoster.example ([192.0.2.20])
\tby www1234.sakura.ne.jp with esmtps (TLS1.3) (Exim 4.96)
\tid 1vAE57-0004FS-2o; Sat, 28 Nov 2026 10:00:03 +0900
Authentication-Results: www1234.sakura.ne.jp;
\tiprev=pass (sv1.hoster.example) smtp.remote-ip=192.0.2.20;
\tspf=none smtp.helo=sv1.hoster.example;
\tspf=pass smtp.mailfrom=shop.example;
\tdkim=pass header.d=hoster.example header.s=h header.a=rsa-sha256;
\tdkim=pass header.d=shop.example header.s=default header.a=rsa-sha256;
\tdmarc=pass header.from=shop.example
"""


def report(
    received: str, sent: str = SENT, mailbox: str = "", host: str = ""
) -> AuthenticationReport:
    raw = (received + sent).replace("\n", "\r\n").encode() + b"\r\nbody\r\n"
    return read(Mail.read(raw), mailbox=mailbox, host=host)


def told(found: AuthenticationReport) -> dict[AuthMethod, tuple[AuthResult, str]]:
    return {one.method: (one.result, one.domain) for one in found.findings}


OURS = "shop.example"
ALL_PASS = {SPF: (PASS, OURS), DKIM: (PASS, OURS), DMARC: (PASS, OURS)}
REAL = {
    "Gmail": (GMAIL, "mx.google.com", ALL_PASS),
    "Gmail, SPF forgotten": (
        GMAIL_FAILED,
        "mx.google.com",
        {SPF: (SOFTFAIL, OURS), DMARC: (FAIL, OURS)},
    ),
    "Gmail of 2012": (GMAIL_OF_2012_FOR_DOCOMO, "mx.google.com", {SPF: (PASS, OURS)}),
    "Yahoo!": (YAHOO, "atlas-production.v2-mail-prod1-gq1.omega.yahoo.com", ALL_PASS),
    "Yahoo! of 2020": (YAHOO_OF_2020, "atlas207.free.mail.gq1.yahoo.com", ALL_PASS),
    "Yahoo!, nothing signed": (
        YAHOO_UNSIGNED,
        "atlas116.free.mail.bf1.yahoo.com",
        {SPF: (SOFTFAIL, OURS), DKIM: (NONE, ""), DMARC: (NONE, OURS)},
    ),
    "Yahoo! JAPAN": (YAHOO_JAPAN, "mta7001.mail.djm.yahoo.co.jp", ALL_PASS),
    "Yahoo! JAPAN, as published": (
        YAHOO_JAPAN_WITH_DOMAINKEYS,
        "mta706.mail.djm.yahoo.co.jp",
        {DKIM: (PASS, OURS)},
    ),
    "iCloud": (ICLOUD, "dmarc.icloud.com", ALL_PASS),
    "Outlook.com": (
        OUTLOOK,
        "os3pr01mb2.jpnprd01.prod.outlook.com",
        {SPF: (PASS, OURS), DKIM: (NONE, ""), DMARC: (NONE, OURS)},
    ),
    "Hotmail of 2017": (HOTMAIL_OF_2017, "by1pr19mb0022.namprd19.prod.outlook.com", ALL_PASS),
    "docomo": (
        DOCOMO,
        "mfsmax.docomo.ne.jp",
        {SPF: (PASS, OURS), DKIM: (NONE, ""), DMARC: (FAIL, OURS)},
    ),
    "OpenDKIM, OpenDMARC and policyd-spf": (MILTERS, "sv77.xserver.jp", ALL_PASS),
    "ENMA": (ENMA, "mx05.lolipop.jp", {SPF: (PASS, OURS), DKIM: (FAIL, OURS)}),
    "WebARENA": (ARENA, "me@box.example", {SPF: (PASS, OURS), DKIM: (PASS, OURS)}),
    "Rspamd": (RSPAMD, "mail1.conoha.ne.jp", ALL_PASS),
    "Exim": (EXIM, "www1234.sakura.ne.jp", ALL_PASS),
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("known", [True, False])
def test_what_real_servers_write_is_read(name: str, known: bool):
    """With the mailbox known; and a mail that was pasted, of which nothing is known.

    The fields of Gmail, Yahoo!, iCloud, Outlook.com and WebARENA are in their published forms, of
    Yahoo! JAPAN the older one is; those of hosters are in the form of the software they run. None
    of docomo is published: it is as RFC 8601 has it, in the name of its server.
    """
    received, receiver, expected = REAL[name]
    mailbox = {"Gmail": "owner@gmail.com", "iCloud": "owner@me.com"}.get(name, "me@box.example")
    needs_it = name == "WebARENA"  # signs in the name of the recipient
    found = report(received, mailbox=mailbox if known or needs_it else "")
    assert told(found) == expected
    assert found.receiver == receiver
    assert found.from_domain == OURS
    assert found.not_believed == 0


def test_the_policy_of_the_domain():
    assert [report(text).of(DMARC).policy for text in (GMAIL, YAHOO, RSPAMD, DOCOMO)] == [
        *("none", "reject", "reject", "none"),
    ]


FORGED = """\
Authentication-Results: mx.google.com; dkim=pass header.i=@shop.example;
 spf=pass smtp.mailfrom=shop.example; dmarc=pass header.from=shop.example
"""


def test_what_the_sender_wrote_in_the_name_of_the_receiver_is_not_believed():
    found = report(GMAIL_FAILED, FORGED + SENT)
    assert told(found) == {SPF: (SOFTFAIL, OURS), DMARC: (FAIL, OURS)}
    assert found.not_believed == 1


@pytest.mark.parametrize("place", ["under his Received", "under From", "at the end"])
def test_a_forged_field_counts_nowhere_where_the_receiver_writes_none(place: str):
    silent = (
        "Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])\n"
        "\tby mx.box.example (Postfix) with ESMTP id 5; Sat, 28 Nov 2026 10:00:03 +0900\n"
    )
    forged = FORGED.replace("mx.google.com", "mx.box.example")
    head, from_, rest = SENT.partition("From:")
    sent = {
        "under his Received": head + forged + from_ + rest,
        "under From": head + "From: x <touroku@shop.example>\n" + forged,
        "at the end": SENT + forged,
    }[place]
    found = report(silent, sent, mailbox="me@box.example")
    assert told(found) == {}
    assert found.not_believed == 1


@pytest.mark.parametrize("identity", ["mx.evil.example", "google.com.evil.example", "gmail", ""])
def test_a_field_in_another_name_is_not_believed(identity: str):
    forged = FORGED.replace("mx.google.com;", f"{identity};" if identity else "")
    assert told(report(GMAIL_FAILED.partition("Received-SPF")[0], forged + SENT)) == {}


def test_a_field_without_a_name_is_microsofts_alone():
    found = report(OUTLOOK.replace("outlook.com", "hoster.example"))
    assert DMARC not in told(found)


def test_a_second_signature_of_the_sender_changes_nothing():
    """Gmail names no DKIM where nothing is signed: he may not add it."""
    forged = "Authentication-Results: mx.google.com; dkim=pass header.i=@shop.example\n"
    assert DKIM not in told(report(GMAIL_FAILED, forged + SENT))


def test_a_server_on_the_way_is_not_the_receiver():
    on_the_way = (
        "Received: from sv1.hoster.example (sv1.hoster.example [192.0.2.20])\n"
        "\tby mx.forwarder.example with ESMTP id 5; Sat, 28 Nov 2026 10:00:03 +0900\n"
        "Authentication-Results: mx.forwarder.example; spf=pass smtp.mailfrom=shop.example\n"
    )
    found = report(GMAIL_FAILED, on_the_way + SENT)
    assert told(found)[SPF] == (SOFTFAIL, OURS)
    assert found.not_believed == 1


def test_received_spf_of_somebody_else_is_not_believed():
    found = report(
        "Received: from a (a [192.0.2.20]) by mx.box.example with ESMTP id 5; Sat, 28 Nov 2026\n"
        "Received-SPF: pass (x) receiver=mx.evil.example; envelope-from=touroku@shop.example\n",
    )
    assert told(found) == {}


def test_arc_where_there_is_nothing_else():
    only_arc = GMAIL.partition("Received-SPF")[0]
    assert told(report(only_arc)) == ALL_PASS
    assert told(report(only_arc.replace("mx.google.com;", "evil.example;"))) == {}


@pytest.mark.parametrize(
    "value",
    [
        *("", ";", ";;;;", "mx.google.com", "mx.google.com; none", "mx.google.com;spf", "(" * 5000),
        *(
            'mx.google.com; spf="',
            "mx.google.com; spf=pass (\\",
            '"' * 3001,
            "mx.google.com; =pass",
        ),
        *(
            "mx.google.com; spf=pass smtp.mailfrom=" + "a" * 20_000,
            "; " * 9000,
            "\u202e\x00\x1b]0;",
        ),
    ],
)
def test_nothing_raises(value: str):
    found = report(f"Received: by mx.google.com; x\nAuthentication-Results: {value}\n")
    assert found.passes_dmarc in (None, True, False)


def test_a_quoted_value_may_hold_anything():
    field = (
        'mx.google.com; spf=pass reason="a; dkim=pass (x)" smtp.mailfrom="bounce=1@shop.example"'
    )
    found = report(f"Received: by mx.google.com; x\nAuthentication-Results: {field}\n")
    assert told(found) == {SPF: (PASS, OURS)}


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        ("spf=pass smtp.mailfrom=bounce.shop.example", True),
        ("spf=pass smtp.mailfrom=hoster.example", False),
        ("spf=fail smtp.mailfrom=shop.example; dkim=pass header.d=mail.shop.example", True),
        ("spf=pass smtp.mailfrom=shop.example; dmarc=fail header.from=shop.example", False),
        ("dmarc=temperror header.from=shop.example; spf=pass smtp.mailfrom=shop.example", True),
        ("dmarc=none", None),
    ],
)
def test_dmarc_where_the_receiver_does_not_name_it(fields: str, passes: bool | None):
    found = report(
        f"Received: by mx.box.example; x\nAuthentication-Results: mx.box.example; {fields}\n"
    )
    assert found.passes_dmarc is passes


def test_whose_a_domain_is():
    assert organization.of("a.b.shop.co.jp") == "shop.co.jp"
    assert organization.of("mfsmax.docomo.ne.jp") == "docomo.ne.jp"
    assert organization.of("www1.SHOP.jp.") == "shop.jp"
    assert organization.of("co.jp") == "co.jp"
    assert [organization.of(text) for text in ("", "localhost", "192.0.2.1", "..")] == [""] * 4
    assert not organization.same("", "")
