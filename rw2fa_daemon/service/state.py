"""The state as the daemon sees it: open, or unusable for a reason that is tried again."""

import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from rw2fa_daemon.audit.older import failed_over
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.user import User
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.service.executor import Executor, InlineExecutor
from rw2fa_daemon.store.problem import failed
from rw2fa_daemon.store.rollback_detector import RollbackDetector, marker_file
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.code_hasher import CodeHasher
from rw2fa_daemon.vault.master_key import MasterKey, load_master_key
from rw2fa_daemon.vault.vault import Vault

REOPEN_SECONDS: Final = 5.0
"""How long an unusable state is left alone before it is opened again."""

MEMBERSHIPS_KNOWN: Final = 4_096
"""Names of which this process knows what it wrote down last, and need not write it again."""

NOT_OPEN: Final = Problem("the state is not open", "restart rw2fad")

SMS_CODE_PURPOSE: Final = "text code 1"
_TEXT: Final = struct.Struct(">qB")

R = TypeVar("R")


class State:
    """The store, opened when it can be.

    A daemon without a usable state still answers: users who are not enabled go on logging in, and enabled ones
    are told that their codes cannot be judged, rather than everybody being shut out.
    """

    def __init__(self, config: Config, report: Callable[[Record], None], executor: Executor | None = None) -> None:
        # Not all of it: the names in it would outlive a reload.
        self._folder, self._database, self._key_file = config.state, config.database, config.master_key
        self.executor: Final[Executor] = executor or InlineExecutor()
        """Who may call what touches the store: all methods but `do` and `since`, if the executor is a thread."""
        self._report = report
        self._detector = RollbackDetector(marker_file(config.state), self._told)
        self._lost = False
        """The state turned out to be older than it was, and what is remembered here of it is of no use."""
        self._store: Store | None = None
        self._vault: Vault | None = None
        self.code_hasher: CodeHasher | None = None
        """What hashes recovery codes and tokens, once there is a key."""
        self._problem: Problem | None = None
        self._scope_problem: Problem | None = None
        self._tried = float("-inf")
        self._scope: tuple[str, ...] = ()
        self._since: Mapping[str, int] = {}
        self._memberships: dict[str, tuple[int, str, bool]] = {}
        """What was last written down of a name: uid, scope, and whether it is a member."""

    @property
    def problem(self) -> Problem | None:
        """Why the state is unusable, or None; where it is elsewhere, as it was found last."""
        if self.executor.here:
            self._opened()
        return self._problem

    @property
    def key_numbers(self) -> tuple[int, ...]:
        """The numbers of the master keys in use, the newest first; none while the state is not open."""
        if self.executor.here:
            self._opened()
        return self._vault.numbers if self._store is not None and self._vault is not None else ()

    def do(self, work: Callable[["State"], R], done: Callable[[R], None]) -> bool:
        """Have the executor work on the state, then call `done` in the loop; False if too much waits for it."""
        return self.executor.do(lambda: work(self), done)

    def use_keys(self, master_key: MasterKey) -> None:
        """From now on, open the state with this master key and those with it. Raises Problem if they do not open it."""
        before = self._store
        self._open(master_key)
        if before is not None:
            before.close()

    def since(self, entries: Iterable[str]) -> int:
        """UTC seconds at which the latest of these scope entries came into the scope."""
        return max((self._since.get(entry, 0) for entry in entries), default=0)

    def use_scope(self, entries: Iterable[str]) -> None:
        """Take down when each entry of the scope was first seen; forget those that are gone."""
        self._scope = tuple(entries)
        if (store := self._opened()) is not None:
            self._sync(store)

    def run(self, jobs: Sequence[Job[R]]) -> Sequence[R | StateProblem]:
        """The outcome of each job, durable when this returns."""
        store = self._opened()
        return self._unopened(len(jobs)) if store is None else store.run(jobs)

    def look(self, names: Sequence[str]) -> Sequence[Account | StateProblem | None]:
        """The accounts of these names as they are now."""
        store = self._opened()
        return self._unopened(len(names)) if store is None else store.look(names)

    def call(self, work: Callable[[Store], R]) -> R | StateProblem:
        """What `work` gives, durable when this returns."""
        store = self._opened()
        if store is None:
            problem = self._problem or NOT_OPEN
            return StateProblem(problem.what, problem.fix)
        try:
            return work(store)
        except StateProblem as problem:
            return problem
        except Exception as error:  # noqa: BLE001 - the caller is told, and goes on
            return failed("using the state", error)

    def sms_code_digest(self, generation: int, login: bytes, code: Secret) -> bytes:
        """The digest of an SMS code, bound to an account's generation and the name of a login."""
        if self.code_hasher is None:
            raise RuntimeError("a code without a state to store it in")
        return self.code_hasher.keyed(SMS_CODE_PURPOSE, _TEXT.pack(generation, len(login)) + login + code.reveal())

    def foresee(self, name: str) -> None:
        """Read the account of a user who will probably be looked at next, so that it is cached by then.

        Not over a network, where each look takes as long as the directory does.
        """
        if self._database is None and (store := self._opened()) is not None:
            store.look((name,))

    def was_not_member(self, user: User, digest: str) -> bool:
        """Whether the last complete look-up of this user said "not a member" of this scope."""
        store = self._opened()
        try:
            return store is not None and store.remembered_not_member(user.name, user.uid, digest)
        except StateProblem:
            return False

    def remember_not_member(self, user: User, digest: str) -> None:
        """Write down that a complete look-up said "not a member" of this scope."""
        self._remember(
            user,
            (user.uid, digest, False),
            lambda store: store.remember_not_member(user.name, user.uid, digest, int(time.time())),
        )

    def forget_not_member(self, user: User, digest: str) -> None:
        """Forget any "not a member" of a user whom a look-up found in this scope."""
        self._remember(user, (user.uid, digest, True), lambda store: store.forget_not_member(user.name))

    def _remember(self, user: User, what: tuple[int, str, bool], write: Callable[[Store], None]) -> None:
        store = self._opened()
        if store is None or self._memberships.get(user.name) == what:
            return
        try:
            write(store)
        except StateProblem:
            # It only matters while a directory is down, and is tried again at the next login.
            return
        if len(self._memberships) >= MEMBERSHIPS_KNOWN:
            self._memberships.clear()
        self._memberships[user.name] = what

    def count(self, guessing: Guessing, now: float, sms_digits: int | None) -> UserCounts | None:
        """How many users are in which state at `now` (UTC seconds), None if unknown. See `Store.user_counts`."""
        store = self._opened()
        try:
            return None if store is None else store.user_counts(guessing, int(now), sms_digits)
        except StateProblem:
            return None

    @property
    def marker_problem(self) -> str:
        """Why the rollback marker beside the state cannot be written; empty if it can."""
        return self._detector.problem

    def keep_marker(self) -> None:
        """Move the rollback marker on, and find out whether the state can be used now.

        A scope that could not be taken down is tried again.
        """
        if self._store is not None and self._scope_problem is not None:
            self._sync(self._store)
        if self.executor.here:
            self.call(Store.keep_marker)
            return
        # Across a network a look is needed to know.
        seen = self.call(Store.floor)
        self.call(Store.keep_marker)
        if self._store is not None:
            self._problem = seen if isinstance(seen, StateProblem) else self._scope_problem

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self.keep_marker()
            self._store.close()
            self._store = None

    def _told(self, happened: str) -> None:
        self._older(Record(Event.STATE_OLDER, time.time(), decision="done", rule=Rule.STATE_OLDER, reason=happened))

    def _moved(self, happened: str) -> None:
        self._older(failed_over(happened))

    def _older(self, record: Record) -> None:
        self._lost = True
        self.executor.tell(lambda: self._report(record))

    def _unopened(self, count: int) -> list[StateProblem]:
        problem = self._problem or NOT_OPEN
        return [StateProblem(problem.what, problem.fix)] * count

    def _opened(self) -> Store | None:
        if self._store is not None and self._lost:
            self._problem = None
            self._sync(self._store)
        if self._store is not None or time.monotonic() < self._tried + REOPEN_SECONDS:
            return self._store
        self._tried = time.monotonic()
        try:
            self._open(load_master_key(self._key_file))
        except Problem as problem:
            self._problem = problem
        return self._store

    def _open(self, master_key: MasterKey) -> None:
        vault = Vault(master_key)
        store = Store.open(self._folder, vault, database=self._database, tell=self._moved, detector=self._detector)
        self._store, self._vault, self._problem = store, vault, None
        self._sync(store)

    def _sync(self, store: Store) -> None:
        """Know what this process remembers of the state, and let it know the scope."""
        self._memberships.clear()
        try:
            # The look itself may find it older.
            self._lost = False
            self.code_hasher = store.code_hasher()
            self._since = store.sync_scope(self._scope, int(time.time()))
            self._problem = self._scope_problem = None
        except StateProblem as problem:
            self._problem = self._scope_problem = problem
