"""SMS sent, counted per subject of a quota (`core.quota`).

A subject is a user name, a phone number or an address. The table holds a MAC instead (promise 7), keyed so that it
outlives the master key; otherwise a key change would reset all quotas. Rows have no seal: one that is deleted or put
back lets more messages out, but no one in.
"""

import struct
from collections.abc import Sequence
from typing import Final

from rw2fa_daemon.core.quota import SLOTS, Ledger, Quota, spent, taken, void_at
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.vault.code_hasher import CodeHasher

SUBJECTS_MAX: Final = 65_536
"""Subjects remembered; beyond that, those that expire soonest are forgotten. The host's own row never is: every message
extends it."""
FORGOTTEN_AT_ONCE: Final = 1_024

_PURPOSE: Final = "text quota 1"
_LEDGER: Final = struct.Struct(f">q{SLOTS + 1}I")
_SECONDS: Final = struct.Struct(">q")


def take(connection: Connection, code_hasher: CodeHasher, quotas: Sequence[Quota], now: int) -> Quota | None:
    """Charge one message at `now` (UTC seconds) to all quotas; if one is full, charge none and return it.

    Durable when this returns. Raises the driver's errors.
    """
    with connection.transaction():
        new: list[tuple[object, ...]] = []
        known: list[tuple[object, ...]] = []
        for quota in quotas:
            key = _key(code_hasher, quota)
            before = _read(connection, key)
            after = taken(before or Ledger(), quota, now)
            if after is None:
                return quota
            void, packed = void_at(after, quota.seconds), _LEDGER.pack(after.newest, *after.counts)
            if before is None:
                new.append((key, void, packed))
            else:
                known.append((void, packed, key))
        connection.write(sql.UPDATE_TEXT_QUOTAS, known)
        connection.write(sql.INSERT_TEXT_QUOTAS, new)
        if new:
            connection.write(sql.FORGET_VOID_TEXT_QUOTAS, [(now, FORGOTTEN_AT_ONCE)])
            connection.write(sql.FORGET_TEXT_QUOTAS, [(FORGOTTEN_AT_ONCE, SUBJECTS_MAX)])
    return None


def full(connection: Connection, code_hasher: CodeHasher, quotas: Sequence[Quota], now: int) -> Quota | None:
    """A quota with no room for another message at `now` (UTC seconds). Raises the driver's errors."""
    for quota in quotas:
        ledger = _read(connection, _key(code_hasher, quota))
        if ledger is not None and spent(ledger, quota.seconds, now) >= quota.at_most:
            return quota
    return None


def _key(code_hasher: CodeHasher, quota: Quota) -> bytes:
    """The MAC of a subject, its kind and its period: a count says nothing about another period."""
    fixed = _SECONDS.pack(quota.seconds) + quota.limit.value.encode() + b"\0"
    return code_hasher.keyed(_PURPOSE, fixed + quota.subject.reveal())


def _read(connection: Connection, key: bytes) -> Ledger | None:
    row = connection.one(sql.SELECT_TEXT_QUOTAS, key)
    if row is None:
        return None
    try:
        newest, *counts = _LEDGER.unpack(row[0])
    except (struct.error, TypeError):
        # Not written by rw2fa: start counting again.
        return Ledger()
    return Ledger(newest, tuple(counts))
