"""The SQL that the store runs, one text for SQLite and PostgreSQL.

Written by hand: SQLAlchemy, whose tables `schema.py` describes for Alembic, takes 0.15 s to import and ten times as
long as SQLite to execute (decision 33). A parameter is `?` here; `postgresql/connection.py` puts psycopg's mark in its
place. Types and collations are those of the columns, so a parameter needs neither a cast nor a COLLATE.

In `accounts`, `part` is 0 for a record and 1 for its witness, see `schema`.
"""

from typing import Final

_FIXED: Final = (
    "uid",
    "generation",
    "method",
    "phone",
    "enrol_opened_at",
    "recovery",
    "token",
    "bypass_until",
    "bypass_once",
    "phone_confirmed",
    "sms_code",
    "active",
    "secret",
    "digits",
    "period",
    "algorithm",
    "created_at",
)
"""Columns of a record that a login leaves as they are, in the order of `record.FixedRow`."""
_GUESSES: Final = ("wide_guesses", "wide_at", "narrow_guesses", "narrow_at")
"""Counters that a right code leaves as they are; SQLite then does not touch the index on them."""
_COUNTERS: Final = (
    "used",
    "last",
    "floor",
    "failures",
    "locked_until",
    "enrol_failures",
    "drift",
    *_GUESSES,
    "sessions",
    "revision",
)
"""Columns that a login changes, in the order of `record.CountersRow`."""
_RECORD: Final = (*_FIXED, *_COUNTERS, "seal")
_ACCEPTED: Final = tuple(column for column in (*_COUNTERS, "seal") if column not in _GUESSES)


def _update_record(*columns: str) -> str:
    return f"UPDATE accounts SET {', '.join(f'{column} = ?' for column in columns)} WHERE name = ? AND part = 0"


def _select_record(asked: str, *before: str) -> str:
    """The records of the names that `asked` gives and the revisions of their witnesses; NULL where there is none."""
    columns = ", ".join((*before, *(f"record.{column}" for column in _RECORD)))
    return f"""
        SELECT {columns}, witness.revision FROM ({asked}) AS asked
        LEFT JOIN accounts AS record ON record.name = asked.name AND record.part = 0
        LEFT JOIN accounts AS witness ON witness.name = asked.name AND witness.part = 1
    """


# Records and witnesses.
SELECT_RECORD: Final = _select_record("SELECT ? AS name")


def select_records(names: str) -> str:
    """`SELECT_RECORD` for many users, the name before each; `names` is the database's query for a list of them."""
    return _select_record(names, "asked.name")


INSERT_RECORD: Final = f"INSERT INTO accounts (name, part, {', '.join(_RECORD)}) VALUES (?, 0{', ?' * len(_RECORD)})"
UPDATE_RECORD: Final = _update_record(*_RECORD)
UPDATE_RECORD_COUNTERS: Final = _update_record(*_COUNTERS, "seal")
UPDATE_RECORD_ACCEPTED: Final = _update_record(*_ACCEPTED)
INSERT_WITNESS: Final = "INSERT INTO accounts (name, part, revision) VALUES (?, 1, ?)"
UPDATE_WITNESS: Final = "UPDATE accounts SET revision = ? WHERE name = ? AND part = 1"
DELETE_ACCOUNT: Final = "DELETE FROM accounts WHERE name = ?"
DELETE_ALL_ACCOUNTS: Final = "DELETE FROM accounts"

# All users, a page at a time.
SELECT_NAMES: Final = "SELECT DISTINCT name FROM accounts WHERE name > ? ORDER BY name LIMIT ?"
SELECT_UIDS: Final = "SELECT name, uid FROM accounts WHERE part = 0 AND name > ? ORDER BY name LIMIT ?"

# Counts. Each repeats the condition of the index that it reads.
COUNT_DEVICES: Final = """
    SELECT method, active, phone_confirmed, count(*) FROM accounts
    WHERE active IS NOT NULL OR phone_confirmed = 1 GROUP BY method, active, phone_confirmed
"""
COUNT_LOCKED: Final = """
    SELECT count(*) FROM accounts WHERE locked_until > 0 AND (locked_until > ? OR failures >= ?)
"""
# Of the users with codes of so many digits, all methods but one: who has spent the wide budget, and the narrow one too.
COUNT_GUESSES: Final = """
    SELECT count(*), count(*) FILTER (WHERE narrow_guesses >= ? AND narrow_at > ?) FROM accounts
    WHERE wide_guesses > 0 AND digits = ? AND wide_guesses >= ? AND wide_at > ? AND method != ?
"""
COUNT_TEXT_GUESSES: Final = """
    SELECT count(*) FROM accounts
    WHERE method = 'sms' AND narrow_guesses > 0 AND narrow_guesses >= ? AND narrow_at > ?
"""

# What is sealed under another master key: its number is the first two bytes.
COUNT_KEYS: Final = "SELECT substr(seal, 1, 2), count(*) FROM accounts WHERE part = 0 GROUP BY substr(seal, 1, 2)"
SELECT_STALE_RECORDS: Final = """
    SELECT name FROM accounts
    WHERE part = 0 AND name > ? AND (substr(seal, 1, 2) != ? OR substr(secret, 1, 2) != ? OR substr(phone, 1, 2) != ?)
    ORDER BY name LIMIT ?
"""
RESEAL_RECORD: Final = """
    UPDATE accounts SET phone = ?, secret = ?, seal = ? WHERE name = ? AND part = 0 AND seal = ?
"""
SELECT_STALE_NOT_MEMBERS: Final = """
    SELECT name, uid, scope_digest, seen_at, seal FROM not_members
    WHERE name > ? AND substr(seal, 1, 2) != ? ORDER BY name LIMIT ?
"""
RESEAL_NOT_MEMBERS: Final = "UPDATE not_members SET seal = ? WHERE name = ? AND seal = ?"

