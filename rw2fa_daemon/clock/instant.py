"""The present time."""

import time

from rw2fa_daemon.core.clock import Instant


def now() -> Instant:
    """By the clock that is watched, and by one that is never set and runs on while the host is suspended."""
    return Instant(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
