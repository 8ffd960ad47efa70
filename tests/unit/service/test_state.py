"""What the daemon remembers of people beside their accounts."""

from contextlib import closing
from pathlib import Path

from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.person import Person
from rw2fa_daemon.service.state import State
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
