"""How a device is enrolled: the window, the pending secret, the first code."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from rw2fa_daemon.core import steps
from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.otp import step_at
from rw2fa_daemon.core.secret import Secret

ENROL_TRIES: Final = 5
"""Wrong first codes in one conversation."""

ENROL_TRIES_A_WINDOW: Final = 20
"""Wrong first codes until an administrator opens the window again."""

FIRST_CODE_REACH: Final = 1
"""Steps each way in which a first code activates: later ones would hide a wrong clock."""

DAY_SECONDS: Final = 24 * 60 * 60


class FirstCode(Enum):
    """What the first code of a new device was."""

    RIGHT = "right"
    CLOCK_OFF = "clock off"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class FirstCodeCheck:
    """The outcome, the step to spend where it was right, and the clock's offset in seconds."""

    outcome: FirstCode
    step: int | None = None
    offset: int = 0


def window_end(account: Account | None, *, scope_since: int, window_days: int) -> int:
    """UTC seconds until which a login may enrol: so many days after the add, or after the last reset."""
    return max(scope_since, account.enrol_opened_at if account else 0) + window_days * DAY_SECONDS


def lacks_token(account: Account | None, *, token_needed: bool) -> bool:
    """Whether a login may not enrol for lack of a token: where one is needed, a user who was given none has to wait."""
    return token_needed and (account is None or account.token is None)


def exhausted(counters: Counters) -> bool:
    """Whether this window has seen too many wrong first codes."""
    return counters.enrol_failures >= ENROL_TRIES_A_WINDOW


def with_secret(
    account: Account, fresh_secret: Callable[[], Secret], *, digits: int, now: float
) -> tuple[Account, Credential]:
    """The account with a pending secret, made at `now` (UTC seconds) if there is none; an unfinished enrolment keeps
    its own.
    """
    credential = account.credential or Credential(fresh_secret(), active=False, digits=digits, created_at=int(now))
    return replace(account, credential=credential), credential


def activate(account: Account, credential: Credential, step: int) -> Account:
    """The account once the code of `step` has shown that its device has the pending credential."""
    counters = steps.spend(Counters(), step, accepted=True)
    return replace(account, credential=replace(credential, active=True), counters=counters, token=None)


def check_first_code(
    credential: Credential, code: str, *, now: float, reach: int, code_cache: CodeCache
) -> FirstCodeCheck:
    """Judge the first code of a pending credential at `now` (UTC seconds).

    Only a code within one step activates; one that is right further out, up to `reach` steps,
    tells that the phone's clock is off, and by how much.
    """
    now_step = step_at(now, credential.period)
    for step in code_cache.near(credential, code, now_step, FIRST_CODE_REACH):
        return FirstCodeCheck(FirstCode.RIGHT, step)
    for step in code_cache.all(credential, code, now_step, max(reach, FIRST_CODE_REACH)):
        return FirstCodeCheck(FirstCode.CLOCK_OFF, None, (step - now_step) * credential.period)
    return FirstCodeCheck(FirstCode.WRONG)
