"""Promise 13 against a real NSS module: who somebody is, and what a directory that is down may open."""

import itertools
import threading
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.user import Membership, Missing, User, UserList
from rw2fa_daemon.directory.many import lookups
from rw2fa_daemon.directory.request import lookup
from tests.integration.directory.conftest import Guests
from tests.support.health_checks import suppressed
from tests.support.nss import FakeDirectory, Guest
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

# The directory is the last service, or not: libc reports its failure only where it is.
ORDERS = ("files rw2fatest", "files rw2fatest systemd", "rw2fatest files")


def staff_of_corp(directory: FakeDirectory) -> None:
    directory.user("alice", 5001, 6001)
    directory.user("bob", 5002, 6002)
    directory.user("carol", 5003, 6003)
    directory.user("dave", 5004, 6004)
    directory.user("eve", 5005, 6005)
    directory.group("primary", 6001)
    directory.group("direct", 6010, ["bob"])
    directory.group("inner", 6011, ["carol"])
    directory.group("middle", 6012, ["@inner", "dave"])
    directory.group("outer", 6013, ["@middle"])


ALL_GROUPS = ("primary", "direct", "inner", "middle", "outer")
MEMBERSHIPS = {
    "alice": {"primary"},
    "bob": {"direct"},
    "carol": {"inner", "middle", "outer"},
    "dave": {"middle", "outer"},
    "eve": set[str](),
}


@pytest.mark.parametrize(
    "typed", ["alice", "ALICE", "Alice", "CORP\\alice", "corp\\ALICE", "alice@corp", "ALICE@CORP", "Alice@Corp"]
)
def test_promise_13_every_spelling_is_the_same_person(directory: FakeDirectory, guest: Guest, typed: str) -> None:
    staff_of_corp(directory)
    assert guest.call(lookup, typed, ("primary", "direct")) == User(
        "alice", 5001, frozenset({6001}), {"primary": 6001, "direct": 6010}
    )


@pytest.mark.parametrize("typed", ["OTHER\\alice", "alice@other", "alice ", "al\\ice", "@corp", "\\alice", "mallory"])
def test_promise_13_what_the_directory_does_not_know_is_nobody(
    directory: FakeDirectory, guest: Guest, typed: str
) -> None:
    staff_of_corp(directory)
    assert guest.call(lookup, typed, ("primary",)) is Missing.UNKNOWN


@pytest.mark.parametrize("name", MEMBERSHIPS)
def test_promise_13_primary_supplementary_and_nested_groups_count(
    directory: FakeDirectory, guest: Guest, name: str
) -> None:
    staff_of_corp(directory)
    user = guest.call(lookup, name, ALL_GROUPS)
    assert isinstance(user, User)
    assert None not in user.groups.values()
    assert {group for group in ALL_GROUPS if UserList(groups=(group,)).matches(user)} == MEMBERSHIPS[name]


@pytest.mark.parametrize("name", ["zoë", "\u7530\u4e2d", "not-utf8-" + chr(0xDCFF)])
def test_promise_13_names_may_be_any_bytes(directory: FakeDirectory, guest: Guest, name: str) -> None:
    directory.user(name, 5001, 6001)
    directory.group(f"group of {name}", 6002, [name])
    assert guest.call(lookup, name, (f"group of {name}",)) == User(
        name, 5001, frozenset({6001, 6002}), {f"group of {name}": 6002}
    )
    directory.fault("initgroups", "unavail")
    assert guest.call(lookup, name, (f"group of {name}",)) == User(
        name, 5001, frozenset({6001}), {f"group of {name}": None}
    )


def test_somebody_may_be_in_very_many_groups(directory: FakeDirectory, guest: Guest) -> None:
    """As many as the module keeps; more than the first try of a look-up has room for."""
    directory.user("alice", 5001, 6001)
    for number in range(250):
        directory.group(f"group{number}", 7000 + number, ["alice"])
    user = guest.call(lookup, "alice", ("group249",))
    assert isinstance(user, User)
    assert user.gids == {6001, *range(7000, 7250)}


