"""A counter in the state that only rises, compared with a copy outside of it (`rollback_detector.py`)."""

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
    """The random identifier of a state, and its counter."""

    state: bytes
    steps: int

    @property
    def begun(self) -> bool:
        """Whether a copy was written outside already."""
        return self.steps > 0

    def follows(self, other: "RollbackMarker") -> bool:
        """Whether this marker is the other one, or a later one of the same state."""
        return self.state == other.state and self.steps >= other.steps


def beyond(*known: RollbackMarker | None) -> RollbackMarker:
    """A marker beyond all known ones; the first of them gives the identifier."""
    found = [each for each in known if each is not None] or [new()]
    return RollbackMarker(found[0].state, max(each.steps for each in found) + 1)


def new() -> RollbackMarker:
    """The marker of a new state, with no copy outside yet."""
    return RollbackMarker(secrets.token_bytes(STATE_BYTES), 0)


def read(connection: Connection, vault: Vault) -> RollbackMarker | None:
    """The marker; None if it is missing or altered. Raises the driver's errors."""
    value = connection.meta(KEY)
    if not isinstance(value, bytes):
        return None
    seal, plain = value[: -_PLAIN.size], value[-_PLAIN.size :]
    try:
        return RollbackMarker(*_PLAIN.unpack(plain)) if vault.verify(_PURPOSE, plain, seal) else None
    except (struct.error, Tampered):
        return None


def write(connection: Connection, vault: Vault, mark: RollbackMarker) -> None:
    """Store the marker, within a transaction. Raises the driver's errors."""
    key_check.follow(connection, vault)
    plain = _PLAIN.pack(*mark)
    value = vault.mac(_PURPOSE, plain) + plain
    if connection.meta(KEY) is None:
        connection.write(sql.INSERT_META, [(KEY, value)])
    else:
        connection.write(sql.UPDATE_META, [(value, KEY)])


def seal_again(connection: Connection, vault: Vault) -> None:
    """Seal it again under the current master key, within a transaction, unless it was altered."""
    if (mark := read(connection, vault)) is not None:
        write(connection, vault, mark)
