"""What the settings make a guess worth. Pure but for the finding."""

import math
from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.core.lockout import LOCK_AFTER, LOCK_SECONDS
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject

#: Above this a guess is called cheap: twice what the manual's defaults (6 digits, 480 steps) come to, 0.1 %. Those are
#: the product's own, and stay a note; one digit less, or a window of twice the width, is the administrator's choice.
CHANCE_MAX: Final = 0.002
#: RFC 4226 takes 31 bits of the HMAC: no code, however long, has more values.
VALUES_MAX: Final = 2**31
_DAY_SECONDS: Final = 24 * 60 * 60


def chance_of_a_guess(digits: int, discrepancy: int) -> float:
    """The chance that one guess is right, when every step of the window has a code of its own.

    `digits` of a code, `discrepancy` in steps each way.
    """
    values = min(10**digits, VALUES_MAX)
    # 1 - (1 - 1/values)^steps, without losing the small difference.
    return -math.expm1((2 * discrepancy + 1) * math.log1p(-1 / values))


def chance_in_a_day(chance: float) -> float:
    """The chance that somebody with the password gets in within a day, by as many guesses as the lock allows."""
    guesses = LOCK_AFTER + _DAY_SECONDS // LOCK_SECONDS
    return -math.expm1(guesses * math.log1p(-chance))


def check_guessing(subject: Subject) -> Iterator[Finding]:
    """The chance for new enrolments; who is enrolled keeps the digits of then."""
    digits, discrepancy = subject.config.digits, subject.config.discrepancy
    chance = chance_of_a_guess(digits, discrepancy)
    meaning = (
        f"with {digits} digits and a discrepancy of {discrepancy} steps one guess in {round(1 / chance):,} is right "
        f"({_percent(chance)}); somebody who has the password and guesses all day, as far as the lock allows, gets "
        f"in with a chance of {_percent(chance_in_a_day(chance))}"
    )
    cheap = chance > CHANCE_MAX
    yield Finding(
        "guessing",
        ok=not cheap,
        detail=f"guessing is cheap: {meaning}" if cheap else meaning,
        fix="run `rw2fa settings set digits 8`, or set a smaller discrepancy" if cheap else "",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
