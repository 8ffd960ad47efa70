"""Where an RDP client connects: a name or an address, with a port if that is not 3389."""

import re
from ipaddress import IPv6Address
from typing import Final

from rw2fa_daemon.core.listen_address import PORT_MAX

_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*", re.ASCII)
_WITH_PORT: Final = re.compile(r"(.*[^:]|\[.*\]):([1-9][0-9]{0,4})", re.ASCII)


def parse_rdp_address(text: str) -> str:
    """`HOST` or `HOST:PORT`, an IPv6 address in brackets; ValueError, with the reason, for anything else."""
    found = _WITH_PORT.fullmatch(text) if not text.endswith("]") else None
    host, port = (found[1], found[2]) if found else (text, "1")
    if int(port) > PORT_MAX:
        raise ValueError(f"does not end with a port from 1 to {PORT_MAX}")
    if host.startswith("[") and host.endswith("]"):
        try:
            IPv6Address(host[1:-1])
        except ValueError:
            raise ValueError("has no IPv6 address between its brackets") from None
        return text
    if _NAME.fullmatch(host) is None:
        raise ValueError("does not begin with the name or the address of a host")
    return text
