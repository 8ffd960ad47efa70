"""The state: accounts, and what is remembered about users, in a database."""
