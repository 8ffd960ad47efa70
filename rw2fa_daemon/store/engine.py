"""What the store asks of a database; one implementation for each that there is.

A statement is one of `statements`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from rw2fa_daemon.store.problem import StateProblem


class Connection(Protocol):
    """One connection to the database. Raises the driver's errors, `UnicodeEncodeError` for text that is not UTF-8."""

    def one(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        """The first row, if there is one."""

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows."""

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """The statement once for each row of parameters."""

    def record(self, name: str) -> tuple[Any, ...] | None:
        """What `SELECT_RECORD` gives for this name."""

    def records(self, names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """What `record` gives for each of these names, in one go; a name that cannot be stored may be missing."""

    def meta(self, key: str) -> object:
        """The value of a row of `meta`; None if there is no such row."""

    def look_ahead(self, names: Iterable[str]) -> None:
        """Until `rollback` these records, and `meta`, may be given as they are now: they are about to be read."""

    def begin(self, names: Iterable[str]) -> None:
        """Start a transaction that may write the accounts of these names: no other writes them until it ends."""

    def commit(self) -> None:
        """End it; what it wrote is durable when this returns."""

    def rollback(self) -> None:
        """End the transaction, if there still is one, as if it had not been."""

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction around a block, nobody else's beside it; one that ends with an error leaves nothing behind."""

    def incarnation(self) -> str:
        """The server, and which of its lives this is: another one may have forgotten commits; empty on one host."""

    def snapshot(self) -> AbstractContextManager[None]:
        """A block in which everything is read as of one moment, and nothing written; it keeps nobody from writing."""

    def purge(self) -> bool:
        """Leave nothing of what was replaced or deleted in the files that rw2fa owns; False if somebody keeps it there.

        What a server of its own keeps, it keeps: see decision 18.
        """

    def revision(self) -> str | None:
        """The revision of the tables; None if there are no tables at all, empty if none is noted."""

    def check_tables(self) -> None:
        """Raise the driver's error if a table or column that a statement names is not there."""

    def close(self) -> None:
        """Close it; never fails."""


class Engine(Protocol):
    """A kind of database, and where one of that kind is."""

    @property
    def place(self) -> str:
        """Where the state is, as it follows "the state in"."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """All errors that the driver raises."""

    @property
    def row_errors(self) -> tuple[type[Exception], ...]:
        """Those after which other rows can still be read in the same transaction."""

    @property
    def url(self) -> str:
        """What SQLAlchemy calls this kind of database."""

    @property
    def migration_begins_with(self) -> Sequence[str]:
        """Statements that start a transaction in which nobody else changes the tables."""

    def create(self, owner: tuple[int, int] | None) -> None:
        """Make a place for a new state, for `owner` (uid, gid) if this process runs as root. Raises `StateProblem`."""

    def identity(self) -> object:
        """What differs when another database is in the place; raises `StateProblem` if there is none."""

    def connect_driver(self) -> Any:  # noqa: ANN401 - each driver has its own
        """A connection of the driver. Raises `StateProblem` where the database may not be relied on."""

    def connection(self, driver: Any) -> Connection:  # noqa: ANN401 - as above
        """That connection as the store uses it."""

    def problem(self, error: Exception) -> StateProblem:
        """What one of `errors` means, in words for an administrator; never the driver's own, which quote values."""

    def passes(self, error: Exception) -> bool:
        """Whether the connection is as good as before, after one of `errors`."""

    def misfit(self, error: Exception) -> str | None:
        """What one of `errors` says, if that is that a statement does not fit the tables; such text has no values."""
