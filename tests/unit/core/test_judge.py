"""Codes judged over the whole range of the settings."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Algorithm, Counters, Credential
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.judge import SEARCHED, Judgement, Verdict, charge, judge
from rw2fa_daemon.core.lockout import FREE_FAILURES
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.steps import counts

SECRET = Secret(b"12345678901234567890")
NOW_STEP = 58_000_000
NOW = NOW_STEP * 30 + 11.0
HOUR = 120  # steps


def _judge(
    code: str, counters: Counters | None = None, *, digits: int = 8, discrepancy: int = 480, now: float = NOW
) -> tuple[Verdict, Counters]:
    judgement, after = judge(
        Credential(SECRET, active=True, digits=digits),
        counters or Counters(),
        code,
        now=now,
        guessing=Guessing(discrepancy, 1.0),
        code_cache=CodeCache(),
    )
    return judgement.verdict, after


def _code(step: int, digits: int = 8) -> str:
    return code_at(SECRET, step, digits)


def test_manual_example_one_zones_do_not_matter_and_a_code_on_time_is_right() -> None:
    """The server's 14:30 at UTC+2 is the phone's 13:30 at UTC+1: the same UTC second."""
    from datetime import datetime, timedelta, timezone

    server = datetime(2026, 11, 24, 14, 30, tzinfo=timezone(timedelta(hours=2))).timestamp()
    phone = datetime(2026, 11, 24, 13, 30, tzinfo=timezone(timedelta(hours=1))).timestamp()
    assert server == phone
    assert _judge(_code(int(phone) // 30), discrepancy=60, now=server)[0] is Verdict.RIGHT


def test_manual_example_two_a_phone_120_minutes_off_is_refused_at_discrepancy_60() -> None:
    """The phone was set by hand to 13:30 at UTC-1, two hours after the server's UTC time."""
    from datetime import datetime, timedelta, timezone

    server = datetime(2026, 11, 24, 14, 30, tzinfo=timezone(timedelta(hours=2))).timestamp()
    phone = datetime(2026, 11, 24, 13, 30, tzinfo=timezone(timedelta(hours=-1))).timestamp()
    assert phone - server == 120 * 60
    assert _judge(_code(int(phone) // 30), discrepancy=60, now=server)[0] is not Verdict.RIGHT


@pytest.mark.parametrize("digits", range(4, 13))
@pytest.mark.parametrize("discrepancy", [0, 1, 3, 60, 480])
def test_the_window_reaches_exactly_discrepancy_steps_each_way(digits: int, discrepancy: int) -> None:
    for offset in {-discrepancy, 0, discrepancy}:
        assert _judge(_code(NOW_STEP + offset, digits), digits=digits, discrepancy=discrepancy)[0] is Verdict.RIGHT
    if digits >= 8:  # below that another step of the window may have the same code
        for offset in (-discrepancy - 1, discrepancy + 1):
            verdict, _ = _judge(_code(NOW_STEP + offset, digits), digits=digits, discrepancy=discrepancy)
            assert verdict is Verdict.OUTSIDE


@given(offset=st.integers(-480, 480), discrepancy=st.integers(0, 480), failures=st.integers(0, 8))
def test_a_right_code_inside_the_window_is_accepted_once_and_clears_failures(
    offset: int, discrepancy: int, failures: int
) -> None:
    assume(abs(offset) <= discrepancy)
    before = Counters(failures=failures)
    code = _code(NOW_STEP + offset)
    verdict, after = _judge(code, before, discrepancy=discrepancy)
    assert verdict is Verdict.RIGHT
    assert after.failures == 0
    again, later = _judge(code, after, discrepancy=discrepancy)
    assert again is Verdict.USED_BEFORE
    assert later == after


SEARCHED_CODES = frozenset(_code(NOW_STEP + offset) for offset in range(-60 * SEARCHED, 60 * SEARCHED + 1))
"""All that a discrepancy of 60 steps looks at, to tell a wrong clock from a wrong code."""


@given(st.text("0123456789", min_size=8, max_size=8), st.integers(0, 12))
def test_a_wrong_code_is_charged_and_many_lock(code: str, failures: int) -> None:
    assume(code not in SEARCHED_CODES)
    before = Counters(failures=failures)
    verdict, after = _judge(code, before, discrepancy=60)
    assert verdict is Verdict.WRONG
    assert after.failures == failures + 1
    assert (after.locked_until > 0) is (failures + 1 > FREE_FAILURES)
    assert (after.wide_guesses, after.wide_at) == (1, int(NOW))
    assert replace(after, failures=failures, locked_until=0, wide_guesses=0, wide_at=0) == before


def test_promise_1_a_code_that_two_steps_share_is_accepted_for_one_of_them() -> None:
    """At four digits a window of 961 steps has about fifty such pairs."""
    first: dict[str, int] = {}
    pairs = []
    for step in range(NOW_STEP - 480, NOW_STEP + 481):
        code = _code(step, 4)
        if code in first:
            pairs.append(code)
        first.setdefault(code, step)
    assert len(pairs) > 10
    for code in pairs:
        verdict, after = _judge(code, digits=4)
        assert verdict is Verdict.RIGHT
        again, later = _judge(code, after, digits=4)
        assert again is Verdict.USED_BEFORE
        assert later == after


def test_a_code_outside_the_window_is_burned_and_charged() -> None:
    late = NOW_STEP - 481
    verdict, after = _judge(_code(late))
    assert verdict is Verdict.OUTSIDE
    assert after.failures == 1
    assert not counts(after, late, late)
    early = NOW_STEP + 700
    _, after = _judge(_code(early))
    assert not counts(after, early, early)
    assert counts(after, NOW_STEP, NOW_STEP)


def test_an_older_code_than_the_last_is_not_accepted_and_costs_nothing() -> None:
    _, after = _judge(_code(NOW_STEP + 5))
    verdict, later = _judge(_code(NOW_STEP - 5), after)
    assert verdict is Verdict.USED_BEFORE
    assert later == after


@given(
    steps=st.lists(st.integers(-200, 200), min_size=1, max_size=8),
    reach=st.integers(0, 150),
    digits=st.integers(4, 12),
    algorithm=st.sampled_from(Algorithm),
    drift=st.lists(st.integers(-300, 300), min_size=1, max_size=4),
)
def test_a_codebook_with_memory_answers_as_one_without(
    steps: list[int], reach: int, digits: int, algorithm: Algorithm, drift: list[int]
) -> None:
    credential = Credential(SECRET, active=True, digits=digits, algorithm=algorithm)
    remembering = CodeCache()
    for moved in drift:
        around = 1_000 + moved
        for step in steps:
            code = code_at(SECRET, 1_000 + step, digits, algorithm)
            expected = sorted(
                (
                    at
                    for at in range(around - reach, around + reach + 1)
                    if code_at(SECRET, at, digits, algorithm) == code
                ),
                key=lambda at: abs(at - around),
            )
            assert remembering.all(credential, code, around, reach) == expected
            assert set(remembering.near(credential, code, around, reach)) <= set(expected)


@pytest.mark.parametrize("code", ["2147483648", "9999999999", "99999999999", "999999999999"])
def test_numbers_that_no_hotp_reaches_are_simply_wrong(code: str) -> None:
    assert _judge(code, digits=len(code))[0] is Verdict.WRONG


def test_promise_11_the_codebook_forgets_beyond_its_bound() -> None:
    book = CodeCache(entries=3)
    for number in range(10):
        credential = Credential(Secret(bytes([number]) * 20), active=True)
        book.all(credential, "000000", 1_000, 5)
    assert len(book._pages) == 3


def offset_of(code: str, counters: Counters | None = None) -> tuple[Verdict, int]:
    credential = Credential(SECRET, active=True, digits=8)
    judgement, _ = judge(
        credential, counters or Counters(), code, now=NOW, guessing=Guessing(60, 1.0), code_cache=CodeCache()
    )
    return judgement.verdict, judgement.offset


@pytest.mark.parametrize("steps", [-3, 0, 5])
def test_the_audit_is_told_by_how_many_seconds_a_phone_is_off(steps: int) -> None:
    at = NOW_STEP + steps
    assert offset_of(_code(at)) == (Verdict.RIGHT, 30 * steps)
    assert offset_of(_code(at), Counters(used=(at,), last=at)) == (Verdict.USED_BEFORE, 30 * steps)
    assert offset_of(_code(at), Counters(floor=at)) == (Verdict.USED_BEFORE, 30 * steps), "forgotten one by one"
    assert offset_of(_code(NOW_STEP - 100 + steps)) == (Verdict.OUTSIDE, 30 * (steps - 100))


def test_promise_1_a_code_too_far_away_is_charged_and_its_step_burned() -> None:
    verdict, after = _judge(_code(NOW_STEP + 100), discrepancy=60)
    assert verdict is Verdict.OUTSIDE
    assert (after.used, after.last, after.failures, after.wide_guesses) == ((NOW_STEP + 100,), 0, 1, 1)


def test_a_wrong_answer_costs_as_much_as_a_wrong_code() -> None:
    guessing = Guessing(60, 1.0)
    assert charge(Counters(failures=4), 8, guessing, NOW) == Counters(
        failures=5, locked_until=int(NOW) + 60, wide_guesses=1, wide_at=int(NOW)
    )
    spent = Counters(wide_guesses=10**9, wide_at=int(NOW))
    assert charge(spent, 8, guessing, NOW) == replace(spent, failures=1, narrow_guesses=1, narrow_at=int(NOW))


def test_a_code_used_at_the_very_edge_of_the_window_is_used_and_not_outside() -> None:
    for at in (NOW_STEP - 60, NOW_STEP + 60):
        assert offset_of(_code(at), Counters(used=(at,), last=at))[0] is Verdict.USED_BEFORE
        assert offset_of(_code(at), Counters(floor=NOW_STEP + 60))[0] is Verdict.USED_BEFORE


def test_drift_is_where_a_code_is_looked_for_first() -> None:
    """Two steps share a code: the one that the device was last seen at is taken."""
    credential = Credential(SECRET, active=True, digits=4)
    steps: dict[str, list[int]] = {}
    for step in range(NOW_STEP - 480, NOW_STEP + 481):
        steps.setdefault(_code(step, 4), []).append(step)
    pairs = [found for found in steps.values() if len(found) == 2 and found[1] - found[0] > 20]
    assert pairs
    for pair in pairs:
        for step in pair:
            before = Counters(drift=step - NOW_STEP)
            judgement, after = judge(
                credential, before, _code(step, 4), now=NOW, guessing=Guessing(480, 1.0), code_cache=CodeCache()
            )
            assert judgement.verdict is Verdict.RIGHT
            assert after.used == (step,)


def test_of_two_steps_beyond_the_window_that_share_a_code_the_nearer_is_told_and_burned() -> None:
    """Wherever the phone was last seen: the administrator reads how far it is from the server's time."""
    secret = next(
        secret
        for secret in (Secret(number.to_bytes(20)) for number in range(1_000_000))
        if code_at(secret, NOW_STEP + 30, 4) == code_at(secret, NOW_STEP - 25, 4)
    )
    judgement, after = judge(
        Credential(secret, active=True, digits=4),
        Counters(drift=20),
        code_at(secret, NOW_STEP - 25, 4),
        now=NOW,
        guessing=Guessing(20, 1.0),
        code_cache=CodeCache(),
    )
    assert judgement == Judgement(Verdict.OUTSIDE, -25 * 30)
    assert after.used == (NOW_STEP - 25,)


def test_a_wrong_code_is_of_no_time() -> None:
    near = {_code(NOW_STEP + away) for away in range(-960, 961)}
    code = next(f"{number:08d}" for number in range(1_000_000) if f"{number:08d}" not in near)
    credential = Credential(SECRET, active=True, digits=8)
    judgement, _ = judge(credential, Counters(), code, now=NOW, guessing=Guessing(480, 1.0), code_cache=CodeCache())
    assert (judgement.verdict, judgement.offset) == (Verdict.WRONG, 0)
