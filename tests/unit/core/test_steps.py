"""Promise 1 in the small: no step counts twice, whatever the clock and the order."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.steps import USED_KEPT, counts, spend

STEPS = st.integers(0, 400)
MORE_THAN_FIT = st.lists(st.integers(1, 400), min_size=USED_KEPT + 1, max_size=2 * USED_KEPT, unique=True)
"""Steps in any order, more than are remembered one by one."""


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


# Not made smaller when it fails, which takes minutes with so many: the next test is the smallest.
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(MORE_THAN_FIT)
def test_promise_1_a_forgotten_step_counts_at_no_time_to_which_a_clock_is_set_back(steps: list[int]) -> None:
    counters, spent = Counters(), set[int]()
    for step in steps:
        # The clock goes to the very step, forward or back: there a code counts even if a later one was accepted.
        if counts(counters, step, step):
            counters = spend(counters, step, accepted=step % 3 > 0)
            spent.add(step)
        assert len(counters.used) <= USED_KEPT
    assert not any(counts(counters, old, old + aside) for old in spent for aside in (-1, 0, 1))
    assert counters.floor == max(spent.difference(counters.used), default=0), "and no step more is refused"


def test_promise_1_the_bound_is_reached_and_the_floor_rises_with_it() -> None:
    counters = Counters()
    for step in range(1, USED_KEPT + 1):
        counters = spend(counters, step, accepted=True)
    assert (len(counters.used), counters.floor) == (USED_KEPT, 0)
    counters = spend(counters, USED_KEPT + 1, accepted=True)
    assert (len(counters.used), counters.floor) == (USED_KEPT, 1)
    assert not counts(counters, 1, 1)
    assert counts(counters, USED_KEPT + 2, 1), "a step that nobody used counts as before"


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


def test_promise_1_one_step_beside_the_servers_time_counts_and_two_do_not_once_a_later_one_was_accepted() -> None:
    counters = spend(Counters(), 1_000, accepted=True)
    assert [step for step in range(90, 111) if counts(counters, step, 100)] == [99, 100, 101]


def test_a_burned_step_does_not_make_earlier_codes_look_old() -> None:
    counters = spend(Counters(), 900, accepted=False)
    assert counters.last == 0
    assert counts(counters, 101, 100)
    assert not counts(counters, 900, 900)
