"""Promise 7: after a restore or a failover no code from before counts."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.core import steps
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import Raw, ScopeResult, forge
from tests.unit.store.samples import ALICE, BOB, NEW, look, put

PERIOD = 30
NOW = 1_764_000_015
STEP = NOW // PERIOD
LIFTED = replace(
    ALICE,
    counters=replace(ALICE.counters, floor=STEP + 1, sessions=""),
    enrol_opened_at=0,
    recovery=(),
    token=None,
    bypass=None,
    sms_code=None,
)
"""What is left of alice, whose phone was on time or slow, after a loss at `NOW`."""


def sign_in(step: int) -> Callable[[Account | None], tuple[Account | None, bool]]:
    """A right code for `step` at `NOW`, as a login judges it."""

    def work(stored: Account | None) -> tuple[Account | None, bool]:
        assert stored is not None
        if not steps.counts(stored.counters, step, STEP):
            return stored, False
        return replace(stored, counters=steps.spend(stored.counters, step, accepted=True)), True

    return work


@pytest.fixture
def alice(store: Store) -> Account:
    store.transact("alice", put(ALICE))
    return ALICE


@pytest.mark.usefixtures("alice")
def test_promise_7_no_code_from_before_the_floor_counts_and_later_ones_do(store: Store) -> None:
    assert store.lift_floor(NOW)
    tried = (STEP - 480, STEP - 1, STEP, STEP + 1, STEP + 2)
    assert store.run([Job("alice", sign_in(step)) for step in tried]) == [False, False, False, False, True]


def test_promise_7_a_phone_that_is_fast_has_its_floor_where_its_own_clock_was(store: Store) -> None:
    store.transact("alice", put(replace(ALICE, counters=replace(ALICE.counters, drift=100))))
    assert store.lift_floor(NOW)
    tried = (STEP + 2, STEP + 100, STEP + 101, STEP + 102)
    assert store.run([Job("alice", sign_in(step)) for step in tried]) == [False, False, False, True]


@pytest.mark.usefixtures("alice")
def test_without_a_floor_the_same_codes_count(store: Store) -> None:
    assert store.floor() == 0
    assert store.run([Job("alice", sign_in(step)) for step in (STEP - 480, STEP - 1, STEP)]) == [True, True, True]


@pytest.mark.usefixtures("alice")
def test_promise_7_a_code_that_the_state_forgot_is_not_accepted_again(store: Store, raw: Raw) -> None:
    backup = raw.execute("SELECT * FROM accounts").fetchall()
    assert store.transact("alice", sign_in(STEP))
    raw.execute("DELETE FROM accounts")
    for row in backup:
        raw.execute(f"INSERT INTO accounts VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 -- marks alone
    assert store.read("alice") == ALICE
    store.lift_floor(NOW)
    assert not store.transact("alice", sign_in(STEP))


@pytest.mark.usefixtures("alice")
def test_promise_7_a_store_that_is_open_already_honours_the_floor_of_another(
    place: ScopeResult, vault: Vault, store: Store
) -> None:
    assert store.read("alice") == ALICE
    with closing(place.open(vault)) as other:
        other.lift_floor(NOW)
    assert store.floor() == NOW
    assert not store.transact("alice", sign_in(STEP))


@pytest.mark.usefixtures("alice")
def test_everybody_is_read_with_the_floor(store: Store) -> None:
    store.transact("bob", put(BOB))
    store.lift_floor(NOW)
    assert [account.counters.floor for account in store.accounts()] == [STEP + 1, STEP + 1]
    assert store.read("alice") == LIFTED


@pytest.mark.usefixtures("alice")
def test_a_floor_of_ones_own_that_lies_higher_stays(store: Store) -> None:
    higher = replace(ALICE, counters=replace(ALICE.counters, floor=STEP + 5))
    store.transact("alice", put(higher))
    store.lift_floor(NOW)
    assert store.read("alice") == higher


def test_the_floor_counts_in_the_steps_of_each_credential(store: Store) -> None:
    assert ALICE.credential is not None
    minutes = replace(ALICE, credential=replace(ALICE.credential, period=60))
    store.transact("alice", put(minutes))
    store.lift_floor(NOW)
    stored = store.read("alice")
    assert stored is not None
    assert stored.counters.floor == NOW // 60 + 1


def test_promise_7_nobody_enrols_by_what_was_open_before(store: Store) -> None:
    assert ALICE.credential is not None
    pending = replace(ALICE, credential=replace(ALICE.credential, active=False))
    invited = replace(NEW, enrol_opened_at=NOW - 60, token=b"t" * 32)
    store.run([Job("alice", put(pending)), Job("new", put(invited))])
    store.sync_scope(("alice",), NOW - 60)
    store.lift_floor(NOW)
    for name in ("alice", "new"):
        stored = store.read(name)
        assert stored is not None
        assert (stored.credential, stored.token, stored.enrol_opened_at) == (None, None, 0)
    assert store.scope() == {"alice": 0}
    assert store.sync_scope(("alice", "carol"), NOW + 1) == {"alice": 0, "carol": 0}, (
        "who knows since when it was there"
    )
    assert store.sync_scope(("alice", "carol", "dora"), NOW + 2) == {"alice": 0, "carol": 0, "dora": NOW + 2}


def test_what_an_administrator_gives_after_the_loss_holds(store: Store) -> None:
    store.transact("alice", put(ALICE))
    store.lift_floor(NOW)
    store.transact("alice", lambda account: (account and replace(account, recovery=(b"n" * 32,)), None))
    store.transact("bob", put(BOB))
    store.transact("new", put(replace(NEW, enrol_opened_at=NOW + 1, token=b"t" * 32)))
    store.transact(
        "carol", lambda _: (replace(BOB, name="carol").reset(generation=8, now=NOW + 1, token=b"u" * 32), None)
    )
    for name, field, value in (
        ("alice", "recovery", (b"n" * 32,)),
        ("bob", "recovery", BOB.recovery),
        ("new", "token", b"t" * 32),
        ("new", "enrol_opened_at", NOW + 1),
        ("carol", "token", b"u" * 32),
    ):
        assert getattr(store.read(name), field) == value, (name, field)


@pytest.mark.usefixtures("alice")
def test_promise_7_a_login_after_the_loss_does_not_bring_back_what_it_ended(store: Store) -> None:
    store.lift_floor(NOW)
    assert store.transact("alice", sign_in(STEP + 2))
    stored = store.read("alice")
    assert stored is not None
    assert replace(stored, counters=LIFTED.counters) == LIFTED


@pytest.mark.usefixtures("alice")
def test_a_second_loss_ends_what_was_given_after_the_first(store: Store) -> None:
    store.lift_floor(NOW)
    store.transact("alice", lambda account: (account and replace(account, recovery=(b"n" * 32,)), None))
    store.lift_floor(NOW + 60)
    stored = store.read("alice")
    assert stored is not None
    assert stored.recovery == ()


def test_promise_7_nobody_is_remembered_as_not_in_the_scope(store: Store) -> None:
    store.remember_not_member("carol", 1004, "digest", NOW)
    store.lift_floor(NOW)
    assert not store.remembered_not_member("carol", 1004, "digest")


@pytest.mark.usefixtures("alice")
def test_a_look_under_the_floor_writes_nothing(store: Store, raw: Raw) -> None:
    store.lift_floor(NOW)
    before = raw.execute("SELECT * FROM accounts").fetchall()
    assert store.transact("alice", look) == LIFTED
    assert raw.execute("SELECT * FROM accounts").fetchall() == before


@pytest.mark.usefixtures("alice")
def test_promise_7_the_next_change_of_an_account_keeps_the_floor_under_its_seal(store: Store, raw: Raw) -> None:
    store.lift_floor(NOW)
    assert store.transact("alice", sign_in(STEP + 2))
    raw.execute("DELETE FROM meta WHERE key = 'floor_step'")
    stored = store.read("alice")
    assert stored is not None
    assert stored.counters.floor == STEP + 1


def test_the_floor_only_rises(store: Store) -> None:
    lifted = [store.lift_floor(second) for second in (0, NOW, NOW, NOW - 1, NOW + 1)]
    assert lifted == [False, True, False, False, True]
    assert store.floor() == NOW + 1


def test_a_floor_of_zero_that_is_written_down_can_be_lifted(store: Store, raw: Raw) -> None:
    raw.execute("INSERT INTO meta VALUES ('floor_step', ?)", (b"0",))
    assert store.lift_floor(NOW)
    assert raw.execute("SELECT value FROM meta WHERE key = 'floor_step'").fetchall() == [(b"%d" % NOW,)]


@pytest.mark.parametrize("second", [-1, 10**12])
def test_what_is_no_time_is_not_written_down(store: Store, second: int) -> None:
    with pytest.raises(ValueError, match="cannot be a time"):
        store.lift_floor(second)
    assert store.floor() == 0


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("value", [b"", b"-1", b"1.5", b" 7", b"8\n", b"9" * 13, "5", 6])
def test_promise_7_with_a_floor_that_cannot_be_read_nobody_is_judged(
    place: ScopeResult, vault: Vault, store: Store, raw: Raw, value: object
) -> None:
    if not forge(raw, "INSERT INTO meta VALUES ('floor_step', ?)", value):
        return
    (problem,) = store.run([Job("alice", look)])
    assert isinstance(problem, StateProblem)
    assert "floor_step" in problem.what
    tries: tuple[Callable[[], object], ...] = (
        store.floor,
        lambda: store.lift_floor(NOW),
        lambda: store.read("alice"),
        lambda: list(store.accounts()),
        lambda: place.open(vault),
    )
    for attempt in tries:
        with pytest.raises(StateProblem, match="floor_step"):
            attempt()
