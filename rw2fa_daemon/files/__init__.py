"""Replacing files atomically, syncing folders, and checking programs."""
