"""A phone that is hours off is told so, gets in no more than before, and helps nobody to guess (promise 9)."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.far_clock import FAR_SECONDS, FAR_TRIES, MISTAKEN_MAX, PIECE_STEPS, Far, far, search
from rw2fa_daemon.core.otp import HOTP_MAX, code_at
from rw2fa_daemon.core.prompts import clock_text, span
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.steps import counts, spend

SECRET = Secret(b"12345678901234567890")
NOW_STEP = 58_000_000
NOW = NOW_STEP * 30 + 11.0
LAST = FAR_SECONDS // 30
BEYOND = 960


def _credential(digits: int = 10) -> Credential:
    return Credential(SECRET, active=True, digits=digits)


def _found(step: int, counters: Counters | None = None, *, beyond: int = BEYOND) -> int | None:
    look = far(_credential(), code_at(SECRET, step, 10), 1, NOW, beyond)
    assert look is not None
    return next((found for found in search(look, counters or Counters()) if found is not None), None)


@settings(max_examples=40)
@example(LAST, 960)
@example(-LAST, 960)
@example(LAST, LAST - 1)
@given(st.integers(-LAST - 200, LAST + 200), st.sampled_from([0, 6, 960, 2_900]))
def test_a_code_of_any_step_within_26_hours_is_found_and_no_other(away: int, beyond: int) -> None:
    assert _found(NOW_STEP + away, beyond=beyond) == (NOW_STEP + away if beyond < abs(away) <= LAST else None)


def test_promise_1_a_step_that_was_spent_is_not_told_about() -> None:
    step = NOW_STEP + 1_000
    assert _found(step, spend(Counters(), step, accepted=True)) is None
    assert _found(step, spend(Counters(), step, accepted=False)) is None


def test_promise_11_a_piece_is_short_and_there_are_few() -> None:
    look = Far(_credential(), "0000000000", NOW, 0)
    assert sum(1 for _ in search(look, Counters())) == -(-LAST // PIECE_STEPS)


@pytest.mark.parametrize(
    ("digits", "code", "tries", "beyond", "worth"),
    [
        (6, "000000", 1, BEYOND, True),
        (6, "000000", FAR_TRIES, BEYOND, True),
        (6, "000000", FAR_TRIES + 1, BEYOND, False),
        (6, "000000", 1, LAST, False),
        (6, "000000", 1, 2 * LAST, False),
        (6, "000000", 1, 0, True),
        (5, "00000", 1, BEYOND, False),
        (5, "00000", 1, LAST - 490, True),
        (5, "00000", 1, LAST - 510, False),
        (4, "0000", 1, BEYOND, False),
        (12, "999999999999", 1, BEYOND, False),
        (12, f"{HOTP_MAX:012d}", 1, BEYOND, True),
    ],
)
def test_what_is_worth_a_look(digits: int, code: str, tries: int, beyond: int, worth: bool) -> None:
    assert (far(_credential(digits), code, tries, NOW, beyond) is not None) is worth


def test_a_typing_error_hardly_ever_looks_like_another_hour() -> None:
    assert 2 * LAST / 10**6 < MISTAKEN_MAX < 2 * LAST / 10**5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30, "1 minute"),
        (-89 * 60, "89 minutes"),
        (2 * 3600 + 40, "2 hours"),
        (-3 * 3600, "3 hours"),
        (5.5 * 3600, "5 hours and 30 minutes"),
        (2 * 3600 - 10, "2 hours"),
        (26 * 3600, "26 hours"),
    ],
)
def test_a_length_of_time_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_the_sentence_says_which_way_and_what_to_look_at() -> None:
    assert "about 3 hours ahead. Set it to automatic time and time zone" in clock_text(3 * 3600)
    assert "about 9 minutes behind. Set it to automatic time and try" in clock_text(-9 * 60)


@given(st.integers(BEYOND + 1, LAST), st.booleans())
def test_promise_9_what_was_told_is_burned(away: int, ahead: bool) -> None:
    step = NOW_STEP + (away if ahead else -away)
    account = Account("alice", 1000, 7, credential=_credential())
    burned = spend(account.counters, step, accepted=False)
    assert not counts(burned, step, step)
    assert replace(burned, used=()) == replace(account.counters, used=())
