"""The state in a PostgreSQL that several hosts share.

Nothing imports this where there is none: psycopg takes 0.1 s and 25 MiB.
"""
