"""Another master key: everything is sealed again under it, nothing else changes, and the old one opens nothing."""

# ruff: noqa: S608 -- tables and columns come from the schema

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from rw2fa_daemon.core.quota import DAY_SECONDS, Limit, Quota
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.reseal import AT_ONCE, page_of_not_members, page_of_records
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.master_key import MasterKey, successor
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import Raw, ScopeResult
from tests.unit.store.samples import ALICE, BOB, NEW, put, spend

OLD = MasterKey(1, Secret(bytes(range(32))))
BOTH = successor(OLD)
FRESH = replace(BOTH, older=())
SCOPE = ("alice", "@staff")


@pytest.fixture
def filled(store: Store) -> Store:
    for account in (ALICE, BOB, NEW):
        store.transact(account.name, put(account))
    store.sync_scope(SCOPE, 1_700_000_000)
    store.remember_not_member("carol", 1004, "digest", 1_700_000_000)
    store.remember_not_member("bob", 1002, "digest", 1_700_000_000)
    store.keep_secret(TWILIO_TOKEN, Secret(b"token"))
    return store


@pytest.fixture
def changing(place: ScopeResult, filled: Store) -> Iterator[Store]:
    """The state, opened by who changes the key."""
    assert filled.key_in_use() == 1
    with closing(place.open(Vault(BOTH))) as store:
        yield store


def reseal(store: Store) -> None:
    for pager in (page_of_records, page_of_not_members):
        last: str | None = ""
        while last is not None:
            last = store.reseal(pager, last).last
    store.reseal_rest()


def sealed(raw: Raw) -> dict[str, bytes]:
    """Whatever is sealed, by where it is."""
    found = {
        f"{name}.{column}": value
        for column in ("phone", "secret", "seal")
        for name, value in raw.execute(f"SELECT name, {column} FROM accounts WHERE part = 0").fetchall()
        if value is not None
    }
    found |= {
        f"not_members.{name}": seal for name, seal in raw.execute("SELECT name, seal FROM not_members").fetchall()
    }
    found |= {
        f"meta.{key}": value
        for key, value in raw.execute("SELECT key, value FROM meta WHERE key != 'floor_step'").fetchall()
    }
    return found


def test_promise_7_everything_is_sealed_under_the_new_key_and_means_what_it_meant(
    place: ScopeResult, changing: Store, raw: Raw
) -> None:
    salt = changing.code_hasher().digest("alice", "abcd-efgh-jkmn")
    texts = (Quota(Limit.USER, Secret(b"alice"), 1, DAY_SECONDS),)
    assert changing.take_sms_quota(texts, 1_790_000_000) is None
    before = sealed(raw)
    changing.change_key()
    reseal(changing)
    after = sealed(raw)
    assert before.keys() == after.keys()
    # With which server this is, where that can change.
    assert len(before) == (13 if place.cluster is None else 14)
    assert {value[:2] for value in before.values()} == {b"\0\1"}
    assert {value[:2] for value in after.values()} == {b"\0\2"}
    with closing(place.open(Vault(FRESH))) as store:
        assert list(store.accounts()) == [ALICE, BOB, NEW]
        assert store.scope() == dict.fromkeys(SCOPE, 1_700_000_000)
        assert store.remembered_not_member("carol", 1004, "digest")
        assert store.remembered_not_member("bob", 1002, "digest"), "no revision changed"
        assert store.secret(TWILIO_TOKEN) == Secret(b"token")
        assert store.code_hasher().digest("alice", "abcd-efgh-jkmn") == salt
        assert store.full_sms_quota(texts, 1_790_000_000) is not None, "counted anew"
        assert store.records_by_key() == {2: 3}


def test_promise_7_the_old_key_is_refused_once_the_key_is_changed(place: ScopeResult, changing: Store) -> None:
    changing.change_key()
    with pytest.raises(StateProblem, match=r"that is key 2, and this is key 1; .* the old one opens nothing"):
        place.open(Vault(OLD))


def test_promise_7_what_is_under_the_old_key_is_refused_where_only_the_new_one_is(
    place: ScopeResult, changing: Store, raw: Raw
) -> None:
    old = raw.execute("SELECT * FROM accounts WHERE name = 'alice' AND part = 0").fetchone()
    changing.change_key()
    reseal(changing)
    raw.execute("DELETE FROM accounts WHERE name = 'alice' AND part = 0")
    raw.execute(f"INSERT INTO accounts VALUES ({', '.join('?' * len(old))})", old)
    with closing(place.open(Vault(FRESH))) as store:
        with pytest.raises(StateProblem, match=r"the record of alice is sealed under a master key .* does not have"):
            store.read("alice")
        assert store.read("bob") == BOB


