"""Password spraying: one guess at each of many users, which no user's own budget notices.

An attacker who has many passwords and spreads the guesses stays within each user's budget. What gives it away
is how many users have wrong codes at the same time. This watches and reports; it locks nobody,
so it may live in one process's memory and begin anew with it.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.rule import Rule

USERS_KEPT: Final = 4_096
"""Users whose wrong codes are remembered; the one longest ago goes first."""

ADDRESSES_NAMED: Final = 8
"""Addresses that an alarm names, those with the most users first."""

_RIGHT: Final = frozenset({Event.ACCEPTED, Event.ACTIVATED, Event.RECOVERY_CODE_USED})


@dataclass(frozen=True, slots=True)
class Threshold:
    """This many users with wrong codes within this many seconds are too many; the alarm comes once in that time."""

    users: int
    seconds: int
    words: str


THRESHOLDS: Final = (
    Threshold(10, 60 * 60, "an hour"),
    Threshold(40, 24 * 60 * 60, "a day"),
)
"""An attacker in a hurry, and a patient one."""


@dataclass(frozen=True, slots=True)
class _Wrong:
    at: float
    address: str


class SprayingDetector:
    """Users whose latest wrong code was not followed by a right one from the same address.

    A user who mistypes and then types right is forgotten: on a busy morning there are many. A right
    code from elsewhere takes nothing back, since it says nothing about who guessed.
    """

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, _Wrong] = OrderedDict()
        """By user, the latest last."""
        self._quiet_until = dict.fromkeys(THRESHOLDS, float("-inf"))

    def watching(self, write: Callable[[Record], None]) -> Callable[[Record], None]:
        """`write` that also writes the alarms that the records lead to."""

        def watched(record: Record) -> None:
            write(record)
            for alarm in self.note(record):
                write(alarm)

        return watched

    def note(self, record: Record) -> tuple[Record, ...]:
        """Take in what was decided; the alarms that it leads to, mostly none."""
        if record.event in _RIGHT:
            known = self._wrong.get(record.user)
            if known is not None and known.address == record.address:
                del self._wrong[record.user]
            return ()
        if record.event is not Event.CODE_WRONG:
            return ()
        self._wrong.pop(record.user, None)
        self._wrong[record.user] = _Wrong(record.at, record.address)
        if len(self._wrong) > USERS_KEPT:
            self._wrong.popitem(last=False)
        return tuple(
            self._alarm(threshold, record.at) for threshold in THRESHOLDS if self._is_too_many(threshold, record.at)
        )

    def users(self, now: float, seconds: int = THRESHOLDS[0].seconds) -> int:
        """How many users had wrong codes within the last `seconds`, as of `now` (UTC seconds)."""
        return len(self._within(seconds, now))

    def _is_too_many(self, threshold: Threshold, now: float) -> bool:
        # A clock that was set back does not make the quiet longer than it is.
        if 0 < self._quiet_until[threshold] - now <= threshold.seconds:
            return False
        return len(self._within(threshold.seconds, now, enough=threshold.users)) >= threshold.users

    def _within(self, seconds: int, now: float, enough: int = USERS_KEPT) -> list[_Wrong]:
        """The latest that are not older than so many seconds, `enough` of them at the most."""
        found: list[_Wrong] = []
        for wrong in reversed(self._wrong.values()):
            if abs(now - wrong.at) >= seconds or len(found) >= enough:
                break
            found.append(wrong)
        return found

    def _alarm(self, threshold: Threshold, now: float) -> Record:
        self._quiet_until[threshold] = now + threshold.seconds
        found = self._within(threshold.seconds, now)
        addresses = Counter(wrong.address or "this machine" for wrong in found).most_common()
        named = ", ".join(f"{address} ({count})" for address, count in addresses[:ADDRESSES_NAMED])
        more = len(addresses) - ADDRESSES_NAMED
        return Record(
            Event.MANY_GUESSED_AT,
            now,
            rule=Rule.MANY_GUESSED_AT,
            reason=(
                f"somebody may know the passwords of {len(found)} people, who had wrong codes within {threshold.words} "
                f"and no right one after, from {named}{f' and {more} other addresses' if more > 0 else ''}"
            ),
        )
