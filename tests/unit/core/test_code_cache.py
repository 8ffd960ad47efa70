"""Steps of a typed code, the same whatever was computed before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Algorithm, Credential
from rw2fa_daemon.core.code_cache import NEAR_STEPS, CodeCache
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret

FOUR = Credential(Secret(b"s" * 20), active=True, digits=4)
WINDOWS = st.tuples(st.integers(0, 300), st.integers(0, 120))


def steps_of(code: str, around: int, reach: int, credential: Credential = FOUR) -> list[int]:
    found = [
        step
        for step in range(max(0, around - reach), around + reach + 1)
        if code_at(credential.secret, step, credential.digits, credential.algorithm) == code
    ]
    return sorted(found, key=lambda step: abs(step - around))


@given(st.lists(WINDOWS, min_size=1, max_size=6), st.integers(0, 420))
def test_whatever_windows_came_before_the_answer_is_the_same(windows: list[tuple[int, int]], step: int) -> None:
    cache, code = CodeCache(), code_at(FOUR.secret, step, 4)
    for around, reach in windows:
        assert cache.all(FOUR, code, around, reach) == steps_of(code, around, reach)


def test_a_code_of_many_steps_is_found_at_each_the_nearest_first() -> None:
    code = code_at(FOUR.secret, 500, 4)
    found = CodeCache().all(FOUR, code, 20_000, 20_000)
    assert len(found) > 1
    assert found == steps_of(code, 20_000, 20_000)
    assert list(CodeCache().all_lazily(FOUR, code, 20_000, 20_000)) == found


def test_secrets_digits_and_algorithms_are_kept_apart() -> None:
    cache = CodeCache()
    others = (
        Credential(Secret(b"t" * 20), active=True, digits=4),
        Credential(FOUR.secret, active=True, digits=6),
        Credential(FOUR.secret, active=True, digits=4, algorithm=Algorithm.SHA256),
    )
    for credential in (FOUR, *others, FOUR):
        code = code_at(credential.secret, 77, credential.digits, credential.algorithm)
        assert 77 in cache.all(credential, code, 70, 20)


@pytest.mark.parametrize(
    ("around", "reach", "steps"), [(100, 0, [100]), (100, 1, [100, 99, 101]), (1, 3, [1, 0, 2, 3, 4])]
)
def test_near_goes_outward_and_not_below_the_first_step(around: int, reach: int, steps: list[int]) -> None:
    codes = {code_at(FOUR.secret, step, 4): step for step in range(120)}
    found = {step for code, step in codes.items() if step in list(CodeCache().near(FOUR, code, around, reach))}
    assert found == set(steps)
    asked = [
        step for step in range(-9, 200) for _ in CodeCache().among(FOUR, code_at(FOUR.secret, max(step, 0), 4), [step])
    ]
    assert asked == list(range(200))


def test_near_goes_ten_steps_each_way_at_most() -> None:
    ten = Credential(FOUR.secret, active=True, digits=10)
    cache = CodeCache()
    found = [
        step for step in range(480, 521) if list(cache.near(ten, code_at(ten.secret, step, 10), 500, 480)) == [step]
    ]
    assert found == list(range(490, 511))
    assert NEAR_STEPS == 10


def test_promise_11_as_many_secrets_are_remembered_as_it_is_told_and_the_oldest_goes_first() -> None:
    cache = CodeCache(entries=2)
    one, two, three = (Credential(Secret(bytes([number]) * 20), active=True) for number in (1, 2, 3))
    for credential in (one, two, one, three):
        cache.all(credential, "123456", 100, 5)
    assert [key[0] for key in cache._pages] == [one.secret, three.secret]


def test_a_number_that_no_code_can_have_is_found_nowhere_and_the_largest_can_be_asked_for() -> None:
    twelve = Credential(FOUR.secret, active=True, digits=12)
    assert CodeCache().all(twelve, "002147483648", 100, 5) == []
    assert CodeCache().all(twelve, "002147483647", 100, 5) == []
    assert CodeCache().all(twelve, "999999999999", 100, 5) == []


def test_a_window_that_shrank_gives_no_step_beyond_it() -> None:
    """Not even the next one, whose code is known from the window before."""
    cache = CodeCache()
    for beyond in (500, 478):
        code = code_at(FOUR.secret, beyond, 4)
        assert beyond in cache.all(FOUR, code, 489, 60)
        assert cache.all(FOUR, code, 489, 10) == steps_of(code, 489, 10)
