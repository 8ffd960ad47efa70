"""What only a database across a network has to take care of."""

import pytest

from rw2fa_daemon.store.postgresql import connection
from rw2fa_daemon.store.store import StateProblem, Store
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