def test_promise_13_a_local_user_in_a_directory_group_is_a_member(directory: FakeDirectory, guest: Guest) -> None:
    directory.group("admins", 6100, ["root"])
    user = guest.call(lookup, "root", ("admins",))
    assert isinstance(user, User)
    assert UserList.of(["@admins"]).membership(user) is Membership.MEMBER


@pytest.mark.parametrize("action", ["unavail", "tryagain"])
@pytest.mark.parametrize("order", ORDERS)
def test_promise_13_a_directory_that_is_down_makes_a_local_user_unsure(
    directory: FakeDirectory, guests: Guests, order: str, action: str
) -> None:
    directory.group("admins", 6100, ["root"])
    directory.fault("*", action)
    user = guests.get(order).call(lookup, "root", ("admins", "adm"))
    assert isinstance(user, User)
    assert UserList.of(["@admins"]).membership(user) is Membership.UNSURE
    assert UserList.of(["@adm"]).membership(user) is Membership.NOT_MEMBER


@pytest.mark.parametrize("action", ["unavail", "tryagain"])
def test_a_directory_that_is_down_is_told_from_a_user_who_does_not_exist(
    directory: FakeDirectory, guest: Guest, action: str
) -> None:
    staff_of_corp(directory)
    assert guest.call(lookup, "mallory", ()) is Missing.UNKNOWN
    directory.fault("getpwnam", action)
    assert guest.call(lookup, "alice", ()) is Missing.UNAVAILABLE


def test_promise_13_a_group_that_lists_a_member_whom_getgrouplist_omits_is_unsure(
    directory: FakeDirectory, guest: Guest
) -> None:
    staff_of_corp(directory)
    directory.fault("initgroups", "unavail")
    bob, eve = (guest.call(lookup, name, ("direct",)) for name in ("bob", "eve"))
    assert isinstance(bob, User)
    assert isinstance(eve, User)
    assert UserList.of(["@direct"]).membership(bob) is Membership.UNSURE
    assert UserList.of(["@direct"]).membership(eve) is Membership.NOT_MEMBER


def test_promise_13_a_group_whose_gid_changes_in_between_is_unsure(directory: FakeDirectory, guest: Guest) -> None:
    staff_of_corp(directory)
    directory.fault("initgroups", "hang")

    def renumber() -> None:
        wait_until("the look-up of the groups", lambda: "initgroups eve" in directory.calls())
        directory.renumber_groups(":60", ":70")
        directory.heal()

    other = threading.Thread(target=renumber)
    other.start()
    changed = guest.call(lookup, "eve", ("outer",))
    other.join()
    assert isinstance(changed, User)
    assert changed.groups == {"outer": None}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("action", ["unavail", "notfound", "tryagain"])
@pytest.mark.parametrize("name", MEMBERSHIPS)
def test_promise_13_a_directory_that_goes_down_at_any_point_opens_nothing(
    directory: FakeDirectory, guests: Guests, name: str, action: str, order: str
) -> None:
    """Whatever number of calls succeeds, a member never looks like somebody who is surely none."""
    staff_of_corp(directory)
    guest = guests.get(order)
    guest.call(lookup, name, ALL_GROUPS)
    calls = len(directory.calls())
    for count in range(calls + 1):
        directory.budget(count, action)
        user = guest.call(lookup, name, ALL_GROUPS)
        for group in ALL_GROUPS:
            seen = UserList(groups=(group,)).membership(user) if isinstance(user, User) else None
            if group in MEMBERSHIPS[name]:
                assert seen is not Membership.NOT_MEMBER, (count, group)
            else:
                assert seen is not Membership.MEMBER, (count, group)
            if count == calls and group not in MEMBERSHIPS[name]:
                assert seen is Membership.NOT_MEMBER, "all calls were answered"


