"""Consecutive failures and the lock."""

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.lockout import LOCK_AFTER, LOCK_SECONDS, charge, clear, locked, refund

NOW = 1_790_000_000


def test_promise_8_ten_wrong_codes_in_a_row_lock_for_fifteen_minutes() -> None:
    counters = Counters()
    for _ in range(LOCK_AFTER - 1):
        counters = charge(counters, NOW)
        assert not locked(counters, NOW)
    counters = charge(counters, NOW)
    assert locked(counters, NOW)
    assert locked(counters, NOW + LOCK_SECONDS - 1)
    assert not locked(counters, NOW + LOCK_SECONDS)


def test_promise_8_after_a_lock_each_further_wrong_code_locks_again() -> None:
    counters = Counters(failures=LOCK_AFTER, locked_until=NOW)
    assert not locked(counters, NOW + 1)
    assert locked(charge(counters, NOW + 1), NOW + 2)


@given(st.integers(0, 50), st.integers(0, 2 * NOW))
def test_promise_8_a_refund_undoes_a_charge(failures: int, locked_until: int) -> None:
    before = Counters(failures=failures, locked_until=locked_until)
    assert refund(charge(before, NOW), before) == before


def test_promise_8_a_success_clears_the_lock_and_the_count() -> None:
    cleared = clear(Counters(failures=30, locked_until=NOW + 5))
    assert (cleared.failures, cleared.locked_until) == (0, 0)


def test_promise_12_a_lock_from_a_clock_that_was_set_back_does_not_last() -> None:
    assert not locked(Counters(failures=10, locked_until=NOW + 10 * LOCK_SECONDS), NOW)
