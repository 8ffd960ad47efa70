"""Watching this host's clock: what the kernel and the relay report, and the last comparison in the state folder."""
