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
    """Something to decide about one account.

    `work` gets the account as stored, None if there is none, and gives what to store, None to
    delete it, and a result. It must be pure: it may be called although nothing is stored then.
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
"""The statements that write."""


@dataclass(slots=True)
class _Entry:
    """One account in a batch: what is stored, and what the jobs so far made of it."""

    before: Stored | None
    account: Account | None
    jobs: list[int] = field(default_factory=list)


class Batch:
    """The accounts that a transaction touches; made within it.

    Raises `StateProblem` if nobody can be judged, and the driver's errors where they end it.
    """

    def __init__(self, connection: Connection, decoder: Decoder, vault: Vault, engine: Engine) -> None:
        self._connection: Final = connection
        self._decoder: Final = decoder
        self._vault: Final = vault
        self._engine: Final = engine
        self._entries: Final[dict[str, _Entry | StateProblem]] = {}
        self._rows: Final[defaultdict[str, list[tuple[Any, ...]]]] = defaultdict(list)
        # Once for all: within the transaction they cannot change.
        key_check.follow(connection, vault)
        self._floor: Final = floor.read(connection)

    def judge(self, jobs: Sequence[Job[R]]) -> list[R | StateProblem]:
        """The result of each job, in order; what goes wrong in one is the result of that one."""
        results: list[R | StateProblem] = []
        for index, job in enumerate(jobs):
            results.append(self._judge(index, job))  # mypy cannot type it as a comprehension
        for name, entry in self._entries.items():
            if isinstance(entry, _Entry):
                try:
                    self._collect(name, entry)
                except Exception as error:  # noqa: BLE001  # a value that cannot be stored is that job's alone
                    problem = failed(f"deciding about {shown(name)}", error)
                    for index in entry.jobs:
                        results[index] = problem
        return results

    def write(self) -> bool:
        """Write what the jobs changed; False if that is nothing."""
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
        """A login changes the counters only, and with a right code no guesses."""
        if after.fixed != before.fixed:
            self._rows[sql.UPDATE_RECORD].append((*after.fixed, *after.counters, after.seal, name))
        elif after.guesses != before.guesses:
            self._rows[sql.UPDATE_RECORD_COUNTERS].append((*after.counters, after.seal, name))
        else:
            self._rows[sql.UPDATE_RECORD_ACCEPTED].append((*after.counters_but_guesses, after.seal, name))
        self._rows[sql.UPDATE_WITNESS].append((after.revision, name))


def load(connection: Connection, decoder: Decoder, name: str, second: int) -> Stored | None:
    """What is stored of `name`, with no code from before `second` (UTC) counting; see `floor`.

    Raises `StateProblem` if it is not sound, and the driver's errors.
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
    """`load` for one of several: a problem of this record alone is what it gives, not what it raises."""
    try:
        return load(connection, decoder, name, second)
    except StateProblem as problem:
        return problem
    except engine.row_errors as error:
        return engine.problem(error)


def survey(
    connection: Connection, vault: Vault, engine: Engine, names: Sequence[str], second: int
) -> list[Account | StateProblem | None]:
    """The accounts of these names, in order, for a list of them: `look`, but in one go and with secrets left sealed."""
    rows: dict[str, tuple[Any, ...]] = {}
    # Where something is wrong with one of them the others are found one by one.
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
