"""Who needs a second factor, before the state is looked at."""

from ipaddress import ip_network

import pytest

from rw2fa_daemon.core.scope import (
    Lists,
    ScopeResult,
    ScopeStatus,
    in_networks,
    no_such_user,
    scope_result,
    surely_asked,
)
from rw2fa_daemon.core.user import Missing, User, UserList

ALICE = User("alice", 1000, frozenset({1000, 50}), {"staff": 50, "ops": 60, "gone": None})

ROOT = User("root", 0, frozenset({0}), {"staff": 50, "gone": None})


def _never(_user: User) -> bool:
    return False


def _place(lists: Lists, user: User | Missing = ALICE, address: str = "", *, remembered: bool = False) -> ScopeResult:
    return scope_result(lists, user, address, lambda _user: remembered)


@pytest.mark.parametrize(
    ("scope", "scope_status", "entries"),
    [
        ([], ScopeStatus.NOT_ENABLED, ()),
        (["bob"], ScopeStatus.NOT_ENABLED, ()),
        (["alice"], ScopeStatus.ENABLED, ("alice",)),
        (["@staff"], ScopeStatus.ENABLED, ("@staff",)),
        (["alice", "@staff"], ScopeStatus.ENABLED, ("alice", "@staff")),
        (["@ops"], ScopeStatus.NOT_ENABLED, ()),
        (["@gone"], ScopeStatus.SCOPE_UNSURE, ()),
        (["@gone", "@staff"], ScopeStatus.ENABLED, ("@staff",)),
        (["@never-resolved"], ScopeStatus.SCOPE_UNSURE, ()),
    ],
)
def test_the_scope(scope: list[str], scope_status: ScopeStatus, entries: tuple[str, ...]) -> None:
    where = _place(Lists(scope=UserList.of(scope)))
    assert (where.scope_status, where.entries) == (scope_status, entries)


def test_promise_13_while_unsure_only_who_was_surely_no_member_passes() -> None:
    lists = Lists(scope=UserList.of(["@gone"]))
    assert _place(lists, remembered=False).scope_status is ScopeStatus.SCOPE_UNSURE
    assert _place(lists, remembered=True).scope_status is ScopeStatus.REMEMBERED_NOT_ENABLED


def test_promise_13_the_memory_is_not_asked_about_members() -> None:
    def forbidden(_user: User) -> bool:
        raise AssertionError("asked")

    assert (
        scope_result(Lists(scope=UserList.of(["@staff", "@gone"])), ALICE, "", forbidden).scope_status
        is ScopeStatus.ENABLED
    )
    assert scope_result(Lists(scope=UserList.of(["bob"])), ALICE, "", forbidden).scope_status is ScopeStatus.NOT_ENABLED


@pytest.mark.parametrize(
    ("missing", "scope_status"),
    [
        (Missing.NO_SUCH_USER, ScopeStatus.NO_SUCH_USER),
        (Missing.UNKNOWN, ScopeStatus.USER_UNKNOWN),
        (Missing.UNAVAILABLE, ScopeStatus.DIRECTORY_UNAVAILABLE),
    ],
)
def test_who_is_not_found_has_no_standing(missing: Missing, scope_status: ScopeStatus) -> None:
    assert _place(Lists(exempt_networks=(ip_network("10.0.0.0/8"),)), missing, "10.1.1.1").scope_status is scope_status


@pytest.mark.parametrize(
    ("scope", "typed", "known_there", "witness", "sure"),
    [
        ([], "alcie", False, ROOT, True),
        (["alice", "@staff"], "alcie", False, ROOT, True),
        ([], "alcie", None, ROOT, False),
        ([], "alcie", True, ROOT, False),
        (["alice"], "alice", False, ROOT, False),
        (["alice"], "ALICE", False, ROOT, False),
        (["alice"], "CORP\\Alice", False, ROOT, False),
        (["alice"], "alice@corp.example", False, ROOT, False),
        (["alice@corp.example"], "Alice@Corp.example", False, ROOT, False),
        (["@gone"], "alcie", False, ROOT, False),
        (["@never-resolved"], "alcie", False, ROOT, False),
        (["@staff"], "alcie", False, Missing.UNAVAILABLE, False),
        ([], "alcie", False, Missing.UNKNOWN, False),
    ],
)
def test_promise_4_a_name_is_nobodys_only_if_all_say_so_and_the_directory_is_there(
    scope: list[str], typed: str, known_there: bool | None, witness: User | Missing, sure: bool
) -> None:
    missing = no_such_user(Lists(scope=UserList.of(scope)), typed, known_there=known_there, witness=witness)
    assert missing is (Missing.NO_SUCH_USER if sure else Missing.UNKNOWN)


