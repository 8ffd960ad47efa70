"""`rw2fa backup` and `rw2fa restore`."""
