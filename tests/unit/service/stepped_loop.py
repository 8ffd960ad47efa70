"""An event loop whose time passes when a test says so."""

import heapq
from collections.abc import Callable

from rw2fa_daemon.service.loop import Loop, Timer


class SteppedLoop(Loop):
    """A loop whose time passes when the test says so, so that a slow machine makes nothing late."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1_000.0

    def time(self) -> float:
        return self._now

    @property
    def timers(self) -> int:
        """How many wait for their moment."""
        return len(self._timers)

    def call_later(self, delay: float, callback: Callable[..., object], *arguments: object) -> Timer:
        return self.call_at(self._now + delay, callback, *arguments)

    def advance(self, seconds: float) -> None:
        """Let this much time pass, each timer called at its own moment."""
        until = self._now + seconds
        self._serve()
        while self._timers and self._timers[0][0] <= until:
            self._now, _, timer = heapq.heappop(self._timers)
            call, timer.call = timer.call, None
            if call is not None:
                self._soon.append(call)
                self._serve()
        self._now = until

    def _serve(self) -> None:
        while self._soon:
            soon, self._soon = self._soon, []
            for call in soon:
                call()
