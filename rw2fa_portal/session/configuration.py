"""What root's process takes from the configuration of this moment."""

import os
from pathlib import Path

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import DEFAULT_PATH, load


def configuration() -> Config:
    """The configuration in the file that RW2FA_CONFIG names, or the usual one; Problem if it is not to be used."""
    return load(Path(os.environ.get("RW2FA_CONFIG", str(DEFAULT_PATH))))


def daemon_socket() -> Path:
    """Where the daemon listens."""
    return configuration().socket
