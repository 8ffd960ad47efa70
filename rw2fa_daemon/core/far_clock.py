"""Codes of a phone whose clock is hours off, as by a zone that was set by hand: told from wrong ones, never accepted.

What it gives away to an attacker who has the password and guesses is that the code was good at a certain time. Its step
is burned before that is said, so that it never counts again, and the codes of other steps are independent of it.
Guesses are charged before, and no more of them are looked into than a user needs who has not understood yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from rw2fa_daemon.core.account import Counters, Credential
from rw2fa_daemon.core.budget import chance
from rw2fa_daemon.core.otp import HOTP_MAX, Hotp, step_at
from rw2fa_daemon.core.steps import spent

FAR_SECONDS: Final = 26 * 60 * 60
"""Each way. Zones reach from UTC-12 to UTC+14."""

FAR_TRIES: Final = 3
"""Wrong codes in a row that are looked into: one conversation."""

MISTAKEN_MAX: Final = 0.01
"""With fewer digits a typing error would too often look like a code of another hour."""

PIECE_STEPS: Final = 128
"""Each way, about 0.4 ms of work."""


@dataclass(frozen=True, slots=True)
class Far:
    """A wrong code that is worth a look: whose it may be, what was typed, when, and where to begin."""

    credential: Credential
    code: str = field(repr=False)
    now: float
    """UTC seconds."""
    beyond: int
    """Steps each way that were searched already."""

    @property
    def last(self) -> int:
        """The farthest step, counted from now."""
        return FAR_SECONDS // self.credential.period


def far(credential: Credential, code: str, tries: int, now: float, beyond: int) -> Far | None:
    """What to look for after a wrong code, the `tries`th in a row; None where that is not worth it.

    `beyond` is how many steps each way the code is not of, as is known already.
    """
    look = Far(credential, code, now, beyond)
    if tries > FAR_TRIES or beyond >= look.last or int(code) > HOTP_MAX:
        return None
    return look if chance(credential.digits, 2 * (look.last - beyond)) <= MISTAKEN_MAX else None


def search(look: Far, counters: Counters) -> Iterator[int | None]:
    """The step of the code, in pieces: None after each piece without it, the step once it is found.

    A step that was spent is none: who types an old code again is told nothing.
    """
    hotp, number = Hotp(look.credential.secret, look.credential.algorithm), int(look.code)
    modulus, now_step = 10**look.credential.digits, step_at(look.now, look.credential.period)
    for first in range(look.beyond + 1, look.last + 1, PIECE_STEPS):
        away = range(first, min(first + PIECE_STEPS, look.last + 1))
        steps = [*(now_step + distance for distance in away), *(now_step - distance for distance in away)]
        # As numbers, all of them: how long that takes tells nothing about how much of a code was right.
        codes = hotp.codes(steps, modulus)
        found = [step for step, code in zip(steps, codes, strict=True) if code == number and not spent(counters, step)]
        yield min(found, key=lambda step: abs(step - now_step)) if found else None
        if found:
            return
