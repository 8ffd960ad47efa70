"""Codes that are typed once: recovery codes, and enrolment tokens."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is easily misread: i, l, o, 0, 1."""

GROUP_LENGTH: Final = 4
GROUPS: Final = 3
LETTERS: Final = GROUPS * GROUP_LENGTH
"""59 random bits."""

FORM: Final = f"word:{LETTERS}-{LETTERS + GROUPS - 1}"
"""What may leave the hook, with or without the dashes."""

RECOVERY_CODES: Final = 10
RECOVERY_LOW: Final = 3
"""The user is warned when this many are left, or fewer."""


@dataclass(frozen=True, slots=True)
class CodeSet:
    """New codes with the digests to store, in the same order."""

    codes: tuple[str, ...]
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HashedAttempt:
    """The digest of a typed code: hashing is slow, and done before judging."""

    digest: bytes


def new_code(choose: Callable[[Sequence[str]], str]) -> str:
    """A code as it is printed, `abcd-efgh-jkmn`; `choose` picks one of a sequence at random."""
    return "-".join("".join(choose(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def as_printed(typed: str) -> str:
    """A typed code in the spelling in which it was printed."""
    letters = typed.lower().replace("-", "")
    return "-".join(letters[at : at + GROUP_LENGTH] for at in range(0, len(letters), GROUP_LENGTH))


def without(digests: tuple[bytes, ...], attempt: HashedAttempt) -> tuple[bytes, ...] | None:
    """The digests without the one that was typed; None if it is not among them.

    Every digest is compared, so that the time tells nothing about which one it was.
    """
    found = [hmac.compare_digest(digest, attempt.digest) for digest in digests]
    if not any(found):
        return None
    return tuple(digest for digest, typed in zip(digests, found, strict=True) if not typed)
