"""Whom sshd is asked about, and that it is asked about several users at the same time."""

from threading import Barrier

from rw2fa_daemon.core.user import Missing, User, UserList
from rw2fa_daemon.pamstack.sshd.ask import Connection, Settings
from rw2fa_daemon.pamstack.sshd.changes import ALWAYS, Representative, changes, representatives
from rw2fa_daemon.pamstack.sshd.dropin import Scope

SECONDS = 60
OPEN: Settings = {"authenticationmethods": ("any",), "pubkeyauthentication": ("yes",)}


def _nobody(_name: str, _groups: tuple[str, ...]) -> User | Missing:
    return Missing.UNKNOWN


def _chosen(scope: Scope) -> dict[str, bool]:
    return {one.connection.user: one.asked for one in representatives((), scope, lookup=_nobody)}


def test_the_first_and_the_last_of_a_long_list_are_compared() -> None:
    names = frozenset(f"user{number:03}" for number in range(500))
    ends = ("user000", "user001", "user498", "user499")
    assert _chosen(Scope(UserList(names))) == {**dict.fromkeys(ALWAYS, False), **dict.fromkeys(ends, True)}


def test_all_users_of_a_short_list_are_compared() -> None:
    names = ("amy", "ben", "carl")
    assert _chosen(Scope(UserList(frozenset(names)))) == {**dict.fromkeys(ALWAYS, False), **dict.fromkeys(names, True)}


def test_sshd_answers_several_questions_at_the_same_time() -> None:
    both = Barrier(2, timeout=SECONDS)

    def ask(_connection: Connection) -> Settings:
        both.wait()
        return OPEN

    chosen = [Representative(Connection(name), asked=False) for name in ("amy", "ben", "carl")]
    assert list(changes(chosen, ask, ask)) == []


def test_a_change_is_told_of_the_user_whom_it_concerns() -> None:
    def after(connection: Connection) -> Settings:
        return {**OPEN, "permittty": ("no",)} if connection.user == "ben" else OPEN

    chosen = [Representative(Connection(name), asked=False) for name in ("amy", "ben", "carl")]
    (found,) = changes(chosen, lambda _connection: OPEN, after)
    assert found.who.user == "ben"
    assert "permittty no" in found.detail
