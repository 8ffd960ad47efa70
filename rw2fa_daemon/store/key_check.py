"""A sealed constant in `meta` that shows whether the master key is the right one.

The key that it is sealed under is the one to seal with. There are several keys during a key change and on several
hosts, so the state decides, not a host's key file.
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
    """Store it in a new state. Raises the driver's errors."""
    connection.write(sql.INSERT_META, [(KEY, vault.seal(_PLAIN, _CONTEXT))])


def change(connection: Connection, vault: Vault) -> None:
    """Make every process seal under the newest key of this vault from now on. Raises the driver's errors."""
    with connection.transaction():
        vault.seal_under_newest()
        connection.write(sql.UPDATE_META, [(vault.seal(_PLAIN, _CONTEXT), KEY)])


def check(connection: Connection, vault: Vault, place: str) -> None:
    """Seal under the key of the state in `place` from now on; raises `StateProblem` if the vault lacks it."""
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
    """What cannot be done while the master key is being changed."""
    return StateProblem("the master key was changed meanwhile", "run the command again when `rw2fa key rotate` is done")


def follow(connection: Connection, vault: Vault) -> None:
    """Seal under the key that the state uses now, in case a key change has begun.

    Every transaction that seals something calls this. Raises `StateProblem` if this process lacks that key.
    """
    sealed = connection.meta(KEY)
    try:
        vault.seal_under(cast(bytes, sealed))
    except (UnknownKey, TypeError):
        raise StateProblem(
            "the state is encrypted under another master key by now, which this process does not have",
            "run the command again; if the daemon says so, run `rw2fa key load`",
        ) from None
