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
"""Counting users looks at each who has something to count. It is done so seldom that it takes one part in so many of
the time."""


class UserGauges:
    """Users by their state, counted now and then."""

    def __init__(self) -> None:
        self._counts: UserCounts | None = None
        self._again_at = float("-inf")

    def counts(self, count: Callable[[Callable[[UserCounts | None], None]], object]) -> UserCounts | None:
        """The last counts. `count` may take long; it calls what it is given with new ones."""
        started = time.monotonic()
        if started >= self._again_at:
            # Not a second time before the first is over.
            self._again_at = float("inf")

            def counted(counts: UserCounts | None) -> None:
                self._counts = counts
                ended = time.monotonic()
                self._again_at = ended + SHARE_OF_TIME * (ended - started)

            count(counted)
        return self._counts


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
            gauge("rw2fa_enabled", "Whether users are asked for codes.", self.enabled),
            gauge("rw2fa_state_usable", "Whether codes can be judged.", self.state_usable),
            gauge("rw2fa_configuration_good", "Whether the last reload was good.", self.configuration_good),
            gauge("rw2fa_connections", "Conversations under way.", self.connections),
            gauge(
                "rw2fa_users_guessed_at",
                "Users with a wrong code in the last hour and no right one since from the same address.",
                self.users_guessed_at,
            ),
            Family(
                "rw2fa_audit_records_lost_total",
                "counter",
                "Audit records that neither journal nor file took.",
                (Sample(self.lost_audit_records),),
            ),
        )


def user_families(counts: UserCounts | None) -> tuple[Family, ...]:
    """How many users are in which state; nothing while that is unknown."""
    if counts is None:
        return ()
    return (
        gauge("rw2fa_users_activated", "Users with a device.", counts.activated),
        gauge("rw2fa_users_pending", "Users who began to enrol and did not finish.", counts.pending),
        gauge("rw2fa_users_locked", "Users whose codes are refused because of wrong ones before.", counts.locked),
        gauge("rw2fa_logons", "Logons at the web portal.", counts.logons),
        Family(
            "rw2fa_users_guess_budget_spent",
            "gauge",
            "Users who may guess no more: at an app's whole window, so that only codes around now count; or at all.",
            (Sample(counts.narrowed, {"window": "whole"}), Sample(counts.spent, {"window": "narrow"})),
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
