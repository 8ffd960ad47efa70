"""Lists of users and groups (promise 13)."""

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.user import Membership, User, UserList

NAMES = st.sampled_from(["alice", "bob", "carol"])
GROUPS = st.sampled_from(["staff", "wheel", "ops"])


@given(
    name=NAMES,
    users=st.sets(NAMES),
    scope=st.lists(GROUPS, unique=True),
    gids=st.dictionaries(GROUPS, st.one_of(st.none(), st.integers(1, 4))),
    held=st.frozensets(st.integers(1, 4)),
)
def test_promise_13_not_a_member_is_said_only_when_every_group_is_resolved(
    name: str, users: set[str], scope: list[str], gids: dict[str, int | None], held: frozenset[int]
) -> None:
    user = User(name, 1000, held, gids)
    roster = UserList.of([*users, *(f"@{group}" for group in scope)])
    by_name = name in users
    by_group = any(gids.get(group) in held for group in scope if gids.get(group) is not None)
    resolved = all(gids.get(group) is not None for group in scope)
    expected = Membership.MEMBER if by_name or by_group else Membership.NOT_MEMBER if resolved else Membership.UNSURE
    assert roster.membership(user) is expected
    assert bool(roster.matches(user)) is (expected is Membership.MEMBER)


def test_a_group_is_written_with_its_mark_and_never_mistaken_for_a_user() -> None:
    roster = UserList.of(["staff", "@staff"])
    assert roster.users == {"staff"}
    assert roster.groups == ("staff",)
    assert roster.matches(User("staff", 5, frozenset({9}), {"staff": 9})) == ("staff", "@staff")


def test_promise_13_of_all_names_of_a_uid_ones_own_is_looked_for_first() -> None:
    alice = User("alice", 1000, frozenset({50}), {"staff": 50})
    toor = User("toor", 1000, frozenset({60}), {"staff": 50}, (alice,))
    assert UserList.of(["toor", "alice"]).naming(toor) == (toor, ("toor",))
    assert UserList.of(["@staff"]).naming(toor) == (alice, ("@staff",))
    assert UserList.of(["bob"]).naming(toor) == (toor, ())


def test_promise_13_any_name_of_a_uid_makes_a_member_and_any_doubt_an_unsure_one() -> None:
    unsure = User("alice", 1000, frozenset({50}), {"staff": None})
    toor = User("toor", 1000, frozenset({60}), {"staff": 50}, (unsure,))
    assert UserList.of(["@staff"]).membership_by_uid(toor) is Membership.UNSURE
    assert UserList.of(["@staff", "alice"]).membership_by_uid(toor) is Membership.MEMBER
    assert UserList.of(["@staff"]).membership_by_uid(User("x", 7, frozenset(), {"staff": 50})) is Membership.NOT_MEMBER


def test_a_list_of_groups_alone_or_of_nobody_names_whom_it_says() -> None:
    alice = User("alice", 1000, frozenset({0}), {"root": 0, "staff": 50})
    assert UserList.of([]).matches(alice) == ()
    assert UserList.of(["@root"]).matches(alice) == ("@root",), "gid 0 is a gid"
    assert UserList.of(["@staff"]).matches(alice) == ()
