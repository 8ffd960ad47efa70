"""The tables, the migrations, the statements and the plans that SQLite makes of them agree."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from rw2fa_daemon.store import migrate, statements
from rw2fa_daemon.store.schema import metadata
from rw2fa_daemon.store.sqlite.connection import SELECT_RECORDS
from rw2fa_daemon.store.store import Store
from tests.unit.store.place import ONLY_SQLITE, Raw

PACKAGE = Path(statements.__file__).parent
STATEMENTS = {**statements.STATEMENTS, "SELECT_RECORDS": SELECT_RECORDS}

READ_AS_A_WHOLE = {
    "COUNT_DEVICES",
    "COUNT_KEYS",
    "COUNT_LOCKED",
    "LIST_META",
    "SELECT_SCOPE_ENTRIES",
    "SELECT_NAMES",
    "FORGET_NOT_MEMBERS",
    "FORGET_TEXT_QUOTAS",
}
"""What reads whole tables or indexes; none of it happens at a login of somebody enrolled."""


@ONLY_SQLITE
def test_the_migrations_make_the_tables_that_the_schema_names(folder: Path, store: Store) -> None:
    with create_engine(f"sqlite:///{folder / 'state.db'}", poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@ONLY_SQLITE
def test_the_tables_have_no_row_numbers_so_that_one_search_finds_a_row(raw: Raw) -> None:
    made = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    assert set(metadata.tables) < set(made)
    assert [name for name in metadata.tables if "WITHOUT ROWID" not in made[name]] == []


def test_the_newest_migration_is_the_one_that_needs_no_import() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_statement_has_question_marks_for_parameters_alone(name: str) -> None:
    """PostgreSQL's driver has another mark, which is put in the place of each, and takes a per cent sign for one."""
    literals = "".join(re.findall(r"'[^']*'", STATEMENTS[name]))
    assert "?" not in literals
    assert "%" not in STATEMENTS[name]


def test_every_statement_is_used() -> None:
    used = "".join(path.read_text() for path in PACKAGE.rglob("*.py") if path != Path(statements.__file__))
    assert {name for name in statements.STATEMENTS if f"sql.{name}" not in used} == set()


@ONLY_SQLITE
@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_login_costs_the_same_with_ten_users_or_a_million(raw: Raw, name: str) -> None:
    """Every statement finds its rows by a key, whatever the size of the table."""
    statement = STATEMENTS[name]
    plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?")).fetchall()]
    # Of the names that are asked for there may be several, and each is gone to once.
    scans = [step for step in plan if re.match(r"SCAN (?!asked|json_each VIRTUAL TABLE|CONSTANT ROW)", step)]
    if name in READ_AS_A_WHOLE:
        assert all("USING" in step for step in plan if step.startswith(("SCAN not_members", "SCAN text_quotas"))), plan
        assert name != "COUNT_DEVICES" or any("accounts_by_device" in step for step in plan), plan
    else:
        assert scans == [], plan
        assert [step for step in plan if "AUTOMATIC" in step or "TEMP B-TREE" in step] == []
    if name.startswith("SELECT_RECORD"):
        assert len([step for step in plan if step.startswith("SEARCH") and "PRIMARY KEY" in step]) == 2, plan
