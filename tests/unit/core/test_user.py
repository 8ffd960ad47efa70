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
    person = User(name, 1000, held, gids)
    roster = UserList.of([*users, *(f"@{group}" for group in scope)])
    by_name = name in users
    by_group = any(gids.get(group) in held for group in scope if gids.get(group) is not None)
    resolved = all(gids.get(group) is not None for group in scope)
    expected = Membership.MEMBER if by_name or by_group else Membership.NOT_MEMBER if resolved else Membership.UNSURE
    assert roster.membership(person) is expected
    assert bool(roster.matches(person)) is (expected is Membership.MEMBER)


def test_a_group_is_written_with_its_mark_and_never_mistaken_for_a_user() -> None:
    roster = UserList.of(["staff", "@staff"])
    assert roster.users == {"staff"}
    assert roster.groups == ("staff",)
    assert roster.matches(User("staff", 5, frozenset({9}), {"staff": 9})) == ("staff", "@staff")
