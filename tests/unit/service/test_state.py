"""What the daemon remembers of people beside their accounts."""

from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.person import Person
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job
from tests.support.daemon import Site

GAMES = Person("games", 5, frozenset())


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
