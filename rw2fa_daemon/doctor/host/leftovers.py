"""Records of users who no longer exist: deleted, renamed, or with a new uid under the same name."""

import pwd
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import CANDIDATES_MAX, Subject
from rw2fa_daemon.store.store import Store

LOOKED_UP_AT_ONCE: Final = 4_096
NAMES_MAX: Final = 10
"""Names that one finding lists."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A record that belongs to no existing user, and why."""

    name: str
    reason: str


def leftovers(store: Store, lookups: Callable[[Sequence[str]], Iterator[User | Missing]]) -> Iterator[Leftover]:
    """The records whose name the directory does not know, or knows with another uid; raises Problem.

    A directory that is down may say "unknown" of users that it knows: callers that destroy records must first make
    sure that it answers. Records that cannot be read are skipped.
    """
    records = store.uids()
    while page := list(islice(records, LOOKED_UP_AT_ONCE)):
        for (name, uid), user in zip(page, lookups([name for name, _ in page]), strict=True):
            # Only records with which something is wrong are decrypted.
            if user is Missing.UNAVAILABLE or (isinstance(user, User) and user.uid == uid):
                continue
            account = _read(store, name)
            if account is None:
                continue
            if not isinstance(user, User):
                yield Leftover(name, _gone(account))
            elif user.uid != account.uid:
                yield Leftover(name, f"the uid was {account.uid} and is {user.uid}")


def check_leftovers(subject: Subject) -> Iterator[Finding]:
    """Records that `rw2fa users purge` destroys."""
    with subject.store() as store:
        found = list(islice(leftovers(store, subject.lookups), CANDIDATES_MAX))
    if found:
        named = ", ".join(f"{one.name} ({one.reason})" for one in found[:NAMES_MAX])
        yield Finding(
            "leftovers",
            ok=False,
            detail=f"{len(found)} records belong to no user: {named}{' and others' if len(found) > NAMES_MAX else ''}",
            fix="run `rw2fa users purge`, or `rw2fa users reset NAME` for each user who only has a new uid",
        )


def _read(store: Store, name: str) -> Account | None:
    try:
        return store.read(name)
    except Problem:
        # The record was altered, which another check reports.
        return None


def _gone(account: Account) -> str:
    try:
        return f"no such user; uid {account.uid} is now called {pwd.getpwuid(account.uid).pw_name}"
    except (KeyError, OverflowError):
        return "no such user"
