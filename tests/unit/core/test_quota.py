"""No period whatever sees more messages than a quota allows (promises 10 and 11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.quota import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SLOTS,
    Ledger,
    Limit,
    Quota,
    source_of,
    spent,
    taken,
    void_at,
)
from rw2fa_daemon.core.secret import Secret

START = 1_790_000_000


def _quota(at_most: int, seconds: int = DAY_SECONDS) -> Quota:
    return Quota(Limit.USER, Secret(b"alice"), at_most, seconds)


def _let_out(quota: Quota, times: list[float]) -> tuple[list[float], Ledger]:
    """When messages went out, of those that were wanted."""
    ledger, sent = Ledger(), []
    for now in times:
        after = taken(ledger, quota, now)
        if after is not None:
            ledger = after
            sent.append(now)
    return sent, ledger


@given(
    st.integers(1, 30),
    st.sampled_from([HOUR_SECONDS, DAY_SECONDS]),
    st.lists(st.floats(0, 4 * DAY_SECONDS), min_size=1, max_size=120),
)
def test_no_period_has_more_than_the_quota(at_most: int, seconds: int, offsets: list[float]) -> None:
    sent, _ = _let_out(_quota(at_most, seconds), sorted(START + offset for offset in offsets))
    for first in sent:
        assert sum(first <= other < first + seconds for other in sent) <= at_most


@given(st.integers(1, 30), st.integers(0, 10 * DAY_SECONDS))
def test_what_was_spent_comes_back_a_period_and_a_slot_later(at_most: int, offset: int) -> None:
    quota, now = _quota(at_most), START + offset
    sent, ledger = _let_out(quota, [float(now)] * (at_most + 3))
    assert len(sent) == spent(ledger, quota.seconds, now) == at_most
    void = void_at(ledger, quota.seconds)
    assert now + quota.seconds < void <= now + quota.seconds * (SLOTS + 1) / SLOTS + 1
    assert spent(ledger, quota.seconds, void - 1) == at_most
    assert spent(ledger, quota.seconds, void) == 0


@given(st.integers(1, 30), st.integers(1, 100 * DAY_SECONDS))
def test_a_clock_that_is_set_back_lets_no_more_out(at_most: int, back: int) -> None:
    quota = _quota(at_most)
    _, ledger = _let_out(quota, [float(START)] * at_most)
    assert taken(ledger, quota, START - back) is None
    assert spent(ledger, quota.seconds, START - back) == at_most


@given(st.lists(st.floats(0, 4 * DAY_SECONDS), max_size=200))
def test_a_ledger_does_not_grow(offsets: list[float]) -> None:
    _, ledger = _let_out(_quota(10), [START + offset for offset in offsets])
    assert len(ledger.counts) == SLOTS + 1


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("host.example", ""),
        ("", ""),
    ],
)
def test_a_source_is_an_address_or_a_network_of_ipv6(address: str, source: str) -> None:
    assert source_of(address) == source


def test_hours_and_days_are_real_ones_and_a_days_messages_come_back_by_the_hour() -> None:
    assert (HOUR_SECONDS, DAY_SECONDS) == (3_600, 86_400)
    assert DAY_SECONDS / SLOTS == HOUR_SECONDS


def test_where_nothing_was_sent_nothing_counts_from_the_beginning_of_time_on() -> None:
    assert spent(Ledger(), DAY_SECONDS, 0) == 0
    assert void_at(Ledger(), DAY_SECONDS) == DAY_SECONDS + HOUR_SECONDS


def test_messages_of_one_moment_are_added_to_those_before_and_leave_these_their_age() -> None:
    quota = _quota(10, HOUR_SECONDS)
    _, ledger = _let_out(quota, [START, START + 600.0, START + 600.0])
    assert spent(ledger, HOUR_SECONDS, START + 600) == 3
    assert spent(ledger, HOUR_SECONDS, START + 3_600 + 150) == 2
