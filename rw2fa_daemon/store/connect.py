"""Opening the state, and the checks that a login relies on."""

import time
from collections.abc import Callable

from rw2fa_daemon.store import code_salt, floor, incarnation, key_check, migrate, rollback_marker
from rw2fa_daemon.store.engine import Connection, Engine
from rw2fa_daemon.store.problem import StateProblem, no_state
from rw2fa_daemon.vault.vault import Vault


def open_connection(engine: Engine, vault: Vault, tell: Callable[[str], None], *, create: bool) -> Connection:
    """A connection to the state, with the tables at this version's schema and the right master key.

    `create`: turn an empty database into a new state. `tell` is called with what an administrator must know, see
    `incarnation.settle`. Raises `StateProblem`.
    """
    try:
        connection = engine.connection(engine.connect_driver())
        try:
            _prepare(engine, connection, vault, create=create)
            floor.read(connection)
            if happened := incarnation.settle(connection, vault, int(time.time())):
                tell(happened)
        except BaseException:
            connection.close()
            raise
    except engine.errors as error:
        raise engine.problem(error) from error
    return connection


def _prepare(engine: Engine, connection: Connection, vault: Vault, *, create: bool) -> None:
    try:
        found = connection.revision()
        if found is None and not create:
            raise no_state(engine.place)
        if found == "":
            raise _broken(engine, "the number of the schema is missing")
        if found != migrate.HEAD:
            migrate.migrate(engine, lambda fresh: _fill(fresh, vault))
        connection.check_tables()
    except engine.errors as error:
        if (said := engine.misfit(error)) is None:
            raise
        raise _broken(engine, said) from error
    if connection.meta(key_check.KEY) is None:
        raise _broken(engine, "the check value of the master key is missing")
    key_check.check(connection, vault, engine.place)


def _fill(connection: Connection, vault: Vault) -> None:
    """Fill new tables with the rows that every state has."""
    if connection.meta(key_check.KEY) is None:
        key_check.make(connection, vault)
        code_salt.make(connection, vault)
        incarnation.note(connection, vault)
        rollback_marker.write(connection, vault, rollback_marker.new())


def _broken(engine: Engine, reason: str) -> StateProblem:
    return StateProblem(
        f"the tables of the state in {engine.place} are not as rw2fa made them: {reason}",
        "put the state back from a backup",
    )
