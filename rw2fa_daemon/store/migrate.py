"""Bringing the tables to the schema of this version (Alembic)."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from rw2fa_daemon.store.problem import StateProblem

HEAD: Final = "0001"
"""The newest revision in `migrations/versions`, written down here so that a start that finds it
need not import Alembic, which takes 0.3 s. A test holds the two together."""

_MIGRATIONS: Final = Path(__file__).with_name("migrations")


def revision(connection: sqlite3.Connection) -> str | None:
    """The revision of the tables; None if there are no tables at all, empty if none is noted."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row is not None else ""


def migrate(
    connect: Callable[[], sqlite3.Connection], fill: Callable[[sqlite3.Connection], None], folder: Path
) -> None:
    """Bring the tables from whatever revision they have to `HEAD`, all or nothing.

    `connect` opens the state; `fill` writes, in the same transaction, what new tables must hold.
    Raises `StateProblem` if a newer version of rw2fa made the tables.
    """
    # Only here: see HEAD.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from sqlalchemy import create_engine, event  # noqa: PLC0415
    from sqlalchemy.engine import Connection  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(started: Connection) -> None:
        # Two processes may get here at once; the second then finds the work done.
        started.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as transaction:
            driver = cast(sqlite3.Connection, transaction.connection.driver_connection)
            found = revision(driver)
            if found is not None and found not in known:
                raise StateProblem(
                    f"the state in {folder} was written by a newer version of rw2fa (schema {found}; this one knows "
                    f"{HEAD})",
                    "install that version again, or put back the backup from before it was installed",
                )
            config.attributes["connection"] = transaction
            command.upgrade(config, HEAD)
            fill(driver)
    except DBAPIError as error:
        raise error.orig or error from None
