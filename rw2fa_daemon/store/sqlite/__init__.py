"""The state as a file of SQLite, for one host."""
