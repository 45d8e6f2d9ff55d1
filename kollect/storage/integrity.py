"""Is every value in a kollect.db one that this program can have written?

SQLite's own check looks at the pages and finds no digit that has fallen over in a time. Here each
column has its rule; a rule is SQL, so that a million rows take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from kollect.storage.database_driver import in_memory, result_code, sqlite3
from kollect.storage.database_glance import ABSURD
from kollect.storage.schema import MIGRATIONS

Rules = Mapping[str, str]
"""For each column the expression that is true of every sound value; `{}` stands for the column."""

_STEPS_OF_PROGRESS = 20_000
"""So many steps of SQLite's machine between two looks at whether to go on."""
_BLOCK = 2000

_TEXT = "typeof({0}) = 'text'"
_DATE = (
    "typeof({0}) = 'text' AND {0} GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*'"
    " AND substr({0}, 1, 4) >= '0001' AND substr({0}, 6, 2) BETWEEN '01' AND '12'"
    " AND substr({0}, 9, 2) >= '01'"
    # slow; SQLite takes a 30th of February, but reckons on to March
    " AND (substr({0}, 9, 2) <= '28' OR date(substr({0}, 1, 10), '+0 days') IS substr({0}, 1, 10))"
)
_DAY = f"length({{0}}) = 10 AND {_DATE}"
_TIME = (
    f"length({{0}}) = 20 AND {_DATE}"
    " AND substr({0}, 11) GLOB 'T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z' AND substr({0}, 12, 2) <= '23'"
)
_FLAG = "typeof({0}) = 'integer' AND {0} IN (0, 1)"
_NUMBER = f"typeof({{0}}) = 'integer' AND {{0}} BETWEEN 1 AND {ABSURD}"
_COUNT = "typeof({0}) = 'integer' AND {0} BETWEEN 0 AND 1000000000"
_LIVED = _COUNT
"""A moment in lived seconds (see `clock`)."""
_DIGITS = "length({0}) <= 15 AND {0} NOT GLOB '*[^0-9]*'"
_META = (
    f"{_TEXT} AND CASE key"
    " WHEN 'install_id' THEN length({0}) >= 8 AND {0} NOT GLOB '*[^0-9a-f]*'"
    " WHEN 'secret' THEN length({0}) = 64 AND {0} NOT GLOB '*[^0-9a-f]*'"
    " WHEN 'number_floor' THEN length({0}) BETWEEN 1 AND 15 AND {0} NOT GLOB '*[^0-9]*'"
    " WHEN 'behind' THEN length({0}) BETWEEN 1 AND 15 AND {0} NOT GLOB '*[^0-9]*'"
    " WHEN 'lived' THEN json_valid({0})"
    " WHEN 'weekly report' THEN {0} = '' OR json_valid({0})"
    " WHEN 'clock wrong' THEN {0} IN ('', 'ahead', 'behind')"
    f" WHEN 'put off up to' THEN {_DIGITS}"
    f" WHEN 'waited up to' THEN {_DIGITS}"
    f" WHEN 'came back' THEN {_DIGITS}"
    f" WHEN 'not deleted count' THEN {_DIGITS}"
    f" WHEN 'upkeep' THEN {{0}} = '' OR ({_DAY})"
    f" WHEN 'went back' THEN {{0}} = '' OR ({_TIME})"
    f" WHEN 'remove nothing before' THEN {{0}} = '' OR ({_DAY})"
    " ELSE 1 END"
)


def _or_null(rule: str) -> str:
    return f"{{0}} IS NULL OR ({rule})"


def _one_of(words: Iterable[str]) -> str:
    return "typeof({{0}}) = 'text' AND {{0}} IN ({})".format(
        ", ".join(f"'{word}'" for word in words)
    )


KINDS = (
    *("test", "loop", "bounce", "automatic", "new", "duplicate", "renumber", "ignored", "braked"),
    *("paused", "stop", "stop_unanswered", "stop_perhaps", "out_of_scope"),
)
RECEIPT_STATES = ("pending", "replied", "unknown", "undeliverable", "refused", "brought")
MAIL_STEPS = (
    *("owed", "sending", "unknown", "deferred", "sent", "undeliverable", "kept", "test", "gone"),
)
SEXES = ("", "男性", "女性", "その他")
MEMBER_STATES = ("active", "withdrawn", "merged")
MAILING_STATES = ("draft", "scheduled", "sending", "paused", "stopped", "done")
PARCEL_STEPS = (
    *("waiting", "sending", "unknown", "deferred", "sent", "undeliverable", "uncertain"),
    "left_out",
)
STANDING_KINDS = ("birthday", "step")
"""What stands in the tables of rooms that are not known here; the tests compare them."""

