"""The commands `rw2fa key ...`."""
