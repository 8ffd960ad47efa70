"""Processes, files and clock of this host."""