RULES: dict[str, Rules] = {
    "meta": {"key": _TEXT, "value": _META},
    "template": {
        "id": _NUMBER, "kind": _TEXT, "subject": _TEXT, "body": _TEXT, "since": _TIME,
    },
    "receipt": {
        "number": _NUMBER, "address": _TEXT, "address_key": _TEXT, "received_at": _TIME,
        "replied_at": _or_null(_TIME), "state": _one_of(RECEIPT_STATES), "reason": _TEXT,
        "times": _COUNT, "template": _NUMBER, "renumbered": _FLAG, "stands_for": _or_null(_NUMBER),
        "poster": _TEXT,
    },
    "mail": {
        "id": _NUMBER, "mailbox": _TEXT, "uid": _TEXT, "fingerprint": _TEXT,
        "kind": _one_of(KINDS), "reason": _TEXT, "address": _TEXT, "address_key": _TEXT,
        "subject": _TEXT, "message_id": _TEXT, "thread": _TEXT, "number": _or_null(_NUMBER),
        "template": _or_null(_NUMBER), "letter_id": _TEXT, "kept": _TEXT, "whole": _FLAG,
        "step": _one_of(MAIL_STEPS), "step_at": _TIME, "seen_at": _TIME, "unknowns": _COUNT,
        "answer": _TEXT, "tried": _or_null(_LIVED), "later_since": _or_null(_LIVED),
        "refused_since": _or_null(_LIVED), "refusals": _COUNT,
    },
    "strike": {"mailbox": _TEXT, "uid": _TEXT, "count": _COUNT, "at": _TIME},
    "member": {
        "number": _NUMBER, "name": _TEXT, "kana": _TEXT, "birthday": _or_null(_DAY),
        "sex": _one_of(SEXES), "phone": _TEXT, "postcode": _TEXT, "home": _TEXT, "note": _TEXT,
        "consent": _FLAG, "consent_on": _or_null(_DAY), "consent_how": _TEXT,
        "state": _one_of(MEMBER_STATES), "registered_at": _TIME, "withdrawn_at": _or_null(_TIME),
        "stopped_at": _or_null(_TIME), "undeliverable": _TEXT, "search": _TEXT,
        "merged_into": _or_null(_NUMBER),
    },
    "member_group": {"label": _TEXT, "number": _NUMBER, "place": _COUNT},
    "member_change": {
        "id": _NUMBER, "number": _NUMBER, "at": _TIME, "source": _TEXT, "field": _TEXT,
        "former": _TEXT, "present": _TEXT,
    },
    "consent": {
        "id": _NUMBER, "number": _NUMBER, "address": _TEXT, "given": _FLAG, "given_on": _DAY,
        "how": _TEXT, "recorded_at": _TIME, "template": _NUMBER,
    },
    "former_address": {
        "id": _NUMBER, "number": _NUMBER, "address": _TEXT, "address_key": _TEXT,
        "state": _one_of(RECEIPT_STATES), "reason": _TEXT, "replied_at": _or_null(_TIME),
        "left_at": _TIME, "new_number": _NUMBER,
    },
    "mailing": {
        "id": _NUMBER, "subject": _TEXT, "body": _TEXT, "footer": _TEXT, "chosen": _TEXT,
        "per_minute": _COUNT, "per_hour": _COUNT, "state": _one_of(MAILING_STATES),
        "made_at": _TIME, "started_at": _or_null(_TIME), "ended_at": _or_null(_TIME),
        "due_at": _or_null(_TIME), "night": _FLAG, "standing": _or_null(_NUMBER),
    },
    "mailing_text": {
        "id": _NUMBER, "name": _TEXT, "subject": _TEXT, "body": _TEXT, "saved_at": _TIME,
    },
    "standing_mailing": {
        "id": _NUMBER, "kind": _one_of(STANDING_KINDS), "days": _COUNT, "subject": _TEXT,
        "body": _TEXT, "active": _FLAG, "since": _TIME, "settled_to": _DAY,
        "removed_at": _or_null(_TIME),
    },
    "occasion": {
        "standing": _NUMBER, "number": _NUMBER, "day": _DAY, "at": _TIME,
        "mailing": _or_null(_NUMBER), "reason": _TEXT,
    },
    "poster": {
        "id": _NUMBER, "tag": _TEXT, "name": _TEXT, "made_at": _TIME, "proven_at": _or_null(_TIME),
        "proven_for": _TEXT,
    },
    "returned_letter": {"address_key": _TEXT, "day": _DAY, "answer": _TEXT},
    "no_by_mail": {"address_key": _TEXT, "at": _TIME, "ended_by": _or_null(_NUMBER)},
    "merger": {
        "id": _NUMBER, "number": _NUMBER, "merged": _NUMBER, "at": _TIME,
        "former": f"{_TEXT} AND json_valid({{0}})",
    },
    "parcel": {
        "id": _NUMBER, "mailing": _NUMBER, "number": _NUMBER, "address": _TEXT,
        "letter_id": _TEXT, "step": _one_of(PARCEL_STEPS), "step_at": _TIME,
        "first_at": _or_null(_TIME), "tried_at": _or_null(_TIME), "unknowns": _COUNT,
        "answer": _TEXT, "later_since": _or_null(_LIVED), "refused_since": _or_null(_LIVED),
        "refusals": _COUNT,
    },
}  # fmt: skip


