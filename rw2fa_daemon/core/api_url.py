"""Where Twilio's interface is, if not at Twilio: `sms.api_url`."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

TWILIO: Final = "https://api.twilio.com"
URL_MAX: Final = 256
"""Characters."""
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

    ValueError with the reason, one clause, for one without https unless it is this very host's: account, token and
    codes would be read by whoever is on the way.
    """
    if len(text) > URL_MAX or not text.isascii() or any(not "!" <= letter <= "~" for letter in text):
        raise ValueError("it is no address of the web")
    parts = urlsplit(text or TWILIO)
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("its port is no number up to 65535") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("it must begin with https:// and a host's name")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must hold neither user nor password")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError("it must end with the path")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("it must begin with https://, unless it is an address of this host")
    return ApiUrl(parts.scheme == "https", parts.hostname, port or _PORTS[parts.scheme], parts.path.rstrip("/"))


def is_loopback(host: str) -> bool:
    """Whether a host is this very one, whatever names mean elsewhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
