"""The tables of the state.

A person's record is one row of `accounts`, under a seal over all of it, so that a login finds
everything in one place however many people there are. Its revision is kept twice, the second
time in `revisions`, so that no row can be replaced by an older one of the same person without
being noticed (promise 7). That table is apart, and narrow, because a million rows of it still lie
close together.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata: Final = MetaData()

# Without a row number in SQLite: the name is the key, and one search finds the row.

accounts: Final = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("phone", LargeBinary),
    Column("enrol_opened_at", BigInteger, nullable=False),
    # The credential: all of it or nothing.
    Column("active", SmallInteger),
    Column("secret", LargeBinary),
    Column("digits", BigInteger),
    Column("period", BigInteger),
    Column("algorithm", Text),
    Column("created_at", BigInteger),
    # The counters, which each login changes. Spent time steps are eight bytes each, big-endian.
    Column("used", LargeBinary, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("enrol_failures", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Index("accounts_by_active", "active"),
    sqlite_with_rowid=False,
)

revisions: Final = Table(
    "revisions",
    metadata,
    Column("name", Text, ForeignKey("accounts.name"), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

scope_entries: Final = Table(
    "scope_entries",
    metadata,
    Column("entry", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

not_members: Final = Table(
    "not_members",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    Column("scope_digest", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Index("not_members_by_seen_at", "seen_at"),
    sqlite_with_rowid=False,
)

meta: Final = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
