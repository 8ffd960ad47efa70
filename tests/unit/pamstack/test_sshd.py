"""The text of the drop-in. What the real sshd makes of it is in tests/integration/pamstack/test_install.py."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from rw2fa_daemon.core.person import Roster
from rw2fa_daemon.pamstack.sshd import is_keys_only, sshd_dropin


def matches(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("Match")]


def test_nobody_in_the_scope_means_no_conditions() -> None:
    text = sshd_dropin(Roster())
    assert "KbdInteractiveAuthentication yes" in text
    assert matches(text) == []


def test_groups_and_users_have_a_condition_each_and_the_last_ends_them() -> None:
    assert matches(sshd_dropin(Roster.of(["alice", "@staff", "@ops"]))) == [
        "Match Group staff,ops",
        "Match User alice",
        "Match all",
    ]


def test_who_is_exempt_keeps_what_the_host_says() -> None:
    text = sshd_dropin(
        Roster.of(["alice", "robot", "@staff"]),
        exempt_users=Roster.of(["robot", "@machines"]),
        exempt_networks=[ip_network("10.0.0.0/8"), ip_network("fd00::/8")],
    )
    networks = "Address *,!10.0.0.0/8,!fd00::/8"
    assert matches(text) == [
        f"Match Group staff,!machines User *,!robot {networks}",
        f"Match User alice Group *,!machines {networks}",
        "Match all",
    ]
    assert "AuthenticationMethods any" not in text


def test_promise_4_a_host_that_takes_keys_only_is_offered_no_password() -> None:
    text = sshd_dropin(Roster.of(["@staff"]), keys_only=True)
    assert is_keys_only(text)
    assert "    AuthenticationMethods publickey,keyboard-interactive:pam\n" in text
    assert not [line for line in text.splitlines() if line.startswith("KbdInteractiveAuthentication")]
    assert not is_keys_only(sshd_dropin(Roster.of(["@staff"])))


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
    assert matches(sshd_dropin(Roster(frozenset([name]))))[0] == f"Match User {pattern}"
