"""What the cache keeps and what it must not."""

from rw2fa_daemon.core.user import User
from rw2fa_daemon.directory.cache import CACHE_SECONDS, CACHED_GIDS_MAX, CACHED_PERSONS_MAX, Cache

ALICE = User("alice", 1000, frozenset({1000}), {"staff": 50})


def test_an_answer_is_given_again_until_it_is_too_old() -> None:
    cache = Cache()
    cache.put(("ALICE", ("staff",)), ALICE, 100.0)
    assert cache.get(("ALICE", ("staff",)), 100.0 + CACHE_SECONDS - 0.01) is ALICE
    assert cache.get(("ALICE", ("staff",)), 100.0 + CACHE_SECONDS) is None


def test_an_answer_holds_for_what_was_asked_only() -> None:
    cache = Cache()
    cache.put(("alice", ("staff",)), ALICE, 0.0)
    assert cache.get(("alice", ("staff", "admins")), 0.0) is None
    assert cache.get(("ALICE", ("staff",)), 0.0) is None


def test_promise_13_an_incomplete_answer_is_not_kept() -> None:
    cache = Cache()
    cache.put(("alice", ("staff",)), User("alice", 1000, frozenset({1000}), {"staff": None}), 0.0)
    assert cache.get(("alice", ("staff",)), 0.0) is None


def test_promise_11_the_number_of_persons_is_bounded_and_the_least_used_goes() -> None:
    cache = Cache()
    for number in range(CACHED_PERSONS_MAX):
        cache.put((f"user{number}", ()), ALICE, 0.0)
    assert cache.get(("user0", ()), 1.0) is ALICE
    cache.put(("one more", ()), ALICE, 1.0)
    assert cache.get(("user0", ()), 1.0) is ALICE
    assert cache.get(("user1", ()), 1.0) is None
    assert cache.get(("one more", ()), 1.0) is ALICE


def test_promise_11_the_number_of_gids_is_bounded() -> None:
    cache = Cache()
    many = User("many", 1, frozenset(range(CACHED_GIDS_MAX // 4)), {})
    for number in range(10):
        cache.put((f"user{number}", ()), many, 0.0)
    assert [number for number in range(10) if cache.get((f"user{number}", ()), 1.0)] == [6, 7, 8, 9]
    cache.put(("too many", ()), User("x", 1, frozenset(range(CACHED_GIDS_MAX + 1)), {}), 0.0)
    assert cache.get(("too many", ()), 1.0) is None


def test_an_old_entry_still_tells_who_has_been_here() -> None:
    cache = Cache()
    cache.put(("alice", ()), ALICE, 0.0)
    assert cache.get(("alice", ()), 1000.0) is None
    assert cache.knows(("alice", ()))
    assert not cache.knows(("bob", ()))
