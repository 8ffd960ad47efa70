"""Promise 9: guessing stays under the budget, whatever the settings are."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core import lockout
from rw2fa_daemon.core.account import Counters, Credential
from rw2fa_daemon.core.budget import (
    PERIOD_SECONDS,
    Guessing,
    Reach,
    allowance,
    chance,
    largest_discrepancy,
    reach,
    sms_guesses_left,
    spend_guess,
    spent,
)
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.judge import Verdict, judge
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret

BUDGET = 0.003
DEFAULT = Guessing(480, BUDGET)
NOW = 1_790_000_000


@pytest.mark.parametrize(
    ("digits", "discrepancy", "wide"),
    [(6, 480, 3), (6, 60, 24), (8, 480, 312), (4, 0, 30), (4, 14, 1), (4, 15, 0), (4, 480, 0), (12, 480, 6_703)],
)
def test_promise_9_how_many_guesses_at_the_whole_window_a_period_has(digits: int, discrepancy: int, wide: int) -> None:
    assert allowance(digits, Guessing(discrepancy, BUDGET)).wide == wide


@given(digits=st.integers(4, 12), discrepancy=st.integers(0, 2880), budget=st.floats(0.00001, 0.1))
def test_promise_9_the_stated_chance_is_at_most_twice_the_budget(digits: int, discrepancy: int, budget: float) -> None:
    allowed = allowance(digits, Guessing(discrepancy, budget))
    assert allowed.wide * chance(digits, 2 * discrepancy + 1) <= budget * (1 + 1e-6)
    # One narrow guess is always judged: without it nobody with a wrong code behind them could get in.
    assert allowed.chance <= max(2 * budget, budget + chance(digits, 6)) * (1 + 1e-6)


@given(digits=st.integers(4, 12), budget=st.floats(0.0005, 0.1))
def test_the_largest_discrepancy_that_fits_fits_and_the_next_does_not(digits: int, budget: float) -> None:
    fits = largest_discrepancy(digits, budget)
    if fits > 0:
        assert allowance(digits, Guessing(fits, budget)).wide >= 1
    if fits < 100_000:
        assert allowance(digits, Guessing(fits + 1, budget)).wide == 0


def test_a_risk_that_was_accepted_gives_one_guess() -> None:
    assert allowance(4, Guessing(480, BUDGET)).wide == 0
    assert allowance(4, Guessing(480, BUDGET, accept_risk=True)).wide == 1


WAITS = st.one_of(
    st.floats(0, 120), st.floats(0, PERIOD_SECONDS), st.sampled_from([PERIOD_SECONDS, PERIOD_SECONDS - 0.5])
)


@given(
    digits=st.sampled_from([4, 5, 6]),
    discrepancy=st.sampled_from([14, 60, 480]),
    fraction=st.floats(0, 1, exclude_max=True),
    events=st.lists(st.tuples(WAITS, st.sampled_from(["app", "app", "app", "text", "success"])), max_size=120),
)
def test_promise_9_no_thirty_days_see_more_guesses_than_allowed(
    digits: int, discrepancy: int, fraction: float, events: list[tuple[float, str]]
) -> None:
    """Whatever thirty days one looks at, to the fraction of a second, and whatever the guesses were at."""
    guessing = Guessing(discrepancy, 0.0003)
    allowed = allowance(digits, guessing)
    counters, now, guesses = Counters(), NOW + fraction, list[tuple[float, Reach]]()
    for wait, event in events:
        now += wait
        if event == "success":
            counters = lockout.clear(counters)
            continue
        how = reach(counters, digits, guessing, now)
        if event == "text":
            how = Reach.NARROW if sms_guesses_left(counters, digits, guessing, now) else Reach.NOWHERE
        if how is Reach.NOWHERE:
            continue  # refused unseen
        counters = spend_guess(counters, how, now)
        guesses.append((now, how))
    for at, _ in guesses:
        month = [how for when, how in guesses if at <= when < at + PERIOD_SECONDS]
        assert month.count(Reach.WIDE) <= allowed.wide
        assert month.count(Reach.NARROW) <= allowed.narrow


def test_what_was_spent_comes_back_at_once_thirty_days_after_the_latest_of_its_kind() -> None:
    counters = Counters()
    for day in (0, 20, 40):
        counters = spend_guess(counters, Reach.WIDE, NOW + day * 86_400)
    counters = spend_guess(counters, Reach.NARROW, NOW + 50 * 86_400)
    assert spent(counters, NOW + 69 * 86_400) == (3, 1), "also the first, 69 days old"
    assert spent(counters, NOW + 70 * 86_400) == (0, 1)
    assert spent(counters, NOW + 80 * 86_400) == (0, 0)


def test_promise_9_both_budgets_spent_leave_nothing() -> None:
    allowed = allowance(6, DEFAULT)
    spent = Counters(wide_guesses=allowed.wide, wide_at=NOW, narrow_guesses=allowed.narrow, narrow_at=NOW)
    assert reach(spent, 6, DEFAULT, NOW) is Reach.NOWHERE
    assert reach(spent, 6, DEFAULT, NOW + PERIOD_SECONDS) is Reach.WIDE
    assert reach(spent, 6, DEFAULT, NOW - 5) is Reach.NOWHERE, "a clock that is set back gives nothing back"


def _guess_for_thirty_days(chooser: random.Random, digits: int, guessing: Guessing, code_cache: CodeCache) -> bool:
    """Whether somebody who knows the policy, and tries as often as it lets them, gets in."""
    credential = Credential(Secret(chooser.randbytes(20)), active=True, digits=digits)
    counters, now = Counters(), float(NOW)
    while now < NOW + PERIOD_SECONDS:
        if lockout.must_be_unlocked(counters) or reach(counters, digits, guessing, now) is Reach.NOWHERE:
            return False
        if lockout.locked(counters, now):
            now = max(now + 1, counters.locked_until)
            continue
        guess = f"{chooser.randrange(10**digits):0{digits}d}"
        judgement, counters = judge(credential, counters, guess, now=now, guessing=guessing, code_cache=code_cache)
        if judgement.verdict is Verdict.RIGHT:
            return True
        now += 1
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("digits", "discrepancy"), [(4, 0), (4, 1), (4, 14), (6, 0), (6, 3), (6, 60), (6, 480), (8, 480)]
)
def test_promise_9_a_simulated_guesser_stays_under_the_stated_bound(digits: int, discrepancy: int) -> None:
    guessing = Guessing(discrepancy, BUDGET)
    attackers = 1_000 if discrepancy < 10 else 100
    chooser, code_cache = random.Random(digits * 1_000 + discrepancy), CodeCache(entries=1)
    successes = sum(_guess_for_thirty_days(chooser, digits, guessing, code_cache) for _ in range(attackers))
    expected = attackers * allowance(digits, guessing).chance
    # Five standard deviations of a Poisson count above what is stated.
    assert successes <= expected + 5 * max(1.0, expected) ** 0.5


def test_a_real_person_is_hardly_ever_refused() -> None:
    """3 % typos, a phone that drifts two seconds a day, one mishap with the time zone, ten logins a day."""
    chooser, code_cache = random.Random(1), CodeCache()
    refused = logins = 0
    for _ in range(40):
        credential = Credential(Secret(chooser.randbytes(20)), active=True)
        counters, now = Counters(), float(NOW)
        mishap = chooser.randrange(300)
        for login in range(300):
            now += PERIOD_SECONDS / 300
            drift = 2 * (now - NOW) / 86_400 + (3_600 if login == mishap else 0)
            code = code_at(credential.secret, int(now + drift) // 30, 6)
            logins += 1
            for _ in range(3):
                typed = f"{(int(code) + 1) % 10**6:06d}" if chooser.random() < 0.03 else code
                judgement, counters = judge(
                    credential, counters, typed, now=now, guessing=DEFAULT, code_cache=code_cache
                )
                if judgement.verdict is Verdict.RIGHT:
                    break
            else:
                refused += 1
    assert logins == 12_000
    # Nearly all of these are the mishap itself, after three typos in the month before.
    assert refused / logins < 0.004


def test_drift_is_learned_and_searched_from_first() -> None:
    credential = Credential(Secret(b"12345678901234567890"), active=True)
    counters, now = Counters(), float(NOW)
    for offset in range(0, -200, -9):
        now += 3_600
        code = code_at(credential.secret, int(now) // 30 + offset, 6)
        judgement, counters = judge(
            credential, counters, code, now=now, guessing=DEFAULT, code_cache=CodeCache(entries=0)
        )
        assert judgement.verdict is Verdict.RIGHT
        assert counters.drift == offset
    put_right = replace(counters, wide_guesses=3, wide_at=int(now))
    now += 3_600
    code = code_at(credential.secret, int(now) // 30, 6)
    assert (
        judge(credential, put_right, code, now=now, guessing=DEFAULT, code_cache=CodeCache())[0].verdict
        is Verdict.RIGHT
    )


@pytest.mark.parametrize(
    ("digits", "discrepancy", "wide", "narrow", "probability"),
    [
        (4, 0, 30, 5, 0.0059992),
        (4, 14, 1, 5, 0.0058952),
        (6, 480, 3, 500, 0.0058816),
        (12, 480, 6_703, 1_073_741, 0.0059996),
    ],
)
def test_promise_9_the_guesses_of_a_period_and_the_probability_that_one_is_right(
    digits: int, discrepancy: int, wide: int, narrow: int, probability: float
) -> None:
    """Each wide guess is at 2 × discrepancy + 1 codes, each narrow one at six, of 10^digits or 2^31."""
    allowed = allowance(digits, Guessing(discrepancy, BUDGET))
    assert (allowed.wide, allowed.narrow) == (wide, narrow)
    assert allowed.chance == pytest.approx(probability, abs=1e-7)


def test_promise_9_a_budget_that_is_smaller_than_one_guess_still_judges_the_codes_around_now() -> None:
    allowed = allowance(4, Guessing(480, 1e-9))
    assert (allowed.wide, allowed.narrow) == (0, 1)
    assert allowance(6, Guessing(480, BUDGET, accept_risk=True)).wide == 3, "accepting a risk adds nothing"


def test_the_widest_windows_that_the_usual_budget_allows() -> None:
    assert [largest_discrepancy(digits, BUDGET) for digits in (4, 5, 6, 12)] == [14, 149, 1_501, 3_226_066]
    assert largest_discrepancy(4, 1e-5) == 0


def test_promise_9_guesses_are_dated_by_whole_seconds_rounded_up_and_of_their_kind_alone() -> None:
    assert spend_guess(Counters(), Reach.WIDE, NOW + 0.25) == Counters(wide_guesses=1, wide_at=NOW + 1)
    assert spend_guess(Counters(), Reach.NARROW, NOW + 0.25) == Counters(narrow_guesses=1, narrow_at=NOW + 1)
    assert spend_guess(Counters(), Reach.NOWHERE, NOW) == Counters(narrow_guesses=1, narrow_at=NOW)
    again = spend_guess(Counters(wide_guesses=2, wide_at=NOW), Reach.WIDE, NOW + PERIOD_SECONDS - 1)
    assert (again.wide_guesses, again.wide_at) == (3, NOW + PERIOD_SECONDS - 1)


def test_promise_9_a_guess_by_sms_is_one_of_the_narrow_ones() -> None:
    allowed = allowance(6, DEFAULT)
    last = Counters(narrow_guesses=allowed.narrow - 1, narrow_at=NOW)
    assert sms_guesses_left(last, 6, DEFAULT, NOW)
    assert not sms_guesses_left(spend_guess(last, Reach.NARROW, NOW), 6, DEFAULT, NOW)
    assert spent(last, NOW + 30 * 86_400 - 1) == (0, allowed.narrow - 1)
    assert spent(last, NOW + 30 * 86_400) == (0, 0)


def test_promise_9_wide_guesses_go_first_and_narrow_ones_then() -> None:
    allowed = allowance(6, DEFAULT)
    assert reach(Counters(wide_guesses=allowed.wide - 1, wide_at=NOW), 6, DEFAULT, NOW) is Reach.WIDE
    wide = Counters(wide_guesses=allowed.wide, wide_at=NOW)
    assert reach(wide, 6, DEFAULT, NOW) is Reach.NARROW
    assert reach(replace(wide, narrow_guesses=allowed.narrow - 1, narrow_at=NOW), 6, DEFAULT, NOW) is Reach.NARROW
    assert reach(replace(wide, narrow_guesses=allowed.narrow, narrow_at=NOW), 6, DEFAULT, NOW) is Reach.NOWHERE


def test_above_nine_digits_one_code_is_one_of_2_to_the_31() -> None:
    assert chance(12, 1) == pytest.approx(2**-31, rel=1e-11)
    assert chance(9, 1) == pytest.approx(10**-9, rel=1e-11)
    codes = 6_452_133
    for missing, steps in ((0.001, (codes - 3) // 2), (-0.001, (codes - 1) // 2)):
        budget = -math.expm1((codes - missing) * math.log1p(-(2**-31)))
        assert largest_discrepancy(12, budget) == steps
