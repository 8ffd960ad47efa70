"""Consecutive failures and the locks."""

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.lockout import (
    FAILURES_MAX,
    FIRST_LOCK_SECONDS,
    FREE_FAILURES,
    LONGEST_LOCK_SECONDS,
    charge,
    clear,
    lock_seconds,
    locked,
    must_be_unlocked,
)

NOW = 1_790_000_000


def test_promise_8_locks_double_from_a_minute_to_a_day() -> None:
    locks = [lock_seconds(failures) for failures in range(40)]
    assert locks[:5] == [0] * 5, "one conversation, and a slip"
    assert locks[5:9] == [60, 120, 240, 480]
    assert locks[-1] == 86_400
    assert locks == sorted(locks)


def test_promise_8_no_more_than_a_hundred_failures_in_a_row_are_allowed() -> None:
    """NIST SP 800-63B §5.2.2."""
    assert not must_be_unlocked(Counters(failures=99))
    assert must_be_unlocked(Counters(failures=100))


def test_promise_8_a_lock_begins_with_the_failure_and_ends_by_itself() -> None:
    counters = Counters(failures=FREE_FAILURES)
    assert not locked(counters, NOW)
    counters = charge(counters, NOW)
    assert locked(counters, NOW)
    assert locked(counters, NOW + FIRST_LOCK_SECONDS - 1)
    assert not locked(counters, NOW + FIRST_LOCK_SECONDS)


def test_promise_8_a_hundred_in_a_row_end_with_an_administrator() -> None:
    counters = charge(Counters(failures=FAILURES_MAX - 1), NOW)
    assert must_be_unlocked(counters)
    assert locked(counters, NOW + 1000 * LONGEST_LOCK_SECONDS)


@given(st.integers(0, 50), st.integers(0, 2 * NOW))
def test_promise_8_a_success_clears_the_lock_and_the_count(failures: int, locked_until: int) -> None:
    cleared = clear(Counters(failures=failures, locked_until=locked_until, wide_guesses=2))
    assert (cleared.failures, cleared.locked_until, cleared.wide_guesses) == (0, 0, 2)


def test_promise_12_a_lock_from_a_clock_that_was_set_back_does_not_last() -> None:
    assert not locked(Counters(failures=10, locked_until=NOW + 2 * LONGEST_LOCK_SECONDS), NOW)
