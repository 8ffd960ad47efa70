"""The text of the drop-in. What the real sshd makes of it is in tests/integration/pamstack/test_install.py."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from rw2fa_daemon.core.user import UserList
from rw2fa_daemon.pamstack.sshd.dropin import Scope, sshd_dropin
from rw2fa_daemon.pamstack.sshd.policy import Case
from rw2fa_daemon.pamstack.sshd.read import Criterion

KEY = ("publickey", "keyboard-interactive:pam")
PASSWORD = ("keyboard-interactive:pam",)
OPEN = Case((), (KEY, PASSWORD))


def matches(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("Match")]


def scope(*entries: str) -> Scope:
    return Scope(UserList.of(entries))


def test_promise_14_nobody_in_the_scope_means_no_word_to_sshd() -> None:
    text = sshd_dropin(Scope(), [OPEN])
    assert all(line.startswith("#") or not line for line in text.splitlines())


def test_promise_14_nothing_is_said_outside_the_conditions() -> None:
    lines = [line for line in sshd_dropin(scope("alice", "@staff"), [OPEN]).splitlines() if line]
    assert lines[0].startswith("#")
    assert all(line.startswith(("Match ", "    ")) for line in lines[1:])
    assert lines[-1] == "Match all"


def test_groups_and_users_have_a_condition_each_and_the_last_ends_them() -> None:
    assert matches(sshd_dropin(scope("alice", "@staff", "@ops"), [OPEN])) == [
        "Match Group staff,ops",
        "Match User alice",
        "Match all",
    ]


def test_promise_13_another_name_of_a_uid_is_named_unless_it_is_exempt() -> None:
    aliases = frozenset({"toor", "robot"})
    text = sshd_dropin(Scope(UserList.of(["root", "@staff"]), UserList.of(["robot"]), aliases=aliases), [OPEN])
    assert matches(text) == ["Match Group staff User *,!robot", "Match User root,toor", "Match all"]


def test_promise_14_who_is_exempt_keeps_what_the_host_says() -> None:
    text = sshd_dropin(
        Scope(
            UserList.of(["alice", "robot", "@staff"]),
            UserList.of(["robot", "@machines"]),
            (ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        ),
        [OPEN],
    )
    networks = "Address *,!10.0.0.0/8,!fd00::/8"
    assert matches(text) == [
        f"Match Group staff,!machines User *,!robot {networks}",
        f"Match User alice Group *,!machines {networks}",
        "Match all",
    ]
    assert "AuthenticationMethods any" not in text


def test_promise_14_each_case_of_the_host_is_one_of_the_scope_in_the_same_order() -> None:
    closed = Case((Criterion("user", "deploy"),), (KEY,))
    shut = Case((Criterion("address", "10.0.0.0/8"),), ())
    text = sshd_dropin(scope("@staff"), [shut, closed, OPEN])
    assert [line.strip() for line in text.splitlines() if line and not line.startswith("#")] == [
        "Match Group staff Address 10.0.0.0/8",
        "KbdInteractiveAuthentication no",
        "AuthenticationMethods publickey,keyboard-interactive:pam",
        "Match Group staff User deploy",
        "KbdInteractiveAuthentication yes",
        "AuthenticationMethods publickey,keyboard-interactive:pam",
        "Match Group staff",
        "KbdInteractiveAuthentication yes",
        "AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam",
        "Match all",
    ]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("domain users", '"domain users"'),
        ("CORP\\alice", "CORP?alice"),
        ("a,b", "a?b"),
        ("!a", "?a"),
        ('a"b', "a?b"),
        ("a#b", "a?b"),
        ("a\nPermitRootLogin yes", '"a?PermitRootLogin yes"'),
        ("jörg", "j??rg"),
        ("\udcff", "?"),
    ],
)
def test_no_name_can_say_anything_but_itself(name: str, pattern: str) -> None:
    assert matches(sshd_dropin(Scope(UserList(frozenset([name]))), [OPEN]))[0] == f"Match User {pattern}"
