"""The store's engine for PostgreSQL."""

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
"""For each server that is tried; libpq's minimum."""
ANSWER_SECONDS: Final = 2.0
"""How long this side waits for an answer, also if the server is stopped or the network drops everything."""
STATEMENT_MS: Final = 1_500
"""How long a statement may take on the server, including waiting for a lock."""
LOCK_MS: Final = 1_000
"""How long it may wait for a lock."""
IDLE_IN_TRANSACTION_MS: Final = 10_000
"""After this the server releases the locks of a client that left a transaction open."""
UNACKNOWLEDGED_MS: Final = 2_000
"""How long the kernel resends unacknowledged data (tcp_user_timeout)."""
KEEPALIVE_IDLE_SECONDS: Final = 5
KEEPALIVE_INTERVAL_SECONDS: Final = 2
KEEPALIVE_PROBES: Final = 2
"""A dead connection is detected before the next login."""

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
    """A connection that waits ANSWER_SECONDS at most for an answer."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401 - psycopg's
        """See `psycopg.Connection.wait`."""
        try:
            return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
        except psycopg.Error:
            if timeout is None and not self.closed and self.pgconn.transaction_status == 1:  # ACTIVE
                # A late answer would be taken for that to the next statement.
                self.pgconn.finish()
            raise


class PostgresqlEngine:
    """A database on a server, and the state folder of this host."""

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
        """Make the folder for what belongs to this host; role and database are made by an administrator."""
        place.create(self._folder, owner, file=False)

    def identity(self) -> object:
        """None: a connection stays with its server, and each new one is checked."""
        return None

    def connect_driver(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection to the primary; raises `StateProblem` if its commits are not durable."""
        driver = _Patient.connect(**self._parameters(), autocommit=True, prepare_threshold=0)
        try:
            # One type for all integers: a statement is prepared anew for each combination of types.
            driver.adapters.register_dumper(int, Int8BinaryDumper)
            durability.demand(driver, self.place)
        except BaseException:
            driver.close()
            raise
        return driver

    def connection(self, driver: psycopg.Connection[tuple[Any, ...]]) -> PostgresqlConnection:
        """Wrap a connection of the driver."""
        return PostgresqlConnection(driver)

    def problem(self, error: Exception) -> StateProblem:
        """Explain an error of the driver."""
        return problem(error, self.place)

    def passes(self, error: Exception) -> bool:
        """Whether the connection is still usable."""
        return getattr(error, "sqlstate", None) in _READS_ON

    def misfit(self, error: Exception) -> str | None:
        """PostgreSQL's message for a statement that does not fit the tables: "relation … does not exist"."""
        return misfit(error)

    def _parameters(self) -> dict[str, Any]:
        """The parameters for libpq: all that matter, so that no environment variable decides any."""
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
