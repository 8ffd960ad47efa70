"""The next master key, while a key change is under way.

Two administrators on two hosts could each draw a key with the same number, so the fingerprint of the new key is
stored in the state before the key is used.
"""

from typing import Final

from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.vault import Vault

KEY: Final = "next_key"
"""Of the row in `meta`. Its value is a fingerprint in hexadecimal digits."""


def announce(connection: Connection, vault: Vault, *, anew: bool) -> None:
    """Announce the newest key of this vault.

    Raises `StateProblem` if another key, which this vault lacks, is announced and `anew` is not set. Raises the
    driver's errors.
    """
    here = [vault.fingerprint(number).encode() for number in vault.numbers]
    with connection.transaction():
        written = connection.meta(KEY)
        if written is None:
            connection.write(sql.INSERT_META, [(KEY, here[0])])
        elif written in here or anew:
            connection.write(sql.UPDATE_META, [(here[0], KEY)])
        else:
            raise StateProblem(
                "a change of the master key was begun with a key that this host does not have",
                "copy the master key file of the host where it was begun to this one; only if that key is lost, run "
                "`rw2fa key rotate --anew`",
            )


def withdraw(connection: Connection) -> None:
    """Remove the announcement. Raises the driver's errors."""
    with connection.transaction():
        connection.write(sql.DELETE_META, [(KEY,)])
