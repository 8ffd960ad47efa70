"""Opening the state: what must be true before a login may rely on it."""

import time
from collections.abc import Callable

from rw2fa_daemon.store import code_salt, floor, incarnation, key_check, migrate, rollback_marker
from rw2fa_daemon.store.engine import Connection, Engine
from rw2fa_daemon.store.problem import StateProblem, no_state
from rw2fa_daemon.vault.vault import Vault


def open_connection(engine: Engine, vault: Vault, tell: Callable[[str], None], *, create: bool) -> Connection:
    """A connection to the state, its tables at this version's schema, its key right.

    `create` says whether an empty database becomes a new state. `tell` gets what an administrator must know of,
    see `incarnation.settle`. Raises `StateProblem`.
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
    """What new tables must hold."""
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
