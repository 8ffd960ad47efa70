"""Why codes are refused unseen, and until when."""

from dataclasses import replace

from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.budget import PERIOD_SECONDS, Guessing, allowance
from rw2fa_daemon.core.lock_status import LockReason, LockStatus, lock_status
from rw2fa_daemon.core.lockout import FAILURES_MAX
from rw2fa_daemon.core.secret import Secret

NOW = 1_790_000_000
GUESSING = Guessing(480, 0.003)
ALICE = Account("alice", 1000, 7, credential=Credential(Secret(b"s" * 20), active=True))


def counted(counters: Counters) -> Account:
    return replace(ALICE, counters=counters)


def test_nothing_bars_somebody_without_wrong_codes() -> None:
    assert lock_status(ALICE, GUESSING, NOW) is None


def test_promise_8_a_lock_ends_by_itself_until_there_are_too_many() -> None:
    assert lock_status(counted(Counters(failures=9, locked_until=NOW + 60)), GUESSING, NOW) == LockStatus(
        LockReason.WRONG_CODES, NOW + 60
    )
    assert lock_status(counted(Counters(failures=9, locked_until=NOW + 60)), GUESSING, NOW + 60) is None
    assert lock_status(counted(Counters(failures=FAILURES_MAX)), GUESSING, NOW) == LockStatus(LockReason.TOO_MANY, None)


def test_promise_9_a_spent_budget_bars_until_one_kind_of_guess_comes_back() -> None:
    allowed = allowance(6, GUESSING)
    spent = counted(
        Counters(wide_guesses=allowed.wide, wide_at=NOW - 900, narrow_guesses=allowed.narrow, narrow_at=NOW - 60)
    )
    bar = lock_status(spent, GUESSING, NOW)
    assert bar == LockStatus(LockReason.GUESSES_SPENT, NOW - 900 + PERIOD_SECONDS)
    assert bar.until is not None
    assert lock_status(spent, GUESSING, bar.until) is None
    assert lock_status(replace(spent, credential=None), GUESSING, NOW) is None


def test_promise_9_by_sms_the_narrow_guesses_alone_count_and_come_back_after_a_period() -> None:
    allowed = allowance(6, GUESSING)
    nearly = Counters(wide_guesses=allowed.wide, wide_at=NOW, narrow_guesses=allowed.narrow - 1, narrow_at=NOW - 60)
    by_sms = replace(counted(nearly), credential=None)
    assert lock_status(by_sms, GUESSING, NOW, 6) is None
    spent = replace(by_sms, counters=replace(nearly, narrow_guesses=allowed.narrow))
    assert lock_status(spent, GUESSING, NOW, 6) == LockStatus(LockReason.GUESSES_SPENT, NOW - 60 + 30 * 86_400)
    assert lock_status(spent, GUESSING, NOW, 8) is None, "longer codes allow more"
    assert lock_status(spent, GUESSING, NOW) is None, "nothing can be guessed where there is no device"


def test_promise_8_wrong_codes_lock_by_sms_too() -> None:
    locked = counted(Counters(failures=9, locked_until=NOW + 60))
    assert lock_status(locked, GUESSING, NOW, 6) == LockStatus(LockReason.WRONG_CODES, NOW + 60)
    assert lock_status(counted(Counters(failures=99)), GUESSING, NOW, 6) is None


def test_a_device_that_was_never_confirmed_has_no_budget_to_spend() -> None:
    allowed = allowance(6, GUESSING)
    spent = Counters(wide_guesses=allowed.wide, wide_at=NOW, narrow_guesses=allowed.narrow, narrow_at=NOW)
    pending = Credential(Secret(b"s" * 20), active=False)
    assert lock_status(replace(counted(spent), credential=pending), GUESSING, NOW) is None
    assert lock_status(counted(replace(spent, wide_guesses=0)), GUESSING, NOW) is None, "one kind is left"
