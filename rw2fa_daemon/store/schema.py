"""The tables of the state.

A user has two rows in `accounts`: the record, under a seal over all of it, and a witness that
holds only the record's revision, so that replacing either by an older one is detected (promise 7).
They are in one table because its rows are stored in the order of its key: a login reads and writes
one page, however many users there are. In SQLite the tables have no row number, so one search finds
a row.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects import postgresql

metadata: Final = MetaData()

_Key: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Ordered by bytes: an update of the server's libraries may break an index in the order of a language."""

RECORD: Final = 0
WITNESS: Final = 1
"""Values of `part`. A witness has a revision and nothing else."""

accounts: Final = Table(
    "accounts",
    metadata,
    Column("name", _Key, primary_key=True),
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger),
    Column("generation", BigInteger),
    Column("method", Text),
    Column("phone", LargeBinary),
    Column("enrol_opened_at", BigInteger),
    # Digests of recovery codes, 32 bytes each.
    Column("recovery", LargeBinary),
    Column("token", LargeBinary),
    Column("bypass_until", BigInteger),
    Column("bypass_once", SmallInteger),
    Column("phone_confirmed", SmallInteger),
    # The outstanding SMS code: a digest, see `record`.
    Column("sms_code", LargeBinary),
    # The credential: all columns or none.
    Column("active", SmallInteger),
    Column("secret", LargeBinary),
    Column("digits", BigInteger),
    Column("period", BigInteger),
    Column("algorithm", Text),
    Column("created_at", BigInteger),
    # The counters, which each login changes. Spent time steps are eight bytes each, big-endian.
    Column("used", LargeBinary),
    Column("last", BigInteger),
    Column("floor", BigInteger),
    Column("failures", BigInteger),
    Column("locked_until", BigInteger),
    Column("enrol_failures", BigInteger),
    Column("drift", BigInteger),
    Column("wide_guesses", BigInteger),
    Column("wide_at", BigInteger),
    Column("narrow_guesses", BigInteger),
    Column("narrow_at", BigInteger),
    Column("sessions", Text),
    Column("revision", BigInteger, nullable=False),
    Column("seal", LargeBinary),
    sqlite_with_rowid=False,
)


def _index(name: str, condition: str, *columns: str) -> None:
    """An index of the accounts that a condition is true of."""
    where = text(condition)
    Index(name, *(accounts.c[column] for column in columns), sqlite_where=where, postgresql_where=where)


# For counting. They hold only the users who are counted, and a login with a right code changes none of them.
_index("accounts_by_device", "active IS NOT NULL OR phone_confirmed = 1", "method", "active", "phone_confirmed")
_index("accounts_by_lock", "locked_until > 0", "locked_until", "failures")
_index(
    "accounts_by_guesses",
    "wide_guesses > 0",
    "digits",
    "wide_guesses",
    "wide_at",
    "narrow_guesses",
    "narrow_at",
    "method",
)
_index("accounts_by_text_guesses", "method = 'sms' AND narrow_guesses > 0", "narrow_guesses", "narrow_at", "method")

scope_entries: Final = Table(
    "scope_entries",
    metadata,
    Column("entry", _Key, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

not_members: Final = Table(
    "not_members",
    metadata,
    Column("name", _Key, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    Column("scope_digest", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Index("not_members_by_seen_at", "seen_at"),
    sqlite_with_rowid=False,
)

text_quotas: Final = Table(
    "text_quotas",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    # UTC seconds from which the row is void.
    Column("void_at", BigInteger, nullable=False),
    Column("ledger", LargeBinary, nullable=False),
    Index("text_quotas_by_void_at", "void_at"),
    sqlite_with_rowid=False,
)

logons: Final = Table(
    "logons",
    metadata,
    Column("name", _Key, primary_key=True),
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    # UTC seconds from which nothing of it counts; NULL in a witness, as all but its revision is.
    Column("until", BigInteger),
    # How many logons these are, for figures.
    Column("count", SmallInteger),
    Column("revision", BigInteger, nullable=False),
    Column("ledger", LargeBinary),
    Index("logons_by_until", "until"),
    sqlite_with_rowid=False,
)

meta: Final = Table(
    "meta",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
