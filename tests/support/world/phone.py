"""An authenticator app, from other hands than the daemon's: pyotp reads the URI and makes the codes."""

import time
from typing import Self

import pyotp


class Phone:
    """Holds one account, as scanned. Codes come in ascending time steps, so that no test waits for the clock.

    The daemon accepts later steps within its window (`discrepancy`), so a phone that is some steps ahead is right.
    """

    def __init__(self, uri: str) -> None:
        parsed = pyotp.parse_uri(uri)
        if not isinstance(parsed, pyotp.TOTP):
            raise TypeError("the code on the screen is not for time-based codes")
        self.uri, self._totp = uri, parsed
        self._last = 0

    @property
    def secret(self) -> str:
        return self._totp.secret

    @property
    def raw_secret(self) -> bytes:
        """The secret's bytes."""
        return self._totp.byte_secret()

    @property
    def issuer(self) -> str | None:
        return self._totp.issuer

    @property
    def name(self) -> str:
        return self._totp.name

    def code(self, steps: int = 0) -> str:
        """The code of the current time step, or of one so many steps later or earlier."""
        return self._at(self._now() + steps)

    def fresh(self) -> str:
        """A code that this phone has not shown before: the current one, or the next later step's."""
        self._last = max(self._now(), self._last + 1)
        return self._at(self._last)

    def wrong(self) -> str:
        """A code that no step within two days of now has."""
        near = {self._at(self._now() + steps) for steps in range(-2000, 2001)}
        return next(code for code in (str(n).zfill(self._totp.digits) for n in range(10**6)) if code not in near)

    def _now(self) -> int:
        return int(time.time()) // self._totp.interval

    def _at(self, step: int) -> str:
        return self._totp.at(step * self._totp.interval)

    @classmethod
    def of_secret(cls, secret: str) -> Self:
        """A phone whose owner typed the key instead of scanning."""
        return cls(f"otpauth://totp/typed?secret={secret}")
