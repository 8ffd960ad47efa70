"""rw2fa-session: one logon, from the first prompt of PAM to the end of the portal's connection. Runs as root."""
