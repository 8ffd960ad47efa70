"""What monitoring reads: the counters, and how things stand now."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rw2fa_daemon import __version__
from rw2fa_daemon.clock.last import clock_status
from rw2fa_daemon.core.clock import Verdict
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.service.exposition import Family, Sample, gauge

SHARE_OF_TIME: Final = 1_000
"""Counting people looks at everybody there is something to count of: it is done so seldom that it takes one part in so
many of the time."""


class UserGauges:
    """People by what they are, counted now and then."""

    def __init__(self) -> None:
        self._people: UserCounts | None = None
        self._again_at = float("-inf")

    def people(self, count: Callable[[Callable[[UserCounts | None], None]], object]) -> UserCounts | None:
        """How many there are, or were a while ago. `count` may take long; it calls what it is given when it is done."""
        started = time.monotonic()
        if started >= self._again_at:
            # Not a second time before the first is over.
            self._again_at = float("inf")

            def counted(people: UserCounts | None) -> None:
                self._people = people
                ended = time.monotonic()
                self._again_at = ended + SHARE_OF_TIME * (ended - started)

            count(counted)
        return self._people


def up(*, running: bool) -> tuple[Family, ...]:
    """Whether the daemon answers, and which version this is."""
    return (
        gauge("rw2fa_up", "Whether the daemon runs.", running),
        Family("rw2fa_build_info", "gauge", "The version that runs.", (Sample(1, {"version": __version__}),)),
    )


@dataclass(frozen=True, slots=True)
class Running:
    """How a running daemon is; `since` is UTC seconds."""

    since: float
    enabled: bool
    state_usable: bool
    configuration_good: bool
    connections: int
    lost_audit_records: int
    users_guessed_at: int

    def families(self) -> tuple[Family, ...]:
        """The same for monitoring."""
        return (
            *up(running=True),
            gauge("rw2fa_start_time_seconds", "When the daemon started, UTC seconds since 1970.", self.since),
            gauge("rw2fa_enabled", "Whether anybody is asked for a code.", self.enabled),
            gauge("rw2fa_state_usable", "Whether codes can be judged.", self.state_usable),
            gauge("rw2fa_configuration_good", "Whether the last reload was good.", self.configuration_good),
            gauge("rw2fa_connections", "Conversations under way.", self.connections),
            gauge(
                "rw2fa_users_guessed_at",
                "People with a wrong code in the last hour and no right one since from the same address.",
                self.users_guessed_at,
            ),
            Family(
                "rw2fa_audit_records_lost_total",
                "counter",
                "Audit records that neither journal nor file took.",
                (Sample(self.lost_audit_records),),
            ),
        )


def people_families(people: UserCounts | None) -> tuple[Family, ...]:
    """How many people are what; nothing while that is not known."""
    if people is None:
        return ()
    return (
        gauge("rw2fa_users_activated", "People with a device.", people.activated),
        gauge("rw2fa_users_pending", "People who began to enrol and did not finish.", people.pending),
        gauge("rw2fa_users_locked", "People whose codes are refused because of wrong ones before.", people.locked),
        gauge("rw2fa_logons", "Logons at the web portal.", people.logons),
        Family(
            "rw2fa_users_guess_budget_spent",
            "gauge",
            "Who may not guess any more: at an app's whole window, so that only codes around now count; or at all.",
            (Sample(people.narrowed, {"window": "whole"}), Sample(people.spent, {"window": "narrow"})),
        ),
    )


def clock_families(state: Path) -> tuple[Family, ...]:
    """How this host's clock stands, by the last comparison."""
    clock = clock_status(state)
    return (
        gauge("rw2fa_clock_offset_seconds", "By how much time servers are ahead of this host, seconds.", clock.offset),
        gauge("rw2fa_clock_age_seconds", "How long ago that was found, seconds.", clock.age),
        Family(
            "rw2fa_clock_verdict",
            "gauge",
            "1 for what is known about the clock, 0 for the others.",
            tuple(Sample(int(verdict is clock.verdict), {"verdict": verdict.value}) for verdict in Verdict),
        ),
    )
