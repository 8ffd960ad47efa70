"""Promise 7: what lies on the disk reveals nothing, and nobody without the key can change what it says."""

# ruff: noqa: S608 -- tables and columns come from the schema

import base64
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import schema
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.master_key import MasterKey
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult, forge
from tests.unit.store.samples import ALICE, BOB, NEW, PHONE, SECRET, look, put, spend, with_secret_sealed

COLUMNS = [column.name for column in schema.accounts.columns if column.name not in ("name", "part")]
PARTS = (schema.RECORD, schema.WITNESS)


def rows(raw: Raw, name: str, part: int) -> list[tuple[object, ...]]:
    return raw.execute("SELECT * FROM accounts WHERE name = ? AND part = ?", (name, part)).fetchall()


def put_back(raw: Raw, name: str, part: int, old: list[tuple[object, ...]]) -> None:
    raw.execute("DELETE FROM accounts WHERE name = ? AND part = ?", (name, part))
    for row in old:
        raw.execute(f"INSERT INTO accounts VALUES ({', '.join('?' * len(row))})", row)


def is_noticed(store: Store, name: str, others: tuple[Account, ...] = (BOB,)) -> None:
    """That person's record is refused, by name, and everybody else's is not."""
    problem, *rest = store.run([Job(name, look), *(Job(other.name, look) for other in others)])
    assert isinstance(problem, StateProblem)
    assert f"the record of {name} " in problem.what
    assert name in problem.fix
    assert rest == list(others)
    with pytest.raises(StateProblem, match=f"the record of {name} "):
        store.read(name)
    listed, *rest = store.survey([name, *(other.name for other in others)])
    assert isinstance(listed, StateProblem)
    assert listed.what == problem.what
    assert rest == [with_secret_sealed(other) for other in others]


@pytest.fixture
def people(store: Store) -> tuple[Account, ...]:
    for account in (ALICE, BOB):
        store.transact(account.name, put(account))
    return ALICE, BOB


@ONLY_SQLITE
@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("plain", [SECRET, PHONE])
def test_promise_7_no_file_holds_a_secret_or_a_phone_number(folder: Path, store: Store, plain: bytes) -> None:
    store.transact("alice", spend(59_000_000))
    forms = (
        plain,
        plain[:8],
        plain.hex().encode(),
        plain.hex().upper().encode(),
        base64.b32encode(plain).rstrip(b"="),
        base64.b64encode(plain).rstrip(b"="),
        base64.urlsafe_b64encode(plain).rstrip(b"="),
    )
    for when in ("in use", "closed"):
        files = list(folder.iterdir())
        assert len(files) == (3 if when == "in use" else 1)
        content = b"".join(file.read_bytes() for file in files)
        assert b"alice" in content
        assert [form for form in forms if form in content] == []
        store.close()


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("column", COLUMNS)
def test_promise_7_a_column_that_was_altered_is_noticed(store: Store, raw: Raw, kind: str, column: str) -> None:
    before = rows(raw, "alice", schema.RECORD)
    (value,) = raw.execute(f"SELECT {column} FROM accounts WHERE name = 'alice' AND part = 0").fetchone()
    other = raw.execute(f"SELECT {column} FROM accounts WHERE name = 'bob' AND part = 0").fetchone()[0]
    wrong: list[object] = [b"", b"\xff\xfe", "", 0, 1, 2, -1, 2**40, 1.5, "SHA512", "app", other]
    tried = 0
    for changed in wrong:
        if changed == value or not forge(
            raw, f"UPDATE accounts SET {column} = ? WHERE name = 'alice' AND part = 0", changed
        ):
            continue
        if kind == "postgresql" and rows(raw, "alice", schema.RECORD) == before:
            continue  # it was taken for the number that it was
        is_noticed(store, "alice")
        tried += 1
    assert tried >= (9 if kind == "sqlite" else 1)
    raw.execute(f"UPDATE accounts SET {column} = ? WHERE name = 'alice' AND part = 0", (value,))
    assert store.read("alice") == ALICE


@pytest.mark.usefixtures("people")
def test_promise_7_text_that_is_not_utf_8_is_that_persons_problem_alone(store: Store, raw: Raw) -> None:
    raw.execute("UPDATE accounts SET method = CAST(x'ff' AS TEXT) WHERE name = 'alice' AND part = 0")
    is_noticed(store, "alice")


@pytest.mark.usefixtures("people")
def test_promise_7_a_record_without_a_credential_cannot_be_given_the_look_of_one(store: Store, raw: Raw) -> None:
    store.transact("new", put(NEW))
    for column in ("active", "digits", "period", "created_at"):
        raw.execute(f"UPDATE accounts SET {column} = -1 WHERE name = 'new' AND part = 0")
        is_noticed(store, "new")
        raw.execute(f"UPDATE accounts SET {column} = NULL WHERE name = 'new' AND part = 0")
    assert store.read("new") == NEW


@pytest.mark.usefixtures("people")
def test_promise_7_a_record_moved_to_another_user_is_noticed(store: Store, raw: Raw) -> None:
    raw.execute("UPDATE accounts SET name = 'carol' WHERE name = 'alice'")
    is_noticed(store, "carol")
    assert store.read("alice") is None


