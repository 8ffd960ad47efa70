"""What the daemon remembers of people beside their accounts."""

from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.user import User
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job, Store
from rw2fa_daemon.vault.master_key import load_master_key, successor
from rw2fa_daemon.vault.vault import Vault
from tests.support.daemon import Site

GAMES = User("games", 5, frozenset())


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
