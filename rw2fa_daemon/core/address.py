"""Numeric addresses, in the one spelling by which they are compared."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

_LOOPBACK: Final = IPv4Address("127.0.0.1")


def parse_address(text: str) -> Address | None:
    """An address; None for a name, or nothing. One of IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2) is that of IPv4."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def same_host(text: str) -> str:
    """An address as it is compared with that of another connection from the same host; empty for none.

    Which of its own addresses a host takes to reach itself depends on the name that was typed: `::1` is 127.0.0.1.
    """
    parsed = parse_address(text)
    if parsed is None:
        return ""
    return str(_LOOPBACK if isinstance(parsed, IPv6Address) and parsed.is_loopback else parsed)
