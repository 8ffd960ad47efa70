"""Consecutive wrong codes, and the locks that follow (promise 8)."""

from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Counters

FREE_FAILURES: Final = 4
"""Consecutive wrong codes before the first lock: one conversation, and a slip."""

FIRST_LOCK_SECONDS: Final = 60
LONGEST_LOCK_SECONDS: Final = 24 * 60 * 60

FAILURES_MAX: Final = 100
"""Consecutive wrong codes after which only an administrator unlocks (NIST SP 800-63B §5.2.2)."""


def lock_seconds(failures: int) -> int:
    """How long the lock after so many consecutive failures lasts; it doubles with each."""
    if failures <= FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES - 1, LONGEST_LOCK_SECONDS.bit_length())
    return min(FIRST_LOCK_SECONDS << doublings, LONGEST_LOCK_SECONDS)


def must_be_unlocked(counters: Counters) -> bool:
    """Whether only an administrator can end the lock."""
    return counters.failures >= FAILURES_MAX


def locked(counters: Counters, now: float) -> bool:
    """Whether codes are refused unseen at `now` (UTC seconds).

    A lock that would last longer than locks do comes from a clock that was set back since, and
    does not count.
    """
    return must_be_unlocked(counters) or 0 < counters.locked_until - now <= LONGEST_LOCK_SECONDS


def charge(counters: Counters, now: float) -> Counters:
    """The counters with one more failure, and the lock that follows from it."""
    failures = counters.failures + 1
    lock = lock_seconds(failures)
    return replace(counters, failures=failures, locked_until=int(now) + lock if lock else counters.locked_until)


def clear(counters: Counters) -> Counters:
    """The counters after a success: no consecutive failures, no lock."""
    if not counters.failures and not counters.locked_until:
        return counters
    return replace(counters, failures=0, locked_until=0)
