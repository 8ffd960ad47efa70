"""The state of processes, for tests."""

import psutil


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended. Whoever is process 1 here need not have taken notice of an orphan."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
