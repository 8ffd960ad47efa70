"""Which time steps a typed code belongs to, found quickly over a wide window."""

import hmac
import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from rw2fa_daemon.core.account import Algorithm, Credential
from rw2fa_daemon.core.otp import HOTP_MAX, Hotp
from rw2fa_daemon.core.secret import Secret

CODEBOOK_ENTRIES: Final = 512
"""Secrets whose codes are kept; about 8 KiB each at the manual's default window."""

NEAR_STEPS: Final = 10
"""Steps each way that are tried one by one first: nearly every phone is within five minutes."""

_CODE: Final = struct.Struct("<I")

_Key = tuple[Secret, int, Algorithm]


class _Page:
    """The codes of consecutive time steps of one secret, four bytes each."""

    __slots__ = ("_codes", "_first", "_hotp", "_modulus")

    def __init__(self, credential: Credential) -> None:
        self._hotp = Hotp(credential.secret, credential.algorithm)
        self._modulus = 10**credential.digits
        self._first = 0
        self._codes = b""

    def _compute(self, first: int, last: int) -> bytes:
        codes = self._hotp.codes(range(first, last + 1), self._modulus)
        return struct.pack(f"<{len(codes)}I", *codes)

    def cover(self, first: int, last: int) -> None:
        """Hold exactly the codes of `first` to `last`, computing only what is new."""
        held_last = self._first + len(self._codes) // _CODE.size - 1
        if first > held_last or last < self._first or not self._codes:
            self._codes = self._compute(first, last)
        else:
            before = self._compute(first, self._first - 1) if first < self._first else b""
            after = self._compute(held_last + 1, last) if last > held_last else b""
            kept = self._codes[
                max(0, first - self._first) * _CODE.size : (min(last, held_last) - self._first + 1) * _CODE.size
            ]
            self._codes = before + kept + after
        self._first = first

    def steps(self, code: int) -> Iterator[int]:
        """The steps held whose code is `code`, ascending."""
        needle = _CODE.pack(code)
        at = self._codes.find(needle)
        while at >= 0:
            if at % _CODE.size == 0:
                yield self._first + at // _CODE.size
            at = self._codes.find(needle, at + 1)


class CodeCache:
    """Finds the time steps of codes; remembers what it computed, within a bound.

    The memory changes how long an answer takes and never what it is. A wrong code costs two
    HMACs for every step of the window; a user who sends several costs that once.
    """

    def __init__(self, entries: int = CODEBOOK_ENTRIES) -> None:
        self._entries = entries
        self._pages: OrderedDict[_Key, _Page] = OrderedDict()

    def near(self, credential: Credential, code: str, around: int, reach: int) -> Iterator[int]:
        """Steps of the code at most `reach` and NEAR_STEPS away from `around`, nearest first."""
        outward = (
            step
            for distance in range(min(reach, NEAR_STEPS) + 1)
            for step in ((around - distance, around + distance) if distance else (around,))
        )
        return self.among(credential, code, outward)

    def among(self, credential: Credential, code: str, steps: Iterable[int]) -> Iterator[int]:
        """Those of `steps` whose code is `code`."""
        hotp: Hotp | None = None
        modulus, digits = 10**credential.digits, credential.digits
        for step in steps:
            if hotp is None:
                hotp = Hotp(credential.secret, credential.algorithm)
            if step >= 0 and hmac.compare_digest(f"{hotp.value(step) % modulus:0{digits}d}", code):
                yield step

    def all_lazily(self, credential: Credential, code: str, around: int, reach: int) -> Iterator[int]:
        """What `all` gives, worked out only when the first of them is wanted."""
        yield from self.all(credential, code, around, reach)

    def all(self, credential: Credential, code: str, around: int, reach: int) -> list[int]:
        """Every step of the code at most `reach` away from `around`, nearest first.

        Looked up as a number among numbers: how long that takes tells nothing about how much of
        a wrong code was right, which is what a comparison in constant time protects.
        """
        number = int(code)
        if number > HOTP_MAX:
            return []
        key = (credential.secret, credential.digits, credential.algorithm)
        page = self._pages.pop(key, None) or _Page(credential)
        page.cover(max(0, around - reach), around + reach)
        self._pages[key] = page
        if len(self._pages) > self._entries:
            self._pages.popitem(last=False)
        return sorted(page.steps(number), key=lambda step: abs(step - around))
