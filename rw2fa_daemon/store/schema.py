"""The tables of the state.

A person's record is spread over three tables on purpose. Each login changes two of them
(`counters`, and `revision` in `accounts`), and the seal in `counters` covers all three, so that
none of the rows can be replaced alone by an older one without being noticed (promise 7).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
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
    Column("revision", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("phone", LargeBinary),
    Column("enrol_opened_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

credentials: Final = Table(
    "credentials",
    metadata,
    Column("name", Text, ForeignKey("accounts.name"), primary_key=True),
    Column("active", SmallInteger, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("digits", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("credentials_by_active", "active"),
    sqlite_with_rowid=False,
)

counters: Final = Table(
    "counters",
    metadata,
    Column("name", Text, ForeignKey("accounts.name"), primary_key=True),
    # Spent time steps, each as eight bytes, big-endian.
    Column("used", LargeBinary, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("enrol_failures", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
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
