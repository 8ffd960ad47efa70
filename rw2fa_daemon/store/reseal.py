"""Sealing everything again under the current master key (`rw2fa key rotate`).

Every sealed value names its key, so an interrupted key change resumes where it stopped. The slow work is done before
the transaction, which replaces only rows that are still as they were read: a login in between has sealed its record
anew. No revision changes, since the content does not.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, cast

from rw2fa_daemon.store import key_check, logons, membership_memory, record, rollback_marker, scope
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

AT_ONCE: Final = 100
"""Records in one transaction: few enough that a login waiting for it does not notice."""


class Page(NamedTuple):
    """How many records of a page were sealed again, which ones are altered, and the name to continue after.

    `last` is None if nothing is left to seal again.
    """

    done: int
    unsound: tuple[str, ...]
    last: str | None


Pager = Callable[[Connection, Vault, str], Page]


def page_of_records(connection: Connection, vault: Vault, after: str) -> Page:
    """Seal the next records after the name `after` again. Raises the driver's errors."""
    key_check.follow(connection, vault)
    number = vault.sealing
    names = [str(name) for (name,) in connection.rows(sql.SELECT_STALE_RECORDS, after, *[number] * 3, AT_ONCE)]
    unsound: list[str] = []
    rows: list[tuple[object, ...]] = []
    for name in names:
        try:
            row = connection.record(name)
            before = None if row is None else record.decode(vault, name, row)
        except StateProblem:
            unsound.append(name)
            continue
        if before is not None:
            phone, secret, seal = record.sealed_again(vault, name, before)
            rows.append((phone, secret, seal, name, before.seal))
    if rows:
        _replace(connection, sql.RESEAL_RECORD, rows, names)
    return Page(len(rows), tuple(unsound), names[-1] if names else None)


def page_of_not_members(connection: Connection, vault: Vault, after: str) -> Page:
    """Seal the next rows of `not_members` after the name `after` again. Raises the driver's errors."""
    key_check.follow(connection, vault)
    found = connection.rows(sql.SELECT_STALE_NOT_MEMBERS, after, vault.sealing, AT_ONCE)
    rows = [
        (seal, row[0], row[-1])
        for row in found
        if (seal := membership_memory.sealed_again(connection, vault, row)) is not None
    ]
    if rows:
        _replace(connection, sql.RESEAL_NOT_MEMBERS, rows, ())
    return Page(len(rows), (), str(found[-1][0]) if found else None)


def page_of_logons(connection: Connection, vault: Vault, after: str) -> Page:
    """Seal the portal logons of the next users after the name `after` again. Raises the driver's errors."""
    key_check.follow(connection, vault)
    names = [str(name) for (name,) in connection.rows(sql.SELECT_STALE_LOGONS, after, vault.sealing, AT_ONCE)]
    if not names:
        return Page(0, (), None)
    unsound: list[str] = []
    connection.begin(names)
    try:
        for name in names:
            try:
                logons.sealed_again(connection, vault, name)
            except StateProblem:
                unsound.append(name)
        connection.commit()
    finally:
        connection.rollback()
    return Page(len(names) - len(unsound), tuple(unsound), names[-1])


def rest(connection: Connection, vault: Vault) -> None:
    """Seal the secrets in `meta`, the entries of the scope and the rollback marker again.

    Altered values stay, and are refused wherever they are used. Raises the driver's errors.
    """
    with connection.transaction():
        key_check.follow(connection, vault)
        for key, value in connection.rows(sql.LIST_META):
            _seal_meta_again(connection, vault, str(key), value)
        scope.seal_again(connection, vault)
        rollback_marker.seal_again(connection, vault)


def under(connection: Connection) -> dict[int, int]:
    """How many records are under each master key. Raises the driver's errors."""
    counted = connection.rows(sql.COUNT_KEYS)
    return {int.from_bytes(cast(bytes, number or b"")[:2], "big"): count for number, count in counted}


def _replace(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]], names: Iterable[str]) -> None:
    connection.begin(names)
    try:
        connection.write(statement, rows)
        connection.commit()
    finally:
        connection.rollback()


def _seal_meta_again(connection: Connection, vault: Vault, key: str, value: object) -> None:
    """Seal a row of `meta` again, if it is encrypted."""
    context = Context("meta", "value", key, 0)
    try:
        plain = vault.open(cast(bytes, value), context)
    except (Tampered, TypeError):
        return
    connection.write(sql.UPDATE_META, [(vault.seal(plain, context), key)])
