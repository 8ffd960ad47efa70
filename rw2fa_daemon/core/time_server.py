"""How a time server is written: host, host:port, [IPv6 address] or [IPv6 address]:port."""

import re
from ipaddress import IPv6Address
from typing import Final

NTP_PORT: Final = 123
"""RFC 5905 §7.2."""
SERVERS_MAX: Final = 8
"""Servers that are asked for one comparison; a name of the NTP pool stands for several."""
HOST_CHARACTERS_MAX: Final = 253
"""A name in DNS (RFC 1035 §2.3.4, without the final dot's length)."""
PORT_MAX: Final = 2**16 - 1

_FORM: Final = re.compile(r"(?:\[(?P<address>[^\]\s]+)\]|(?P<name>[^\[\]:,\s]+))(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


def parse(text: str) -> tuple[str, int]:
    """Host and port; ValueError if it is written otherwise."""
    found = _FORM.fullmatch(text)
    if found is None or not text.isprintable():
        raise ValueError("neither host nor host:port")
    if found["address"] is not None:
        IPv6Address(found["address"])
    host, port = found["address"] or found["name"], int(found["port"] or NTP_PORT)
    if len(host) > HOST_CHARACTERS_MAX or not 0 < port <= PORT_MAX:
        raise ValueError("name too long, or no such port")
    return host, port
