"""Accounts, and what is remembered of scope and strangers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    key = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
    op.create_table(
        "accounts",
        sa.Column("name", key, primary_key=True),
        sa.Column("part", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("uid", sa.BigInteger),
        sa.Column("generation", sa.BigInteger),
        sa.Column("method", sa.Text),
        sa.Column("phone", sa.LargeBinary),
        sa.Column("enrol_opened_at", sa.BigInteger),
        sa.Column("recovery", sa.LargeBinary),
        sa.Column("token", sa.LargeBinary),
        sa.Column("bypass_until", sa.BigInteger),
        sa.Column("bypass_once", sa.SmallInteger),
        sa.Column("phone_confirmed", sa.SmallInteger),
        sa.Column("sms_code", sa.LargeBinary),
        sa.Column("active", sa.SmallInteger),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("digits", sa.BigInteger),
        sa.Column("period", sa.BigInteger),
        sa.Column("algorithm", sa.Text),
        sa.Column("created_at", sa.BigInteger),
        sa.Column("used", sa.LargeBinary),
        sa.Column("last", sa.BigInteger),
        sa.Column("floor", sa.BigInteger),
        sa.Column("failures", sa.BigInteger),
        sa.Column("locked_until", sa.BigInteger),
        sa.Column("enrol_failures", sa.BigInteger),
        sa.Column("drift", sa.BigInteger),
        sa.Column("wide_guesses", sa.BigInteger),
        sa.Column("wide_at", sa.BigInteger),
        sa.Column("narrow_guesses", sa.BigInteger),
        sa.Column("narrow_at", sa.BigInteger),
        sa.Column("sessions", sa.Text),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("seal", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    device = sa.text("active IS NOT NULL OR phone_confirmed = 1")
    op.create_index(
        "accounts_by_device",
        "accounts",
        ["method", "active", "phone_confirmed"],
        sqlite_where=device,
        postgresql_where=device,
    )
    for index, columns, rows in (
        ("accounts_by_lock", ["locked_until", "failures"], "locked_until > 0"),
        (
            "accounts_by_guesses",
            ["digits", "wide_guesses", "wide_at", "narrow_guesses", "narrow_at", "method"],
            "wide_guesses > 0",
        ),
        (
            "accounts_by_text_guesses",
            ["narrow_guesses", "narrow_at", "method"],
            "method = 'sms' AND narrow_guesses > 0",
        ),
    ):
        op.create_index(index, "accounts", columns, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))
    op.create_table(
        "scope_entries",
        sa.Column("entry", key, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "not_members",
        sa.Column("name", key, primary_key=True),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("scope_digest", sa.Text, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("not_members_by_seen_at", "not_members", ["seen_at"])
    op.create_table(
        "text_quotas",
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        sa.Column("void_at", sa.BigInteger, nullable=False),
        sa.Column("ledger", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("text_quotas_by_void_at", "text_quotas", ["void_at"])
    op.create_table(
        "logons",
        sa.Column("name", key, primary_key=True),
        sa.Column("part", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("count", sa.SmallInteger),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("ledger", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("logons_by_until", "logons", ["until"])
    op.create_table(
        "meta",
        sa.Column("key", key, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
