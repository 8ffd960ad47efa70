"""Encryption at rest: the master key, and what is sealed under it."""
