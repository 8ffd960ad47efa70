"""Time-based one-time passwords (RFC 4226, RFC 6238)."""

import hashlib
import struct
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from rw2fa_daemon.core.account import Algorithm
from rw2fa_daemon.core.keyed_hash import KeyedHash
from rw2fa_daemon.core.secret import Secret

if TYPE_CHECKING:
    from _hashlib import HASH

SECRET_BYTES: Final = 20
"""160 bits, the length that RFC 4226 §4 recommends."""


_HASHES: Final[dict[Algorithm, Callable[[bytes], "HASH"]]] = {
    Algorithm.SHA1: hashlib.sha1,
    Algorithm.SHA256: hashlib.sha256,
    Algorithm.SHA512: hashlib.sha512,
}
DIGITS_MIN: Final = 4
DIGITS_MAX: Final = 12

HOTP_MAX: Final = 0x7FFFFFFF
"""What dynamic truncation gives at most; codes of eleven or twelve digits begin with zeros."""

_COUNTER: Final = struct.Struct(">Q")
_WORD: Final = struct.Struct(">I")


class Hotp:
    """HMAC-based one-time passwords of one secret."""

    __slots__ = ("_keyed",)

    def __init__(self, secret: Secret, algorithm: Algorithm) -> None:
        self._keyed: Final = KeyedHash(_HASHES[algorithm], secret.reveal())

    def value(self, step: int) -> int:
        """The 31-bit number for a counter or time step (RFC 4226 §5.3, dynamic truncation)."""
        digest = self._keyed.digest(_COUNTER.pack(step))
        word: int = _WORD.unpack_from(digest, digest[-1] & 0x0F)[0]
        return word & HOTP_MAX

    def codes(self, steps: Iterable[int], modulus: int) -> list[int]:
        """`value` of each, modulo the power of ten that codes have. Written out: a wide window asks for a thousand."""
        copy_inner, copy_outer = self._keyed.inner.copy, self._keyed.outer.copy
        pack, unpack_from = _COUNTER.pack, _WORD.unpack_from
        codes: list[int] = []
        add = codes.append
        for step in steps:
            inner = copy_inner()
            inner.update(pack(step))
            outer = copy_outer()
            outer.update(inner.digest())
            digest = outer.digest()
            add((unpack_from(digest, digest[-1] & 0x0F)[0] & HOTP_MAX) % modulus)
        return codes


def code_at(secret: Secret, step: int, digits: int, algorithm: Algorithm = Algorithm.SHA1) -> str:
    """The one-time password of `digits` decimal digits for a time step.

    Above ten digits the 31-bit value is shown with leading zeros, as authenticator apps do.
    """
    return f"{Hotp(secret, algorithm).value(step) % 10**digits:0{digits}d}"


def step_at(now: float, period: int) -> int:
    """The time step at `now` (UTC seconds) for a period in seconds (RFC 6238 §4.2, T0 = 0)."""
    return int(now // period)