@dataclass(frozen=True)
class Corp:
    """A directory that hypothesis made: groups of which some lie in others, and who is in them directly."""

    members: tuple[tuple[str, ...], ...]
    nested: tuple[tuple[int, int], ...]
    primary: int | None

    def names(self) -> tuple[str, ...]:
        return tuple(f"group{number}" for number in range(len(self.members)))

    def groups_of(self, user: str) -> set[str]:
        found = {number for number, members in enumerate(self.members) if user in members}
        while more := {outer for outer, inner in self.nested if inner in found} - found:
            found |= more
        if self.primary is not None:
            found.add(self.primary)
        return {f"group{number}" for number in found}

    def fill(self, directory: FakeDirectory) -> None:
        directory.reset()
        directory.user("alice", 5001, 6999 if self.primary is None else 6000 + self.primary)
        for number, members in enumerate(self.members):
            inner = [f"@group{inner}" for outer, inner in self.nested if outer == number]
            directory.group(f"group{number}", 6000 + number, [*members, *inner])


@st.composite
def corps(draw: st.DrawFn) -> Corp:
    count = draw(st.integers(1, 5))
    numbers = st.integers(0, count - 1)
    return Corp(
        members=tuple(draw(st.lists(st.sampled_from([(), ("alice",), ("bob",)]), min_size=count, max_size=count))),
        nested=tuple(draw(st.sets(st.tuples(numbers, numbers), max_size=4))),
        primary=draw(st.none() | numbers),
    )


@settings(max_examples=40, suppress_health_check=suppressed(HealthCheck.function_scoped_fixture))
@given(corp=corps(), spelling=st.sampled_from(["alice", "ALICE", "CORP\\alice", "alice@corp"]))
def test_promise_13_for_every_directory_and_every_moment(
    directory: FakeDirectory, guest: Guest, corp: Corp, spelling: str
) -> None:
    corp.fill(directory)
    true = corp.groups_of("alice")
    for count in itertools.count():
        directory.budget(count)
        user = guest.call(lookup, spelling, corp.names())
        if isinstance(user, User):
            assert (user.name, user.uid) == ("alice", 5001)
            for group in corp.names():
                expected = {Membership.MEMBER if group in true else Membership.NOT_MEMBER, Membership.UNSURE}
                assert UserList(groups=(group,)).membership(user) in expected
        else:
            assert user is Missing.UNAVAILABLE
        if len(directory.calls()) <= count:
            assert isinstance(user, User), "all calls were answered"
            assert {group for group in corp.names() if UserList(groups=(group,)).matches(user)} == true
            return


def people_at_once(names: tuple[str, ...], groups: tuple[str, ...]) -> list[User | Missing]:
    return list(lookups(names, groups))


@pytest.mark.parametrize(
    "fault", [None, ("initgroups:bob", "unavail"), ("getgrnam:inner", "unavail"), ("getpwnam:dave", "unavail")]
)
def test_promise_13_many_looked_up_at_once_are_who_each_of_them_is(
    directory: FakeDirectory, guest: Guest, fault: tuple[str, str] | None
) -> None:
    staff_of_corp(directory)
    if fault is not None:
        directory.fault(*fault)
    names = ("alice", "BOB", "bob", "carol", "mallory", "dave", "eve", "corp\\eve")
    one_by_one = [guest.call(lookup, name, ALL_GROUPS) for name in names]
    assert guest.call(people_at_once, names, ALL_GROUPS) == one_by_one


def test_promise_11_many_looked_up_at_once_read_a_group_twice_and_not_for_each(
    directory: FakeDirectory, guest: Guest
) -> None:
    staff_of_corp(directory)
    names = ("alice", "bob", "carol", "dave", "eve") * 10
    before = len(directory.calls())
    guest.call(people_at_once, names, ("direct", "outer"))
    calls = directory.calls()[before:]
    assert sum(call.startswith("getgrnam ") for call in calls) == 4
    assert sum(call.startswith("getpwnam ") for call in calls) == len(names)


def test_promise_13_a_group_that_goes_while_many_are_looked_up_is_not_resolved(
    directory: FakeDirectory, guest: Guest
) -> None:
    staff_of_corp(directory)
    directory.budget(5)
    people = guest.call(people_at_once, ("bob", "carol"), ("direct",))
    assert [user.groups["direct"] for user in people if isinstance(user, User)] == [6010, None]
