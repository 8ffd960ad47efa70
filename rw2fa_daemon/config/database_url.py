"""The URL of a shared database."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from rw2fa_daemon.config.domain import Refused, Value, _printable, _wrong_type
from rw2fa_daemon.core.database import Database, Node
from rw2fa_daemon.core.secret import Secret

SCHEME: Final = "postgresql+psycopg://"
URL_BYTES_MAX: Final = 1024
NODES_MAX: Final = 8
PORT: Final = 5432
_PORT_MAX: Final = 65_535
SOCKET_FOLDER: Final = "/var/run/postgresql"
"""Where Debian's PostgreSQL has its socket."""
ROOT_CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's list. The libpq bundled with psycopg would look elsewhere."""
MASK: Final = "…"
PASSWORD_FILE: Final = "database.password"  # noqa: S105 - the name of a file
"""Beside the master key."""

EXAMPLE: Final = "postgresql+psycopg://rw2fa@db.example.org/rw2fa"
_PATHS: Final = ("sslrootcert", "sslcert", "sslkey")
_OPTIONS: Final = ("host", "hostaddr", "port", "sslmode", *_PATHS)
"""The libpq parameters that an administrator may have to set. The others have one right value, or do not apply here."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The URL of a PostgreSQL database, or nothing."""

    kind: str = "text"
    allowed: str = f'"", or a URL like {EXAMPLE}'

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, str):
            raise _wrong_type(raw, "text", f'"{EXAMPLE}"')
        if raw:
            parse(raw)
        return raw

    def parse(self, text: str) -> Value:
        """See Domain. No password: every user of the host can read the command line of a process."""
        if text and parse(text).password is not None:
            raise Refused(
                "must not contain a password on a command line, which others can read",
                "leave the password out of the URL, and put it into /etc/rw2fa/database.password (mode 0600)",
            )
        return text


def masked(url: str) -> str:
    """The URL without its password, to be shown."""
    head, scheme, rest = url.partition("://")
    # Up to the last @, even if it is not a URL: better to hide too much than too little.
    login, at, tail = rest.rpartition("@")
    user, colon, _password = login.partition(":")
    return f"{head}{scheme}{user}{colon}{MASK if colon else ''}{at}{tail}"


def parse(url: str) -> Database:
    """Parse a URL. Raises Refused, whose text quotes nothing of it, as it may contain a password."""
    if len(url.encode("utf-8", "surrogateescape")) > URL_BYTES_MAX:
        raise Refused(f"is longer than {URL_BYTES_MAX} bytes", "shorten it")
    _printable(url)
    if not url.startswith(SCHEME):
        raise Refused(f"does not begin with {SCHEME}", f"write it like {EXAMPLE}")
    authority, slash, rest = url.removeprefix(SCHEME).partition("/")
    login, at, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    name, _, query = rest.partition("?")
    if not at or not user or not slash or not name or "/" in name or "#" in url:
        raise Refused("names no user or no database", f"write it like {EXAMPLE}")
    options = _options(query)
    nodes = _nodes(hosts, options)
    local = all(node.local for node in nodes)
    mode = options.get("sslmode", "disable" if local else "verify-full")
    if mode != "verify-full" and not (local and mode == "disable"):
        raise Refused(
            "has an sslmode that does not protect against a man in the middle",
            "leave sslmode out, or write sslmode=verify-full",
        )
    return Database(
        nodes=nodes,
        name=unquote(name),
        user=unquote(user),
        password=Secret(unquote(password).encode()) if colon else None,
        tls=mode == "verify-full",
        root_certificates=options.get("sslrootcert", ROOT_CERTIFICATES),
        certificate=options.get("sslcert", ""),
        key=options.get("sslkey", ""),
    )


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _OPTIONS:
            raise Refused("has an unknown option", f"use only {', '.join(_OPTIONS)}")
        if key in options or not value:
            raise Refused(f"has {key} twice, or empty", "write it once, with commas between servers")
        if key in _PATHS and not value.startswith("/"):
            raise Refused(f"has a relative path in {key}", "write an absolute path")
        options[key] = value
    return options


def _nodes(authority: str, options: dict[str, str]) -> tuple[Node, ...]:
    """The servers, from the authority of the URL or from the options `host` and `port`."""
    if authority and "host" in options:
        raise Refused("names the host twice", "write it before the name of the database, or as host=")
    pairs = [_host_and_port(item) for item in (authority or options.get("host", SOCKET_FOLDER)).split(",")]
    addresses = options.get("hostaddr", "").split(",") if "hostaddr" in options else [""] * len(pairs)
    ports = options.get("port", "").split(",") if "port" in options else [""] * len(pairs)
    if len(ports) == 1:
        ports *= len(pairs)
    if not len(pairs) == len(addresses) == len(ports) <= NODES_MAX:
        raise Refused(
            f"has more than {NODES_MAX} servers, or hostaddr or port do not have one value for each host",
            "give one for each server, separated by commas",
        )
    nodes = []
    for (host, in_host), address, port in zip(pairs, addresses, ports, strict=True):
        nodes.append(Node(unquote(host), _port(in_host or port or str(PORT)), address))
        if not host:
            raise Refused("has a server without a name", "write the name of each server")
    return tuple(nodes)


def _host_and_port(item: str) -> tuple[str, str]:
    if item.startswith("["):
        host, _, rest = item[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = item.partition(":") if item.count(":") == 1 else (item, "", "")
    return host, port


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(_PORT_MAX)) and 0 < int(text) <= _PORT_MAX:
        return int(text)
    raise Refused("has an invalid port", f"write a number from 1 to {_PORT_MAX}")
