"""A lock against concurrent edits of a host's PAM files by this program."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.module_files import under
from rw2fa_daemon.pamstack.stack import INCLUDE_FOLDER


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """No other run of this program edits below `root` meanwhile. Raises Problem, also for an OSError inside."""
    folder = under(root, INCLUDE_FOLDER)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Problem(f"{folder}: {error.strerror}", "install PAM (libpam-runtime), or run this as root") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Problem("another `rw2fa pam` is running", "wait until it has ended") from None
    except OSError as error:
        raise Problem(
            f"{error.filename or folder}: {error.strerror}", "run this as root, with free space on the disk"
        ) from error
    finally:
        os.close(descriptor)
