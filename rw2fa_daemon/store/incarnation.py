"""The server that the state was last seen on, to detect one that may lack commits (promise 7).

A promoted standby starts a new timeline, and a restored dump is on a server with another identifier. Either may lack
the codes accepted last.
"""

import contextlib
from typing import Final, cast

from rw2fa_daemon.store import floor
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

KEY: Final = "incarnation"
"""Of the row in `meta`."""
_CONTEXT: Final = Context("meta", "value", KEY, 0)


def settle(connection: Connection, vault: Vault, now: int) -> str:
    """Record which server this is. If it changed, or the record of it was altered, raise the floor to `now`.

    `now` is UTC seconds. Returns a sentence for an administrator, empty if nothing changed. Raises the driver's
    errors.
    """
    found = connection.incarnation()
    if not found or _known(connection, vault) == found:
        return ""
    with connection.transaction():
        known = _known(connection, vault)
        if known == found:
            # Another host was faster.
            return ""
        _write(connection, vault, found)
        floor.lift_within(connection, vault, now)
    was = known or "nobody knows which any more"
    return (
        f"the state is on another server or timeline ({found}; it was {was}): codes from before do not count any more"
    )


def note(connection: Connection, vault: Vault) -> None:
    """Record which server a new state is on; within a transaction."""
    if found := connection.incarnation():
        _write(connection, vault, found)


def _known(connection: Connection, vault: Vault) -> str:
    with contextlib.suppress(Tampered, TypeError):
        return vault.open(cast(bytes, connection.meta(KEY)), _CONTEXT).decode()
    return ""


def _write(connection: Connection, vault: Vault, found: str) -> None:
    sealed = vault.seal(found.encode(), _CONTEXT)
    if connection.meta(KEY) is None:
        connection.write(sql.INSERT_META, [(KEY, sealed)])
    else:
        connection.write(sql.UPDATE_META, [(sealed, KEY)])
