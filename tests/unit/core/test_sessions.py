"""Which sessions a code counts in: those it was typed in, and the one that its login opened."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.sessions import (
    OPENING_SECONDS,
    REMEMBERED_MAX,
    accepted_at,
    opened,
    remember,
    remember_logon,
    take_logon,
)

NOW = 1_790_000_000
BOOTED = NOW - 1_000
BOOT = "00112233-4455-4677"


def here(session: str, boot: str = BOOT) -> str:
    return f"{boot}:{session}" if session else ""


def login(session: str = "", pid: int = 0, parent: int = 0) -> Login:
    return Login(Phase.AUTH, Slot.MAIN, "sshd", "alice", session=here(session), boot=BOOT, pid=pid, parent=parent)


def opens(*logins: Login) -> str:
    remembered = ""
    for one in logins:
        remembered = remember(remembered, one, NOW, opens=True)
    return remembered


def number(remembered: str, pid: int, session: str = "7", *, now: float = NOW + 1, booted_at: float = BOOTED) -> str:
    return opened(remembered, here(session), pid, now=now, booted_at=booted_at)


@pytest.mark.parametrize("pid", [40, 41])
def test_a_code_counts_in_the_session_that_its_process_or_the_parent_begins(pid: int) -> None:
    remembered = number(opens(login(pid=41, parent=40)), pid)
    assert accepted_at(remembered, here("7")) == NOW, "from when the code was accepted"
    assert number(remembered, pid, "8") == remembered, "one login is one session"


@pytest.mark.parametrize(
    ("pid", "now", "booted_at"),
    [
        (42, NOW + 1, BOOTED),
        (0, NOW + 1, BOOTED),
        (40, NOW + OPENING_SECONDS, BOOTED),
        (40, NOW - 1, BOOTED),
        (40, NOW + 1, NOW + 0.5),
    ],
    ids=["another process", "a process that cannot be seen", "too late", "a clock set back", "after a boot"],
)
def test_promise_4_no_other_session_gets_the_code(pid: int, now: float, booted_at: float) -> None:
    remembered = opens(login(pid=41, parent=40))
    assert number(remembered, pid, now=now, booted_at=booted_at) == remembered
    assert accepted_at(remembered, here("7")) is None


def test_promise_4_no_session_has_the_name_of_a_login_that_waits_for_one() -> None:
    remembered = opens(login(pid=41, parent=40))
    assert number(remembered, 40, "") == remembered
    assert accepted_at(remembered, "") is None


def test_several_sessions_are_remembered_side_by_side() -> None:
    remembered = ""
    for pid in range(1, REMEMBERED_MAX + 2):
        remembered = number(remember(remembered, login(pid=pid), NOW, opens=True), pid, str(pid))
    assert [accepted_at(remembered, here(str(pid))) for pid in range(1, REMEMBERED_MAX + 2)] == [None] + [
        NOW
    ] * REMEMBERED_MAX


def test_a_program_that_opens_no_session_waits_for_none() -> None:
    remembered = remember("", login("5", pid=41, parent=40), NOW, opens=False)
    assert accepted_at(remembered, here("5")) == NOW
    assert number(remembered, 41) == remembered


def test_logins_that_came_to_nothing_are_forgotten_at_the_next_one() -> None:
    later = remember(opens(login(pid=41)), login("5"), NOW + OPENING_SECONDS, opens=False)
    assert later == f"{BOOT}:5@{NOW + OPENING_SECONDS}"


@given(st.lists(st.tuples(st.sampled_from(["", "5", "6"]), st.integers(0, 3), st.booleans(), st.integers(0, 300))))
def test_promise_11_what_is_remembered_is_bounded(logins: list[tuple[str, int, bool, int]]) -> None:
    remembered, now = "", NOW
    for session, pid, opens_one, seconds in logins:
        now += seconds
        remembered = remember(remembered, login(session, pid, pid + 1), now, opens=opens_one)
        remembered = number(remembered, pid, session, now=now)
        assert len(remembered.split()) <= REMEMBERED_MAX
        if session:
            assert accepted_at(remembered, here(session)) == now


def test_promise_4_a_process_of_another_host_begins_no_session_of_this_login() -> None:
    remembered = opens(login(pid=41, parent=40))
    assert opened(remembered, here("7", "ffffffff-4455-4677"), 41, now=NOW + 1, booted_at=BOOTED) == remembered


def taken(
    remembered: str, pid: int, *, boot: str = BOOT, now: float = NOW + 1, booted_at: float = BOOTED
) -> tuple[str, int | None]:
    return take_logon(remembered, boot, pid, now=now, booted_at=booted_at)


@pytest.mark.parametrize("pid", [40, 41])
def test_a_code_at_the_portal_serves_one_logon_of_its_process_or_the_parent(pid: int) -> None:
    remembered = remember_logon("", login(pid=41, parent=40), NOW)
    left, at = taken(remembered, pid)
    assert at == NOW
    assert taken(left, pid) == (left, None), "one code is one logon"


@pytest.mark.parametrize(
    ("pid", "now", "booted_at", "boot"),
    [
        (42, NOW + 1, BOOTED, BOOT),
        (0, NOW + 1, BOOTED, BOOT),
        (40, NOW + OPENING_SECONDS, BOOTED, BOOT),
        (40, NOW - 1, BOOTED, BOOT),
        (40, NOW + 1, NOW + 0.5, BOOT),
        (40, NOW + 1, BOOTED, "99112233-4455-4677"),
        (40, NOW + 1, BOOTED, ""),
    ],
    ids=["another process", "unseen", "too late", "a clock set back", "after a boot", "another host", "unknown host"],
)
def test_promise_4_no_other_logon_gets_the_code(pid: int, now: float, booted_at: float, boot: str) -> None:
    remembered = remember_logon("", login(pid=41, parent=40), NOW)
    assert taken(remembered, pid, boot=boot, now=now, booted_at=booted_at) == (remembered, None)


def test_promise_4_a_code_at_the_portal_counts_in_no_session_and_the_other_way_round() -> None:
    remembered = remember_logon("", login("7", pid=41, parent=40), NOW)
    assert accepted_at(remembered, here("7")) is None
    assert number(remembered, 40) == remembered
    in_session = remember("", login("7", pid=41, parent=40), NOW, opens=True)
    assert taken(in_session, 40) == (in_session, None)


def test_promise_11_what_is_remembered_of_logons_is_bounded_too() -> None:
    remembered = ""
    for pid in range(50, 60):
        remembered = remember_logon(remembered, login(pid=pid, parent=1), NOW)
    assert len(remembered.split()) == REMEMBERED_MAX


def test_how_long_a_login_may_take_to_begin_its_session_and_how_many_are_remembered() -> None:
    assert (OPENING_SECONDS, REMEMBERED_MAX) == (120, 4)


def test_a_code_typed_again_in_a_session_is_remembered_once_and_at_its_latest() -> None:
    once = remember("", login("5", pid=41), NOW, opens=False)
    assert remember(once, login("5", pid=41), NOW + 9.7, opens=False) == f"{BOOT}:5@{NOW + 9}"
    opening = opens(login(pid=41, parent=40), login(pid=41, parent=40))
    assert opening == f"opening:{BOOT}:41:40@{NOW}"


def test_the_session_that_a_login_begins_takes_its_place_with_the_latest_code_of_both() -> None:
    both = f"{BOOT}:7@{NOW + 5} opening:{BOOT}:41:40@{NOW}"
    assert number(both, 41, now=NOW + 9) == f"{BOOT}:7@{NOW + 5}"
    assert number(f"{BOOT}:7@{NOW - 5} opening:{BOOT}:41:40@{NOW}", 41) == f"{BOOT}:7@{NOW}"
    assert number(f"{BOOT}:8@{NOW} opening:{BOOT}:41:40@{NOW}", 41) == f"{BOOT}:8@{NOW} {BOOT}:7@{NOW}"


def test_of_two_logins_of_one_process_the_later_one_begins_the_session() -> None:
    two = f"opening:{BOOT}:41:40@{NOW - 9} opening:{BOOT}:42:40@{NOW}"
    assert number(two, 40) == f"opening:{BOOT}:41:40@{NOW - 9} {BOOT}:7@{NOW}"


@pytest.mark.parametrize("unknown", [{"pid": 0}, {"pid": -1}, {"boot": ""}])
def test_promise_4_a_login_whose_process_or_boot_is_unknown_opens_nothing(unknown: dict[str, int | str]) -> None:
    blind = replace(login(pid=41, parent=40), **unknown)  # type: ignore[arg-type]
    assert remember("", blind, NOW, opens=True) == ""
    assert remember_logon("", blind, NOW) == ""


@pytest.mark.parametrize("pid", [-1, 0])
def test_promise_4_no_process_is_no_process(pid: int) -> None:
    forged = f"opening:{BOOT}:{pid}:{pid}@{NOW} logon:{BOOT}:{pid}:{pid}@{NOW}"
    assert number(forged, pid) == forged
    assert taken(forged, pid) == (forged, None)


def test_the_first_and_the_last_moment_at_which_a_session_may_begin() -> None:
    remembered = opens(login(pid=1, parent=40))
    assert number(remembered, 1, now=NOW, booted_at=NOW) == f"{BOOT}:7@{NOW}"
    assert number(remembered, 1, now=NOW + 119.9) == f"{BOOT}:7@{NOW}"
    logon = remember_logon("", login(pid=1, parent=40), NOW)
    assert taken(logon, 1, now=NOW, booted_at=NOW) == ("", NOW)
    assert taken(logon, 1, now=NOW + 119.9) == ("", NOW)


def test_logons_and_logins_that_came_to_nothing_are_forgotten_and_sessions_are_not() -> None:
    old = f"{BOOT}:5@{NOW} logon:{BOOT}:41:40@{NOW} opening:{BOOT}:41:40@{NOW}"
    assert remember_logon(old, login(pid=50), NOW + 119) == f"{old} logon:{BOOT}:50:0@{NOW + 119}"
    assert remember_logon(old, login(pid=50), NOW + 120) == f"{BOOT}:5@{NOW} logon:{BOOT}:50:0@{NOW + 120}"
    assert remember_logon(old, login(), NOW + 120) == f"{BOOT}:5@{NOW}"
    back = remember(old, login("6"), NOW - 1, opens=False)
    assert back == f"{BOOT}:5@{NOW} {BOOT}:6@{NOW - 1}", "nor does a clock that was set back keep one"


def test_one_logon_of_several_is_taken_the_latest_first_and_the_others_stay() -> None:
    once = remember_logon(remember_logon("", login(pid=41, parent=40), NOW), login(pid=42, parent=40), NOW)
    assert taken(once, 40) == (f"logon:{BOOT}:41:40@{NOW}", NOW)
    assert remember_logon(once, login(pid=41, parent=40), NOW + 1) == (
        f"logon:{BOOT}:42:40@{NOW} logon:{BOOT}:41:40@{NOW + 1}"
    )
