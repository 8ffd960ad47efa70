"""Waiting for what another process does."""

import time
from collections.abc import Callable


def wait_until(what: str, holds: Callable[[], bool], seconds: float = 40.0) -> None:
    """Looks every 10 ms until `holds()`; an AssertionError that names `what` when that takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.01)