def test_whoever_has_both_keys_follows_the_change_and_whoever_has_not_is_told(
    place: ScopeResult, filled: Store, changing: Store, raw: Raw
) -> None:
    with closing(place.open(Vault(BOTH))) as other:
        other.transact("alice", spend(59_000_000))
        assert sealed(raw)["alice.seal"][:2] == b"\0\1", "nothing is under the new key before it is in use"
        changing.change_key()
        other.transact("alice", spend(59_000_001))
        other.sync_scope(("alice",), 1_700_000_001)
        other.remember_not_member("dora", 1005, "digest", 1_700_000_000)
        other.keep_secret(TWILIO_TOKEN, Secret(b"other"))
        where = sealed(raw)
        for at in ("alice.seal", "meta.scope_seal", "not_members.dora", f"meta.kept:{TWILIO_TOKEN}"):
            assert where[at][:2] == b"\0\2", at
    with pytest.raises(StateProblem, match=r"under another master key by now, .* `rw2fa key load`"):
        filled.transact("alice", spend(59_000_002))


def test_a_login_that_comes_between_is_not_undone(
    place: ScopeResult, changing: Store, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing.change_key()
    kind: type[Any] = type(changing._ready())
    begin = kind.begin
    with closing(place.open(Vault(BOTH))) as other:

        def log_in_first(connection: Connection, names: Iterable[str] = ()) -> None:
            monkeypatch.setattr(kind, "begin", begin)
            assert other.transact("alice", spend(59_000_000))
            begin(connection, names)

        monkeypatch.setattr(kind, "begin", log_in_first)
        changing.reseal(page_of_records, "")
    account = changing.read("alice")
    assert account is not None
    assert 59_000_000 in account.counters.used
    assert sealed(raw)["alice.secret"][:2] == b"\0\1", "left for the next pass"
    reseal(changing)
    assert {value[:2] for value in sealed(raw).values()} == {b"\0\2"}


def test_a_change_that_was_interrupted_goes_on_where_it_was(place: ScopeResult, changing: Store, raw: Raw) -> None:
    for n in range(2 * AT_ONCE):
        changing.transact(f"user{n:04}", put(replace(NEW, name=f"user{n:04}")))
    changing.change_key()
    first = changing.reseal(page_of_records, "")
    assert (first.done, first.unsound) == (AT_ONCE, ())
    assert changing.records_by_key() == {1: AT_ONCE + 3, 2: AT_ONCE}
    changing.close()
    with closing(place.open(Vault(BOTH))) as again:
        page = again.reseal(page_of_records, "")
        assert page.done == AT_ONCE
        assert first.last is not None
        assert page.last is not None
        assert page.last > first.last
        reseal(again)
        assert again.records_by_key() == {2: 2 * AT_ONCE + 3}
    assert {value[:2] for value in sealed(raw).values()} == {b"\0\2"}


def test_a_record_that_was_altered_is_named_and_keeps_nobody_else_back(changing: Store, raw: Raw) -> None:
    raw.execute("UPDATE accounts SET uid = 0 WHERE name = 'alice' AND part = 0")
    changing.change_key()
    assert changing.reseal(page_of_records, "").unsound == ("alice",)
    reseal(changing)
    assert changing.records_by_key() == {1: 1, 2: 2}
    with pytest.raises(StateProblem, match="the record of alice "):
        changing.read("alice")


def test_two_hosts_that_draw_a_key_each_are_told_before_one_is_used(place: ScopeResult, changing: Store) -> None:
    changing.announce_key()
    changing.announce_key()
    with closing(place.open(Vault(successor(OLD)))) as other:
        with pytest.raises(
            StateProblem, match="begun with a key that this host does not have; copy the master key file"
        ):
            other.announce_key()
        other.announce_key(anew=True)
    with pytest.raises(StateProblem, match="begun with a key"):
        changing.announce_key()


def test_once_all_is_done_the_next_change_may_begin(place: ScopeResult, changing: Store) -> None:
    changing.announce_key()
    changing.change_key()
    reseal(changing)
    with closing(place.open(Vault(successor(FRESH)))) as store:
        store.announce_key()


def test_promise_7_a_floor_that_is_raised_while_the_key_changes_seals_the_scope_under_the_new_key(
    place: ScopeResult, filled: Store, raw: Raw
) -> None:
    with closing(place.open(Vault(BOTH))) as behind, closing(place.open(Vault(BOTH))) as store:
        store.change_key()
        store.reseal_rest()
        assert behind.lift_floor(1_800_000_000)
    assert raw.execute("SELECT value FROM meta WHERE key = 'scope_seal'").fetchone()[0][:2] == b"\0\2"


def test_a_second_change_waits_for_a_key_that_was_announced_elsewhere(place: ScopeResult, filled: Store) -> None:
    other = Vault(successor(OLD))
    with closing(place.open(Vault(BOTH))) as store, closing(place.open(other)) as elsewhere:
        store.announce_key(anew=False)
        store.announce_key(anew=False)
        with pytest.raises(StateProblem, match=r"begun with a key that this host does not have; copy the master key"):
            elsewhere.announce_key(anew=False)
        elsewhere.announce_key(anew=True)
        with pytest.raises(StateProblem, match="begun with a key"):
            store.announce_key(anew=False)
        elsewhere.reseal_rest()
        store.announce_key(anew=False)
