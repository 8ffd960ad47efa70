"""How many logons may fail because of one address, before a password is looked at."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import Final

from rw2fa_portal.web.limits import ATTEMPTS_MAX, ATTEMPTS_SECONDS, SOURCES_MAX

_PREFIX: Final = 64
"""Bits of an IPv6 address that one customer of a provider has to himself; the rest is whatever he likes."""


def source_of(address: str) -> str:
    """What stands for whoever comes from an address: an IPv4 address, or a network of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> (128 - _PREFIX) << (128 - _PREFIX))}/{_PREFIX}"


class RateLimit:
    """Attempts by source: charged before they are made, given back if they succeed. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def charge(self, address: str, now: float) -> float:
        """Charge an attempt: 0.0 if it may be made, else the seconds until one may."""
        source = source_of(address)
        attempts = self._attempts.setdefault(source, deque(maxlen=ATTEMPTS_MAX))
        self._attempts.move_to_end(source)
        while attempts and attempts[0] <= now - ATTEMPTS_SECONDS:
            attempts.popleft()
        if len(attempts) >= ATTEMPTS_MAX:
            return attempts[0] + ATTEMPTS_SECONDS - now
        attempts.append(now)
        if len(self._attempts) > SOURCES_MAX:
            self._attempts.popitem(last=False)
        return 0.0

    def refund(self, address: str) -> None:
        """The attempt was no failure."""
        attempts = self._attempts.get(source_of(address))
        if attempts:
            attempts.pop()