@pytest.mark.usefixtures("people")
def test_promise_7_two_records_swapped_are_both_noticed(store: Store, raw: Raw) -> None:
    for old, new in (("alice", "?"), ("bob", "alice"), ("?", "bob")):
        raw.execute("UPDATE accounts SET name = ? WHERE name = ?", (new, old))
    is_noticed(store, "alice", ())
    is_noticed(store, "bob", ())


@pytest.mark.usefixtures("people")
def test_promise_7_a_sealed_value_moved_to_another_user_is_noticed(store: Store, raw: Raw) -> None:
    for column in ("secret", "seal"):
        before = raw.execute("SELECT secret, seal FROM accounts WHERE name = 'alice' AND part = 0").fetchone()
        raw.execute(
            f"UPDATE accounts SET {column} = (SELECT {column} FROM accounts WHERE name = 'bob' AND part = 0) "
            "WHERE name = 'alice' AND part = 0"
        )
        is_noticed(store, "alice")
        raw.execute("UPDATE accounts SET secret = ?, seal = ? WHERE name = 'alice' AND part = 0", before)


def pending(account: Account) -> Account:
    assert account.credential is not None
    return replace(account, credential=replace(account.credential, active=False))


CHANGES: dict[str, tuple[Account | None, Callable[[Account], Account | None]]] = {
    "a login": (ALICE, lambda account: spend(59_000_000)(account)[0]),
    "a failure": (ALICE, lambda account: replace(account, counters=replace(account.counters, failures=1))),
    "an activation": (pending(ALICE), lambda _: ALICE),
    "a reset": (ALICE, lambda account: account.reset(generation=4, now=5)),
    "another number": (ALICE, lambda account: replace(account, phone=None)),
    "an unlock": (replace(ALICE, counters=replace(ALICE.counters, failures=9)), lambda account: account.unlocked()),
    "a new uid": (ALICE, lambda account: replace(account, uid=1)),
    "a deletion": (ALICE, lambda _: None),
    "a creation": (None, lambda _: ALICE),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("change", CHANGES)
def test_promise_7_a_single_old_row_put_back_is_noticed(store: Store, raw: Raw, part: int, change: str) -> None:
    first, step = CHANGES[change]
    store.run([Job("alice", put(first)), Job("bob", put(BOB))])
    old = rows(raw, "alice", part)
    changed = step(first or ALICE)
    store.transact("alice", put(changed))
    put_back(raw, "alice", part, old)
    is_noticed(store, "alice")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("part", PARTS)
def test_promise_7_a_row_taken_away_is_noticed(store: Store, raw: Raw, part: int) -> None:
    put_back(raw, "alice", part, [])
    is_noticed(store, "alice")


@pytest.mark.usefixtures("people")
def test_promise_7_a_listing_shows_who_is_sound_and_names_who_is_not(store: Store, raw: Raw) -> None:
    raw.execute("UPDATE accounts SET uid = 0 WHERE name = 'alice'")
    store.transact("carol", put(replace(NEW, name="carol")))
    raw.execute("DELETE FROM accounts WHERE name = 'carol' AND part = 0")
    listing = store.accounts()
    assert next(listing) == BOB
    with pytest.raises(StateProblem, match=r"2 records .*: alice, carol;"):
        next(listing)
    assert list(store.names()) == ["alice", "bob", "carol"]


@pytest.mark.usefixtures("people")
def test_a_record_that_cannot_be_read_can_be_discarded_and_made_anew(store: Store, raw: Raw) -> None:
    raw.execute("UPDATE accounts SET uid = 0 WHERE name = 'alice'")
    store.discard("alice")
    assert store.read("alice") is None
    assert store.transact("alice", put(ALICE)) is None
    assert store.read("alice") == ALICE


def test_promise_7_the_wrong_key_is_noticed_when_the_state_is_opened(
    place: ScopeResult, store: Store, vault: Vault
) -> None:
    store.close()
    for key in (MasterKey(1, Secret(b"x" * 32)), MasterKey(2, Secret(bytes(range(32))))):
        with pytest.raises(StateProblem, match=r"the master key is not the one that .* is encrypted under.*; put the"):
            place.open(Vault(key))
    with closing(place.open(vault)):
        pass


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM meta WHERE key = ?",
        # Of key number 9, which nobody has.
        "UPDATE meta SET value = x'0009000000000000000000000000000000000000000000000000000000000000' WHERE key = ?",
    ],
)
def test_promise_7_nothing_is_written_under_a_key_that_may_not_be_the_states(
    store: Store, raw: Raw, tampering: str
) -> None:
    store.transact("alice", put(ALICE))
    raw.execute(tampering, ("key_check",))
    for outcome in store.run([Job("alice", look), Job("bob", put(BOB))]):
        assert isinstance(outcome, StateProblem)
        assert "under another master key by now" in str(outcome)
    with pytest.raises(StateProblem, match="under another master key by now"):
        store.sync_scope(["alice"], 1)
    assert raw.execute("SELECT count(*) FROM accounts WHERE name = 'bob'").fetchone() == (0,)
