"""PostgreSQL, as the store uses it."""

from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.types.numeric import Int8BinaryDumper

from rw2fa_daemon.core.database import Database
from rw2fa_daemon.store.postgresql import durability, password
from rw2fa_daemon.store.postgresql.connection import LOCK_STATE, PostgresqlConnection
from rw2fa_daemon.store.postgresql.errors import misfit, problem
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.sqlite import place

CONNECT_SECONDS: Final = 2
"""For each server that is tried; libpq takes no less."""
ANSWER_SECONDS: Final = 2.0
"""How long an answer may take, on this side: also when the server is stopped, or the network swallows all."""
STATEMENT_MS: Final = 1_500
"""How long a statement may take, on the server's side, of which:"""
LOCK_MS: Final = 1_000
"""waiting for a lock."""
IDLE_IN_TRANSACTION_MS: Final = 10_000
"""After this the server takes the locks from a client that began something and is gone."""
UNACKNOWLEDGED_MS: Final = 2_000
"""How long the kernel sends again what nobody acknowledges (tcp_user_timeout)."""
KEEPALIVE_IDLE_SECONDS: Final = 5
KEEPALIVE_INTERVAL_SECONDS: Final = 2
KEEPALIVE_PROBES: Final = 2
"""A connection that is dead is found so before somebody logs in."""

_OPTIONS: Final = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": STATEMENT_MS,
        "lock_timeout": LOCK_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
        "default_transaction_isolation": "read\\ committed",
    }.items()
)
_READS_ON: Final = frozenset({"55P03", "57014", "40001", "40P01", "53100", "23505"})
"""Lock not available, query cancelled, serialization failure, deadlock, disk full, unique violation."""


class _Patient(psycopg.Connection[tuple[Any, ...]]):
    """A connection on which no answer is waited for longer than that."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401 - psycopg's
        """See `psycopg.Connection.wait`."""
        try:
            return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
        except psycopg.Error:
            if timeout is None and not self.closed and self.pgconn.transaction_status == 1:  # ACTIVE
                # The answer may come yet; it would be taken for that to the next statement.
                self.pgconn.finish()
            raise


class PostgresqlEngine:
    """A database on a server of its own, and the folder of this host."""

    errors: Final = (psycopg.Error,)
    row_errors: Final = ()
    """Any error ends the transaction."""
    url: Final = "postgresql+psycopg://"
    migration_begins_with: Final = ("BEGIN", LOCK_STATE)

    def __init__(self, database: Database, folder: Path) -> None:
        self._database: Final = database
        self._folder: Final = folder

    @property
    def place(self) -> str:
        """The database and its servers."""
        return str(self._database)

    def create(self, owner: tuple[int, int] | None) -> None:
        """Make the folder, which holds what is this host's; an administrator of PostgreSQL makes user and database."""
        place.create(self._folder, owner, file=False)

    def identity(self) -> object:
        """A connection stays with its server; what may have changed is looked at when another is made."""
        return None

    def connect_driver(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection to the server that takes writes; raises `StateProblem` if its commits are not durable."""
        driver = _Patient.connect(**self._parameters(), autocommit=True, prepare_threshold=0)
        try:
            # One type for whole numbers, whatever their size: a prepared statement is one for its types.
            driver.adapters.register_dumper(int, Int8BinaryDumper)
            durability.demand(driver, self.place)
        except BaseException:
            driver.close()
            raise
        return driver

    def connection(self, driver: psycopg.Connection[tuple[Any, ...]]) -> PostgresqlConnection:
        """That connection as the store uses it."""
        return PostgresqlConnection(driver)

    def problem(self, error: Exception) -> StateProblem:
        """What an error of the driver means."""
        return problem(error, self.place)

    def passes(self, error: Exception) -> bool:
        """Whether the connection is as good as before."""
        return getattr(error, "sqlstate", None) in _READS_ON

    def misfit(self, error: Exception) -> str | None:
        """What PostgreSQL says of a statement that does not fit: "relation … does not exist"."""
        return misfit(error)

    def _parameters(self) -> dict[str, Any]:
        """What libpq is told; all that matters, so that no variable of the environment decides it."""
        database = self._database
        secret = database.password or password.load(database.password_file)
        parameters: dict[str, Any] = {
            "host": ",".join(node.host for node in database.nodes),
            "port": ",".join(str(node.port) for node in database.nodes),
            "dbname": database.name,
            "user": database.user,
            "sslmode": "verify-full" if database.tls else "disable",
            "gssencmode": "disable",
            "target_session_attrs": "primary" if len(database.nodes) > 1 else "any",
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": UNACKNOWLEDGED_MS,
            "keepalives": 1,
            "keepalives_idle": KEEPALIVE_IDLE_SECONDS,
            "keepalives_interval": KEEPALIVE_INTERVAL_SECONDS,
            "keepalives_count": KEEPALIVE_PROBES,
            "client_encoding": "UTF8",
            "application_name": "rw2fa",
            "options": _OPTIONS,
        }
        if any(node.address for node in database.nodes):
            parameters["hostaddr"] = ",".join(node.address for node in database.nodes)
        if database.tls:
            parameters["sslrootcert"] = database.root_certificates
        if database.certificate:
            parameters["sslcert"] = database.certificate
        if database.key:
            parameters["sslkey"] = database.key
        if secret is not None:
            parameters["password"] = secret.reveal().decode()
        return parameters
