"""Migrating the tables to the schema of this version (Alembic)."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rw2fa_daemon.store.engine import Connection, Engine
from rw2fa_daemon.store.problem import StateProblem

HEAD: Final = "0001"
"""The newest revision in `migrations/versions`, repeated here because importing Alembic takes 0.3 s. A test keeps them
equal."""

_MIGRATIONS: Final = Path(__file__).with_name("migrations")


def migrate(engine: Engine, fill: Callable[[Connection], None]) -> None:
    """Migrate the tables from any revision to `HEAD`, all or nothing.

    `fill` writes the initial rows in the same transaction. Raises `StateProblem` if a newer version of rw2fa made
    the tables.
    """
    # Only here: see HEAD.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from sqlalchemy import create_engine, event  # noqa: PLC0415
    from sqlalchemy.engine import Connection as Transaction  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    through = create_engine(engine.url, creator=engine.connect_driver, poolclass=NullPool)

    @event.listens_for(through, "begin")
    def begin(started: Transaction) -> None:
        # Two processes may get here at once; the second then finds nothing to do.
        for statement in engine.migration_begins_with:
            started.exec_driver_sql(statement)

    try:
        with through.begin() as transaction:
            connection = engine.connection(transaction.connection.driver_connection)
            found = connection.revision()
            if found is not None and found not in known:
                raise StateProblem(
                    f"the state in {engine.place} was written by a newer version of rw2fa (schema {found}; this one "
                    f"knows {HEAD})",
                    "install that version again, or put back the backup from before it was installed",
                )
            config.attributes["connection"] = transaction
            command.upgrade(config, HEAD)
            fill(connection)
    except DBAPIError as error:
        raise error.orig or error from None
