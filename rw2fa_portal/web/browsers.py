"""What the portal knows of browsers: a name in a cookie, and behind it a logon that is under way or stands."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from rw2fa_portal.web.limits import AGE_SECONDS, BROWSERS_MAX, IDLE_SECONDS, WAITING_SECONDS

COOKIE: Final = "__Host-rw2fa"
"""Its prefix has browsers take it over TLS alone, from this host alone, for all of it (RFC 6265bis §4.1.3.2)."""
NAME_BYTES: Final = 32


class Ended(Protocol):
    """What ends with the name that it is kept under. `used` is when it was last used without a request."""

    used: float

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""

    def close(self) -> None:
        """End it."""


T = TypeVar("T", bound=Ended)


@dataclass(slots=True)
class Entry(Generic[T]):
    """What is kept for one name, from when (monotonic seconds), and when it was last used."""

    what: T
    since: float
    used: float = field(default=0.0)
    stands: bool = False
    """Whether somebody is signed in, or a logon is still under way."""

    def over(self, now: float) -> bool:
        """Whether it ended by itself."""
        if self.what.ended:
            return True
        if self.stands:
            return now >= max(self.used, self.what.used) + IDLE_SECONDS or now >= self.since + AGE_SECONDS
        return now >= self.used + WAITING_SECONDS


class Browsers(Generic[T]):
    """Entries by the digest of a random name. A name is made here, and changes at a logon."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry[T]] = {}
        self._key = secrets.token_bytes(NAME_BYTES)

    def add(self, what: T, now: float, *, stands: bool) -> str | None:
        """Keep something under a new name; None where there is no room."""
        if len(self._entries) >= BROWSERS_MAX:
            self.sweep(now)
        if len(self._entries) >= BROWSERS_MAX:
            return None
        name = new_name()
        self._entries[_digest(name)] = Entry(what, now, now, stands=stands)
        return name

    def find(self, name: str | None, now: float) -> Entry[T] | None:
        """What is kept under a name, if that has not ended."""
        if not name:
            return None
        entry = self._entries.get(_digest(name))
        if entry is None:
            return None
        if entry.over(now):
            self.drop(name)
            return None
        entry.used = now
        return entry

    def take(self, name: str) -> None:
        """Keep it no more, without ending it."""
        self._entries.pop(_digest(name), None)

    def drop(self, name: str) -> None:
        """End what is kept under a name."""
        entry = self._entries.pop(_digest(name), None)
        if entry is not None:
            entry.what.close()

    def sweep(self, now: float) -> None:
        """End what has ended by itself."""
        for digest, entry in list(self._entries.items()):
            if entry.over(now):
                del self._entries[digest]
                entry.what.close()

    def close(self) -> None:
        """End all."""
        for entry in self._entries.values():
            entry.what.close()
        self._entries.clear()

    def token(self, name: str) -> str:
        """What a form of this browser carries: no other page can know it."""
        return hmac.new(self._key, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def is_token(self, name: str | None, token: str) -> bool:
        """Whether a form was made for this browser, by this process."""
        expected = self.token(name) if name else ""
        return bool(name) and hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace"))


def new_name() -> str:
    """A name that nobody can guess."""
    return secrets.token_urlsafe(NAME_BYTES)


def _digest(name: str) -> bytes:
    """Names are looked up by digest, so that the time of a look-up tells nothing about them."""
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()
