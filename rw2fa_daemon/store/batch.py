"""Jobs on accounts that share one transaction."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.store import floor, key_check
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.decoder import Decoder
from rw2fa_daemon.store.engine import Connection, Engine
from rw2fa_daemon.store.problem import StateProblem, failed, not_utf8, shown
from rw2fa_daemon.store.record import Stored, decode, encode
from rw2fa_daemon.vault.vault import Vault

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Job(Generic[R_co]):
    """A decision about one account.

    `work` takes the stored account, None if there is none, and returns the account to store, None to
    delete it, and a result. It must be pure: it may be called although nothing is stored afterwards.
    """

    name: str
    work: Callable[[Account | None], tuple[Account | None, R_co]]


_ORDER: Final = (
    sql.INSERT_RECORD,
    sql.INSERT_WITNESS,
    sql.UPDATE_RECORD,
    sql.UPDATE_RECORD_COUNTERS,
    sql.UPDATE_RECORD_ACCEPTED,
    sql.UPDATE_WITNESS,
    sql.DELETE_ACCOUNT,
)
"""The statements that write, in the order in which they run."""


@dataclass(slots=True)
class _Entry:
    """One account in a batch: as stored, and after the jobs so far."""

    before: Stored | None
    account: Account | None
    jobs: list[int] = field(default_factory=list)


class Batch:
    """The accounts of one transaction; made within it.

    Raises `StateProblem` if no account can be judged, and the driver's errors if they end the transaction.
    """

    def __init__(self, connection: Connection, decoder: Decoder, vault: Vault, engine: Engine) -> None:
        self._connection: Final = connection
        self._decoder: Final = decoder
        self._vault: Final = vault
        self._engine: Final = engine
        self._entries: Final[dict[str, _Entry | StateProblem]] = {}
        self._rows: Final[defaultdict[str, list[tuple[Any, ...]]]] = defaultdict(list)
        # Once for all jobs: neither changes within the transaction.
        key_check.follow(connection, vault)
        self._floor: Final = floor.read(connection)

    def judge(self, jobs: Sequence[Job[R]]) -> list[R | StateProblem]:
        """The result of each job, in order; a problem in one job is its result."""
        results: list[R | StateProblem] = []
        for index, job in enumerate(jobs):
            results.append(self._judge(index, job))  # mypy cannot type it as a comprehension
        for name, entry in self._entries.items():
            if isinstance(entry, _Entry):
                try:
                    self._collect(name, entry)
                except Exception as error:  # noqa: BLE001  # a value that cannot be stored fails its own jobs only
                    problem = failed(f"deciding about {shown(name)}", error)
                    for index in entry.jobs:
                        results[index] = problem
        return results

    def write(self) -> bool:
        """Write what the jobs changed; False if nothing changed."""
        for statement in _ORDER:
            if rows := self._rows.get(statement):
                self._connection.write(statement, rows)
        return bool(self._rows)

    def _judge(self, index: int, job: Job[R]) -> R | StateProblem:
        entry = self._entries.get(job.name)
        if entry is None:
            entry = self._entries[job.name] = self._load(job.name)
        if isinstance(entry, StateProblem):
            return entry
        try:
            account, result = job.work(entry.account)
        except Exception as error:  # noqa: BLE001  # one job must not fail the others
            return failed(f"deciding about {shown(job.name)}", error)
        entry.account = account
        entry.jobs.append(index)
        return result

    def _load(self, name: str) -> _Entry | StateProblem:
        stored = look(self._connection, self._decoder, self._engine, name, self._floor)
        if isinstance(stored, StateProblem):
            return stored
        return _Entry(stored, None if stored is None else stored.account)

    def _collect(self, name: str, entry: _Entry) -> None:
        before, account = entry.before, entry.account
        if account is not None and (before is None or account is not before.account):
            account = floor.mark_applied(account, self._floor)
        if before is None:
            if account is not None:
                self._insert(name, encode(self._vault, name, None, account))
        elif account is None:
            self._rows[sql.DELETE_ACCOUNT].append((name,))
        elif account is not before.account and account != before.account:
            self._update(name, before, encode(self._vault, name, before, account))

    def _insert(self, name: str, after: Stored) -> None:
        self._rows[sql.INSERT_RECORD].append((name, *after.fixed, *after.counters, after.seal))
        self._rows[sql.INSERT_WITNESS].append((name, after.revision))

    def _update(self, name: str, before: Stored, after: Stored) -> None:
        """Write as few columns as possible: a login changes only counters, and with a right code no guesses."""
        if after.fixed != before.fixed:
            self._rows[sql.UPDATE_RECORD].append((*after.fixed, *after.counters, after.seal, name))
        elif after.guesses != before.guesses:
            self._rows[sql.UPDATE_RECORD_COUNTERS].append((*after.counters, after.seal, name))
        else:
            self._rows[sql.UPDATE_RECORD_ACCEPTED].append((*after.counters_but_guesses, after.seal, name))
        self._rows[sql.UPDATE_WITNESS].append((after.revision, name))


def load(connection: Connection, decoder: Decoder, name: str, second: int) -> Stored | None:
    """The stored account of `name`, with the floor at `second` (UTC) applied.

    Raises `StateProblem` if the record was altered, and the driver's errors.
    """
    try:
        row = connection.record(name)
    except UnicodeEncodeError:
        raise not_utf8(name) from None
    stored = None if row is None else decoder.decode(name, row)
    return None if stored is None else floor.applied(stored, second)


def look(
    connection: Connection, decoder: Decoder, engine: Engine, name: str, second: int
) -> Stored | StateProblem | None:
    """`load` for one of several accounts: returns a problem of this record instead of raising it."""
    try:
        return load(connection, decoder, name, second)
    except StateProblem as problem:
        return problem
    except engine.row_errors as error:
        return engine.problem(error)


def survey(
    connection: Connection, vault: Vault, engine: Engine, names: Sequence[str], second: int
) -> list[Account | StateProblem | None]:
    """`look` for a list of names, in order, in one query and with secrets left encrypted."""
    rows: dict[str, tuple[Any, ...]] = {}
    # If one of them makes the query fail, they are read one by one.
    with suppress(UnicodeEncodeError, *engine.row_errors):
        rows = connection.records(names)
    return [_surveyed(connection, vault, engine, name, rows.get(name), second) for name in names]


def _surveyed(
    connection: Connection, vault: Vault, engine: Engine, name: str, row: tuple[Any, ...] | None, second: int
) -> Account | StateProblem | None:
    try:
        if row is None:
            row = connection.record(name)
        stored = None if row is None else decode(vault, name, row, unopened=True)
    except UnicodeEncodeError:
        return not_utf8(name)
    except StateProblem as problem:
        return problem
    except engine.row_errors as error:
        return engine.problem(error)
    return None if stored is None else floor.applied(stored, second).account
