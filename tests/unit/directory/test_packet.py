"""What travels between the pool and its workers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.directory import packet
from rw2fa_daemon.directory.found import Found

NAMES = st.binary(max_size=64).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
IDS = st.integers(min_value=0, max_value=2**32 - 1)


@given(NAMES, st.lists(NAMES, max_size=8))
def test_a_question_arrives_as_it_was_asked(typed: str, groups: list[str]) -> None:
    asked = packet.question(typed, tuple(groups))
    assert asked
    assert packet.parse_question(asked) == (typed, tuple(groups))


@given(NAMES, IDS, st.lists(IDS, max_size=40), st.lists(st.none() | IDS, max_size=8))
def test_an_answer_arrives_as_it_was_given(name: str, uid: int, gids: list[int], groups: list[int | None]) -> None:
    member = Found(name, uid, [gid for gid in groups[:1] if gid is not None], groups)
    stranger = Found(name, uid, [], groups)
    parsed = packet.parse_answer(packet.answer(Found(name, uid, gids, groups, (member, stranger))), len(groups))
    assert parsed is not None
    assert (parsed.name, parsed.uid, parsed.gids, parsed.groups) == (name, uid, gids, groups)
    for got, sent in zip(parsed.others, (member, stranger), strict=True):
        assert (got.name, got.uid, set(got.gids) >= set(sent.gids), got.groups) == (name, uid, True, groups)
    assert parsed.others[1].gids == []


def test_the_largest_answer_fits() -> None:
    groups: list[int | None] = [2**32 - 1] * 5000
    assert len(packet.answer(Found("n" * 1024, 2**32 - 1, [2**32 - 1] * 65_536, groups))) < packet.ANSWER_BYTES_MAX


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda rest: b"found\0" + rest), st.integers(0, 3))
def test_an_answer_that_no_worker_gives_is_an_error_and_nothing_else(answer: bytes, groups: int) -> None:
    try:
        packet.parse_answer(answer, groups)
    except ValueError:
        return


@pytest.mark.parametrize(
    "typed", ["a\0b", "\0", "\ud800", "x" * 1025, "é" * 513], ids=["NUL inside", "NUL", "surrogate", "long", "long é"]
)
def test_what_cannot_be_a_name_is_not_asked(typed: str) -> None:
    assert packet.question(typed, ()) is None


def test_a_question_has_a_size_limit() -> None:
    assert packet.question("alice", ("g" * 1000,) * 60) is not None
    assert packet.question("alice", ("g" * 1000,) * 70) is None
