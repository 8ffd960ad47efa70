"""The program `rw2fa-notify`: runs the administrator's program to notify users of events."""
