"""What only a booted systemd shows: units, activation, credentials, watchdog, journal, sandbox."""
