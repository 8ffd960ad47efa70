"""Making changes to a folder durable."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Return once the present names in a folder would survive a loss of power; raises OSError (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
