"""Secrets of the installation, sealed in `meta` under a name each."""

import contextlib
from collections.abc import Mapping
from typing import Final

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import key_check
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

TWILIO_TOKEN: Final = "twilio_token"  # noqa: S105  # a name
"""The auth token of the Twilio account."""

_PREFIX: Final = "kept:"
"""Prefix of the key, so that no name collides with other rows of the table."""


def write(connection: Connection, vault: Vault, name: str, secret: Secret) -> None:
    """Store a secret, replacing any of that name. Raises the driver's errors."""
    with connection.transaction():
        key_check.follow(connection, vault)
        sealed = vault.seal(secret.reveal(), _context(name))
        if connection.meta(_PREFIX + name) is None:
            connection.write(sql.INSERT_META, [(_PREFIX + name, sealed)])
        else:
            connection.write(sql.UPDATE_META, [(sealed, _PREFIX + name)])


def read(connection: Connection, vault: Vault, name: str) -> Secret | None:
    """The secret of that name, if any. Raises `StateProblem` if it was altered, and the driver's errors."""
    sealed = connection.meta(_PREFIX + name)
    if sealed is None:
        return None
    with contextlib.suppress(Tampered):
        if isinstance(sealed, bytes):
            return Secret(vault.open(sealed, _context(name)))
    raise StateProblem(
        f"what the state keeps as {name} is not what was stored there",
        "find out who wrote to the state, and give it anew",
    )


def names(connection: Connection) -> list[str]:
    """The names of all secrets. Raises the driver's errors."""
    keys = [str(key) for key, _ in connection.rows(sql.LIST_META)]
    return [key.removeprefix(_PREFIX) for key in keys if key.startswith(_PREFIX)]


def replace_within(connection: Connection, vault: Vault, secrets: Mapping[str, Secret]) -> None:
    """Replace all secrets by these, within a transaction. Raises the driver's errors."""
    connection.write(sql.DELETE_META, [(_PREFIX + name,) for name in names(connection)])
    sealed = [(_PREFIX + name, vault.seal(secret.reveal(), _context(name))) for name, secret in secrets.items()]
    connection.write(sql.INSERT_META, sealed)


def forget(connection: Connection, name: str) -> None:
    """Delete the secret of that name. Raises the driver's errors."""
    with connection.transaction():
        connection.write(sql.DELETE_META, [(_PREFIX + name,)])


def _context(name: str) -> Context:
    return Context("meta", "value", _PREFIX + name, 0)
