"""The statements that the store runs, by name, in SQLAlchemy Core.

Nothing here is imported while rw2fa runs: `compiled_sqlite.py` holds their text, which
`python -m rw2fa_daemon.store.compile` writes. Importing SQLAlchemy takes 0.15 s and 28 MiB of the
daemon's 0.5 s and 60 MiB, and its `execute` 60 to 150 µs of each login, of which the database
itself needs 6.
"""

from typing import Any, Final

from sqlalchemy import (
    LargeBinary,
    SmallInteger,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import ClauseElement, ColumnElement, FromClause, Subquery
from sqlalchemy.sql.schema import Column, Table

from rw2fa_daemon.store.schema import (
    HAS_DEVICE,
    HAS_GUESSED_TEXTS,
    RECORD,
    WITNESS,
    accounts,
    meta,
    not_members,
    scope_entries,
    text_quotas,
)

FIXED: Final = (
    "uid",
    "generation",
    "method",
    "phone",
    "enrol_opened_at",
    "recovery",
    "token",
    "bypass_until",
    "bypass_once",
    "phone_confirmed",
    "sms_code",
    "active",
    "secret",
    "digits",
    "period",
    "algorithm",
    "created_at",
)
"""Columns of a record that a login leaves as they are, in the order of `record.FixedRow`."""
COUNTERS: Final = (
    "used",
    "last",
    "floor",
    "failures",
    "locked_until",
    "enrol_failures",
    "drift",
    "wide_guesses",
    "wide_at",
    "narrow_guesses",
    "narrow_at",
    "sessions",
    "revision",
)
"""Those that it changes, in the order of `record.CountersRow`."""
GUESSES: Final = ("wide_guesses", "wide_at", "narrow_guesses", "narrow_at")
"""Those of them that a right code leaves as they are; SQLite then leaves the index on them alone."""


def _columns(table: Table, *left_out: str) -> list[Column[object]]:
    return [column for column in table.columns if column.name not in left_out]


def _values(table: Table, *left_out: str) -> dict[str, object]:
    return {column.name: bindparam(column.name) for column in _columns(table, *left_out)}


def _insert(table: Table) -> ClauseElement:
    """Insert a whole row."""
    return insert(table).values(_values(table))


def _update(table: Table) -> ClauseElement:
    """Change all of a row but the primary key that it is found by."""
    (key,) = table.primary_key.columns
    return update(table).values(_values(table, key.name)).where(_found(table))


def _delete(table: Table) -> ClauseElement:
    """Delete the row that is found by its primary key."""
    return delete(table).where(_found(table))


def _found(table: Table) -> ColumnElement[bool]:
    # Not the column's own name: an UPDATE has that for the new value.
    (key,) = table.primary_key.columns
    return key == bindparam(f"found_{key.name}")


def _part(part: int) -> ColumnElement[int]:
    """A part of an account as a literal; there are no other values that a statement is made with."""
    return literal_column(str(part), SmallInteger)


def _update_part(part: int, *only: str) -> ClauseElement:
    """Change columns of one of a person's rows."""
    return (
        update(accounts)
        .values({name: bindparam(name) for name in only})
        .where(accounts.c.name == bindparam("found_name"), accounts.c.part == _part(part))
    )


def _insert_part(part: int, *only: str) -> ClauseElement:
    """Insert one of a person's rows."""
    values: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in ("name", *only)}
    # Inline, or SQLAlchemy asks for the part back.
    return insert(accounts).values({**values, "part": _part(part)}).inline()


def _asked() -> Subquery:
    """One row with the name that is asked for, to join to, so that rows without a record are seen."""
    return select(bindparam("name", type_=Text).label("name")).subquery("asked")


def _select_record() -> ClauseElement:
    """One person's record and after it the revision of the witness; NULL where there is none."""
    asked, record, witness = _asked(), accounts.alias("record"), accounts.alias("witness")
    source = asked.outerjoin(record, and_(record.c.name == asked.c.name, record.c.part == _part(RECORD)))
    source = source.outerjoin(witness, and_(witness.c.name == asked.c.name, witness.c.part == _part(WITNESS)))
    columns = [record.c[name] for name in (*FIXED, *COUNTERS, "seal")]
    return select(*columns, witness.c.revision.label("witness")).select_from(source)


def _select_not_member() -> ClauseElement:
    """What is remembered of a person, after what the account is at, as one row."""
    asked = _asked()
    source = asked.outerjoin(accounts, and_(accounts.c.name == asked.c.name, accounts.c.part == _part(RECORD)))
    source = source.outerjoin(not_members, not_members.c.name == asked.c.name)
    return select(accounts.c.generation, accounts.c.revision, *_columns(not_members, "name")).select_from(source)


