"""Portal logons at rest: what is stored of whom, and that nobody without the key brings one back."""

from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.logon import (
    Ended,
    Logon,
    Logons,
    LogonSettings,
    PassFound,
    PastLogon,
    digest_of,
    use,
    with_pass,
)
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import logons
from rw2fa_daemon.store.reseal import page_of_logons
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.master_key import MasterKey
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import Raw, ScopeResult
from tests.unit.store.samples import ALICE, put

NOW = 1_790_000_000
SETTINGS = LogonSettings(3600, 28_800, 120, without_address=False)
HERE = "192.0.2.1"
LOGON = Logon(digest_of("one"), "alice", 1001, ALICE.generation, HERE, "desk-host", NOW, NOW)
ARMED = Logons((with_pass(LOGON, HERE, SETTINGS, NOW), replace(LOGON, digest=digest_of("two"), code_at=None)), 17)


def keep(store: Store, name: str, kept: Logons, now: float = NOW) -> None:
    store.with_logons(name, lambda account, _: (account, kept, None), SETTINGS, now)


def let_in(store: Store, name: str = "alice") -> bool:
    """Whether a pass lets somebody in, as the account phase asks."""

    def work(account: Account | None, known: Logons) -> tuple[Account | None, Logons, bool]:
        after, found, _ = use(known, HERE, SETTINGS, NOW)
        return account, after, found is PassFound.USED

    return store.with_logons(name, work, SETTINGS, NOW)


def test_logons_are_stored_for_who_has_an_account_and_for_who_has_none(store: Store) -> None:
    keep(store, "alice", ARMED)
    keep(store, "bob", replace(ARMED, knocked_at=0))
    assert store.logons_of("alice") == ARMED
    assert store.logons_of("bob") == replace(ARMED, knocked_at=0)
    assert list(store.names()) == []
    assert list(store.logon_names()) == ["alice", "bob"]
    assert store.count_logons(NOW) == 4
    assert store.count_logons(NOW + 100_000) == 0


def test_account_and_logons_are_decided_about_together(store: Store) -> None:
    store.transact("alice", put(ALICE))
    other = replace(ALICE, uid=7)

    def work(account: Account | None, known: Logons) -> tuple[Account | None, Logons, object]:
        return other, ARMED, (account, known)

    assert store.with_logons("alice", work, SETTINGS, NOW) == (ALICE, Logons())
    assert (store.read("alice"), store.logons_of("alice")) == (other, ARMED)


@pytest.mark.parametrize(("account", "kept"), [(replace(ALICE, uid=7), Logons()), (ALICE, ARMED), (None, Logons())])
def test_a_change_of_either_alone_is_stored(
    place: ScopeResult, store: Store, vault: Vault, account: Account | None, kept: Logons
) -> None:
    store.transact("alice", put(ALICE))
    store.with_logons("alice", lambda _account, _known: (account, kept, None), SETTINGS, NOW)
    with closing(place.open(vault)) as again:
        assert (again.read("alice"), again.logons_of("alice")) == (account, kept)


def test_promise_1_a_pass_that_was_used_stays_so_over_a_restart(place: ScopeResult, store: Store, vault: Vault) -> None:
    keep(store, "alice", ARMED)
    assert let_in(store)
    store.close()
    with closing(place.open(vault)) as again:
        assert not let_in(again)


def test_who_is_discarded_or_ended_has_no_logon_and_the_others_have(store: Store) -> None:
    for name in ("alice", "bob", "carol"):
        keep(store, name, ARMED)
    store.discard("alice")
    store.end_logons("bob", settings=SETTINGS, now=NOW + 5)
    assert [store.logons_of(name) for name in ("alice", "carol")] == [Logons(), ARMED]
    past = PastLogon(LOGON.began_at, LOGON.address, NOW + 5, Ended.REVOKED)
    assert store.logons_of("bob") == Logons(past=(past, past))


