"""Consecutive wrong codes, and the lock that follows (promise 8)."""

from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Counters

LOCK_AFTER: Final = 10
"""Consecutive wrong codes."""

LOCK_SECONDS: Final = 15 * 60


def locked(counters: Counters, now: float) -> bool:
    """Whether codes are refused unseen at `now` (UTC seconds).

    A lock that would last longer than locks do comes from a clock that was set back since, and
    does not count.
    """
    return 0 < counters.locked_until - now <= LOCK_SECONDS


def charge(counters: Counters, now: float) -> Counters:
    """The counters with one more failure; from LOCK_AFTER on each failure locks again."""
    failures = counters.failures + 1
    locked_until = int(now) + LOCK_SECONDS if failures >= LOCK_AFTER else counters.locked_until
    return replace(counters, failures=failures, locked_until=locked_until)


def refund(charged: Counters, before: Counters) -> Counters:
    """The charged counters with the failure taken back."""
    return replace(charged, failures=before.failures, locked_until=before.locked_until)


def clear(counters: Counters) -> Counters:
    """The counters after a success: no consecutive failures, no lock."""
    return replace(counters, failures=0, locked_until=0)
