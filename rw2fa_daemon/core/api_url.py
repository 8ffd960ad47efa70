"""Where Twilio's interface is, if not at Twilio: `sms.api_url`."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

TWILIO: Final = "https://api.twilio.com"
URL_MAX: Final = 256
"""Characters."""
_NO_ADDRESS: Final = "is not an address like https://host"
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class ApiUrl:
    """An address in parts. `path` is empty or begins with a slash, and does not end with one."""

    secure: bool
    host: str
    port: int
    path: str


def parse_api_url(text: str) -> ApiUrl:
    """The parts of an address, Twilio's own if it is empty.

    ValueError, with the reason, unless a token may be sent there: over https, or without leaving this host.
    """
    if len(text) > URL_MAX or any(not "!" <= letter <= "~" for letter in text):
        raise ValueError(_NO_ADDRESS)
    try:
        parts = urlsplit(text or TWILIO)
        given_port = parts.port
    except ValueError:
        raise ValueError(_NO_ADDRESS) from None
    if not parts.hostname or given_port == 0 or parts.scheme not in _PORTS:
        raise ValueError(_NO_ADDRESS)
    if parts.username is not None or parts.password is not None or "?" in text or "#" in text:
        raise ValueError("holds more than scheme, host, port and path")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("would send the token in clear over the network")
    port = given_port or _PORTS[parts.scheme]
    return ApiUrl(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
