"""The people who log in: numbers, names and secrets that the programs in harness/ derive in the same way."""

import hashlib
from typing import Final

GROUP: Final = "benchers"
GID: Final = 2_000_000
"""Everybody's primary group; compiled into libnss_bench.so.2 as well, see the Makefile."""
FIRST_UID: Final = 2_000_000
MOST: Final = 1_000_000
"""How many there are for NSS."""


def name_of(number: int) -> str:
    """The user name of person `number`."""
    return f"bench{number:07d}"


def uid_of(number: int) -> int:
    """The uid that libnss_bench.so.2 gives person `number`."""
    return FIRST_UID + number


def secret_of(number: int) -> bytes:
    """The 160 bits that person `number` shares with every module that is measured."""
    return hashlib.sha1(name_of(number).encode(), usedforsecurity=False).digest()
