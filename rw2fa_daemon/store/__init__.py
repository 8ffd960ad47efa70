"""The state: accounts and what is remembered about people, in a database."""