def wrong(db: sqlite3.Connection) -> str | None:
    """What is wrong with the file, in technical words; None where it is sound.

    Every value is read, and the indexes are compared with their tables. Raises sqlite3.Error, also
    where the file is too damaged to be read.
    """
    return _by_sqlite(db, "integrity_check") or _by_values(db)


def wrong_at_a_glance(
    db: sqlite3.Connection, go_on: Callable[[], bool], *, perhaps_mixed: bool
) -> str | None:
    """As `wrong`, while `go_on` says so, and what was not read counts as sound.

    The pages first, then the values; the indexes only where the file is `perhaps_mixed`.
    """
    db.set_progress_handler(lambda: not go_on(), _STEPS_OF_PROGRESS)
    try:
        found = _by_sqlite(db, "quick_check") or _by_values(db)
        if found is None and perhaps_mixed:
            found = _by_sqlite(db, "integrity_check")
        return found
    except sqlite3.OperationalError as error:
        if result_code(error) == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        db.set_progress_handler(None, 0)


def _by_values(db: sqlite3.Connection) -> str | None:
    try:
        return next(_findings(db), None)
    except sqlite3.OperationalError as error:
        if result_code(error) in (0, sqlite3.SQLITE_ERROR):
            return str(error)  # a name that is no UTF-8; a column that is not there
        raise
    except UnicodeDecodeError as error:  # the type of a column, which the driver wants to tell
        return str(error.object)


def _by_sqlite(db: sqlite3.Connection, check: str) -> str | None:
    try:
        found = db.execute(f"PRAGMA {check}(1)").fetchone()[0]
    except UnicodeDecodeError as error:
        return str(error.object)
    return None if found == "ok" else found


def _findings(db: sqlite3.Connection) -> Iterator[str]:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        return  # a newer program's: refused elsewhere
    tables = _shape(db)
    if tables != _shape_of_version(version):
        yield "the tables are not those of this version"
        return
    if "meta" in tables:
        names = {name for (name,) in db.execute("SELECT key FROM meta")}
        if missing := {"install_id", "secret"} - names:
            yield f"meta: no {', '.join(missing)}"
    for table in tables:
        rules = {c: rule for c, rule in RULES.get(table, {}).items() if c in tables[table]}
        if rules:
            yield from _of_table(db, table, rules)
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"{table}: row {row} has no {parent}"
    for table, columns in tables.items():
        if not _is_readable(db, table, columns):
            yield f"{table}: octets that are no UTF-8"


def _of_table(db: sqlite3.Connection, table: str, rules: Rules) -> Iterator[str]:
    # IS NOT 1: an expression about NULL is neither true nor false
    cases = " ".join(
        f"WHEN ({rule.format(_quoted(column))}) IS NOT 1 THEN '{column}'"
        for column, rule in rules.items()
    )
    row = db.execute(
        f"SELECT found FROM (SELECT CASE {cases} END AS found FROM {_quoted(table)})"
        " WHERE found IS NOT NULL LIMIT 1"
    ).fetchone()
    if row:
        yield f"{table}.{row[0]}: a value that is none"


def _is_readable(db: sqlite3.Connection, table: str, columns: Iterable[str]) -> bool:
    """Whether all texts are UTF-8; SQLite does not ask."""
    # a line end between the values: the halves of a character must not meet
    row = " || char(10) || ".join(f"coalesce({_quoted(column)}, '')" for column in columns)
    cursor = db.execute(f"SELECT CAST({row} AS BLOB) FROM {_quoted(table)}")
    try:
        while block := cursor.fetchmany(_BLOCK):
            b"\n".join(value for (value,) in block).decode()
    except UnicodeDecodeError:
        return False
    return True


def _shape(db: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of every table."""
    tables = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY rootpage"
    ).fetchall()
    return {
        table: [row[1] for row in db.execute(f"PRAGMA table_info({_quoted(table)})")]
        for (table,) in tables
    }


def _shape_of_version(version: int) -> dict[str, list[str]]:
    db = in_memory()
    try:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        return _shape(db)
    finally:
        db.close()


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
