"""What the daemon remembers of people beside their accounts."""

import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.user import User
from rw2fa_daemon.service import state as service_state
from rw2fa_daemon.service.executor import Executor, InlineExecutor
from rw2fa_daemon.service.state import REOPEN_SECONDS, State
from rw2fa_daemon.store.rollback_detector import marker_file
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.master_key import load_master_key, successor
from rw2fa_daemon.vault.vault import Vault
from tests.support.daemon import Site

GAMES = User("games", 5, frozenset())
GUESSING = Guessing(480, 0.003)


def test_promise_13_who_came_into_the_scope_is_no_longer_taken_for_an_outsider(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()
    with closing(State(load(site.config), lambda _record: None)) as state:
        state.remember_not_member(GAMES, "a")
        assert state.was_not_member(GAMES, "a")
        state.forget_not_member(GAMES, "b")
        assert not state.was_not_member(GAMES, "a")
        state.remember_not_member(GAMES, "a")
        assert state.was_not_member(GAMES, "a"), "seen outside again, under the scope of before"


def _storing(account: Account | None, _before: Account | None) -> tuple[Account | None, None]:
    return account, None


def test_promise_1_what_was_foreseen_is_read_again_when_it_counts(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()
    account = Account("games", 5, 1)
    with closing(State(load(site.config), lambda _record: None)) as ours, closing(site.store()) as theirs:
        for stored in (account, replace(account, uid=6), None):
            ours.foresee("games")
            theirs.run([Job("games", partial(_storing, stored))])
            assert ours.look(["games"]) == [stored]


def test_nothing_is_foreseen_of_a_name_that_nobody_can_have(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()
    with closing(State(load(site.config), lambda _record: None)) as state:
        state.foresee("\udcff\ud800")
        assert state.problem is None


def test_a_code_that_is_on_its_way_outlives_a_change_of_the_master_key(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()
    code = Secret(b"123456")
    with closing(State(load(site.config), lambda _record: None)) as state:
        assert state.problem is None
        before = state.sms_code_digest(1, b"login", code)
        both = successor(load_master_key(site.key))
        state.use_keys(both)
        with closing(Store.open(site.state, Vault(both))) as other:
            other.change_key()
            other.reseal_rest()
        state.use_keys(replace(both, older=()))
        assert state.key_numbers == (2,)
        assert state.sms_code_digest(1, b"login", code) == before
        assert state.sms_code_digest(2, b"login", code) != before


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.write_config(scope=[])
    made.initialise()
    return made


def opened(site: Site, told: list[Record] | None = None, executor: Executor | None = None) -> closing[State]:
    records: list[Record] = [] if told is None else told
    return closing(State(load(site.config), records.append, executor))


def without(site: Site) -> closing[State]:
    """A state that cannot be opened."""
    site.key.unlink()
    return opened(site)


def test_promise_5_without_a_key_every_job_is_told_the_reason_and_how_to_mend_it(site: Site) -> None:
    with without(site) as state:
        problem = state.problem
        assert problem is not None
        expected = [(problem.what, problem.fix)] * 2
        jobs = [Job("alice", lambda account: (account, None))] * 2
        told = [*state.run(jobs), *state.look(["alice", "bob"]), state.call(Store.floor)]
        assert [(each.what, each.fix) for each in told if isinstance(each, StateProblem)] == expected * 2 + expected[:1]
        assert state.key_numbers == ()
        assert state.count(GUESSING, 0.0, None) is None
        assert not state.was_not_member(GAMES, "a")
        state.remember_not_member(GAMES, "a")
        state.forget_not_member(GAMES, "a")
        state.foresee("alice")
        with pytest.raises(RuntimeError, match="without a state"):
            state.sms_code_digest(1, b"login", Secret(b"123456"))


def test_an_unusable_state_is_tried_again_after_a_while_and_not_before(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = site.key.read_bytes()
    now = [1_000.0]
    monkeypatch.setattr(service_state, "time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))
    with without(site) as state:
        problems = [state.problem]
        site.key.write_bytes(key)
        site.key.chmod(0o600)
        for later in (REOPEN_SECONDS - 0.5, 0.5):
            now[0] += later
            problems.append(state.problem)
        assert [problem is None for problem in problems] == [False, False, True]
        assert state.key_numbers == (1,)
        assert state.code_hasher is not None


def test_the_scope_is_known_since_its_entries_were_first_seen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(service_state, "time", SimpleNamespace(monotonic=time.monotonic, time=lambda: now[0]))
    with opened(site) as state:
        state.use_scope(["alice"])
        now[0] = 2_000.0
        state.use_scope(["alice", "@staff"])
        assert state.since(["alice"]) == 1_000
        assert state.since(["alice", "@staff"]) == 2_000, "the latest of them"
        assert state.since(["bob"]) == 0
        assert state.since([]) == 0
        state.use_scope(["@staff"])
        assert state.since(["alice"]) == 0
    with opened(site) as state:
        state.use_scope(["@staff"])
        assert state.since(["@staff"]) == 2_000, "by the state, not by this process"


def test_a_scope_that_was_set_before_the_state_opened_is_known_once_it_does(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = site.key.read_bytes()
    monkeypatch.setattr(service_state, "REOPEN_SECONDS", 0.0)
    with without(site) as state:
        state.use_scope(["alice"])
        assert state.since(["alice"]) == 0
        site.key.write_bytes(key)
        site.key.chmod(0o600)
        assert state.problem is None
        assert state.since(["alice"]) > 0


def test_what_a_call_raises_is_told_to_whoever_called(site: Site) -> None:
    def fail(_store: Store) -> None:
        raise ValueError("secret")

    def full(_store: Store) -> None:
        raise StateProblem("the disk is full", "make room")

    with opened(site) as state:
        told = state.call(fail)
        assert isinstance(told, StateProblem)
        assert "secret" not in str(told)
        full_told = state.call(full)
        assert isinstance(full_told, StateProblem)
        assert full_told.what == "the disk is full"
        assert state.call(lambda _store: "outcome") == "outcome"


def test_a_membership_that_is_known_is_not_written_again_until_it_changes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    remember, forget = Store.remember_not_member, Store.forget_not_member

    def remembering(store: Store, *arguments: Any) -> None:
        written.append("remember")
        remember(store, *arguments)

    def forgetting(store: Store, name: str) -> None:
        written.append("forget")
        forget(store, name)

    monkeypatch.setattr(Store, "remember_not_member", remembering)
    monkeypatch.setattr(Store, "forget_not_member", forgetting)
    with opened(site) as state:
        for _ in range(2):
            state.remember_not_member(GAMES, "a")
        state.remember_not_member(GAMES, "b")
        state.remember_not_member(replace(GAMES, uid=6), "b")
        for _ in range(2):
            state.forget_not_member(GAMES, "b")
    assert written == ["remember", "remember", "remember", "forget"]


def test_a_membership_that_could_not_be_written_is_tried_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_store: Store, *_arguments: object) -> None:
        raise StateProblem("the disk is full", "make room")

    with opened(site) as state:
        with monkeypatch.context() as broken:
            broken.setattr(Store, "remember_not_member", full)
            state.remember_not_member(GAMES, "a")
            broken.setattr(Store, "remembered_not_member", full)
            assert not state.was_not_member(GAMES, "a")
        state.remember_not_member(GAMES, "a")
        assert state.was_not_member(GAMES, "a")


def test_promise_11_no_more_memberships_are_known_than_so_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_state, "MEMBERSHIPS_KNOWN", 2)
    with opened(site) as state:
        for number in range(3):
            state.remember_not_member(User(f"user{number}", number, frozenset()), "a")
        assert list(state._memberships) == ["user2"]
        assert state.was_not_member(User("user0", 0, frozenset()), "a"), "the state knows all of them"


def test_a_count_that_fails_is_not_known(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_store: Store, *_arguments: object) -> None:
        raise StateProblem("the disk is full", "make room")

    with opened(site) as state:
        counts = state.count(GUESSING, 1.0, None)
        assert counts is not None
        assert counts.activated == 0
        monkeypatch.setattr(Store, "user_counts", full)
        assert state.count(GUESSING, 1.0, None) is None


def test_promise_7_a_state_that_is_older_than_it_was_is_audited_and_what_was_known_of_it_forgotten(
    site: Site, tmp_path: Path
) -> None:
    told: list[Record] = []
    database = site.state / "state.db"
    with opened(site) as state:
        state.keep_marker()
    copy = database.read_bytes()
    with opened(site) as state:
        state.run([Job("games", partial(_storing, Account("games", 5, 1)))])
    database.write_bytes(copy)
    with opened(site, told) as state:
        assert state.problem is None
        assert state.look(["games"]) == [None]
    assert [(record.event, record.rule, record.decision) for record in told] == [
        (Event.STATE_OLDER, Rule.STATE_OLDER, "done")
    ]


class Elsewhere(InlineExecutor):
    """An executor of a database across a network, that works at once all the same."""

    here = False  # type: ignore[misc]  # it is final in an inline one


def problem_of(state: State) -> str:
    """What is wrong, or nothing."""
    return state.problem.what if state.problem else ""


def test_across_a_network_the_problem_is_the_one_that_was_found_last(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_store: Store) -> int:
        raise StateProblem("the database cannot be reached", "start it")

    with opened(site, executor=Elsewhere()) as state:
        assert problem_of(state) == ""
        before = state.key_numbers
        state.keep_marker()
        assert (before, state.key_numbers) == ((), (1,)), "no look for it, which may take long"
        with monkeypatch.context() as broken:
            broken.setattr(Store, "floor", lost)
            state.keep_marker()
            assert problem_of(state) == "the database cannot be reached"
        state.keep_marker()
        assert problem_of(state) == ""


def test_a_scope_that_cannot_be_written_makes_the_state_unusable_until_it_can_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def altered(_store: Store, *_arguments: object) -> None:
        raise StateProblem("the scope was altered", "look who did")

    with opened(site, executor=Elsewhere()) as state:
        state.keep_marker()
        with monkeypatch.context() as broken:
            broken.setattr(Store, "sync_scope", altered)
            state.use_scope(["alice"])
            state.keep_marker()
            assert problem_of(state) == "the scope was altered"
        state.use_scope(["alice"])
        state.keep_marker()
        assert problem_of(state) == ""


def test_work_is_handed_to_the_executor_with_the_state(site: Site) -> None:
    told: list[object] = []
    with opened(site) as state:
        assert state.do(lambda given: given is state, told.append)
    assert told == [True]


def test_the_keys_in_use_are_known_before_anything_was_asked_of_the_state_and_none_after_it_was_closed(
    site: Site,
) -> None:
    with opened(site) as state:
        before = state.key_numbers
        state.close()
        assert (before, state.key_numbers) == ((1,), ())


def test_another_key_leaves_no_store_of_the_one_before_open(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Store] = []
    close = Store.close

    def closing_it(store: Store) -> None:
        closed.append(store)
        close(store)

    with opened(site) as state:
        before = state._opened()
        monkeypatch.setattr(Store, "close", closing_it)
        state.use_keys(load_master_key(site.key))
        assert closed[-1] is before
        assert state._opened() is not before
        assert state.look(["alice"]) == [None]


@pytest.mark.parametrize("across", [False, True])
def test_an_account_is_read_ahead_where_that_takes_less_time_than_the_directory(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, across: bool
) -> None:
    seen: list[tuple[str, ...]] = []
    with opened(site) as state:
        assert state.problem is None
        monkeypatch.setattr(Store, "look", lambda _store, names: seen.append(names))
        if across:
            monkeypatch.setattr(state, "_database", "postgresql:///rw2fa")
        state.foresee("alice")
    assert seen == ([] if across else [("alice",)])


def test_promise_7_the_marker_is_moved_on_with_the_state_and_what_keeps_it_back_is_known(site: Site) -> None:
    marker = marker_file(site.state)
    with opened(site) as state:
        state.run([Job("games", partial(_storing, Account("games", 5, 1)))])
        assert state.marker_problem == ""
        before = marker.read_bytes()
        state.keep_marker()
        after = marker.read_bytes()
        assert before != after
        marker.unlink()
        marker.mkdir()
        state.run([Job("games", partial(_storing, None))])
        state.keep_marker()
        assert str(marker) in state.marker_problem
        marker.rmdir()


def test_promise_7_a_database_that_failed_over_is_audited_and_what_was_known_of_it_written_again_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Record] = []
    moved: list[Any] = []
    synced: list[object] = []
    written: list[str] = []
    open_store, sync, remember = Store.open, Store.sync_scope, Store.remember_not_member

    def opening(*arguments: Any, tell: Any, **more: Any) -> Store:
        moved.append(tell)
        return open_store(*arguments, tell=tell, **more)

    def syncing(store: Store, *arguments: Any) -> Any:
        synced.append(arguments)
        return sync(store, *arguments)

    def remembering(store: Store, name: str, *arguments: Any) -> None:
        written.append(name)
        remember(store, name, *arguments)

    monkeypatch.setattr(Store, "open", opening)
    monkeypatch.setattr(Store, "sync_scope", syncing)
    monkeypatch.setattr(Store, "remember_not_member", remembering)
    with opened(site, told) as state:
        for _ in range(2):
            state.remember_not_member(GAMES, "a")
        assert (len(synced), written) == (1, ["games"])
        moved[0]("the database failed over")
        for _ in range(2):
            state.remember_not_member(GAMES, "a")
        assert (len(synced), written) == (2, ["games", "games"])
    assert [(record.event, record.rule) for record in told] == [(Event.STATE_OLDER, Rule.FAILOVER)]


@pytest.mark.parametrize("executor", [InlineExecutor(), Elsewhere()], ids=["here", "across a network"])
@pytest.mark.parametrize("again", ["reload", "marker"])
def test_promise_5_a_scope_that_could_be_written_at_last_leaves_no_problem_behind(
    site: Site, monkeypatch: pytest.MonkeyPatch, executor: Executor, again: str
) -> None:
    def full(_store: Store, *_arguments: object) -> None:
        raise StateProblem("the disk is full", "make room")

    with opened(site, executor=executor) as state:
        state.keep_marker()
        with monkeypatch.context() as broken:
            broken.setattr(Store, "sync_scope", full)
            state.use_scope(["alice"])
            state.keep_marker()
            assert problem_of(state) == "the disk is full"
            assert state.since(["alice"]) == 0
        if again == "reload":
            state.use_scope(["alice"])
        else:
            state.keep_marker()
        assert problem_of(state) == ""
        assert state.since(["alice"]) > 0
