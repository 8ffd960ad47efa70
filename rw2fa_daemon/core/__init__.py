"""What rw2fa decides, as pure functions over frozen values: no I/O, no clock, no global state."""
