"""The program `rw2fa-notify`: runs the administrator's program when something happened that somebody should hear of."""
