"""What the receiving provider has found out about a mail's origin: SPF, DKIM and DMARC. Pure.

Reads `Authentication-Results` (RFC 8601) as real servers write it, where there is none for SPF
`Received-SPF` (RFC 7208 section 9.1), and `ARC-Authentication-Results` (RFC 8617) where a provider
writes nothing else. Anybody can write such a field into a mail that he sends. Believed is only what
stands in the block that the receiver itself has put on top (RFC 8601 sections 5 and 7.1): above all
that the sender wrote, and in the receiver's name. Of several fields the topmost counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from kollect.mail import organization
from kollect.mail.message import Mail

_LONGEST_FIELD = 16 * 1024
_MOST_STATEMENTS = 40


class AuthMethod(StrEnum):
    SPF = "spf"
    """Whether the server that delivered the mail may send for the domain (RFC 7208)."""
    DKIM = "dkim"
    """Whether a signature of the domain is whole (RFC 6376)."""
    DMARC = "dmarc"
    """Whether one of the two passed for the domain that the reader sees (RFC 7489)."""


class AuthResult(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    """Nothing there to be tried: no record, no signature."""
    POLICY = "policy"
    TEMPORARY = "temperror"
    """The receiver could not ask the DNS just then."""
    PERMANENT = "permerror"
    """The record cannot be understood."""
    UNKNOWN = "unknown"
    """A word of no RFC."""


_RESULTS = {
    **{str(result): result for result in AuthResult},
    # of former RFCs, and of Yahoo!, Outlook.com and Cisco
    "hardfail": AuthResult.FAIL,
    "bestguesspass": AuthResult.NONE,
    "test": AuthResult.PASS,
    "dkim_pass": AuthResult.PASS,
    "success": AuthResult.PASS,
    "error": AuthResult.TEMPORARY,
    "unknown": AuthResult.NONE,
    "nxdomain": AuthResult.NONE,
}


@dataclass(frozen=True, slots=True)
class AuthFinding:
    """One of the three, as the receiver found it."""

    method: AuthMethod
    result: AuthResult
    domain: str = ""
    """Which it is about: of MAIL FROM, of the signature, of From; "" where it is not said."""
    policy: str = ""
    """Of DMARC what the domain asks for: none, quarantine or reject; "" where it is not said."""
    of_greeting: bool = False
    """An SPF about the name in HELO, not about the sender."""


@dataclass(frozen=True, slots=True)
class AuthenticationReport:
    """What the receiver of a mail has written into it."""

    receiver: str
    """In whose name: the authserv-id, else the receiving host; "" where none can be made out."""
    findings: tuple[AuthFinding, ...] = ()
    """At most one of each method."""
    from_domain: str = ""
    """The domain that the reader sees."""
    not_believed: int = 0
    """Fields of this kind that somebody else has written: the sender, or a server on the way."""

    def of(self, method: AuthMethod) -> AuthFinding | None:
        return next((one for one in self.findings if one.method is method), None)

    @property
    def passes_dmarc(self) -> bool | None:
        """As DMARC has it, also where the receiver does not name it: SPF or DKIM passed for the
        domain that the reader sees. None where nothing is known.
        """
        if (dmarc := self.of(AuthMethod.DMARC)) and dmarc.result in (
            *(AuthResult.PASS, AuthResult.FAIL),
        ):
            return dmarc.result is AuthResult.PASS
        others = [one for one in self.findings if one.method is not AuthMethod.DMARC]
        if not others:
            return None
        return any(
            one.result is AuthResult.PASS and organization.same(one.domain, self.from_domain)
            for one in others
        )


def read(mail: Mail, *, mailbox: str = "", host: str = "") -> AuthenticationReport:
    """What is to be believed of the fields of this mail.

    `mailbox`: the address it came to; `host`: the server it was fetched from; both may be unknown
    (a mail that was pasted): then the topmost Received tells the receiver, who writes it.
    """
    receiver = _Receiver(mail, mailbox, host)
    from_domain = mail.sender.rpartition("@")[2].lower()
    believed = _Believed(from_domain)
    everything = [name for name, _ in mail.fields].count(_RESULTS_FIELD)
    for name, value in receiver.own_fields(mail):
        if name == _RESULTS_FIELD:
            field = _field(value)
            if field is not None and receiver.wrote(field.identity) and not believed.is_over:
                believed.add(field)
                believed.is_over = receiver.writes_one
        elif name == _SPF_FIELD and believed.spf is None and receiver.may_have_written(value):
            believed.spf = _received_spf(value)
        elif name == _ARC_FIELD and believed.arc is None:
            field = _field(re.sub(rb"^\s*i\s*=\s*\d+\s*;", b"", value))
            if field is not None and receiver.wrote(field.identity):
                believed.arc = field
    return AuthenticationReport(
        receiver=believed.identity or receiver.name,
        findings=believed.findings(),
        from_domain=from_domain,
        not_believed=everything - believed.fields,
    )


_RESULTS_FIELD = "authentication-results"
_SPF_FIELD = "received-spf"
_ARC_FIELD = "arc-authentication-results"
_OF_THE_SENDER = frozenset(
    {"from", "to", "cc", "subject", "date", "message-id", "mime-version", "reply-to", "sender"}
    | {"content-type", "content-transfer-encoding", "dkim-signature", "in-reply-to", "references"}
)
"""Where the first of these stands, what the receiver has put on top has ended."""


class _Believed:
    """What has been found so far, from the top. A method is taken from the first field alone."""

    def __init__(self, from_domain: str) -> None:
        self.identity = ""
        self.fields = 0
        self._from_domain = from_domain
        self.spf: AuthFinding | None = None
        self.arc: _Field | None = None
        self.is_over = False
        self._found: dict[AuthMethod, AuthFinding] = {}

    def add(self, field: _Field) -> None:
        self.fields += 1
        of_this = _by_method(field, self._from_domain)
        # "bimi.icloud.com; bimi=none" stands above the others, and says nothing of the three
        self.identity = self.identity or (field.identity if of_this else "")
        self._found = of_this | self._found

    def findings(self) -> tuple[AuthFinding, ...]:
        found = self._found
        if not found and self.arc is not None:
            found = _by_method(self.arc, self._from_domain)
        if self.spf is not None:
            found = {AuthMethod.SPF: self.spf} | found
        return tuple(found[method] for method in AuthMethod if method in found)


# --- who the receiver is

_NAMES_OF_HOUSES = (
    frozenset({"gmail.com", "googlemail.com", "google.com"}),
    frozenset({"yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aol.jp"}),
    frozenset({"yahoo.co.jp", "ymail.ne.jp", "yahoo.ne.jp"}),
    frozenset({"icloud.com", "me.com", "mac.com", "apple.com"}),
    frozenset(
        {"outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.jp", "live.com"}
        | {"msn.com", "office365.com"}
    ),
    frozenset({"ezweb.ne.jp", "au.com", "auone.jp"}),
    frozenset({"softbank.ne.jp", "softbank.jp", "vodafone.ne.jp", "disney.ne.jp"}),
)
"""Organizational domains of one provider: its mailboxes, its servers, the name it signs with."""
_WRITE_ONE = frozenset({"google.com", "yahoo.com", "outlook.com"})
"""They write all of it into one field: whatever follows in their name is not theirs."""
_NAMELESS = frozenset({"outlook.com"})
"""Microsoft writes no authserv-id."""


class _Receiver:
    def __init__(self, mail: Mail, mailbox: str, host: str) -> None:
        by = next(filter(None, map(_by, mail.every("received"))), "")
        self.name = by or host.lower()
        named = (mailbox.rpartition("@")[2], host, by)
        known = {organization.of(one) for one in named} - {""}
        for house in _NAMES_OF_HOUSES:
            if house & known:
                known |= house
        self._known = known
        self.writes_one = bool(known & _WRITE_ONE)

    def own_fields(self, mail: Mail) -> Iterator[tuple[str, bytes]]:
        """What was put on top of the mail when it came in."""
        for name, value in mail.fields:
            by = _by(value) if name == "received" else ""
            if name in _OF_THE_SENDER or (by and not self._is(by)):
                return
            yield name, value

    def wrote(self, identity: str) -> bool:
        return self._is(identity) if identity else bool(self._known & _NAMELESS)

    def may_have_written(self, received_spf: bytes) -> bool:
        """Whether a Received-SPF names nobody else as the one who tried it."""
        named = _SPF_RECEIVER.search(received_spf)
        who = named[1].decode("ascii", "replace") if named else ""
        return "." not in who or self._is(who)

    def _is(self, name: str) -> bool:
        domain = name.rpartition("@")[2]  # some give the recipient as authserv-id
        return organization.of(domain) in self._known


_BY = re.compile(rb"(?:^|[\s;])by\s+([A-Za-z0-9.-]+\.[A-Za-z]{2,})(?=[\s;(]|$)", re.IGNORECASE)
_SPF_RECEIVER = re.compile(rb"\breceiver\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def _by(received: bytes) -> str:
    """The host that wrote a Received; "" for one of its inside, as `by 10.0.0.1`."""
    found = _BY.search(_without_comments(received[:_LONGEST_FIELD].decode("latin-1"))[0].encode())
    return found[1].decode("ascii").lower() if found else ""


# --- a field


@dataclass(frozen=True, slots=True)
class _Field:
    identity: str
    """The authserv-id, lower case; "" for a field without."""
    findings: tuple[AuthFinding, ...]


_FIRST_WORD = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;=\"]+)(?=\s|$)")
"""A version may follow, and what Yahoo! JAPAN writes there: `mta1.mail.yahoo.co.jp from=…`."""
_STATEMENT = re.compile(r"\s*([a-z][a-z0-9_-]*)\s*(?:/\s*\d+\s*)?=\s*([a-z_]+)", re.IGNORECASE)
_PROPERTY = re.compile(
    r"\b(?:smtp|header|policy|body)\.([a-z0-9_-]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;\"]+)",
    re.IGNORECASE,
)
_POLICY = re.compile(r"\bp(?:olicy)?\s*=\s*(none|quarantine|reject)\b", re.IGNORECASE)
_WHERE_THE_DOMAIN_STANDS = {
    AuthMethod.SPF: ("mailfrom", "mfrom", "mail", "envelope-from", "helo"),
    AuthMethod.DKIM: ("d", "i"),
    AuthMethod.DMARC: ("from",),
}
"""The property, the most telling first."""
_DOMAIN = re.compile(r"[^\W_](?:[\w.-]{0,251}[^\W_])?")


def _field(value: bytes) -> _Field | None:
    """The field in its parts; None where it is none, or absurdly long."""
    if len(value) > _LONGEST_FIELD:
        return None
    statements = _statements(value.decode("utf-8", "replace"))
    identity, found = "", list[AuthFinding]()
    for place, (text, comments) in enumerate(statements[:_MOST_STATEMENTS]):
        if place == 0 and not _STATEMENT.match(text):
            named = _FIRST_WORD.match(text)
            if named is None:
                return None
            identity = named[1].strip('"').lower()
        elif (one := _finding(text, comments)) is not None:
            found.append(one)
        elif found and not found[-1].domain and text.lstrip().startswith("header."):
            found[-1] = replace(found[-1], domain=_named_domain(found[-1].method, text))
    return _Field(identity, tuple(found))


def _finding(text: str, comments: str) -> AuthFinding | None:
    stated = _STATEMENT.match(text)
    if stated is None or stated[1].lower() not in (str(method) for method in AuthMethod):
        return None
    method = AuthMethod(stated[1].lower())
    properties = _properties(text)
    policy = _POLICY.search(comments) if method is AuthMethod.DMARC else None
    return AuthFinding(
        method,
        _RESULTS.get(stated[2].lower(), AuthResult.UNKNOWN),
        _named_domain(method, text),
        policy[1].lower() if policy else "",
        of_greeting="helo" in properties and len(properties) == 1,
    )


def _properties(text: str) -> dict[str, str]:
    return {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(text)}


def _named_domain(method: AuthMethod, text: str) -> str:
    """Yahoo! JAPAN has it behind a semicolon of its own: `dkim=pass (ok); header.i=@shop.jp`."""
    properties = _properties(text)
    named = (properties.get(name, "") for name in _WHERE_THE_DOMAIN_STANDS[method])
    return next(filter(None, map(_domain, named)), "")


def _domain(value: str) -> str:
    domain = value.rpartition("@")[2].strip("<>").lower()
    return domain if _DOMAIN.fullmatch(domain) and domain != "none" else ""


def _by_method(field: _Field, from_domain: str) -> dict[AuthMethod, AuthFinding]:
    """The one that counts of each: of several signatures a whole one of From's domain, else a
    whole one; of SPF that of MAIL FROM (servers try HELO too).
    """
    found: dict[AuthMethod, AuthFinding] = {}
    for one in field.findings:
        before = found.get(one.method)
        if before is None or _counts_more(one, before, from_domain):
            found[one.method] = one
    return found


def _counts_more(one: AuthFinding, before: AuthFinding, from_domain: str) -> bool:
    if one.method is not AuthMethod.DKIM:
        return one.method is AuthMethod.SPF and before.of_greeting and not one.of_greeting
    weights = [
        (found.result is AuthResult.PASS, organization.same(found.domain, from_domain))
        for found in (before, one)
    ]
    return weights[1] > weights[0]


def _received_spf(value: bytes) -> AuthFinding | None:
    text = value[:_LONGEST_FIELD].decode("utf-8", "replace")
    result = re.match(r"\s*([a-z]+)", text, re.IGNORECASE)
    if result is None:
        return None
    sender = re.search(r"\benvelope-from\s*=\s*\"?<?([^\s;\">]+)", text, re.IGNORECASE)
    sender = sender or re.search(r"\bdomain of (?:transitioning )?(\S+)", text)
    return AuthFinding(
        AuthMethod.SPF,
        _RESULTS.get(result[1].lower(), AuthResult.UNKNOWN),
        _domain(sender[1]) if sender else "",
    )


def _statements(text: str) -> list[tuple[str, str]]:
    """What stands between the semicolons, and the comments in it."""
    plain, comments = _without_comments(text)
    parts: list[tuple[str, str]] = []
    begun, quoted, escaped = 0, False, False
    for place, character in enumerate([*plain, ";"]):
        if escaped:
            escaped = False
        elif character == "\\" and quoted:
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == ";" and (not quoted or place == len(plain)):
            inside = [words for at, words in comments if begun <= at <= place]
            parts.append((plain[begun:place], " ".join(inside)))
            begun = place + 1
    return parts


def _without_comments(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text without its comments (RFC 5322 section 3.2.2), and each with its place in it."""
    plain: list[str] = []
    comments: list[tuple[int, str]] = []
    comment: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in text:
        target = comment if depth else plain
        if escaped:
            escaped = False
            target.append(character)
        elif character == "\\" and (depth or quoted):
            escaped = True
            if not depth:
                target.append(character)
        elif character == '"' and not depth:
            quoted = not quoted
            target.append(character)
        elif character == "(" and not quoted:
            depth += 1
            if depth > 1:
                comment.append(character)
        elif character == ")" and depth:
            depth -= 1
            if depth:
                comment.append(character)
            else:
                plain.append(" ")
                comments.append((len(plain), "".join(comment)))
                comment = []
        else:
            target.append(character)
    return "".join(plain), comments
