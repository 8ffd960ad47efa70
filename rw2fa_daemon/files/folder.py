"""Making what happened in a folder durable."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder, as they are now, outlive a loss of power; raises OSError (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
