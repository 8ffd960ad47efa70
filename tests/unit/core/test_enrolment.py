"""The window of an enrolment, its pending secret, and the first code."""

from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.enrolment import (
    FirstCode,
    FirstCodeCheck,
    activate,
    check_first_code,
    exhausted,
    lacks_token,
    window_end,
    with_secret,
)
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret

ALICE = Account("alice", 1000, 7)
SECRET = Secret(b"s" * 20)
PENDING = Credential(SECRET, active=False, digits=10)
STEP = 58_000_000
NOW = STEP * 30 + 3.0
DAY = 86_400


def test_the_window_is_so_many_days_from_the_add_or_the_last_reset() -> None:
    assert window_end(None, scope_since=100, window_days=7) == 100 + 7 * DAY
    assert window_end(replace(ALICE, enrol_opened_at=90), scope_since=100, window_days=7) == 100 + 7 * DAY
    assert window_end(replace(ALICE, enrol_opened_at=110), scope_since=100, window_days=1) == 110 + DAY


@pytest.mark.parametrize(
    ("account", "token_needed", "lacks"),
    [
        (None, True, True),
        (ALICE, True, True),
        (replace(ALICE, token=b"digest"), True, False),
        (None, False, False),
        (ALICE, False, False),
        (replace(ALICE, token=b"digest"), False, False),
    ],
)
def test_promise_10_where_tokens_are_needed_who_has_none_waits(
    account: Account | None, token_needed: bool, lacks: bool
) -> None:
    assert lacks_token(account, token_needed=token_needed) is lacks


def test_promise_10_a_window_is_good_for_twenty_wrong_first_codes() -> None:
    assert not exhausted(Counters(enrol_failures=19))
    assert exhausted(Counters(enrol_failures=20))


def test_a_secret_is_made_once_with_the_digits_of_that_time() -> None:
    account, credential = with_secret(ALICE, lambda: SECRET, digits=8, now=100.9)
    assert credential == Credential(SECRET, active=False, digits=8, created_at=100)
    assert account == replace(ALICE, credential=credential)
    assert with_secret(account, lambda: Secret(b"other"), digits=6, now=200) == (account, credential)


def test_promise_1_the_code_that_activates_is_spent_and_nothing_older_counts() -> None:
    full = replace(ALICE, token=b"digest", counters=Counters(failures=3, enrol_failures=4))
    active = activate(full, PENDING, STEP)
    assert active == replace(
        ALICE, credential=replace(PENDING, active=True), counters=Counters(used=(STEP,), last=STEP), token=None
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (-1, FirstCodeCheck(FirstCode.RIGHT, STEP - 1)),
        (0, FirstCodeCheck(FirstCode.RIGHT, STEP)),
        (1, FirstCodeCheck(FirstCode.RIGHT, STEP + 1)),
        (2, FirstCodeCheck(FirstCode.CLOCK_OFF, None, 60)),
        (-60, FirstCodeCheck(FirstCode.CLOCK_OFF, None, -1_800)),
        (60, FirstCodeCheck(FirstCode.CLOCK_OFF, None, 1_800)),
        (61, FirstCodeCheck(FirstCode.WRONG)),
        (-61, FirstCodeCheck(FirstCode.WRONG)),
    ],
)
def test_a_first_code_activates_within_one_step_and_tells_about_the_clock_beyond(
    steps: int, expected: FirstCodeCheck
) -> None:
    code = code_at(SECRET, STEP + steps, 10)
    assert check_first_code(PENDING, code, now=NOW, reach=60, code_cache=CodeCache()) == expected


def test_a_first_code_of_the_next_step_activates_where_the_window_has_no_width() -> None:
    code = code_at(SECRET, STEP + 1, 10)
    checked = check_first_code(PENDING, code, now=NOW, reach=0, code_cache=CodeCache())
    assert checked == FirstCodeCheck(FirstCode.RIGHT, STEP + 1)


def test_a_scope_that_always_named_somebody_opens_the_window_from_the_beginning() -> None:
    assert window_end(None, scope_since=0, window_days=7) == 7 * DAY
