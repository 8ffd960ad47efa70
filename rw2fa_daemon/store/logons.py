"""The portal logons of one person as rows of the database, sealed, and back (decision 31).

As of an account there are two rows, the record and a witness with its revision, so that an older record that is put
back is noticed. A record is encrypted: it says from where somebody works.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.logon import (
    PAST_SECONDS,
    Ended,
    Logon,
    Logons,
    LogonSettings,
    Pass,
    PassStatus,
    PastLogon,
)
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem, shown
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

PEOPLE_MAX: Final = 65_536
"""People who are logged on; another is refused until one of them has signed out, or the time of one is over."""
FORGOTTEN_AT_ONCE: Final = 1_024
FIRST_REVISION_BITS: Final = 61
"""Random bits of the first revision: what was deleted does not fit what is made anew."""

R = TypeVar("R")

Work = Callable[[Account | None, Logons], tuple[Account | None, Logons, R]]
"""Something to decide about an account and its logons: what to store of both, and a result. See `store.batch.Job`."""


@dataclass(frozen=True, slots=True)
class StoredLogons:
    """What is stored of one person; `revision` is None where that is nothing."""

    logons: Logons
    revision: int | None


class Full(StateProblem):
    """There is no place for another person."""


def read(connection: Connection, vault: Vault, name: str) -> StoredLogons:
    """What is stored of `name`. Raises `StateProblem` if it is not what was stored last, and the driver's errors."""
    rows = connection.rows(sql.SELECT_LOGONS, name)
    if not rows:
        return StoredLogons(Logons(), None)
    try:
        (_, _, ledger), (_, revision, _) = rows
        # Bound to what the witness says: an older record is of another revision.
        return StoredLogons(_decoded(vault.open(ledger, _context(name, revision))), revision)
    except (Tampered, TypeError, ValueError):
        raise StateProblem(
            f"the portal logons of {shown(name)} are not those that were stored last: they were altered, replaced by "
            "older ones, or moved from another user",
            f"find out who wrote to the state; then end them with `rw2fa logons revoke {shown(name)}`",
        ) from None


def write(
    connection: Connection,
    vault: Vault,
    name: str,
    before: StoredLogons,
    after: Logons,
    settings: LogonSettings,
    now: float,
) -> bool:
    """Store what became of them, in a transaction that is under way; False if nothing did.

    Raises `Full`, and the driver's errors.
    """
    if after == before.logons:
        return False
    if after == Logons():
        connection.write(sql.DELETE_LOGONS, [(name,)])
        return True
    new = before.revision is None
    revision = secrets.randbits(FIRST_REVISION_BITS) if before.revision is None else before.revision + 1
    ledger = vault.seal(_encoded(after), _context(name, revision))
    row = (after.until(settings), len(after.logons), revision, ledger)
    if new:
        _make_place(connection, int(now))
        connection.write(sql.INSERT_LOGONS, [(name, *row)])
        connection.write(sql.INSERT_LOGONS_WITNESS, [(name, revision)])
    else:
        connection.write(sql.UPDATE_LOGONS, [(*row, name)])
        connection.write(sql.UPDATE_LOGONS_WITNESS, [(revision, name)])
    return True


def sealed_again(connection: Connection, vault: Vault, name: str) -> None:
    """Seal what is stored of `name` under the master key that seals now, in a transaction that is under way.

    Raises what `read` does.
    """
    stored = read(connection, vault, name)
    if stored.revision is not None:
        ledger = vault.seal(_encoded(stored.logons), _context(name, stored.revision))
        connection.write(sql.RESEAL_LOGONS, [(ledger, name)])


def _make_place(connection: Connection, now: int) -> None:
    # What is past stays for its user to see, until the room is needed.
    connection.write(sql.FORGET_VOID_LOGONS, [(now - PAST_SECONDS, FORGOTTEN_AT_ONCE)])
    ((people,),) = connection.rows(sql.COUNT_LOGON_PEOPLE, 0)
    if people >= PEOPLE_MAX:
        connection.write(sql.FORGET_VOID_LOGONS, [(now, FORGOTTEN_AT_ONCE)])
        ((people,),) = connection.rows(sql.COUNT_LOGON_PEOPLE, now)
    if people >= PEOPLE_MAX:
        raise Full(f"{people} people are logged on at the portal", "look who they are with `rw2fa logons list`")


def _context(name: str, revision: int) -> Context:
    return Context("logons", "ledger", name, revision)


def _encoded(logons: Logons) -> bytes:
    rows = [
        [
            logon.digest.hex(),
            logon.user,
            logon.uid,
            logon.generation,
            logon.address,
            logon.host,
            logon.began_at,
            logon.code_at,
            logon.first_session_at,
            logon.sessions,
            None
            if (one := logon.rdp_pass) is None
            else [one.armed_at, one.until, one.address, one.status, one.attempts],
        ]
        for logon in logons.logons
    ]
    past = [[one.began_at, one.address, one.ended_at, one.how] for one in logons.past]
    return json.dumps([logons.knocked_at, rows, past], separators=(",", ":")).encode()


def _decoded(plain: bytes) -> Logons:
    knocked_at, rows, past = json.loads(plain)
    ended = (PastLogon(began_at, address, ended_at, Ended(how)) for began_at, address, ended_at, how in past)
    return Logons(tuple(_logon(*row) for row in rows), knocked_at, tuple(ended))


def _logon(*row: Any) -> Logon:  # noqa: ANN401 - what JSON gives, under a seal of ours
    digest, user, uid, generation, address, host, began_at, code_at, first_session_at, sessions, known = row
    rdp_pass = None
    if known is not None:
        armed_at, until, passes_address, status, attempts = known
        rdp_pass = Pass(armed_at, until, passes_address, PassStatus(status), attempts)
    return Logon(
        bytes.fromhex(digest),
        user,
        uid,
        generation,
        address,
        host,
        began_at,
        code_at,
        first_session_at,
        sessions,
        rdp_pass,
    )
