"""A number in the state that only rises, to compare with the one that is kept outside of it (`detector.py`)."""

import secrets
import struct
from typing import Final, NamedTuple

from rw2fa_daemon.store import key_check
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.vault.vault import Tampered, Vault

KEY: Final = "mark"
"""Of the row in `meta`."""
STATE_BYTES: Final = 16
_PURPOSE: Final = "mark 1"
_PLAIN: Final = struct.Struct(f">{STATE_BYTES}sQ")


class RollbackMarker(NamedTuple):
    """Which state it is, by a random name, and how far it got."""

    state: bytes
    steps: int

    @property
    def begun(self) -> bool:
        """Whether one was put outside already."""
        return self.steps > 0

    def follows(self, other: "RollbackMarker") -> bool:
        """Whether a state with this mark is the one that had the other, or has gone on from there."""
        return self.state == other.state and self.steps >= other.steps


def beyond(*known: RollbackMarker | None) -> RollbackMarker:
    """A mark that a state has from now on, further than all that were seen of it; the first that there is names it."""
    found = [each for each in known if each is not None] or [new()]
    return RollbackMarker(found[0].state, max(each.steps for each in found) + 1)


def new() -> RollbackMarker:
    """The mark of a new state, which is nowhere but in it."""
    return RollbackMarker(secrets.token_bytes(STATE_BYTES), 0)


def read(connection: Connection, vault: Vault) -> RollbackMarker | None:
    """The mark; None if there is none that rw2fa wrote. Raises the driver's errors."""
    value = connection.meta(KEY)
    if not isinstance(value, bytes):
        return None
    seal, plain = value[: -_PLAIN.size], value[-_PLAIN.size :]
    try:
        return RollbackMarker(*_PLAIN.unpack(plain)) if vault.verify(_PURPOSE, plain, seal) else None
    except (struct.error, Tampered):
        return None


def write(connection: Connection, vault: Vault, mark: RollbackMarker) -> None:
    """Write it down, within a transaction. Raises the driver's errors."""
    key_check.follow(connection, vault)
    plain = _PLAIN.pack(*mark)
    value = vault.mac(_PURPOSE, plain) + plain
    if connection.meta(KEY) is None:
        connection.write(sql.INSERT_META, [(KEY, value)])
    else:
        connection.write(sql.UPDATE_META, [(value, KEY)])


def seal_again(connection: Connection, vault: Vault) -> None:
    """Seal it under the master key that seals now, within a transaction; not if it was altered."""
    if (mark := read(connection, vault)) is not None:
        write(connection, vault, mark)
