"""Watching this host's clock: what the kernel and the relay say, and the last comparison kept in the state folder."""