# The scope, and who was last seen outside of it.
SELECT_SCOPE_ENTRIES: Final = "SELECT entry, since FROM scope_entries"
INSERT_SCOPE_ENTRIES: Final = "INSERT INTO scope_entries (entry, since) VALUES (?, ?)"
UPDATE_SCOPE_ENTRIES: Final = "UPDATE scope_entries SET since = ? WHERE entry = ?"
DELETE_SCOPE_ENTRIES: Final = "DELETE FROM scope_entries WHERE entry = ?"
# One row, whether there is an account, a memory, both or neither.
SELECT_NOT_MEMBER: Final = """
    SELECT generation, revision, not_members.uid, scope_digest, seen_at, not_members.seal
    FROM (SELECT ? AS name) AS asked
    LEFT JOIN accounts ON accounts.name = asked.name AND part = 0
    LEFT JOIN not_members ON not_members.name = asked.name
"""
INSERT_NOT_MEMBERS: Final = """
    INSERT INTO not_members (name, uid, scope_digest, seen_at, seal) VALUES (?, ?, ?, ?, ?)
"""
UPDATE_NOT_MEMBERS: Final = "UPDATE not_members SET uid = ?, scope_digest = ?, seen_at = ?, seal = ? WHERE name = ?"
DELETE_NOT_MEMBERS: Final = "DELETE FROM not_members WHERE name = ?"
# At most so many, of those beyond a number of them.
FORGET_NOT_MEMBERS: Final = """
    DELETE FROM not_members WHERE name IN (SELECT name FROM not_members ORDER BY seen_at DESC LIMIT ? OFFSET ?)
"""
FORGET_ALL_NOT_MEMBERS: Final = "DELETE FROM not_members"

# Quotas of SMS.
SELECT_TEXT_QUOTAS: Final = "SELECT ledger FROM text_quotas WHERE subject = ?"
INSERT_TEXT_QUOTAS: Final = "INSERT INTO text_quotas (subject, void_at, ledger) VALUES (?, ?, ?)"
UPDATE_TEXT_QUOTAS: Final = "UPDATE text_quotas SET void_at = ?, ledger = ? WHERE subject = ?"
FORGET_VOID_TEXT_QUOTAS: Final = """
    DELETE FROM text_quotas WHERE subject IN (SELECT subject FROM text_quotas WHERE void_at <= ? LIMIT ?)
"""
FORGET_TEXT_QUOTAS: Final = """
    DELETE FROM text_quotas WHERE subject IN (SELECT subject FROM text_quotas ORDER BY void_at DESC LIMIT ? OFFSET ?)
"""

# Logons at the portal; `part` is as in `accounts`.
SELECT_LOGONS: Final = "SELECT part, revision, ledger FROM logons WHERE name = ? ORDER BY part"
INSERT_LOGONS: Final = "INSERT INTO logons (name, part, until, count, revision, ledger) VALUES (?, 0, ?, ?, ?, ?)"
INSERT_LOGONS_WITNESS: Final = "INSERT INTO logons (name, part, revision) VALUES (?, 1, ?)"
UPDATE_LOGONS: Final = """
    UPDATE logons SET until = ?, count = ?, revision = ?, ledger = ? WHERE name = ? AND part = 0
"""
UPDATE_LOGONS_WITNESS: Final = "UPDATE logons SET revision = ? WHERE name = ? AND part = 1"
DELETE_LOGONS: Final = "DELETE FROM logons WHERE name = ?"
DELETE_ALL_LOGONS: Final = "DELETE FROM logons"
FORGET_VOID_LOGONS: Final = """
    DELETE FROM logons WHERE name IN (SELECT name FROM logons WHERE until <= ? ORDER BY until LIMIT ?)
"""
SELECT_LOGON_NAMES: Final = "SELECT DISTINCT name FROM logons WHERE name > ? ORDER BY name LIMIT ?"
COUNT_LOGON_PEOPLE: Final = "SELECT count(*) FROM logons WHERE until > ?"
COUNT_LOGONS: Final = "SELECT coalesce(sum(count), 0) FROM logons WHERE until > ?"
SELECT_STALE_LOGONS: Final = """
    SELECT name FROM logons WHERE name > ? AND substr(ledger, 1, 2) != ? ORDER BY name LIMIT ?
"""
RESEAL_LOGONS: Final = "UPDATE logons SET ledger = ? WHERE name = ? AND part = 0"

# What there is one of.
SELECT_META: Final = "SELECT value FROM meta WHERE key = ?"
LIST_META: Final = "SELECT key, value FROM meta"
INSERT_META: Final = "INSERT INTO meta (key, value) VALUES (?, ?)"
UPDATE_META: Final = "UPDATE meta SET value = ? WHERE key = ?"
DELETE_META: Final = "DELETE FROM meta WHERE key = ?"

STATEMENTS: Final = {
    name: text for name, text in globals().items() if name.isupper() and name[0] != "_" and isinstance(text, str)
}
"""Each of these by its name."""
