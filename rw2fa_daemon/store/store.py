"""The state: everything that outlives the daemon."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self, TypeVar

from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.budget import PERIOD_SECONDS, Guessing, allowance
from rw2fa_daemon.core.database import Database
from rw2fa_daemon.core.lockout import FAILURES_MAX
from rw2fa_daemon.core.logon import Ended, Logons, LogonSettings
from rw2fa_daemon.core.otp import DIGITS_MAX, DIGITS_MIN
from rw2fa_daemon.core.quota import Quota
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.store import (
    code_salt,
    floor,
    key_check,
    logons,
    membership_memory,
    next_key,
    reseal,
    restoring,
    rollback_marker,
    scope,
    secrets,
    sms_quota,
)
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.batch import Batch, Job, load, look, survey
from rw2fa_daemon.store.connect import open_connection
from rw2fa_daemon.store.decoder import Decoder
from rw2fa_daemon.store.engine import Connection, Engine
from rw2fa_daemon.store.problem import StateProblem, not_utf8, shown
from rw2fa_daemon.store.record import Stored
from rw2fa_daemon.store.rollback_detector import RollbackDetector, begin
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.store.sqlite.engine import SqliteEngine
from rw2fa_daemon.store.sqlite.mounts import MOUNTINFO
from rw2fa_daemon.store.sqlite.place import FILE_NAME
from rw2fa_daemon.vault.code_hasher import CodeHasher
from rw2fa_daemon.vault.vault import Vault

__all__ = ["Job", "StateProblem", "Store"]

R = TypeVar("R")

NAMES_AT_ONCE: Final = 500
"""Names read at a time: a long listing must not block checkpoints of the write-ahead log."""
NAMES_SHOWN: Final = 10
_NO_METHOD: Final = ""


def _nobody(_happened: str) -> None:
    """The default for `tell`."""


def _postgresql(database: Database, folder: Path) -> Engine:
    # Imported here, as without PostgreSQL nobody should wait for its driver.
    from rw2fa_daemon.store.postgresql.engine import PostgresqlEngine  # noqa: PLC0415

    return PostgresqlEngine(database, folder)


class Store:
    """The state: accounts and all else that outlives the daemon; several processes may use it at once.

    Every method is synchronous and, unless it says otherwise, raises `StateProblem` if the state cannot
    be used; it recovers by itself. Not thread-safe.
    """

    def __init__(
        self, engine: Engine, vault: Vault, tell: Callable[[str], None], detector: RollbackDetector | None = None
    ) -> None:
        self._engine: Final = engine
        self._vault: Final = vault
        self._tell: Final = tell
        self._detector: Final = detector
        self._decoder: Final = Decoder(vault)
        self._connection: Connection | None = None
        self._identity: object = None

    @classmethod
    def open(
        cls,
        folder: Path,
        vault: Vault,
        *,
        create: bool = False,
        owner: tuple[int, int] | None = None,
        database: Database | None = None,
        tell: Callable[[str], None] = _nobody,
        detector: RollbackDetector | None = None,
        mountinfo: Path = MOUNTINFO,
    ) -> Self:
        """Open the state in `folder` or `database`, and migrate its tables to this version.

        `create` makes folder and state if they are missing, for `owner` (uid, gid) if this process runs as
        root. `tell` is called, whenever a connection is made, with each sentence that an administrator must
        know. `detector` detects rollbacks. Raises `StateProblem` if there is no state, on a network file
        system, if the database is not durable, for a newer or broken schema, and for the wrong master key.
        """
        engine = SqliteEngine(folder, mountinfo) if database is None else _postgresql(database, folder)
        if create:
            engine.create(owner)
        store = cls(engine, vault, tell, detector)
        store._ready(create=create)
        return store

    @staticmethod
    def exists(folder: Path, database: Database | None) -> bool:
        """Whether there is a state, whatever its key. Raises `StateProblem` if that cannot be determined."""
        if database is None:
            return (folder / FILE_NAME).exists()
        engine = _postgresql(database, folder)
        try:
            with contextlib.closing(engine.connection(engine.connect_driver())) as connection:
                return connection.revision() is not None
        except engine.errors as error:
            raise engine.problem(error) from error

    def close(self) -> None:
        """Close the connection; never fails."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def run(self, jobs: Sequence[Job[R]]) -> list[R | StateProblem]:
        """Run all jobs in one transaction, in order; returns their results in the same order.

        Each sees what earlier jobs made of the same account. Changes are durable when this returns. Raises
        nothing: the result of a job that fails, or whose record was altered, is a `StateProblem`; if nothing
        could be stored, that of every job is.
        """
        try:
            with self._using() as connection:
                try:
                    connection.begin(job.name for job in jobs)
                    batch = Batch(connection, self._decoder, self._vault, self._engine)
                    results = batch.judge(jobs)
                    if batch.write():
                        connection.commit()
                        if self._detector is not None:
                            self._detector.changed()
                finally:
                    connection.rollback()
        except StateProblem as problem:
            return [problem] * len(jobs)
        return results

    def transact(self, name: str, work: Callable[[Account | None], tuple[Account | None, R]]) -> R:
        """Run one job; see `Job` and `run`."""
        (result,) = self.run([Job(name, work)])
        if isinstance(result, StateProblem):
            raise result
        return result

    def read(self, name: str) -> Account | None:
        """The account of that name; None if there is none."""
        with self._using() as connection:
            stored = load(connection, self._decoder, name, floor.read(connection))
        return None if stored is None else stored.account

    def with_logons(self, name: str, work: logons.Work[R], settings: LogonSettings, now: float) -> R:
        """Decide about the account of that name and its portal logons, in one transaction if anything changes.

        `work` must be pure: it is tried first on what is stored, which keeps nobody waiting. Durable when this returns.
        Raises `logons.Full` as well.
        """
        with self._using() as connection:
            try:
                stored = load(connection, self._decoder, name, floor.read(connection))
                account = None if stored is None else stored.account
                known = logons.read(connection, self._vault, name)
                result = self._changing_nothing(work(account, known.logons), account, known.logons)
                if result is None:
                    connection.begin((name,))
                    result = (self._change_logons(connection, name, work, settings, now),)
            finally:
                connection.rollback()
        return result[0]

    @staticmethod
    def _changing_nothing(
        decided: tuple[Account | None, Logons, R], account: Account | None, known: Logons
    ) -> tuple[R] | None:
        after, left, result = decided
        return (result,) if (after is account or after == account) and left == known else None

    def _change_logons(
        self, connection: Connection, name: str, work: logons.Work[R], settings: LogonSettings, now: float
    ) -> R:
        batch = Batch(connection, self._decoder, self._vault, self._engine)
        before = logons.read(connection, self._vault, name)
        left = [before.logons]

        def work_and_keep(account: Account | None) -> tuple[Account | None, R]:
            after, left[0], result = work(account, before.logons)
            return after, result

        (result,) = batch.judge([Job(name, work_and_keep)])
        if isinstance(result, StateProblem):
            raise result
        wrote = logons.write(connection, self._vault, name, before, left[0], settings, now)
        if batch.write() or wrote:
            connection.commit()
            if self._detector is not None:
                self._detector.changed()
        return result

    def logons_of(self, name: str) -> Logons:
        """The portal logons of that name, whether they have ended or not."""
        with self._using() as connection:
            return logons.read(connection, self._vault, name).logons

    def end_logons(self, *names: str, settings: LogonSettings, now: float) -> None:
        """End all portal logons of these names, sound or not, and their passes; durable when this returns."""
        for name in names:
            with self._using() as connection:
                try:
                    connection.begin((name,))
                    self._end_logons(connection, name, settings, now)
                    connection.commit()
                finally:
                    connection.rollback()

    def _end_logons(self, connection: Connection, name: str, settings: LogonSettings, now: float) -> None:
        try:
            known = logons.read(connection, self._vault, name)
        except StateProblem:
            connection.write(sql.DELETE_LOGONS, [(name,)])
            return
        ended = replace(known.logons.ending(known.logons.logons, Ended.REVOKED, now), knocked_at=0)
        logons.write(connection, self._vault, name, known, ended, settings, now)

    def logon_names(self) -> Iterator[str]:
        """The names of all who have, or had, portal logons, in order."""
        last = ""
        while True:
            with self._using() as connection:
                page = connection.rows(sql.SELECT_LOGON_NAMES, last, NAMES_AT_ONCE)
            yield from (name for (name,) in page)
            if not page:
                return
            last = page[-1][0]

    def count_logons(self, now: float) -> int:
        """How many portal logons there are at `now` (UTC seconds), for figures."""
        with self._using() as connection:
            ((count,),) = connection.rows(sql.COUNT_LOGONS, int(now))
        return int(count)

    def code_hasher(self) -> CodeHasher:
        """Makes recovery codes and enrolment tokens, and their digests."""
        with self._using() as connection:
            return self._code_hasher(connection)

    def key_in_use(self) -> int:
        """The number of the master key that everything is sealed under now."""
        with self._using() as connection:
            key_check.check(connection, self._vault, self._engine.place)
        return int.from_bytes(self._vault.sealing, "big")

    def announce_key(self, *, anew: bool = False) -> None:
        """Write down which key everything is going to be sealed under: the newest that this process has.

        Raises `StateProblem` if that is written down of another key, which this process does not have; not if `anew`.
        """
        with self._using() as connection:
            next_key.announce(connection, self._vault, anew=anew)

    def change_key(self) -> None:
        """Let every process seal under the newest key that this one has; durable when this returns."""
        with self._using() as connection:
            key_check.change(connection, self._vault)

    def reseal(self, pager: reseal.Pager, after: str) -> reseal.Page:
        """Seal one page of rows again that are under an old key; see `reseal`."""
        with self._using() as connection:
            return pager(connection, self._vault, after)

    def reseal_rest(self) -> None:
        """Seal again what is not paged, and withdraw the announcement of the next key."""
        with self._using() as connection:
            reseal.rest(connection, self._vault)
            next_key.withdraw(connection)

    def records_by_key(self) -> dict[int, int]:
        """The number of records under each master key, by the key's number."""
        with self._using() as connection:
            return reseal.under(connection)

    def look(self, names: Sequence[str]) -> list[Account | StateProblem | None]:
        """The accounts of these names, in order, as they are now; only `run` may decide what they become.

        Raises nothing: the result for an altered record is a `StateProblem`, for all of them if nothing can be read.
        """
        try:
            with self._using() as connection:
                try:
                    connection.look_ahead(names)
                    second = floor.read(connection)
                    found = [look(connection, self._decoder, self._engine, name, second) for name in names]
                finally:
                    connection.rollback()
        except StateProblem as problem:
            return [problem] * len(names)
        return [stored.account if isinstance(stored, Stored) else stored for stored in found]

    def survey(self, names: Sequence[str]) -> list[Account | StateProblem | None]:
        """`look` for display: secrets stay encrypted (`core.secret.Unopened`).

        Each record's seal is verified, and covers all that is shown.
        """
        try:
            with self._using() as connection:
                return survey(connection, self._vault, self._engine, names, floor.read(connection))
        except StateProblem as problem:
            return [problem] * len(names)

    def discard(self, name: str) -> None:
        """Delete everything stored under that name, readable or not."""
        with self._using() as connection, connection.transaction():
            for statement in (sql.DELETE_ACCOUNT, sql.DELETE_NOT_MEMBERS, sql.DELETE_LOGONS):
                connection.write(statement, [(name,)])

    def purge(self) -> bool:
        """Erase what was replaced or deleted from all files; False if a reader prevents it."""
        with self._using() as connection:
            return connection.purge()

    def names(self) -> Iterator[str]:
        """The names of all accounts, in order, those of altered records included."""
        last = ""
        while True:
            with self._using() as connection:
                page = connection.rows(sql.SELECT_NAMES, last, NAMES_AT_ONCE)
            for (last,) in page:
                yield last
            if len(page) < NAMES_AT_ONCE:
                return

    def uids(self) -> Iterator[tuple[str, int | None]]:
        """The name and the unverified uid of each record, in order, to find those worth reading."""
        last = ""
        while True:
            with self._using() as connection:
                page = connection.rows(sql.SELECT_UIDS, last, NAMES_AT_ONCE)
            yield from page
            if len(page) < NAMES_AT_ONCE:
                return
            last = page[-1][0]

    def accounts(self) -> Iterator[Account]:
        """All accounts, ordered by name.

        If records were altered, raises `StateProblem` with their names after the last account.
        """
        # If the floor cannot be read, no record can, and all would look altered.
        self.floor()
        unsound: list[str] = []
        for name in self.names():
            try:
                account = self.read(name)
            except StateProblem:
                unsound.append(name)
                continue
            # It may have been deleted since its name was read.
            if account is not None:
                yield account
        if unsound:
            names = ", ".join(map(shown, unsound[:NAMES_SHOWN])) + (", …" if len(unsound) > NAMES_SHOWN else "")
            raise StateProblem(
                f"{len(unsound)} records are not those that were stored last: {names}",
                "find out who wrote to the state; then put back the whole state from a backup, or start them over "
                "with `rw2fa users reset NAME`",
            )

    def counts(self) -> tuple[int, int]:
        """How many users are activated, and how many have a credential that is still pending."""
        with self._using() as connection:
            counted = connection.rows(sql.COUNT_DEVICES)
        activated = sum(count for method, active, confirmed, count in counted if _confirmed(method, active, confirmed))
        pending = sum(
            count
            for method, active, confirmed, count in counted
            if active == 0 and not _confirmed(method, active, confirmed)
        )
        return activated, pending

    def user_counts(self, guessing: Guessing, now: int, sms_digits: int | None = None) -> UserCounts:
        """How many users are in each condition at `now` (UTC seconds).

        `sms_digits` is how many digits an SMS code has, None while these are switched off. From
        unverified columns: for figures only. Reads only the rows that are counted.
        """
        activated, pending = self.counts()
        since = now - PERIOD_SECONDS
        narrowed = spent = 0
        left_out = _NO_METHOD if sms_digits is None else Method.SMS.value
        with self._using() as connection:
            ((locked,),) = connection.rows(sql.COUNT_LOCKED, now, FAILURES_MAX)
            for digits in range(DIGITS_MIN, DIGITS_MAX + 1):
                allowed = allowance(digits, guessing)
                asked = (allowed.narrow, since, digits, allowed.wide, since, left_out)
                ((wide, narrow),) = connection.rows(sql.COUNT_GUESSES, *asked)
                narrowed, spent = narrowed + wide, spent + narrow
            if sms_digits is not None:
                ((by_text,),) = connection.rows(sql.COUNT_TEXT_GUESSES, allowance(sms_digits, guessing).narrow, since)
                spent += by_text
        return UserCounts(activated, pending, locked, narrowed, spent, self.count_logons(now))

    def floor(self) -> int:
        """UTC seconds before which no code counts, 0 if that was never set."""
        with self._using() as connection:
            return floor.read(connection)

    def lift_floor(self, second: int) -> bool:
        """Raise the floor to `second` (UTC), for all users; False if it is there already.

        For when codes that were accepted may have been forgotten: after a restore or a failover
        (promise 7). Durable when this returns; never lowers the floor. Raises `ValueError` for a
        negative number and for one of more than twelve digits.
        """
        with self._using() as connection:
            return floor.lift(connection, self._vault, second)

    def keep_secret(self, name: str, secret: Secret) -> None:
        """Store a secret under a name, replacing any; durable when this returns."""
        with self._using() as connection:
            secrets.write(connection, self._vault, name, secret)

    def secret(self, name: str) -> Secret | None:
        """The secret of this name; None if there is none."""
        with self._using() as connection:
            return secrets.read(connection, self._vault, name)

    def forget_secret(self, name: str) -> None:
        """Delete the secret of this name."""
        with self._using() as connection:
            secrets.forget(connection, name)

    def take_sms_quota(self, quotas: Sequence[Quota], now: int) -> Quota | None:
        """Charge one SMS at `now` (UTC seconds) to all quotas; if one is full, charge none and return it.

        Durable when this returns.
        """
        with self._using() as connection:
            return sms_quota.take(connection, self._code_hasher(connection), quotas, now)

    def full_sms_quota(self, quotas: Sequence[Quota], now: int) -> Quota | None:
        """A quota with no room for another SMS at `now` (UTC seconds)."""
        with self._using() as connection:
            return sms_quota.full(connection, self._code_hasher(connection), quotas, now)

    def mark(self) -> RollbackMarker | None:
        """The rollback marker of the state; None if it was altered."""
        with self._using() as connection:
            return rollback_marker.read(connection, self._vault)

    def begin_marker(self, file: Path) -> None:
        """Write the first marker to a file outside of the state, unless there is one. Raises OSError as well."""
        with self._using() as connection:
            begin(file, connection, self._vault)

    def keep_marker(self) -> None:
        """Advance the rollback marker, if something was stored since."""
        if self._detector is not None:
            with self._using() as connection:
                self._detector.keep(connection, self._vault)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Run a block that reads one consistent snapshot; logins do not wait for it."""
        with self._using() as connection, connection.snapshot():
            yield

    def all_secrets(self) -> dict[str, Secret]:
        """Every secret, by its name."""
        with self._using() as connection:
            found = {name: secrets.read(connection, self._vault, name) for name in secrets.names(connection)}
        return {name: secret for name, secret in found.items() if secret is not None}

    def replace_all(
        self, accounts: Iterable[Account], secrets: Mapping[str, Secret], second: int, outside: RollbackMarker | None
    ) -> RollbackMarker:
        """Replace all accounts and secrets; see `restoring`. Returns the new rollback marker."""
        with self._using() as connection:
            return restoring.replace_all(connection, self._vault, accounts, secrets, second, outside)

    def sync_scope(self, entries: Iterable[str], now: int) -> Mapping[str, int]:
        """Make the remembered entries of the scope those of `entries` (users, and groups as `@name`).

        Gives the UTC second that each came into scope: `now` for new ones; those that are absent
        are forgotten. If the memory was altered, raises `StateProblem` once, and from then on
        has 0 for all that were there.
        """
        with self._using() as connection:
            return scope.sync_scope(connection, self._vault, entries, now)

    def scope(self) -> Mapping[str, int]:
        """The remembered entries of the scope and the UTC second at which each was added; changes nothing."""
        with self._using() as connection:
            return scope.read_scope(connection, self._vault)

    def remember_not_member(self, name: str, uid: int, scope_digest: str, now: int) -> None:
        """Remember that a complete look-up at `now` found this user in no entry of the scope.

        `scope_digest` identifies the entries that were looked up.
        """
        with self._using() as connection:
            membership_memory.remember(connection, self._vault, name, uid, scope_digest, now)

    def remembered_not_member(self, name: str, uid: int, scope_digest: str) -> bool:
        """Whether the last complete look-up of this scope found this user in no entry of it."""
        with self._using() as connection:
            return membership_memory.remembered(connection, self._vault, name, uid, scope_digest)

    def forget_not_member(self, name: str) -> None:
        """Forget it: a complete look-up found this user in the scope."""
        with self._using() as connection:
            membership_memory.forget(connection, name)

    def _code_hasher(self, connection: Connection) -> CodeHasher:
        return CodeHasher(code_salt.read(connection, self._vault))

    @contextlib.contextmanager
    def _using(self) -> Iterator[Connection]:
        """The connection, with the driver's errors turned into `StateProblem`."""
        connection = self._ready()
        try:
            yield connection
        except self._engine.errors as error:
            if not self._engine.passes(error):
                self.close()
            raise self._engine.problem(error) from error
        except UnicodeEncodeError as error:
            raise not_utf8(str(error.object)) from None

    def _ready(self, *, create: bool = False) -> Connection:
        """A connection to the current database; a backup may have been put in its place, or it may be gone."""
        try:
            identity = self._engine.identity()
        except StateProblem:
            self.close()
            raise
        if self._connection is None or identity != self._identity:
            self.close()
            self._open(identity, create=create)
        assert self._connection is not None
        return self._connection

    def _open(self, identity: object, *, create: bool) -> None:
        before, self._identity = self._identity, identity
        connection = open_connection(self._engine, self._vault, self._tell, create=create)
        try:
            replaced = before not in (None, identity)
            older = self._detector is not None and self._detector.opened(connection, self._vault, replaced=replaced)
        except BaseException as error:
            connection.close()
            if isinstance(error, self._engine.errors):
                raise self._engine.problem(error) from error
            raise
        self._connection = connection
        if older and before is not None:
            # The current operation was decided in part on the content of the old one.
            raise StateProblem("the state was replaced by an older one just now", "try again")


def _confirmed(method: str, active: int | None, phone_confirmed: int) -> bool:
    """`Account.activated`, from columns."""
    return bool(phone_confirmed if method == Method.SMS else active)
