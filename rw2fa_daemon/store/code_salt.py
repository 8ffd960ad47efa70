"""The salt of recovery codes and enrolment tokens: a secret of its own, since it must outlive the master key."""

import secrets
from typing import Final, cast

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

KEY: Final = "word_salt"
"""Of the row in `meta`."""
SALT_BYTES: Final = 32
_CONTEXT: Final = Context("meta", "value", KEY, 0)


def make(connection: Connection, vault: Vault) -> None:
    """Draw the salt and store it. Raises the driver's errors."""
    connection.write(sql.INSERT_META, [(KEY, vault.seal(secrets.token_bytes(SALT_BYTES), _CONTEXT))])


def read(connection: Connection, vault: Vault) -> Secret:
    """The salt. Raises `StateProblem` if it was altered or removed, and the driver's errors."""
    try:
        return Secret(vault.open(cast(bytes, connection.meta(KEY)), _CONTEXT))
    except (Tampered, TypeError):
        raise StateProblem(
            "the secret that recovery codes are checked with was altered or taken away",
            "find out who wrote to the state; then put back the whole state from a backup",
        ) from None
