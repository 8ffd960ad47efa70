"""Runs that take turns, so that a noisy minute of the machine hits all of them alike."""

import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.load import PAM_AUTH_ERR, PAM_SUCCESS, Load, Outcome, run
from bench.peers import Subject


@dataclass(frozen=True, slots=True)
class Case:
    """What one row of the table measures."""

    subject: Subject
    load: Load

    def unexpected(self, outcome: Outcome) -> int:
        """Outcomes that are not what the load calls for.

        A right code (or, for several senders of one, one of them) must be accepted and a wrong one refused after it
        was asked for; whatever else happened, the module did not judge.
        """
        if not self.load.right:
            expected = outcome.count(PAM_AUTH_ERR)
        elif self.load.senders > 1:
            return outcome.codes_never + outcome.codes_more
        else:
            expected = outcome.count(PAM_SUCCESS)
        unasked = outcome.logins - outcome.asked if self.subject.asks else 0
        return max(outcome.logins - expected, unasked)


@dataclass(slots=True)
class Measured:
    """All runs of one case."""

    case: Case
    runs: list[Outcome] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Median of the runs, logins per second."""
        return statistics.median(outcome.rate for outcome in self.runs)

    @property
    def p50_us(self) -> float:
        """Median of the runs' medians, microseconds."""
        return statistics.median(outcome.p50_us for outcome in self.runs)

    @property
    def p99_us(self) -> float:
        """Median of the runs' 99th percentiles, microseconds."""
        return statistics.median(outcome.p99_us for outcome in self.runs)

    @property
    def logins(self) -> int:
        """In all runs together."""
        return sum(outcome.logins for outcome in self.runs)

    @property
    def unexpected(self) -> int:
        """Outcomes in all runs together that make the measurement worthless."""
        return sum(self.case.unexpected(outcome) for outcome in self.runs)


def take_turns(cases: Sequence[Case], rounds: int) -> list[Measured]:
    """Runs A B C … A B C …, `rounds` times, each with users who have not logged in before."""
    measured = [Measured(case) for case in cases]
    for _ in range(rounds):
        for row in measured:
            row.case.subject.refresh(row.case.load.users)
            # What the refreshing wrote must not be on the bill of the first login's fsync.
            os.sync()
            row.runs.append(run(row.case.subject.confdir, row.case.load))
            print(".", end="", file=sys.stderr, flush=True)
    return measured
