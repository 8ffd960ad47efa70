"""Which server the state was last found on, to notice one that may have forgotten what was accepted (promise 7).

A standby that is promoted begins another timeline, and a database that was read back from a dump is on a server with
another identifier. Either may lack the last codes that were accepted.
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
    """Take down which server this is. If it is another than before, or that was altered, lift the floor to `now`.

    `now` is UTC seconds. Gives what happened, in a sentence for an administrator; empty where nothing did. Raises
    the driver's errors.
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
    """Take down which server a new state is on; within a transaction."""
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
