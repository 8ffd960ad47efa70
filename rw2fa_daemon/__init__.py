"""rw2fa: a second factor for Linux remote-work hosts."""
