"""Tables that are shipped as data."""

import tomllib
from functools import cache
from importlib import resources

from rw2fa_daemon.core.clients import Client, ClientTable, Information, Prompts, Qr, ServiceClass

_ENUMS = {"prompts": Prompts, "information": Information, "qr": Qr}
_NO_CELLS = ("class", "also")
DEFAULT = "default"


@cache
def shipped_clients() -> ClientTable:
    """The shipped table of PAM clients."""
    text = resources.files(__package__).joinpath("clients.toml").read_text("utf-8")
    rows = tomllib.loads(text).items()
    clients = {name: _client(row) for service, row in rows for name in (service, *row.get("also", ()))}
    return ClientTable(default=clients.pop(DEFAULT), clients=clients)


def _client(row: dict[str, object]) -> Client:
    cells = {
        key: _ENUMS[key](str(value)) if key in _ENUMS else value for key, value in row.items() if key not in _NO_CELLS
    }
    # The table is our own data: its own test checks the type of each cell.
    return Client(ServiceClass(str(row["class"])), **cells)  # type: ignore[arg-type]
