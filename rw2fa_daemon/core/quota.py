"""How many SMS may go out: a count over the latest period, for each thing that is limited.

Messages cost money, and some numbers pay part of it to their owner: a thief of a password must not be
able to have many sent.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Final

from rw2fa_daemon.core.secret import Secret

DAY_SECONDS: Final = 24 * 60 * 60
HOUR_SECONDS: Final = 60 * 60

SLOTS: Final = 24
"""Into which a period is cut. What was counted is forgotten a slot at a time, so that no period whatever has more."""

IPV6_SITE_BITS: Final = 64
"""Of an IPv6 address: the rest is anybody's who is on that network (RFC 4291 §2.5.4)."""


class Limit(StrEnum):
    """What messages are counted by."""

    USER = "user"
    NUMBER = "number"
    SOURCE = "source"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Quota:
    """`at_most` messages in `seconds` for one subject: a name, a number, an address, or empty for the whole host."""

    limit: Limit
    subject: Secret
    at_most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was counted: in the slot number `newest`, and in each of the SLOTS before it, newest first."""

    newest: int = 0
    counts: tuple[int, ...] = (0,) * (SLOTS + 1)


def spent(ledger: Ledger, seconds: int, now: float) -> int:
    """How many counted in the `seconds` before `now` (UTC seconds), up to a slot more."""
    return sum(_moved(ledger, _slot(seconds, now)).counts)


def taken(ledger: Ledger, quota: Quota, now: float) -> Ledger | None:
    """The ledger with one more message at `now` (UTC seconds); None if there may be no more."""
    moved = _moved(ledger, _slot(quota.seconds, now))
    if sum(moved.counts) >= quota.at_most:
        return None
    newest, *older = moved.counts
    return Ledger(moved.newest, (newest + 1, *older))


def void_at(ledger: Ledger, seconds: int) -> int:
    """UTC seconds from which nothing of the ledger counts any more."""
    return -((ledger.newest + SLOTS + 1) * seconds // -SLOTS)


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, the network of an IPv6 one; empty for what is no address.

    An IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2) counts as the IPv4 address.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        host_bits = parsed.max_prefixlen - IPV6_SITE_BITS
        return str(IPv6Address(int(parsed) >> host_bits << host_bits))
    return str(parsed)


def _slot(seconds: int, now: float) -> int:
    return int(now * SLOTS // seconds)


def _moved(ledger: Ledger, slot: int) -> Ledger:
    """The ledger as of `slot`. After a clock was set back, all that it knows counts as of now."""
    none = (0,) * (SLOTS + 1)
    ahead = slot - ledger.newest
    if ahead < 0:
        return Ledger(slot, (sum(ledger.counts), *none[1:]))
    return Ledger(slot, (none[:ahead] + ledger.counts)[: len(none)])