def test_the_last_logon_that_ends_leaves_no_row(store: Store, raw: Raw) -> None:
    keep(store, "alice", ARMED)
    keep(store, "alice", Logons())
    assert raw.execute("SELECT count(*) FROM logons").fetchone()[0] == 0


def test_promise_7_after_a_loss_no_logon_from_before_counts(store: Store) -> None:
    keep(store, "alice", ARMED)
    store.lift_floor(NOW)
    assert store.logons_of("alice") == Logons()


def test_promise_7_what_is_stored_says_nothing_without_the_key(store: Store, raw: Raw) -> None:
    keep(store, "alice", ARMED)
    found = raw.execute("SELECT ledger FROM logons WHERE part = 0").fetchone()[0]
    for told in (b"alice", b"desk-host", HERE.encode(), LOGON.digest.hex().encode(), b"armed"):
        assert told not in bytes(found)


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE logons SET name = 'bob'",
        "DELETE FROM logons WHERE part = 1",
        "DELETE FROM logons WHERE part = 0",
        "UPDATE logons SET revision = revision + 1",
        "UPDATE logons SET revision = revision + 1 WHERE part = 1",
        "UPDATE logons SET ledger = NULL",
    ],
)
def test_promise_7_what_was_altered_or_moved_lets_nobody_in_and_can_be_ended(
    store: Store, raw: Raw, forgery: str
) -> None:
    keep(store, "alice", ARMED)
    raw.execute(forgery)
    name = raw.execute("SELECT name FROM logons").fetchone()[0]
    with pytest.raises(StateProblem, match=r"not those that were stored last.*rw2fa logons revoke"):
        let_in(store, name)
    store.end_logons(name, settings=SETTINGS, now=NOW)
    assert store.logons_of(name) == Logons()


@pytest.mark.parametrize("between", ["used", "ended and begun anew"])
def test_promise_7_one_old_record_put_back_does_not_bring_a_pass_back(store: Store, raw: Raw, between: str) -> None:
    keep(store, "alice", ARMED)
    until, count, revision, ledger = raw.execute(
        "SELECT until, count, revision, ledger FROM logons WHERE part = 0"
    ).fetchone()
    if between == "used":
        assert let_in(store)
    else:
        store.end_logons("alice", settings=SETTINGS, now=NOW)
        keep(store, "alice", Logons((LOGON,)))
    raw.execute(
        "UPDATE logons SET until = ?, count = ?, revision = ?, ledger = ? WHERE part = 0",
        (until, count, revision, ledger),
    )
    with pytest.raises(StateProblem, match="not those that were stored last"):
        let_in(store)


def test_promise_11_so_many_people_and_no_more_and_room_once_their_time_is_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logons, "PEOPLE_MAX", 2)
    keep(store, "alice", ARMED)
    keep(store, "bob", ARMED)
    with pytest.raises(logons.Full, match="2 people are logged on"):
        keep(store, "carol", ARMED)
    keep(store, "alice", Logons((LOGON,)))
    keep(store, "carol", ARMED, ARMED.until(SETTINGS))
    assert list(store.logon_names()) == ["carol"]


def test_a_look_that_changes_nothing_keeps_nobody_waiting(place: ScopeResult, store: Store, vault: Vault) -> None:
    keep(store, "alice", ARMED)
    with closing(place.open(vault)) as other:
        seen = other.with_logons("alice", lambda account, known: (account, known, known), SETTINGS, NOW)
    assert seen == ARMED


def test_logons_go_on_under_another_master_key(place: ScopeResult, store: Store, vault: Vault) -> None:
    keep(store, "alice", ARMED)
    old = MasterKey(1, Secret(bytes(range(32))))
    with closing(place.open(Vault(MasterKey(2, Secret(b"2" * 32), older=(old,))))) as both:
        both.change_key()
        assert both.reseal(page_of_logons, "") == (1, (), "alice")
        assert both.reseal(page_of_logons, "") == (0, (), None)
        both.reseal_rest()
    with closing(place.open(Vault(MasterKey(2, Secret(b"2" * 32))))) as new:
        assert new.logons_of("alice") == ARMED
        assert let_in(new)