def test_machines_are_exempt_before_the_scope_is_asked() -> None:
    enabled = UserList.of(["alice"])
    assert _place(Lists(enabled, exempt_users=UserList.of(["@staff"]))).scope_status is ScopeStatus.EXEMPT_USER
    by_network = Lists(enabled, exempt_networks=(ip_network("10.0.0.0/8"),))
    assert _place(by_network, address="10.2.3.4").scope_status is ScopeStatus.EXEMPT_NETWORK
    assert _place(by_network, address="11.2.3.4").scope_status is ScopeStatus.ENABLED


def test_promise_13_a_group_that_is_not_resolved_exempts_and_whitelists_nobody() -> None:
    where = _place(Lists(UserList.of(["alice"]), UserList.of(["@gone"]), UserList.of(["@gone"])))
    assert where == ScopeResult(ScopeStatus.ENABLED, ("alice",), whitelisted=False, account="alice")


TOOR = User("toor", 1000, frozenset({1000}), {"staff": 50, "ops": 60}, (ALICE,))


@pytest.mark.parametrize("entry", ["alice", "@staff"])
def test_promise_13_the_scope_names_every_name_of_a_uid_in_it(entry: str) -> None:
    assert _place(Lists(UserList.of([entry])), TOOR) == ScopeResult(
        ScopeStatus.ENABLED, (entry,), account="alice", alias=True
    )
    both = Lists(UserList.of([entry, "toor"]))
    assert _place(both, TOOR) == ScopeResult(ScopeStatus.ENABLED, ("toor",), account="toor")


def test_promise_13_what_leaves_people_out_of_the_scope_names_no_other_name() -> None:
    lists = Lists(UserList.of(["alice"]), whitelist=UserList.of(["alice"]), exempt_users=UserList.of(["alice"]))
    assert _place(lists).scope_status is ScopeStatus.EXEMPT_USER
    where = _place(lists, TOOR)
    assert (where.scope_status, where.whitelisted) == (ScopeStatus.ENABLED, False)


def test_promise_13_a_group_that_is_not_resolved_for_another_name_leaves_the_scope_unsure() -> None:
    toor = User("toor", 1000, frozenset({1000}), {"gone": 70}, (ALICE,))
    assert _place(Lists(UserList.of(["@gone"])), toor).scope_status is ScopeStatus.SCOPE_UNSURE
    assert (
        _place(Lists(UserList.of(["@gone"])), User("x", 7, frozenset(), {"gone": 70})).scope_status
        is ScopeStatus.NOT_ENABLED
    )


def test_the_whitelist_counts_for_enabled_people() -> None:
    assert _place(Lists(UserList.of(["alice"]), UserList.of(["@staff"]))).whitelisted


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("localhost", False),
        ("192.0.2.7 ", False),
        ("fe80::1%eth0", False),
    ],
)
def test_networks_match_numeric_addresses_only(address: str, inside: bool) -> None:
    assert in_networks(address, (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))) is inside
    assert not in_networks(address, ())


def test_groups_are_looked_up_once_each() -> None:
    lists = Lists(UserList.of(["@staff", "@ops"]), UserList.of(["@staff"]), UserList.of(["@machines"]))
    assert lists.groups == ("staff", "ops", "machines")


@pytest.mark.parametrize(
    ("lists", "address", "written", "asked"),
    [
        (Lists(), "", "", False),
        (Lists(scope=UserList.of(["alice"])), "", "", True),
        (Lists(scope=UserList.of(["@staff"])), "", "", True),
        (Lists(scope=UserList.of(["@gone"])), "", "", False),
        (Lists(scope=UserList.of(["ALICE"])), "", "", False),
        (Lists(scope=UserList.of(["ALICE"])), "", "ALICE", True),
        (Lists(scope=UserList.of(["ALICE", "@gone"])), "", "ALICE", True),
        (Lists(scope=UserList.of(["ALICE"]), exempt_users=UserList.of(["alice"])), "", "ALICE", False),
        (Lists(scope=UserList.of(["alice"]), exempt_users=UserList.of(["@staff"])), "", "", False),
        (Lists(scope=UserList.of(["ALICE"]), exempt_networks=(ip_network("::/0"),)), "2001:db8::1", "ALICE", False),
        (Lists(scope=UserList.of(["ALICE"]), exempt_networks=(ip_network("::/0"),)), "192.0.2.1", "ALICE", True),
    ],
)
def test_who_is_surely_asked(lists: Lists, address: str, written: str, *, asked: bool) -> None:
    assert surely_asked(lists, ALICE, address, written=written) is asked


def test_another_name_of_a_uid_in_the_scope_is_surely_asked() -> None:
    toor = User("toor", 0, frozenset({0}), others=(ROOT,))
    assert surely_asked(Lists(scope=UserList.of(["root"])), toor)
    assert not surely_asked(Lists(scope=UserList.of(["alice"])), toor)
