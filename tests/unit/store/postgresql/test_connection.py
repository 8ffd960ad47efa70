"""What only a database across a network has to take care of."""

from contextlib import closing, suppress

import pytest

from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.postgresql import connection
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_POSTGRESQL, Raw, ScopeResult
from tests.unit.store.samples import ALICE, look, put

pytestmark = ONLY_POSTGRESQL


def test_many_rows_are_sent_in_parts_and_are_one_transaction(
    store: Store, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ROWS_AT_ONCE", 2)
    entries = [f"user{number}" for number in range(7)]
    assert store.sync_scope(entries, 5) == dict.fromkeys(entries, 5)
    raw.execute("ALTER TABLE scope_entries ADD CONSTRAINT few CHECK (entry <> 'last')")
    with pytest.raises(StateProblem):
        store.sync_scope([*(f"other{number}" for number in range(7)), "last"], 6)
    assert raw.execute("SELECT count(*) FROM scope_entries").fetchone() == (7,)


def test_a_name_that_somebody_has_locked_is_a_problem_that_passes(place: ScopeResult, store: Store) -> None:
    store.transact("alice", put(ALICE))
    assert place.cluster is not None
    with place.cluster.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(%s)", (connection._lock_key("alice"),))
        with pytest.raises(StateProblem, match=r"keeps the state in .* locked"):
            store.transact("alice", look)
        assert store.look(["alice"]) == [ALICE], "a question waits for no lock"
        other.execute("ROLLBACK")
        assert store.transact("alice", look) == ALICE


def test_a_connection_that_the_server_ended_is_made_anew(place: ScopeResult, store: Store) -> None:
    store.transact("alice", put(ALICE))
    assert place.cluster is not None
    with place.cluster.connect() as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'rw2fa' AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StateProblem, match="cannot be reached"):
        store.read("alice")
    assert store.read("alice") == ALICE


def test_what_was_prefetched_is_served_until_the_rollback(place: ScopeResult, store: Store, vault: Vault) -> None:
    store.transact("alice", put(ALICE))
    own = store._connection
    assert own is not None
    own.look_ahead(["alice", "bob", "a\0b"])
    before = own.record("alice"), own.meta("floor_step")
    with closing(place.open(vault)) as other:
        other.discard("alice")
        other.lift_floor(1_800_000_000)
    assert (own.record("alice"), own.meta("floor_step")) == before
    own.rollback()
    assert own.record("alice") != before[0]
    assert own.meta("floor_step") == b"1800000000"


def test_a_transaction_that_is_rolled_back_has_written_nothing(store: Store) -> None:
    own = store._connection
    assert own is not None
    own.begin(["alice"])
    own.write(sql.INSERT_META, [("other", b"x")])
    own.rollback()
    assert own.meta("other") is None
    with suppress(ZeroDivisionError), own.transaction():
        own.write(sql.INSERT_META, [("other", b"x")])
        raise ZeroDivisionError
    assert own.meta("other") is None
    own.write(sql.INSERT_META, [("other", b"x")])
    assert own.meta("other") == b"x", "outside of a transaction at once"


def test_a_snapshot_sees_one_moment_and_blocks_no_writer(place: ScopeResult, store: Store, vault: Vault) -> None:
    store.transact("alice", put(ALICE))
    with store.frozen(), closing(place.open(vault)) as other:
        assert store.read("alice") == ALICE
        other.discard("alice")
        assert store.read("alice") == ALICE
    assert store.read("alice") is None
    assert store.purge()


def test_a_name_that_cannot_be_stored_is_a_problem_of_its_own(store: Store) -> None:
    store.transact("alice", put(ALICE))
    nul, unprintable, alice = store.look(["a\0b", "\udcff", "alice"])
    assert isinstance(nul, StateProblem)
    assert "contains a NUL" in nul.what
    assert isinstance(unprintable, StateProblem)
    assert alice == ALICE
