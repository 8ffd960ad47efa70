"""rw2fa: a second factor for Linux remote-work hosts."""

__version__ = "0.1.0"