def _select_uids() -> ClauseElement:
    """The next names that have a record, by a page, and the uid that it says, unopened."""
    return (
        select(accounts.c.name, accounts.c.uid)
        .where(accounts.c.part == _part(RECORD), accounts.c.name > bindparam("after"))
        .order_by(accounts.c.name)
        .limit(bindparam("page"))
        .offset(bindparam("skipped"))
    )


def _select_names() -> ClauseElement:
    """The next names, by a page, that have a row of either part."""
    return (
        select(accounts.c.name)
        .where(accounts.c.name > bindparam("after"))
        .distinct()
        .order_by(accounts.c.name)
        .limit(bindparam("page"))
        .offset(bindparam("skipped"))
    )


def _stale(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a sealed value is under another master key than the one whose number is asked for."""
    return func.substr(column, literal_column("1"), literal_column("2")) != bindparam("number", type_=LargeBinary)


def _select_stale_records() -> ClauseElement:
    """The next names, by a page, whose record has something in it that is under another master key."""
    sealed = (accounts.c.seal, accounts.c.secret, accounts.c.phone)
    return (
        select(accounts.c.name)
        .where(accounts.c.part == _part(RECORD), accounts.c.name > bindparam("after"), or_(*map(_stale, sealed)))
        .order_by(accounts.c.name)
        .limit(bindparam("page"))
        .offset(bindparam("skipped"))
    )


def _reseal_record() -> ClauseElement:
    """Change what is sealed of a record that is as it was."""
    sealed = ("phone", "secret", "seal")
    return (
        update(accounts)
        .values({name: bindparam(name) for name in sealed})
        .where(
            accounts.c.name == bindparam("found_name"),
            accounts.c.part == _part(RECORD),
            accounts.c.seal == bindparam("found_seal"),
        )
    )


def _count_keys() -> ClauseElement:
    """How many records are under each master key, whose number their seals start with."""
    number = func.substr(accounts.c.seal, literal_column("1"), literal_column("2"))
    return select(number, func.count(literal_column("*"))).where(accounts.c.part == _part(RECORD)).group_by(number)


def _select_stale_not_members() -> ClauseElement:
    """The next people who are remembered under another master key, by a page."""
    return (
        select(*_columns(not_members))
        .where(not_members.c.name > bindparam("after"), _stale(not_members.c.seal))
        .order_by(not_members.c.name)
        .limit(bindparam("page"))
        .offset(bindparam("skipped"))
    )


def _reseal_not_members() -> ClauseElement:
    """Change the seal of what is remembered as it was."""
    return (
        update(not_members)
        .values(seal=bindparam("seal"))
        .where(not_members.c.name == bindparam("found_name"), not_members.c.seal == bindparam("found_seal"))
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


def _forget_void_text_quotas() -> ClauseElement:
    """Forget what does not count any more, so many at a time."""
    void = (
        select(text_quotas.c.subject)
        .where(text_quotas.c.void_at <= bindparam("now"))
        .limit(bindparam("at_most"))
        .offset(bindparam("skipped"))
    )
    return delete(text_quotas).where(text_quotas.c.subject.in_(void))


def _forget_text_quotas() -> ClauseElement:
    """Forget what will soonest count no more, beyond a number of them."""
    soonest = (
        select(text_quotas.c.subject)
        .order_by(text_quotas.c.void_at.desc())
        .limit(bindparam("at_most"))
        .offset(bindparam("kept"))
    )
    return delete(text_quotas).where(text_quotas.c.subject.in_(soonest))


def _count_locked() -> ClauseElement:
    """How many people are locked now; the first condition is that of an index."""
    until, failures = accounts.c.locked_until, accounts.c.failures
    return select(func.count(literal_column("*"))).where(
        until > literal_column("0"),
        or_(until > bindparam("now"), failures >= bindparam("failures_max")),
    )


def _count_guesses() -> ClauseElement:
    """Of those with codes of so many digits: who has spent the wide budget, and who the narrow one too.

    People with one method can be left out. The first condition is that of an index, which also has every column.
    """
    spent = and_(accounts.c.narrow_guesses >= bindparam("narrow"), accounts.c.narrow_at > bindparam("narrow_since"))
    return select(func.count(literal_column("*")), func.count(literal_column("*")).filter(spent)).where(
        accounts.c.wide_guesses > literal_column("0"),
        accounts.c.digits == bindparam("found_digits"),
        accounts.c.wide_guesses >= bindparam("wide"),
        accounts.c.wide_at > bindparam("since"),
        accounts.c.method != bindparam("left_out"),
    )


def _count_text_guesses() -> ClauseElement:
    """How many of those whose codes come by SMS have spent what there is for them; by an index as well."""
    return select(func.count(literal_column("*"))).where(
        HAS_GUESSED_TEXTS,
        accounts.c.narrow_guesses >= bindparam("narrow"),
        accounts.c.narrow_at > bindparam("since"),
    )


def _asked_of_array() -> FromClause:
    """The names of a PostgreSQL array, as rows."""
    return func.unnest(bindparam("names", type_=ARRAY(Text))).table_valued("name", name="asked").render_derived()


def _asked_of_json() -> FromClause:
    """The names of a JSON array, as rows of SQLite."""
    listed = func.json_each(bindparam("names", type_=Text)).table_valued("value", name="listed")
    return select(listed.c.value.label("name")).subquery("asked")


def _select_records(asked: FromClause) -> ClauseElement:
    """What `_select_record` gives, for many people, after the name of each."""
    record, witness = accounts.alias("record"), accounts.alias("witness")
    source = asked.outerjoin(record, and_(record.c.name == asked.c.name, record.c.part == _part(RECORD)))
    source = source.outerjoin(witness, and_(witness.c.name == asked.c.name, witness.c.part == _part(WITNESS)))
    columns = [record.c[name] for name in (*FIXED, *COUNTERS, "seal")]
    return select(asked.c.name, *columns, witness.c.revision.label("witness")).select_from(source)


STATEMENTS: Final[dict[str, ClauseElement]] = {
    "select_record": _select_record(),
    "select_names": _select_names(),
    "select_uids": _select_uids(),
    "insert_record": _insert_part(RECORD, *FIXED, *COUNTERS, "seal"),
    "update_record": _update_part(RECORD, *FIXED, *COUNTERS, "seal"),
    "update_record_counters": _update_part(RECORD, *COUNTERS, "seal"),
    "update_record_accepted": _update_part(RECORD, *(name for name in COUNTERS if name not in GUESSES), "seal"),
    "insert_witness": _insert_part(WITNESS, "revision"),
    "update_witness": _update_part(WITNESS, "revision"),
    "delete_all_accounts": delete(accounts),
    "delete_account": delete(accounts).where(accounts.c.name == bindparam("found_name")),
    "count_devices": select(
        accounts.c.method, accounts.c.active, accounts.c.phone_confirmed, func.count(literal_column("*"))
    )
    .where(HAS_DEVICE)
    .group_by(accounts.c.method, accounts.c.active, accounts.c.phone_confirmed),
    "count_locked": _count_locked(),
    "count_guesses": _count_guesses(),
    "count_text_guesses": _count_text_guesses(),
    "select_stale_records": _select_stale_records(),
    "reseal_record": _reseal_record(),
    "count_keys": _count_keys(),
    "select_scope_entries": select(*_columns(scope_entries)),
    "insert_scope_entries": _insert(scope_entries),
    "update_scope_entries": _update(scope_entries),
    "delete_scope_entries": _delete(scope_entries),
    "select_not_member": _select_not_member(),
    "insert_not_members": _insert(not_members),
    "update_not_members": _update(not_members),
    "delete_not_members": _delete(not_members),
    "forget_not_members": _forget_not_members(),
    "select_text_quotas": select(text_quotas.c.ledger).where(_found(text_quotas)),
    "insert_text_quotas": _insert(text_quotas),
    "update_text_quotas": _update(text_quotas),
    "forget_void_text_quotas": _forget_void_text_quotas(),
    "forget_text_quotas": _forget_text_quotas(),
    "forget_all_not_members": delete(not_members),
    "select_stale_not_members": _select_stale_not_members(),
    "reseal_not_members": _reseal_not_members(),
    "select_meta": select(meta.c.value).where(_found(meta)),
    "insert_meta": _insert(meta),
    "update_meta": _update(meta),
    "delete_meta": _delete(meta),
    "list_meta": select(meta.c.key, meta.c.value),
}

SQLITE_ONLY: Final[dict[str, ClauseElement]] = {
    "select_records": _select_records(_asked_of_json()),
}
POSTGRESQL_ONLY: Final[dict[str, ClauseElement]] = {
    "select_records": _select_records(_asked_of_array()),
}
