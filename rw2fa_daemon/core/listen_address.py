"""Where a server listens, as a setting names it."""

import re
from ipaddress import ip_address
from typing import Final

_UNIX: Final = "unix:"
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
PORT_MAX: Final = 65_535
UNIX_PATH_BYTES_MAX: Final = 107
"""sun_path of unix(7) without its final NUL."""


def parse_listen(text: str) -> str:
    """`ADDRESS:PORT`, `[IPv6 address]:PORT` or `unix:/path`; ValueError, with the reason, for anything else."""
    if text.startswith(_UNIX):
        path = text.removeprefix(_UNIX)
        if not path.startswith("/") or len(path.encode()) > UNIX_PATH_BYTES_MAX:
            raise ValueError(f"names no socket by an absolute path of at most {UNIX_PATH_BYTES_MAX} bytes")
        return text
    host, colon, port = text.rpartition(":")
    if not colon or _PORT.fullmatch(port) is None or int(port) > PORT_MAX:
        raise ValueError(f"does not end with a colon and a port from 1 to {PORT_MAX}")
    bare = host.removeprefix("[").removesuffix("]")
    try:
        address = ip_address(bare)
    except ValueError:
        raise ValueError("does not begin with a numeric address") from None
    if (address.version == 6) != (host == f"[{bare}]"):
        raise ValueError("has an IPv6 address without brackets, or another one with them")
    return text
