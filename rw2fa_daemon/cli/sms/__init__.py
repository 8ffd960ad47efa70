"""The commands `rw2fa sms ...`."""
