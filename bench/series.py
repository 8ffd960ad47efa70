"""Runs that take turns, so that a noisy minute of the machine hits all of them alike."""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bench.load import PAM_AUTH_ERR, PAM_SUCCESS, Load, Outcome, run
from bench.peers import Subject
from bench.shared import Hosts

STRIDE: Final = 617
"""A prime: the rounds of a few users of a million come from all over the million."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one row of the table measures.

    Each round has other users than the round before, taken from the first `population`, so that what a module
    remembers of somebody does not shorten the next round.
    """

    subject: Subject
    load: Load
    population: int

    def load_of(self, turn: int) -> Load:
        """The load of round `turn`, from 0."""
        count = len(self.load.users)
        start = turn * STRIDE % (self.population // count) * count
        return replace(self.load, users=range(start, start + count))

    def unexpected(self, outcome: Outcome) -> int:
        """Outcomes that are not what the load calls for.

        A right code (or, for several senders of one, one of them) must be accepted and a wrong one refused, each after
        it was asked for; whatever else happened, the module did not judge.
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
    def cpu_us(self) -> float:
        """Median of the runs' processor time for one login, microseconds."""
        return statistics.median(outcome.cpu_us for outcome in self.runs)

    @property
    def logins(self) -> int:
        """In all runs together."""
        return sum(outcome.logins for outcome in self.runs)

    @property
    def unexpected(self) -> int:
        """Outcomes in all runs together that were not what the load calls for."""
        return sum(self.case.unexpected(outcome) for outcome in self.runs)

    def over(self, other: "Measured") -> float:
        """This rate as a multiple of the other's: the median of the rounds, each against its neighbour."""
        return statistics.median(mine.rate / theirs.rate for mine, theirs in zip(self.runs, other.runs, strict=True))


def take_turns(cases: Sequence[Case], rounds: int) -> list[Measured]:
    """Runs A B C, B C A, C A B …, `rounds` times, each with users who have not logged in before.

    Each comes after each of the others in turn, so that what one leaves behind is no burden of the next alone.
    """
    measured = [Measured(case) for case in cases]
    for turn in range(rounds):
        first = turn % len(measured)
        for row in measured[first:] + measured[:first]:
            load = row.case.load_of(turn)
            row.case.subject.refresh(load.users)
            before = row.case.subject.cpu_seconds()
            subject = row.case.subject
            outcome = subject.run(load) if isinstance(subject, Hosts) else run(subject.confdir, load)
            served = row.case.subject.cpu_seconds() - before
            row.runs.append(replace(outcome, cpu_seconds=outcome.cpu_seconds + served))
            print(".", end="", file=sys.stderr, flush=True)
    return measured
