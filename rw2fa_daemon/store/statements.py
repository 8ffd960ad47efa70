"""The statements that the store runs, by name, in SQLAlchemy Core.

Nothing here is imported while rw2fa runs: `compiled_sqlite.py` holds their text, which
`python -m rw2fa_daemon.store.compile` writes. Importing SQLAlchemy takes 0.15 s and 28 MiB of the
daemon's 0.5 s and 60 MiB, and its `execute` 60 to 150 µs of each login, of which the database
itself needs 6.
"""

from typing import Final

from sqlalchemy import Text, bindparam, delete, func, insert, literal_column, select, union, update
from sqlalchemy.sql.expression import ClauseElement, ColumnElement, Subquery
from sqlalchemy.sql.schema import Column, Table

from rw2fa_daemon.store.schema import accounts, meta, not_members, revisions, scope_entries


def _columns(table: Table, *left_out: str) -> list[Column[object]]:
    return [column for column in table.columns if column.name not in left_out]


def _values(table: Table, *left_out: str) -> dict[str, object]:
    return {column.name: bindparam(column.name) for column in _columns(table, *left_out)}


def _insert(table: Table) -> ClauseElement:
    """Insert a whole row."""
    return insert(table).values(_values(table))


def _update(table: Table, *only: str) -> ClauseElement:
    """Change a row that is found by its primary key: the columns named, or all but the key."""
    (key,) = table.primary_key.columns
    columns = only or tuple(column.name for column in _columns(table, key.name))
    return update(table).values({name: bindparam(name) for name in columns}).where(_found(table))


def _delete(table: Table) -> ClauseElement:
    """Delete the row that is found by its primary key."""
    return delete(table).where(_found(table))


def _found(table: Table) -> ColumnElement[bool]:
    # Not the column's own name: an UPDATE has that for the new value.
    (key,) = table.primary_key.columns
    return key == bindparam(f"found_{key.name}")


def _asked() -> Subquery:
    """One row with the name that is asked for, to join to, so that rows without an account are seen."""
    return select(bindparam("name", type_=Text).label("name")).subquery("asked")


def _select_record() -> ClauseElement:
    """One person's row of `accounts`, and after it the revision in `revisions`; NULL where there is none."""
    asked = _asked()
    source = asked.outerjoin(accounts, accounts.c.name == asked.c.name)
    source = source.outerjoin(revisions, revisions.c.name == asked.c.name)
    return select(*_columns(accounts, "name"), revisions.c.revision.label("witness")).select_from(source)


def _select_not_member() -> ClauseElement:
    """What is remembered of a person, after what the account is at, as one row."""
    asked = _asked()
    source = asked.outerjoin(accounts, accounts.c.name == asked.c.name)
    source = source.outerjoin(not_members, not_members.c.name == asked.c.name)
    return select(accounts.c.generation, accounts.c.revision, *_columns(not_members, "name")).select_from(source)


def _select_names() -> ClauseElement:
    """The next names, by a page, that either of a person's tables has."""
    after = bindparam("after", type_=Text)
    return (
        union(*(select(table.c.name).where(table.c.name > after) for table in (accounts, revisions)))
        .order_by("name")
        .limit(bindparam("page"))
        .offset(bindparam("skipped"))
    )


def _forget_not_members() -> ClauseElement:
    """Forget the people who were seen longest ago, beyond a number of them."""
    oldest = (
        select(not_members.c.name)
        .order_by(not_members.c.seen_at.desc())
        .limit(bindparam("at_most"))
        .offset(bindparam("kept"))
    )
    return delete(not_members).where(not_members.c.name.in_(oldest))


STATEMENTS: Final[dict[str, ClauseElement]] = {
    "select_record": _select_record(),
    "select_names": _select_names(),
    "insert_accounts": _insert(accounts),
    "update_accounts": _update(accounts),
    "update_accounts_counters": _update(
        accounts, "used", "last", "floor", "failures", "locked_until", "enrol_failures", "revision", "seal"
    ),
    "delete_accounts": _delete(accounts),
    "count_active": select(accounts.c.active, func.count(literal_column("*"))).group_by(accounts.c.active),
    "insert_revisions": _insert(revisions),
    "update_revisions": _update(revisions),
    "delete_revisions": _delete(revisions),
    "select_scope_entries": select(*_columns(scope_entries)),
    "insert_scope_entries": _insert(scope_entries),
    "update_scope_entries": _update(scope_entries),
    "delete_scope_entries": _delete(scope_entries),
    "select_not_member": _select_not_member(),
    "insert_not_members": _insert(not_members),
    "update_not_members": _update(not_members),
    "delete_not_members": _delete(not_members),
    "forget_not_members": _forget_not_members(),
    "select_meta": select(meta.c.value).where(_found(meta)),
    "insert_meta": _insert(meta),
    "update_meta": _update(meta),
}
