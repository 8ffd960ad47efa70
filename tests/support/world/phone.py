"""An authenticator app, from other hands than the daemon's: RFC 6238 once more, and pyotp where that can follow."""

import base64
import hashlib
import hmac
import time
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp

_PYOTP_DIGITS: Final = range(6, 11)
_FAR_STEPS: Final = 27 * 120
"""No code that `wrong` gives is right so many steps from now, which is further than core/far_clock.py looks."""


class Phone:
    """Holds one account, as scanned. Codes come in ascending time steps, so that no test waits for the clock.

    The daemon accepts later steps within its window (`discrepancy`), so a phone that is some steps ahead is right.
    """

    def __init__(self, uri: str) -> None:
        """Scans an otpauth URI (Google's "Key Uri Format"). Raises ValueError for one that apps would not take."""
        parts = urlsplit(uri)
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        if (parts.scheme, parts.netloc) != ("otpauth", "totp") or query.get("algorithm", "SHA1") != "SHA1":
            raise ValueError("the code on the screen is not for time-based codes by SHA-1")
        label = unquote(parts.path.removeprefix("/"))
        self.uri = uri
        self.secret = query["secret"]
        self.digits = int(query.get("digits", "6"))
        prefix, _, self.name = (part.strip() for part in label.rpartition(":"))
        self.issuer: str | None = query.get("issuer", prefix or None)
        self._period = int(query.get("period", "30"))
        self._last = 0
        if self.issuer is not None and not label.startswith(f"{self.issuer}:"):
            raise ValueError("the issuer of the label is not that of the parameter")

    @property
    def raw_secret(self) -> bytes:
        """The secret's bytes."""
        return base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))

    def code(self, steps: int = 0) -> str:
        """The code of the current time step, or of one so many steps later or earlier."""
        return self._at(self._now() + steps)

    def fresh(self) -> str:
        """A code that this phone has not shown before: the current one, or the next later step's."""
        self._last = max(self._now(), self._last + 1)
        return self._at(self._last)

    def wrong(self) -> str:
        """A code that no step within 27 hours of now has."""
        near = {self._at(self._now() + steps) for steps in range(-_FAR_STEPS, _FAR_STEPS + 1)}
        return next(code for code in (str(n).zfill(self.digits) for n in range(10**self.digits)) if code not in near)

    def _now(self) -> int:
        return int(time.time()) // self._period

    def _at(self, step: int) -> str:
        """RFC 4226, 5.3; the number has at most ten digits, so longer codes begin with zeros."""
        mac = hmac.digest(self.raw_secret, step.to_bytes(8, "big"), hashlib.sha1)
        offset = mac[-1] & 0xF
        number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
        code = str(number % 10**self.digits).zfill(self.digits)
        if self.digits in _PYOTP_DIGITS and code != pyotp.HOTP(self.secret, digits=self.digits).at(step):
            raise AssertionError(f"pyotp has another code for step {step}")
        return code

    @classmethod
    def of_secret(cls, secret: str) -> Self:
        """A phone whose owner typed the key instead of scanning."""
        return cls(f"otpauth://totp/typed?secret={secret}")
