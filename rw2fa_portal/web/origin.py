"""Where a request comes from: the address of the browser, and the page that sent it."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

Networks = Sequence[IPv4Network | IPv6Network]

HOPS_MAX: Final = 16
"""Proxies in a row that are looked at."""


def browser_address(peer: str | None, forwarded: Sequence[str], trusted: Networks) -> str:
    """The address of the browser, empty where it is not known.

    `peer` is who connected, None for a Unix socket, behind which is a proxy of this host. `forwarded` are the
    X-Forwarded-For headers: what a proxy appended counts if the proxy is one of `trusted`, and nothing else does.
    """
    entries = [entry.strip() for header in forwarded for entry in header.split(",")][-HOPS_MAX:]
    known = peer
    if peer is not None and not is_trusted(peer, trusted):
        return _numeric(peer)
    while entries:
        known = entries.pop()
        if not _numeric(known):
            return ""
        if not is_trusted(known, trusted):
            break
    return _numeric(known or "")


def is_trusted(peer: str | None, trusted: Networks) -> bool:
    """Whether what this peer says of others counts."""
    if peer is None:
        return True
    address = _numeric(peer)
    return bool(address) and any(ip_address(address) in network for network in trusted)


def _numeric(text: str) -> str:
    """An address as it is written everywhere; an IPv4 address that was mapped into IPv6 is that address."""
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a form or a WebSocket comes from a page of this very portal, as far as the browser says.

    Fetch metadata (W3C) where it is sent, and Origin (RFC 6454): both name the page, and no page can change them.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site is not None
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
