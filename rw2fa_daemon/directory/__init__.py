"""Look-ups of users in NSS: in this process (`request`), or in worker processes with a deadline (`pool`).

Kept empty, as the workers import it and have to start fast and stay small.
"""
