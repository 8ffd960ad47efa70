"""Promise 1 in the small: no step counts twice, whatever the clock and the order."""

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.steps import USED_KEPT, counts, spend

STEPS = st.integers(0, 400)


@given(st.lists(st.tuples(STEPS, STEPS, st.booleans()), max_size=300))
def test_promise_1_a_spent_step_never_counts_again(tries: list[tuple[int, int, bool]]) -> None:
    counters, spent = Counters(), set[int]()
    for step, now_step, accepted in tries:
        if counts(counters, step, now_step):
            assert step not in spent
            counters = spend(counters, step, accepted=accepted)
            spent.add(step)
        assert len(counters.used) <= USED_KEPT
        assert list(counters.used) == sorted(set(counters.used))


@given(st.lists(STEPS, min_size=1, max_size=USED_KEPT), STEPS)
def test_promise_1_an_older_stolen_code_is_refused(accepted: list[int], now_step: int) -> None:
    counters = Counters()
    for step in accepted:
        counters = spend(counters, step, accepted=True)
    for step in range(max(accepted)):
        if abs(step - now_step) > 1:
            assert not counts(counters, step, now_step)


def test_promise_1_a_phone_that_ran_fast_and_was_put_right_works_on() -> None:
    now, fast = 1_000, 480
    counters = Counters()
    for login in range(USED_KEPT - 1):
        assert counts(counters, now + fast + login, now + login)
        counters = spend(counters, now + fast + login, accepted=True)
    for login in range(USED_KEPT, USED_KEPT + 200):
        assert counts(counters, now + login, now + login), login
        counters = spend(counters, now + login, accepted=True)


def test_a_burned_step_does_not_make_earlier_codes_look_old() -> None:
    counters = spend(Counters(), 900, accepted=False)
    assert counters.last == 0
    assert counts(counters, 101, 100)
    assert not counts(counters, 900, 900)
