"""State, keys and database."""
