"""Waiting for a moment at which time steps do not change under a test."""

import time
from typing import Final

PERIOD_SECONDS: Final = 30
ROOM_SECONDS: Final = 5.0
"""The longest that a login takes on a loaded machine."""


def stay_within_a_step() -> None:
    """Return at once, or when the next time step has begun, if this one is nearly over."""
    left = PERIOD_SECONDS - time.time() % PERIOD_SECONDS
    if left < ROOM_SECONDS:
        time.sleep(left)
