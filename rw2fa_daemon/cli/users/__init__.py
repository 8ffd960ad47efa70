"""The commands `rw2fa users ...`."""
