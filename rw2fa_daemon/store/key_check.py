"""Something sealed in `meta`, by which a wrong master key is noticed.

It also says which master key everything is to be sealed under: the one that it is sealed under itself. Several keys
are there while the key is changed, and on several hosts, so the state says it and not a host's key file.
"""

from typing import Final, cast

from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, UnknownKey, Vault

KEY: Final = "key_check"
"""Of the row in `meta`."""
_CONTEXT: Final = Context("meta", "value", KEY, 0)
_PLAIN: Final = b"rw2fa"


def make(connection: Connection, vault: Vault) -> None:
    """Write it down for the first time. Raises the driver's errors."""
    connection.write(sql.INSERT_META, [(KEY, vault.seal(_PLAIN, _CONTEXT))])


def change(connection: Connection, vault: Vault) -> None:
    """Let everything be sealed under the newest key of this vault from now on. Raises the driver's errors."""
    with connection.transaction():
        vault.seal_under_newest()
        connection.write(sql.UPDATE_META, [(vault.seal(_PLAIN, _CONTEXT), KEY)])


def check(connection: Connection, vault: Vault, place: str) -> None:
    """Seal under the key of the state in `place` from now on; raises `StateProblem` if it is not there."""
    sealed = cast(bytes, connection.meta(KEY))
    try:
        vault.open(sealed, _CONTEXT)
        vault.seal_under(sealed)
    except UnknownKey:
        raise StateProblem(
            f"the master key is not the one that the state in {place} is encrypted under: that is key "
            f"{int.from_bytes(sealed[:2], 'big')}, and this is key {' and '.join(map(str, vault.numbers))}",
            "put the right key back in its place (after `rw2fa key rotate` that is the new one, and the old one opens "
            "nothing), or the state that belongs to this key",
        ) from None
    except (Tampered, TypeError):
        raise StateProblem(
            f"the master key is not the one that the state in {place} is encrypted under",
            "put the right key back in its place, or the state that belongs to this key",
        ) from None


def changing() -> StateProblem:
    """The problem of what cannot be done while the master key is changed."""
    return StateProblem("the master key was changed meanwhile", "run the command again when `rw2fa key rotate` is done")


def follow(connection: Connection, vault: Vault) -> None:
    """Seal under the key that the state is encrypted under by now: somebody may have begun to change it.

    For every transaction that seals something. Raises `StateProblem` if this process does not have that key.
    """
    sealed = connection.meta(KEY)
    try:
        vault.seal_under(cast(bytes, sealed))
    except (UnknownKey, TypeError):
        raise StateProblem(
            "the state is encrypted under another master key by now, which this process does not have",
            "run the command again; if the daemon says so, run `rw2fa key load`",
        ) from None
