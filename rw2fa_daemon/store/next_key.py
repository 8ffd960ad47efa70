"""Which master key everything is going to be sealed under, while a change of the key is under way.

On several hosts two administrators could draw a key each and give both the same number. So it stands in the state, by
its fingerprint, before the key is used.
"""

from typing import Final

from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.vault import Vault

KEY: Final = "next_key"
"""Of the row in `meta`. Its value is a fingerprint in hexadecimal digits."""


def announce(connection: Connection, vault: Vault, *, anew: bool) -> None:
    """Write down the newest key of this vault.

    Raises `StateProblem` if there is another that this vault does not have, unless `anew`. Raises the driver's errors.
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
    """Forget it. Raises the driver's errors."""
    with connection.transaction():
        connection.write(sql.DELETE_META, [(KEY,)])
