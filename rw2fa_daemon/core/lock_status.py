"""Why a user's codes are refused unseen, and until when."""

from dataclasses import dataclass
from enum import StrEnum

from rw2fa_daemon.core import budget, lockout
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.budget import Guessing, Reach


class LockReason(StrEnum):
    """Why a user is locked."""

    WRONG_CODES = "wrong codes in a row"
    TOO_MANY = "too many wrong codes in a row"
    """Only an administrator ends it."""
    GUESSES_SPENT = "the guess budget is spent"


@dataclass(frozen=True, slots=True)
class LockStatus:
    """`until` is UTC seconds, None where only an administrator ends it."""

    why: LockReason
    until: int | None


def lock_status(account: Account, guessing: Guessing, now: float, sms_digits: int | None = None) -> LockStatus | None:
    """What keeps this user from trying a code at `now` (UTC seconds), None if nothing does.

    `sms_digits` is how many digits a code has where it comes by SMS, None where it does not.
    """
    counters, credential = account.counters, account.credential
    if lockout.must_be_unlocked(counters):
        return LockStatus(LockReason.TOO_MANY, None)
    if lockout.locked(counters, now):
        return LockStatus(LockReason.WRONG_CODES, counters.locked_until)
    if sms_digits is not None:
        if budget.sms_guesses_left(counters, sms_digits, guessing, now):
            return None
        return LockStatus(LockReason.GUESSES_SPENT, counters.narrow_at + budget.PERIOD_SECONDS)
    if credential is None or not credential.active:
        return None
    if budget.reach(counters, credential.digits, guessing, now) is Reach.NOWHERE:
        # What was spent comes back kind by kind, each when its latest guess is a period old.
        return LockStatus(LockReason.GUESSES_SPENT, min(counters.wide_at, counters.narrow_at) + budget.PERIOD_SECONDS)
    return None
