"""Who is who, by NSS: in this process (`request`), or in worker processes with a deadline (`pool`).

Kept empty: the workers import it, and they are to start fast and stay small.
"""
