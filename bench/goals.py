"""The targets, and whether they were reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One target: `measured` must be at least `target`, or less where `below`. `unit` ends both in print."""

    what: str
    measured: float
    target: float
    unit: str
    below: bool = False

    @property
    def reached(self) -> bool:
        """Whether it was."""
        return self.measured < self.target if self.below else self.measured >= self.target
