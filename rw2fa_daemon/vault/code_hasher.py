"""Slow digests of codes that are typed once (recovery codes, enrolment tokens)."""

import hashlib
import hmac
import secrets
from typing import Final

from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES, CodeSet, as_printed, new_code
from rw2fa_daemon.core.secret import Secret

SCRYPT_N: Final = 2**13
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
"""8 MiB and some 20 ms a code: on top of 59 random bits, so that no stolen state gives one away."""

DIGEST_BYTES: Final = 32


class CodeHasher:
    """Makes and digests codes, with a salt derived from a secret of the state and the user's name.

    So the same code has another digest for each user, and no digest can be tried out without the
    key that the secret is sealed under. Slow on purpose: not for the event loop, but safe in threads.
    """

    def __init__(self, salt: Secret) -> None:
        self._salt: Final = salt

    def digest(self, name: str, typed: str) -> bytes:
        """The digest of a code that this user typed, in whatever case and with dashes or without."""
        salt = hmac.digest(self._salt.reveal(), name.encode("utf-8", "surrogateescape"), "sha256")
        code = as_printed(typed).encode("ascii", "replace")
        return hashlib.scrypt(code, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=DIGEST_BYTES)

    def keyed(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of `data` under a key for `purpose`, for what has to outlast a change of the master key."""
        # No user's name has a NUL.
        key = hmac.digest(self._salt.reveal(), b"\0" + purpose.encode(), "sha256")
        return hmac.digest(key, data, "sha256")

    def new(self, name: str, count: int = RECOVERY_CODES) -> CodeSet:
        """New codes for this user."""
        codes = tuple(new_code(secrets.choice) for _ in range(count))
        return CodeSet(codes, tuple(self.digest(name, code) for code in codes))
