"""How many SMS went out, by what they are counted by: `core.quota` says how.

A subject is a name, a number or an address: the table has a MAC in its place (promise 7), which outlives
a change of the master key: else everybody had a new day's quota. A row that somebody takes away or
puts back lets more messages out, never somebody in, so rows have no seal.
"""

import struct
from collections.abc import Sequence
from typing import Final

from rw2fa_daemon.core.quota import SLOTS, Ledger, Quota, spent, taken, void_at
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.vault.code_hasher import CodeHasher

KEPT: Final = 65_536
"""Subjects that are remembered; beyond that, those are forgotten that would soonest count no more. The host's own
row is never among them: every message moves its end."""
FORGOTTEN_AT_ONCE: Final = 1_024

_PURPOSE: Final = "text quota 1"
_LEDGER: Final = struct.Struct(f">q{SLOTS + 1}I")
_SECONDS: Final = struct.Struct(">q")


def take(connection: Connection, code_hasher: CodeHasher, quotas: Sequence[Quota], now: int) -> Quota | None:
    """Count one more message at `now` (UTC seconds) against all quotas; or against none, and give one that is full.

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
            connection.write(sql.FORGET_TEXT_QUOTAS, [(FORGOTTEN_AT_ONCE, KEPT)])
    return None


def full(connection: Connection, code_hasher: CodeHasher, quotas: Sequence[Quota], now: int) -> Quota | None:
    """One of the quotas that has no room for another message at `now` (UTC seconds). Raises the driver's errors."""
    for quota in quotas:
        ledger = _read(connection, _key(code_hasher, quota))
        if ledger is not None and spent(ledger, quota.seconds, now) >= quota.at_most:
            return quota
    return None


def _key(code_hasher: CodeHasher, quota: Quota) -> bytes:
    """With the period, since a count says nothing about another one."""
    fixed = _SECONDS.pack(quota.seconds) + quota.limit.value.encode() + b"\0"
    return code_hasher.keyed(_PURPOSE, fixed + quota.subject.reveal())


def _read(connection: Connection, key: bytes) -> Ledger | None:
    row = connection.one(sql.SELECT_TEXT_QUOTAS, key)
    if row is None:
        return None
    try:
        newest, *counts = _LEDGER.unpack(row[0])
    except (struct.error, TypeError):
        # Written by somebody else: counted anew from here.
        return Ledger()
    return Ledger(newest, tuple(counts))
