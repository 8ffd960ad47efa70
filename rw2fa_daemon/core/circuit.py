"""When to stop asking a provider that does not answer, and when to try again.

Without it each login waits out the whole deadline while the provider is down; with it the first few
do, and the others are told at once.
"""

from dataclasses import dataclass, replace
from typing import Final

FAILURES_TO_OPEN: Final = 4
"""In a row, of a kind that says that nobody would get a message."""
FIRST_OPEN_SECONDS: Final = 20.0
LONGEST_OPEN_SECONDS: Final = 320.0
DOUBLINGS_MAX: Final = 4
"""From the first to the longest."""
PROBE_SECONDS: Final = 60.0
"""How long one attempt is waited for before another may be made: it may have been given up unheard."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """Closed: everything goes through. Open until a time (monotonic seconds); from then on one at a time may probe.

    `openings` counts how often in a row it opened, since the last success.
    """

    failures: int = 0
    openings: int = 0
    open_until: float = 0.0
    probe_until: float = 0.0

    @property
    def closed(self) -> bool:
        """Whether nothing is wrong, as far as is known."""
        return self.openings == 0

    def lets_through(self, now: float) -> bool:
        """Whether an attempt may be made at `now`; `attempted` says that it is."""
        return self.closed or (now >= self.open_until and now >= self.probe_until)

    def attempted(self, now: float) -> "Circuit":
        """The circuit after an attempt began."""
        return self if self.closed else replace(self, probe_until=now + PROBE_SECONDS)

    def succeeded(self) -> "Circuit":
        """The circuit after an answer that shows that the provider works."""
        return CLOSED

    def failed(self, now: float) -> "Circuit":
        """The circuit after a failure at `now`.

        What fails while it is open was under way before, and says nothing new.
        """
        if self.closed and self.failures + 1 < FAILURES_TO_OPEN:
            return replace(self, failures=self.failures + 1)
        if not self.closed and now < self.open_until:
            return self
        seconds = FIRST_OPEN_SECONDS * 2 ** min(self.openings, DOUBLINGS_MAX)
        return Circuit(self.failures + 1, self.openings + 1, now + seconds)


CLOSED: Final = Circuit()
