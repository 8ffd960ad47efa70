"""Now."""

import time

from rw2fa_daemon.core.clock import Instant


def now() -> Instant:
    """By the clock that is watched, and by one that nobody sets and that goes on while the host sleeps."""
    return Instant(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
