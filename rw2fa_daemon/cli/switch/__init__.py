"""`rw2fa enable` and `rw2fa disable`."""
