"""Time-based one-time passwords (RFC 4226, RFC 6238)."""

import hashlib
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rw2fa_daemon.core.account import Algorithm
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

_INNER_PAD: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD: Final = bytes(byte ^ 0x5C for byte in range(256))
_COUNTER: Final = struct.Struct(">Q")
_WORD: Final = struct.Struct(">I")


class Hotp:
    """HMAC-based one-time passwords of one secret.

    The two keyed hash states of HMAC (RFC 2104) are made once and copied for each step: a wide
    window asks for hundreds of values of one secret, and this costs a third of `hmac.digest`.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: Secret, algorithm: Algorithm) -> None:
        new = _HASHES[algorithm]
        key = secret.reveal()
        block_size = new(b"").block_size
        if len(key) > block_size:
            key = new(key).digest()
        key = key.ljust(block_size, b"\0")
        self._inner = new(key.translate(_INNER_PAD))
        self._outer = new(key.translate(_OUTER_PAD))

    def value(self, step: int) -> int:
        """The 31-bit number for a counter or time step (RFC 4226 §5.3, dynamic truncation)."""
        inner = self._inner.copy()
        inner.update(_COUNTER.pack(step))
        outer = self._outer.copy()
        outer.update(inner.digest())
        digest = outer.digest()
        word: int = _WORD.unpack_from(digest, digest[-1] & 0x0F)[0]
        return word & HOTP_MAX


def code_at(secret: Secret, step: int, digits: int, algorithm: Algorithm = Algorithm.SHA1) -> str:
    """The one-time password of `digits` decimal digits for a time step.

    Above ten digits the 31-bit value is shown with leading zeros, as authenticator apps do.
    """
    return f"{Hotp(secret, algorithm).value(step) % 10**digits:0{digits}d}"


def step_at(now: float, period: int) -> int:
    """The time step at `now` (UTC seconds) for a period in seconds (RFC 6238 §4.2, T0 = 0)."""
    return int(now // period)
