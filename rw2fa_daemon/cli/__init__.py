"""The administrator's command `rw2fa`."""
