"""Users that the last complete look-up found outside the scope (promise 13)."""

import struct
from typing import Any, Final

from rw2fa_daemon.store import key_check
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.vault.vault import Tampered, Vault

USERS_MAX: Final = 65_536
"""Users remembered; beyond that, those seen longest ago are forgotten."""
FORGOTTEN_AT_ONCE: Final = 1_024
REFRESHED_AFTER: Final = 86_400
"""Seconds after which a row is refreshed: not every login of a user outside the scope should cost a write."""

_SEAL_PURPOSE: Final = "not member 1"
_FIXED: Final = struct.Struct(">6q")
_ACCOUNT_COLUMNS: Final = 2
_UID: Final = 2
_SEEN_AT: Final = 4
_SEAL: Final = 5


def remember(connection: Connection, vault: Vault, name: str, uid: int, scope_digest: str, now: int) -> None:
    """Remember that a look-up at `now` (UTC seconds) found this user in no entry of the scope.

    `scope_digest` identifies the scope that was looked up. Raises the driver's errors.
    """
    row = _row(connection, name)
    if _valid(vault, name, uid, scope_digest, row) and 0 <= now - row[_SEEN_AT] < REFRESHED_AFTER:
        return
    with connection.transaction():
        key_check.follow(connection, vault)
        row = _row(connection, name)
        seal = vault.mac(_SEAL_PURPOSE, _packed(name, uid, scope_digest, now, row))
        if row[_SEAL] is not None:
            connection.write(sql.UPDATE_NOT_MEMBERS, [(uid, scope_digest, now, seal, name)])
        else:
            connection.write(sql.INSERT_NOT_MEMBERS, [(name, uid, scope_digest, now, seal)])
            connection.write(sql.FORGET_NOT_MEMBERS, [(FORGOTTEN_AT_ONCE, USERS_MAX)])


def remembered(connection: Connection, vault: Vault, name: str, uid: int, scope_digest: str) -> bool:
    """Whether the last complete look-up found this user outside this scope.

    False as well if the account changed since: then the user has been in the scope.
    """
    return _valid(vault, name, uid, scope_digest, _row(connection, name))


def forget(connection: Connection, name: str) -> None:
    """Forget it: a complete look-up found this user in the scope."""
    if _row(connection, name)[_SEAL] is None:
        return
    with connection.transaction():
        connection.write(sql.DELETE_NOT_MEMBERS, [(name,)])


def sealed_again(connection: Connection, vault: Vault, row: tuple[Any, ...]) -> bytes | None:
    """A new seal for a row of the table, under the current master key; None if the old one is invalid."""
    name, uid, scope_digest, seen_at, _seal = row
    known = _row(connection, name)
    if not _valid(vault, name, uid, scope_digest, known):
        return None
    return vault.mac(_SEAL_PURPOSE, _packed(name, uid, scope_digest, seen_at, known))


def _row(connection: Connection, name: str) -> tuple[Any, ...]:
    """Generation and revision of the account; uid, scope_digest, seen_at and seal of the memory."""
    (row,) = connection.rows(sql.SELECT_NOT_MEMBER, name)
    return row


def _valid(vault: Vault, name: str, uid: int, scope_digest: str, row: tuple[Any, ...]) -> bool:
    try:
        packed = _packed(name, uid, scope_digest, row[_SEEN_AT], row)
        return row[_UID:_SEEN_AT] == (uid, scope_digest) and vault.verify(_SEAL_PURPOSE, packed, row[_SEAL])
    except (Tampered, TypeError, ValueError, struct.error):
        # No row, or an altered column of another type.
        return False


def _packed(name: str, uid: int, scope_digest: str, seen_at: int, row: tuple[Any, ...]) -> bytes:
    """What the seal covers: the memory and the revision of the account. Every code accepted since invalidates it, so an
    old row put back is no way around the code.
    """
    generation, revision = row[:_ACCOUNT_COLUMNS]
    texts = (name.encode(), scope_digest.encode())
    fixed = _FIXED.pack(uid, seen_at, generation or 0, revision or 0, *map(len, texts))
    return fixed + b"".join(texts)
