"""Paths inside a world, as its own processes see them."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

# /run is a fresh tmpfs in every world, so nothing of the repository or of the host can be hidden by a folder in it.
SCAFFOLD = Path("/run/rw2fa-world")
AUTH_LOG = SCAFFOLD / "auth.log"

# What the host owns and login programs, package scripts or `make install` may write to.
OVERLAID = ("/etc", "/var", "/usr", "/home", "/root", "/opt", "/srv", "/tmp")

# Device nodes that login programs open. Virtual consoles are left out: tests put a pty in their place.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_FOLDERS = ("pts", "shm")
