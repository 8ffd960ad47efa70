"""When each entry of the configured scope was added."""

import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from rw2fa_daemon.store import key_check
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.vault import Tampered, Vault

SEAL_KEY: Final = "scope_seal"
_SEAL_PURPOSE: Final = "scope 1"
_ENTRY: Final = struct.Struct(">qq")
_LOST: Final = "\n(lost)\n"
"""An entry that no configuration has: the former scope is not known for sure, so no entry counts as new."""


def sync_scope(connection: Connection, vault: Vault, entries: Iterable[str], now: int) -> Mapping[str, int]:
    """Replace the stored entries by `entries`; returns the second (UTC) at which each was added.

    New ones get `now`, missing ones are forgotten; only differences are written. One seal covers all entries,
    because deleting a row would reopen an enrolment window. Raises `StateProblem` if the seal is broken, with every
    window closed from then on, and the driver's errors.
    """
    wanted = dict.fromkeys(entries, now)
    # Mostly nothing changed, and reading does not wait for a writer.
    before = _rows(connection)
    stored, sound = _checked(vault, before)
    if sound and stored.keys() == wanted.keys():
        return _lean(wanted, stored)
    with connection.transaction():
        key_check.follow(connection, vault)
        # A valid seal covers every row: while it is the same, so are they.
        if not sound or connection.meta(SEAL_KEY) != before[1]:
            stored, sound = _read(connection, vault)
        new = 0 if _LOST in stored else now
        after = _lean(wanted, stored, new) if sound else dict.fromkeys(wanted, 0)
        _write(connection, vault, stored, after)
    if not sound:
        raise StateProblem(
            "the record of when users and groups came into the scope was altered, so that every enrolment window "
            "that it opened is now closed",
            "find out who wrote to the state, then open the window with `rw2fa users reset NAME` for those who have "
            "not enrolled yet",
        )
    return after


def read_scope(connection: Connection, vault: Vault) -> Mapping[str, int]:
    """The second (UTC) at which each entry was added, 0 for all if the seal is broken; writes nothing."""
    stored, sound = _read(connection, vault)
    stored.pop(_LOST, None)
    return stored if sound else dict.fromkeys(stored, 0)


def close_within(connection: Connection, vault: Vault) -> None:
    """Close every enrolment window that the scope opened, within a transaction.

    For a state that may have forgotten enrolments; the windows of entries added later, which it may have known before,
    stay closed as well. Raises the driver's errors.
    """
    key_check.follow(connection, vault)
    stored, sound = _read(connection, vault)
    if sound:
        # Otherwise the next `sync_scope` closes them.
        _write(connection, vault, stored, dict.fromkeys((*stored, _LOST), 0))


def seal_again(connection: Connection, vault: Vault) -> None:
    """Seal the entries again under the current master key, within a transaction, unless they were altered."""
    stored, sound = _read(connection, vault)
    if sound and connection.meta(SEAL_KEY) is not None:
        connection.write(sql.UPDATE_META, [(vault.mac(_SEAL_PURPOSE, _packed(stored)), SEAL_KEY)])


def _lean(entries: Iterable[str], stored: Mapping[str, int], otherwise: int = 0) -> dict[str, int]:
    """The seconds of these entries, without references to the rows: there may be a hundred thousand entries.

    Objects of the rows would hold on to the rows' memory; most entries share a few seconds.
    """
    seconds: dict[int, int] = {}
    since = ((entry, stored.get(entry, otherwise)) for entry in entries)
    return {entry: seconds.setdefault(second, second) for entry, second in since}


def _read(connection: Connection, vault: Vault) -> tuple[dict[str, int], bool]:
    """The entries, and whether their seal is valid."""
    return _checked(vault, _rows(connection))


def _rows(connection: Connection) -> tuple[list[tuple[Any, ...]], object]:
    """The rows and their seal, as stored."""
    return connection.rows(sql.SELECT_SCOPE_ENTRIES), connection.meta(SEAL_KEY)


def _checked(vault: Vault, rows: tuple[list[tuple[Any, ...]], object]) -> tuple[dict[str, int], bool]:
    entries, seal = rows
    stored: dict[str, int] = {str(entry): since for entry, since in entries}
    if seal is None:
        return stored, not stored
    try:
        return stored, vault.verify(_SEAL_PURPOSE, _packed(stored), cast(bytes, seal))
    except (Tampered, TypeError, ValueError, struct.error):
        return stored, False


def _write(connection: Connection, vault: Vault, stored: Mapping[str, int], after: Mapping[str, int]) -> None:
    connection.write(sql.DELETE_SCOPE_ENTRIES, [(entry,) for entry in stored.keys() - after.keys()])
    connection.write(
        sql.UPDATE_SCOPE_ENTRIES,
        [(since, entry) for entry, since in after.items() if stored.get(entry, since) != since],
    )
    connection.write(sql.INSERT_SCOPE_ENTRIES, [(entry, after[entry]) for entry in after.keys() - stored.keys()])
    seal = vault.mac(_SEAL_PURPOSE, _packed(after))
    if connection.meta(SEAL_KEY) is None:
        connection.write(sql.INSERT_META, [(SEAL_KEY, seal)])
    else:
        connection.write(sql.UPDATE_META, [(seal, SEAL_KEY)])


def _packed(entries: Mapping[str, int]) -> bytes:
    packed = bytearray()
    for entry in sorted(entries):
        text = entry.encode()
        packed += _ENTRY.pack(entries[entry], len(text))
        packed += text
    return bytes(packed)
