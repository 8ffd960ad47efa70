"""Where a shared database is, and how it is spoken to."""

from dataclasses import dataclass, field
from ipaddress import ip_address

from rw2fa_daemon.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Node:
    """One server. `host` is a name, an address, or the folder of a socket; `address` what `host` means, if given."""

    host: str
    port: int
    address: str = ""

    @property
    def local(self) -> bool:
        """Whether nothing that is said to it leaves this machine."""
        return self.host.startswith("/") or _is_loopback(self.address or self.host)

    def __str__(self) -> str:
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database: of `nodes` the one that takes writes is used.

    `tls` is whether the connection is encrypted and the server's certificate verified against
    `root_certificates` (a path) and its name; `certificate` and `key` are paths of the client's own, and
    `password_file` that of the password where the URL has none.
    """

    nodes: tuple[Node, ...]
    name: str
    user: str
    password: Secret | None = field(default=None)
    tls: bool = True
    root_certificates: str = ""
    certificate: str = ""
    key: str = ""
    password_file: str = ""

    def __str__(self) -> str:
        return f"the database {self.name} on {', '.join(map(str, self.nodes))}"


def _is_loopback(text: str) -> bool:
    try:
        return text == "localhost" or ip_address(text).is_loopback
    except ValueError:
        return False
