"""A lock so that only one change of the master key or restore runs at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from rw2fa_daemon.core.problem import Problem


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of this host; raises Problem if another process holds it."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Problem("another `rw2fa key rotate` or `rw2fa restore` is running", "wait until it has ended") from None
    finally:
        os.close(descriptor)
