"""One at a time: changing the master key, and putting back what is to be sealed under it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from rw2fa_daemon.core.problem import Problem


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep everybody else on this host from doing either meanwhile; raises Problem if somebody does already."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Problem("another `rw2fa key rotate` or `rw2fa restore` is under way", "wait until it is done") from None
    finally:
        os.close(descriptor)
