"""Opening the state: what must be true before a login may rely on it."""

from typing import Final, cast

from rw2fa_daemon.store import compiled_sqlite as sql
from rw2fa_daemon.store import floor, migrate
from rw2fa_daemon.store.engine import Connection, Engine
from rw2fa_daemon.store.problem import StateProblem, no_state
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

KEY_CHECK: Final = "key_check"
_KEY_CHECK_CONTEXT: Final = Context("meta", "value", KEY_CHECK, 0)
_KEY_CHECK_PLAIN: Final = b"rw2fa"


def open_connection(engine: Engine, vault: Vault, *, create: bool) -> Connection:
    """A connection to the state, its tables at this version's schema, its key right.

    `create` says whether an empty database becomes a new state. Raises `StateProblem`.
    """
    try:
        connection = engine.connection(engine.connect_driver())
        try:
            _prepare(engine, connection, vault, create=create)
            floor.read(connection)
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
    sealed = connection.meta(KEY_CHECK)
    if sealed is None:
        raise _broken(engine, "the check value of the master key is missing")
    try:
        vault.open(cast(bytes, sealed), _KEY_CHECK_CONTEXT)
    except (Tampered, TypeError):
        raise StateProblem(
            f"the master key is not the one that the state in {engine.place} is encrypted under",
            "put the right key back in its place, or the state that belongs to this key",
        ) from None


def _fill(connection: Connection, vault: Vault) -> None:
    """What new tables must hold: something sealed, by which a wrong key is noticed."""
    if connection.meta(KEY_CHECK) is None:
        connection.write(sql.INSERT_META, [(KEY_CHECK, vault.seal(_KEY_CHECK_PLAIN, _KEY_CHECK_CONTEXT))])


def _broken(engine: Engine, reason: str) -> StateProblem:
    return StateProblem(
        f"the tables of the state in {engine.place} are not as rw2fa made them: {reason}",
        "put the state back from a backup",
    )
