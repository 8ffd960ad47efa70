"""What is stored comes back as it was."""

from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.support.health_checks import suppressed
from tests.unit.store.place import ScopeResult
from tests.unit.store.samples import ACCOUNTS, ALICE, BOB, NEW, TEXT, put, with_secret_sealed

# The store outlives the examples on purpose: each starts from whatever the one before left.
same_store = settings(suppress_health_check=suppressed(HealthCheck.function_scoped_fixture))


@same_store
@given(st.lists(ACCOUNTS.map(lambda account: replace(account, name="alice")), min_size=1, max_size=4))
def test_any_account_comes_back_whatever_was_there_before(store: Store, accounts: list[Account]) -> None:
    for account in accounts:
        store.transact("alice", put(account))
        assert store.read("alice") == account


@same_store
@given(ACCOUNTS)
def test_any_name_can_be_stored_listed_and_deleted(store: Store, account: Account) -> None:
    store.transact(account.name, put(account))
    assert list(store.names()) == [account.name]
    assert list(store.accounts()) == [account]
    store.transact(account.name, put(None))
    assert store.read(account.name) is None
    assert list(store.names()) == []


@same_store
@given(st.lists(ACCOUNTS, max_size=4, unique_by=lambda account: account.name), st.lists(TEXT, max_size=3))
def test_a_survey_finds_whom_a_read_finds(store: Store, accounts: list[Account], others: list[str]) -> None:
    for name in list(store.names()):
        store.discard(name)
    for account in accounts:
        store.transact(account.name, put(account))
    stored = {account.name: with_secret_sealed(account) for account in accounts}
    asked = [*others, *reversed(stored), *others]
    assert store.survey(asked) == [stored.get(name) for name in asked]


def test_a_survey_says_of_a_name_that_cannot_be_stored_what_a_look_says(store: Store) -> None:
    store.transact("alice", put(ALICE))
    names = ["alice", "al\ud800ice", "alice", "ali\0ce", "nobody"]
    said = [str(each) if isinstance(each, StateProblem) else each for each in store.survey(names)]
    looked = [
        str(each) if isinstance(each, StateProblem) else each and with_secret_sealed(each) for each in store.look(names)
    ]
    assert said == looked
    assert said[0] == said[2] == with_secret_sealed(ALICE)


def test_promise_3_a_survey_opens_no_secret_of_a_device(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.transact("bob", put(BOB))
    monkeypatch.setattr(Vault, "open", None)
    (found,) = store.survey(["bob"])
    assert isinstance(found, Account)
    assert found.credential
    with pytest.raises(TypeError, match="not opened"):
        found.credential.secret.reveal()


def test_nothing_is_forgotten_when_the_store_is_opened_again(place: ScopeResult, store: Store, vault: Vault) -> None:
    store.transact("alice", put(ALICE))
    store.close()
    with closing(place.open(vault)) as again:
        assert again.read("alice") == ALICE


def test_people_are_listed_by_name_over_many_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rw2fa_daemon.store.store.NAMES_AT_ONCE", 3)
    names = sorted(f"user{number}" for number in range(10))
    for name in reversed(names):
        store.transact(name, put(replace(NEW, name=name)))
    assert list(store.names()) == names
    assert [account.name for account in store.accounts()] == names


def test_counts_tell_activated_from_pending(store: Store) -> None:
    assert store.counts() == (0, 0)
    by_app = replace(BOB, method=Method.APP)
    assert by_app.credential is not None
    pending = replace(by_app, credential=replace(by_app.credential, active=False))
    accounts = (
        ALICE,
        by_app,
        replace(pending, name="carol", phone_confirmed=False),
        replace(pending, name="dave"),
        NEW,
        replace(NEW, name="erin", method=Method.SMS, phone_confirmed=True),
        replace(ALICE, name="frank", phone_confirmed=False),
        replace(ALICE, name="grace", phone_confirmed=False, credential=None),
    )
    for account in accounts:
        store.transact(account.name, put(account))
    people = list(store.accounts())
    activated = sum(user.activated for user in people)
    waiting = sum(user.credential is not None and not user.credential.active and not user.activated for user in people)
    assert store.counts() == (activated, waiting) == (3, 2)


class AsADictionary(RuleBasedStateMachine):
    """The store does what a dictionary does, over any order of changes and restarts."""

    vault: Vault
    place: ScopeResult
    names = st.sampled_from(["alice", "bob", "carol"])

    @initialize()
    def start(self) -> None:
        self.model: dict[str, Account] = {}
        self.store = self.place.open(self.vault, create=True)
        for name in list(self.store.names()):
            self.store.discard(name)

    @rule(name=names, account=ACCOUNTS)
    def store_account(self, name: str, account: Account) -> None:
        account = replace(account, name=name)
        assert self.store.transact(name, put(account)) == self.model.get(name)
        self.model[name] = account

    @rule(name=names, generation=st.integers(0, 2**63 - 1), now=st.integers(0, 2**40))
    def reset(self, name: str, generation: int, now: int) -> None:
        if name in self.model:
            account = self.model[name].reset(generation=generation, now=now)
            self.store.transact(name, put(account))
            self.model[name] = account

    @rule(name=names)
    def delete(self, name: str) -> None:
        self.store.transact(name, put(None))
        self.model.pop(name, None)

    @rule(name=names)
    def discard(self, name: str) -> None:
        self.store.discard(name)
        self.model.pop(name, None)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self.place.open(self.vault)

    @invariant()
    def same(self) -> None:
        if hasattr(self, "model"):
            assert {account.name: account for account in self.store.accounts()} == self.model

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def test_the_store_does_what_a_dictionary_does(place: ScopeResult, vault: Vault) -> None:
    class InlineExecutor(AsADictionary):
        pass

    InlineExecutor.place, InlineExecutor.vault = place, vault
    run_state_machine_as_test(InlineExecutor, settings=settings(stateful_step_count=15, max_examples=30))
