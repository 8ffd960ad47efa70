"""While a provider is down few wait for it, and it is noticed when it is back."""

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.circuit import (
    CLOSED,
    FAILURES_TO_OPEN,
    FIRST_OPEN_SECONDS,
    LONGEST_OPEN_SECONDS,
    PROBE_SECONDS,
    Circuit,
)


def _opened(now: float = 0.0) -> Circuit:
    circuit = CLOSED
    for _ in range(FAILURES_TO_OPEN):
        assert circuit.lets_through(now)
        circuit = circuit.failed(now)
    return circuit


def test_it_opens_after_failures_in_a_row_only() -> None:
    circuit = CLOSED
    for _ in range(5 * FAILURES_TO_OPEN):
        for _ in range(FAILURES_TO_OPEN - 1):
            circuit = circuit.failed(0.0)
        assert circuit.lets_through(0.0)
        circuit = circuit.succeeded()
    assert not _opened().lets_through(0.0)


def test_one_attempt_at_a_time_finds_out_whether_it_is_back() -> None:
    circuit = _opened()
    assert not circuit.lets_through(FIRST_OPEN_SECONDS - 0.1)
    assert circuit.lets_through(FIRST_OPEN_SECONDS)
    probing = circuit.attempted(FIRST_OPEN_SECONDS)
    assert not probing.lets_through(FIRST_OPEN_SECONDS + 1)
    assert probing.lets_through(FIRST_OPEN_SECONDS + PROBE_SECONDS)
    assert probing.succeeded() == CLOSED


def test_each_failed_attempt_makes_it_wait_longer_up_to_a_limit() -> None:
    circuit, now, waits = _opened(), 0.0, []
    for _ in range(500):
        waits.append(circuit.open_until - now)
        now = circuit.open_until
        circuit = circuit.attempted(now).failed(now)
        assert not circuit.lets_through(now)
    assert waits[:3] == [FIRST_OPEN_SECONDS, 2 * FIRST_OPEN_SECONDS, 4 * FIRST_OPEN_SECONDS]
    assert max(waits) == waits[-1] == LONGEST_OPEN_SECONDS


@given(st.lists(st.floats(0, FIRST_OPEN_SECONDS, exclude_max=True), max_size=50))
def test_what_was_under_way_when_it_opened_prolongs_nothing(times: list[float]) -> None:
    circuit = _opened()
    for now in times:
        circuit = circuit.failed(now)
    assert circuit == _opened()


def test_the_fourth_failure_in_a_row_opens_it_and_all_of_them_are_told() -> None:
    """The administrator reads how many messages have failed since one went out."""
    circuit = CLOSED
    for failures in range(1, 4):
        circuit = circuit.failed(0.0)
        assert circuit.closed
        assert circuit.failures == failures
    circuit = circuit.failed(0.0)
    assert not circuit.closed
    assert circuit.failures == 4
    assert circuit.failed(FIRST_OPEN_SECONDS).failures == 5
