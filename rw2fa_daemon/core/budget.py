"""What guessing may achieve: the guess budget (promise 9).

An attacker who has the password and no device sends codes and hopes. With many codes valid at a
time, each wrong one could have been right by luck; the budget bounds the sum of these probabilities
over a period, whatever the settings are. A user's first wrong codes are judged against the
whole window. Once these are spent, only the few steps around the server's time and around the
device's usual drift count, which a user with the device does not notice.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple

from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.otp import HOTP_MAX

PERIOD_SECONDS: Final = 30 * 24 * 60 * 60
"""What is spent comes back, all of it at once, when nothing of its kind was spent for so long."""

NARROW_STEPS: Final = 1
"""Steps each way of the server's time, and of the device's drift, that always count."""

NARROW_CODES: Final = 2 * (2 * NARROW_STEPS + 1)
"""Around both; they are the same three for a device that is on time."""

ROUNDING: Final = 1e-9


class Guessing(NamedTuple):
    """The settings that decide how likely guessing succeeds.

    `discrepancy` is steps each way; `budget` the probability that a period of guessing at the
    whole window may reach; `accept_risk` allows one guess at a window too wide for the budget.
    A named tuple, since allowances are looked up by it.
    """

    discrepancy: int
    budget: float
    accept_risk: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """Wrong codes that a period allows, and the probability that one of them is right by luck."""

    wide: int
    narrow: int
    chance: float


class Reach(Enum):
    """How far from the server's time a code may be."""

    WIDE = "wide"
    NARROW = "narrow"
    NOWHERE = "nowhere"
    """Both budgets are spent."""


def chance(digits: int, codes: int) -> float:
    """The probability that a random code of `digits` digits is one of `codes` independent ones.

    Above nine digits HOTP has 2³¹ values rather than 10 to the digits (RFC 4226 §5.3).
    """
    values = min(10**digits, HOTP_MAX + 1)
    return -math.expm1(codes * math.log1p(-1 / values))


@lru_cache(maxsize=64)
def allowance(digits: int, guessing: Guessing) -> Allowance:
    """What a period allows for codes of `digits` digits; each kind spends at most the budget."""
    wide_chance = chance(digits, 2 * guessing.discrepancy + 1)
    narrow_chance = chance(digits, NARROW_CODES)
    wide = _times(guessing.budget, wide_chance)
    if wide == 0 and guessing.accept_risk:
        wide = 1
    narrow = max(1, _times(guessing.budget, narrow_chance))
    return Allowance(wide, narrow, wide * wide_chance + narrow * narrow_chance)


def largest_discrepancy(digits: int, budget: float) -> int:
    """The widest window, in steps each way, for which the budget allows at least one wrong code."""
    values = min(10**digits, HOTP_MAX + 1)
    codes = math.log1p(-budget) / math.log1p(-1 / values)
    return max(0, (int(codes + ROUNDING) - 1) // 2)


def reach(counters: Counters, digits: int, guessing: Guessing, now: float) -> Reach:
    """How far the next code may be from the server's time at `now` (UTC seconds)."""
    allowed = allowance(digits, guessing)
    if _spent(counters.wide_guesses, counters.wide_at, now) < allowed.wide:
        return Reach.WIDE
    if _spent(counters.narrow_guesses, counters.narrow_at, now) < allowed.narrow:
        return Reach.NARROW
    return Reach.NOWHERE


def spent(counters: Counters, now: float) -> tuple[int, int]:
    """What counts at `now` (UTC seconds) of the wrong codes that were judged wide, and narrow."""
    wide = _spent(counters.wide_guesses, counters.wide_at, now)
    return wide, _spent(counters.narrow_guesses, counters.narrow_at, now)


def sms_guesses_left(counters: Counters, digits: int, guessing: Guessing, now: float) -> bool:
    """Whether an SMS code may be guessed at once more at `now` (UTC seconds).

    They share what narrow guesses at an app's codes have, where each is charged for NARROW_CODES
    codes although one counts, so that changing between the two gives no second budget.
    """
    return _spent(counters.narrow_guesses, counters.narrow_at, now) < allowance(digits, guessing).narrow


def spend_guess(counters: Counters, how: Reach, now: float) -> Counters:
    """The counters after a wrong code that was judged with this reach.

    The time is kept in whole seconds, rounded up: otherwise 30 days would be over a moment too soon.
    """
    if how is Reach.WIDE:
        spent = _spent(counters.wide_guesses, counters.wide_at, now) + 1
        return replace(counters, wide_guesses=spent, wide_at=ceil(now))
    spent = _spent(counters.narrow_guesses, counters.narrow_at, now) + 1
    return replace(counters, narrow_guesses=spent, narrow_at=ceil(now))


def _spent(guesses: int, at: int, now: float) -> int:
    """What counts of the guesses, the latest of which was at `at`.

    All come back together, a period after the latest: so no period whatever sees more of them
    than the budget allows, which a fixed calendar of periods could not promise.
    """
    return guesses if now < at + PERIOD_SECONDS else 0


def _times(budget: float, each: float) -> int:
    return int(budget / each + ROUNDING)
