"""What the store needs of a database; implemented by `sqlite` and `postgresql`.

A statement is one of `statements`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from rw2fa_daemon.store.problem import StateProblem


class Connection(Protocol):
    """One connection to the database. Raises the driver's errors, `UnicodeEncodeError` for text that is not UTF-8."""

    def one(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        """The first row; None if there is none."""

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows."""

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """The statement once for each row of parameters."""

    def record(self, name: str) -> tuple[Any, ...] | None:
        """What `SELECT_RECORD` gives for this name."""

    def records(self, names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """`record` for each of these names, in one query; a name that cannot be stored may be missing."""

    def meta(self, key: str) -> object:
        """The value of a row of `meta`; None if there is no such row."""

    def look_ahead(self, names: Iterable[str]) -> None:
        """Prefetch these records and `meta`: until `rollback` they may be served as they are now."""

    def begin(self, names: Iterable[str]) -> None:
        """Start a transaction that may write these accounts; no other transaction writes them until it ends."""

    def commit(self) -> None:
        """Commit; what was written is durable when this returns."""

    def rollback(self) -> None:
        """Roll the transaction back, if one is open."""

    def transaction(self) -> AbstractContextManager[None]:
        """Run a block in an exclusive transaction, rolled back if the block raises."""

    def incarnation(self) -> str:
        """Identifies the server and its timeline: on another one, commits may be missing. Empty for a local file."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Run a block that reads one consistent snapshot and writes nothing; writers are not blocked."""

    def purge(self) -> bool:
        """Erase what was replaced or deleted from the files that rw2fa owns; False if another process prevents it.

        The files of a database server are its own: see decision 18.
        """

    def revision(self) -> str | None:
        """The schema revision; None if there are no tables, empty if the tables do not name one."""

    def check_tables(self) -> None:
        """Raise the driver's error if a table or column that a statement uses is missing."""

    def close(self) -> None:
        """Close it; never fails."""


class Engine(Protocol):
    """A kind of database, and its location."""

    @property
    def place(self) -> str:
        """The location, as in "the state in {place}"."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The driver's exceptions."""

    @property
    def row_errors(self) -> tuple[type[Exception], ...]:
        """Those after which the same transaction can still read other rows."""

    @property
    def url(self) -> str:
        """SQLAlchemy's URL for this kind of database."""

    @property
    def migration_begins_with(self) -> Sequence[str]:
        """Statements that start a transaction in which no one else changes the tables."""

    def create(self, owner: tuple[int, int] | None) -> None:
        """Prepare a place for a new state, for `owner` (uid, gid) if this runs as root. Raises `StateProblem`."""

    def identity(self) -> object:
        """A value that changes when the database is replaced; raises `StateProblem` if it is missing."""

    def connect_driver(self) -> Any:  # noqa: ANN401 - each driver has its own
        """A connection of the driver. Raises `StateProblem` if the database is not durable."""

    def connection(self, driver: Any) -> Connection:  # noqa: ANN401 - as above
        """Wrap a connection of the driver."""

    def problem(self, error: Exception) -> StateProblem:
        """Explain one of `errors` to an administrator, never in the driver's words, which may quote values."""

    def passes(self, error: Exception) -> bool:
        """Whether the connection is still usable after one of `errors`."""

    def misfit(self, error: Exception) -> str | None:
        """The message of one of `errors` if a statement does not fit the tables, else None; it quotes no values."""
