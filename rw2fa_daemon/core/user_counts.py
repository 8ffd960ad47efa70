"""How many users are in which state, for monitoring."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserCounts:
    """Figures at one moment, by what the records say unopened."""

    activated: int
    pending: int
    """Began to enrol and did not finish."""
    locked: int
    narrowed: int
    """Have spent what may be guessed at the whole window of an app: only codes around now count."""
    spent: int
    """Have spent the rest as well, or all that may be guessed at SMS codes: no code counts until it comes back."""
    logons: int = 0
    """At the web portal, with those that were ended by a reset or a lock and not looked at since."""
