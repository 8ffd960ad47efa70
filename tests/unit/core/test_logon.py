"""Until when a portal logon opens sessions, and whom a pass lets in (product.md rows 3, 4, 17, 18)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.logon import (
    ATTEMPTS_MAX,
    CLOCKS_APART_SECONDS,
    KNOCK_SECONDS,
    LOGON_SECONDS,
    LOGONS_MAX,
    PAST_MAX,
    PAST_SECONDS,
    Ended,
    Logon,
    Logons,
    LogonSettings,
    Opens,
    PassFound,
    PassStatus,
    Standing,
    digest_of,
    go_on,
    knock,
    may_arm,
    opens,
    use,
    with_code,
    with_pass,
    with_session,
)
from rw2fa_daemon.core.rule import Rule

NOW = 1_790_000_000
HOUR = 3600
SETTINGS = LogonSettings(before_first=HOUR, after_first=8 * HOUR, pass_seconds=120, without_address=False)
NOWHERE = replace(SETTINGS, without_address=True)
LOGON = Logon(digest_of("one"), "alice", 1000, 77, "192.0.2.1", "host", NOW, NOW)
UNASKED = replace(LOGON, code_at=None, generation=0)
STANDING = Standing(uid=1000, asked=True, generation=77, locked=False)
HERE, THERE = "192.0.2.1", "192.0.2.2"
NOBODY: frozenset[bytes] = frozenset()


def armed(*logons: Logon, settings: LogonSettings = SETTINGS, now: float = NOW) -> Logons:
    return Logons(tuple(with_pass(logon, HERE, settings, now) for logon in logons or (LOGON,)))


def status(logons: Logons, now: float = NOW + 1) -> PassStatus:
    return logons.logons[0].pass_status(now)


@pytest.mark.parametrize(
    ("logon", "at", "answer"),
    [
        (LOGON, NOW, Opens.YES),
        (LOGON, NOW + HOUR - 1, Opens.YES),
        (LOGON, NOW + HOUR, Opens.CODE),
        (LOGON, NOW - CLOCKS_APART_SECONDS, Opens.YES),
        (LOGON, NOW - CLOCKS_APART_SECONDS - 1, Opens.OVER),
        (with_session(LOGON, NOW + HOUR - 1), NOW + HOUR, Opens.YES),
        (with_session(LOGON, NOW + 60), NOW + 60 + 8 * HOUR - 1, Opens.YES),
        (with_session(LOGON, NOW + 60), NOW + 60 + 8 * HOUR, Opens.CODE),
        (with_session(with_session(LOGON, NOW + 60), NOW + HOUR), NOW + 60 + 8 * HOUR, Opens.CODE),
        (LOGON, NOW + LOGON_SECONDS - 1, Opens.CODE),
        (LOGON, NOW + LOGON_SECONDS, Opens.OVER),
        (with_code(LOGON, NOW + LOGON_SECONDS - 1), NOW + LOGON_SECONDS, Opens.YES),
        (with_code(with_session(LOGON, NOW), NOW + 9 * HOUR), NOW + 10 * HOUR - 1, Opens.YES),
        (with_code(with_session(LOGON, NOW), NOW + 9 * HOUR), NOW + 10 * HOUR, Opens.CODE),
        (UNASKED, NOW + LOGON_SECONDS - 1, Opens.YES),
        (UNASKED, NOW + LOGON_SECONDS, Opens.OVER),
    ],
)
def test_rows_17_and_18_when_another_session_may_be_opened(logon: Logon, at: float, answer: Opens) -> None:
    assert opens(logon, SETTINGS, at) is answer


def test_a_logon_lasts_as_long_as_its_code_opens_sessions() -> None:
    month = replace(SETTINGS, after_first=30 * 24 * HOUR)
    logon = with_session(LOGON, NOW)
    assert opens(logon, month, NOW + month.after_first - 1) is Opens.YES
    assert opens(logon, month, NOW + month.after_first) is Opens.OVER


def test_no_time_after_the_first_session_means_one_session_a_code() -> None:
    once = replace(SETTINGS, after_first=0)
    assert opens(LOGON, once, NOW) is Opens.YES
    assert opens(with_session(LOGON, NOW), once, NOW) is Opens.CODE


SECONDS = st.integers(0, 3 * LOGON_SECONDS)


@given(SECONDS, SECONDS, st.lists(SECONDS, max_size=8), SECONDS)
def test_promise_4_no_session_is_opened_beyond_what_its_code_is_good_for(
    before: int, after: int, tries: list[int], code_again: int
) -> None:
    settings = LogonSettings(before, after, 120, without_address=False)
    logon, first, code_at = LOGON, None, NOW
    for at in sorted([*tries, code_again]):
        if at == code_again and opens(logon, settings, NOW + at) is not Opens.OVER:
            logon, first, code_at = with_code(logon, NOW + at), None, NOW + at
        if opens(logon, settings, NOW + at) is Opens.YES:
            logon = with_session(logon, NOW + at)
            assert NOW + at < (code_at + before if first is None else first + after)
            first = NOW + at if first is None else first


@pytest.mark.parametrize(
    ("standing", "logon", "ended"),
    [
        (STANDING, LOGON, False),
        (replace(STANDING, uid=1001), LOGON, True),
        (replace(STANDING, generation=78), LOGON, True),
        (replace(STANDING, generation=None), LOGON, True),
        (replace(STANDING, locked=True), LOGON, True),
        (replace(STANDING, asked=False), LOGON, True),
        (replace(STANDING, asked=False, generation=None), UNASKED, False),
        (STANDING, UNASKED, True),
        (replace(STANDING, asked=False, uid=1001), UNASKED, True),
    ],
    ids=["as it was", "uid", "reset", "removed", "locked", "out of scope", "unasked", "into scope", "unasked, uid"],
)
def test_promise_4_reset_removal_lock_scope_and_uid_end_a_logon(standing: Standing, logon: Logon, ended: bool) -> None:
    assert standing.ended(logon, SETTINGS, NOW) is standing.void(logon, SETTINGS, NOW) is ended


@pytest.mark.parametrize(
    ("at", "ended", "void"), [(NOW - CLOCKS_APART_SECONDS - 1, True, False), (NOW + LOGON_SECONDS, True, True)]
)
def test_a_host_with_a_wrong_clock_does_not_end_what_began_elsewhere(at: int, ended: bool, void: bool) -> None:
    assert STANDING.ended(LOGON, SETTINGS, at) is ended
    assert STANDING.void(LOGON, SETTINGS, at) is void


def test_a_logon_is_found_by_its_identifier_alone() -> None:
    logons = Logons((LOGON, replace(LOGON, digest=digest_of("two"))))
    assert logons.find("two") == logons.logons[1]
    assert logons.find("three") is None
    assert logons.find(LOGON.digest.hex()) is None


def test_promise_11_one_person_has_so_many_logons_and_no_more() -> None:
    logons = Logons()
    for number in range(LOGONS_MAX + 3):
        logons = logons.add(replace(LOGON, digest=digest_of(str(number))), NOW + number)
    assert len(logons.logons) == LOGONS_MAX
    assert logons.find("2") is None
    assert logons.find(str(LOGONS_MAX + 2)) is not None
    assert [(one.ended_at, one.how) for one in logons.past] == [
        (NOW + number, Ended.REPLACED) for number in range(LOGONS_MAX, LOGONS_MAX + 3)
    ]


def test_promise_11_so_many_logons_that_have_ended_are_kept_and_so_long() -> None:
    logons = Logons()
    for number in range(PAST_MAX + 3):
        one = replace(LOGON, digest=digest_of(str(number)), began_at=NOW + number)
        logons = replace(logons, logons=(one,)).ending([one], Ended.SIGNED_OUT, NOW + number)
    assert [one.began_at for one in logons.past] == [NOW + number for number in range(3, PAST_MAX + 3)]
    last = logons.past[-1].ended_at
    later = replace(logons, logons=(LOGON,)).ending([LOGON], Ended.REVOKED, last + PAST_SECONDS - 1)
    assert [one.how for one in later.past] == [Ended.SIGNED_OUT, Ended.REVOKED]


def test_what_has_ended_by_itself_is_told_from_what_was_ended() -> None:
    until = LOGON.until(SETTINGS)
    (expired,) = STANDING.settled(Logons((LOGON,)), SETTINGS, until + 100).past
    (revoked,) = replace(STANDING, generation=None).settled(Logons((LOGON,)), SETTINGS, NOW + 7).past
    assert (expired.how, expired.ended_at) == (Ended.EXPIRED, until)
    assert (revoked.how, revoked.ended_at) == (Ended.REVOKED, NOW + 7)
    assert STANDING.settled(Logons((LOGON,)), SETTINGS, NOW + 1) == Logons((LOGON,))


def test_a_pass_lets_its_user_in_once_from_the_address_it_is_for() -> None:
    logons = armed()
    assert knock(logons, HERE, NOBODY, SETTINGS, NOW + 1) == (logons, PassFound.LIVE, None)
    used, found, logon = use(logons, HERE, SETTINGS, NOW + 2)
    assert found is PassFound.USED
    assert logon is not None
    assert status(used) is PassStatus.USED
    assert knock(used, HERE, NOBODY, SETTINGS, NOW + 3)[1] is PassFound.NONE
    assert use(used, HERE, SETTINGS, NOW + 3)[1] is PassFound.GONE


def test_a_mistyped_password_and_somebody_elses_attempts_do_not_burn_a_pass() -> None:
    logons = armed()
    for address in (HERE, HERE, HERE, HERE, THERE, THERE, "", ""):
        logons, _, _ = knock(logons, address, NOBODY, SETTINGS, NOW + 1)
    assert use(logons, HERE, SETTINGS, NOW + 2)[1] is PassFound.USED


@pytest.mark.parametrize(("address", "why"), [(THERE, Rule.PASS_ADDRESS), ("", Rule.PASS_WITHOUT_ADDRESS)])
def test_promise_4_a_pass_is_for_no_other_address(address: str, why: Rule) -> None:
    assert knock(armed(), address, NOBODY, SETTINGS, NOW + 1) == (armed(), PassFound.NONE, why)
    assert use(armed(), address, SETTINGS, NOW + 1)[1] is PassFound.GONE


@pytest.mark.parametrize("at", [NOW + 120, NOW + 10_000, NOW - CLOCKS_APART_SECONDS - 1])
def test_a_pass_counts_in_its_time(at: int) -> None:
    assert knock(armed(), HERE, NOBODY, SETTINGS, at)[1] is PassFound.NONE
    assert use(armed(), HERE, SETTINGS, at)[1] is PassFound.GONE
    assert status(armed(), at) is PassStatus.EXPIRED
    assert status(armed(), NOW + 119) is PassStatus.ARMED


def test_each_logon_has_a_pass_of_its_own() -> None:
    logons = armed(LOGON, replace(LOGON, digest=digest_of("two")))
    logons, first, _ = use(logons, HERE, SETTINGS, NOW + 1)
    logons, second, _ = use(logons, HERE, SETTINGS, NOW + 1)
    assert (first, second) == (PassFound.USED, PassFound.USED)
    assert use(logons, HERE, SETTINGS, NOW + 1)[1] is PassFound.GONE


def test_a_session_that_lives_is_reached_again_from_the_same_address_alone() -> None:
    logons, _, logon = use(armed(), HERE, SETTINGS, NOW + 1)
    assert logon is not None
    alive = frozenset({logon.digest})
    assert knock(logons, HERE, alive, SETTINGS, NOW + HOUR)[1] is PassFound.RECONNECT
    assert go_on(logons, HERE, alive)[1] is PassFound.CONTINUED
    assert go_on(logons, "", alive)[1] is PassFound.GONE
    ended = Logons()
    assert knock(ended, HERE, alive, SETTINGS, NOW + HOUR)[1] is PassFound.NONE
    assert go_on(ended, HERE, alive)[1] is PassFound.GONE


def test_a_pass_that_is_armed_is_taken_before_a_session_that_lives() -> None:
    alive = frozenset({LOGON.digest})
    assert knock(armed(), HERE, alive, SETTINGS, NOW + 1)[1] is PassFound.LIVE
    assert use(armed(), HERE, SETTINGS, NOW + 1)[1] is PassFound.USED


def test_without_addresses_a_typing_error_is_forgiven_and_knocking_cancels() -> None:
    logons = armed(settings=NOWHERE)
    for attempt in range(ATTEMPTS_MAX):
        logons, found, why = knock(logons, "", NOBODY, NOWHERE, NOW + attempt)
        assert (found, why) == (PassFound.LIVE, None)
    assert use(logons, "", NOWHERE, NOW + 9)[1] is PassFound.USED
    logons, found, why = knock(logons, "", NOBODY, NOWHERE, NOW + 9)
    assert (found, why) == (PassFound.NONE, Rule.PASS_CANCELLED)
    assert status(logons) is PassStatus.CANCELLED
    assert use(logons, "", NOWHERE, NOW + 10)[1] is PassFound.GONE


def test_without_addresses_those_with_another_count_as_knocking_and_get_in_nowhere() -> None:
    logons = armed(settings=NOWHERE)
    for _ in range(ATTEMPTS_MAX + 1):
        logons, found, _ = knock(logons, THERE, NOBODY, NOWHERE, NOW + 1)
        assert found is PassFound.NONE
    assert status(logons) is PassStatus.CANCELLED


def test_promise_4_without_addresses_no_pass_is_armed_while_somebody_knocks() -> None:
    knocked, found, _ = knock(Logons(), "", NOBODY, NOWHERE, NOW)
    assert found is PassFound.NONE
    assert not may_arm(knocked, NOWHERE, NOW)
    assert not may_arm(knocked, NOWHERE, NOW + KNOCK_SECONDS - 1)
    assert may_arm(knocked, NOWHERE, NOW + KNOCK_SECONDS)
    assert may_arm(knocked, SETTINGS, NOW), "where addresses tell them apart"
    assert may_arm(Logons(), NOWHERE, NOW)


def test_where_addresses_tell_them_apart_nobody_who_knocks_makes_anything_be_stored() -> None:
    for logons in (Logons(), Logons((LOGON,)), armed()):
        for address in (HERE, THERE, ""):
            assert knock(logons, address, NOBODY, SETTINGS, NOW)[0] is logons


EVENTS = st.lists(
    st.tuples(st.sampled_from(["arm", "knock", "use"]), st.sampled_from([HERE, THERE, ""]), st.integers(0, 90)),
    max_size=40,
)


@given(EVENTS, st.booleans())
def test_promise_1_no_more_logins_are_let_in_than_passes_were_armed(
    events: list[tuple[str, str, int]],
    without_address: bool,
) -> None:
    settings = replace(SETTINGS, without_address=without_address)
    logons, arms, lets, now = Logons((LOGON,)), 0, 0, NOW
    for what, address, later in events:
        now += later
        if what == "arm":
            logons, arms = logons.put(with_pass(logons.logons[0], HERE, settings, now)), arms + 1
        elif what == "knock":
            logons, _, _ = knock(logons, address, NOBODY, settings, now)
        else:
            before = status(logons, now)
            logons, found, _ = use(logons, address, settings, now)
            lets += found is PassFound.USED
            assert (found is PassFound.USED) <= (before is PassStatus.ARMED)
            assert (found is PassFound.USED) <= (address == HERE or (address == "" and without_address))
        assert lets <= arms


def test_of_a_user_who_never_logged_on_there_is_nothing_to_remember() -> None:
    assert Logons().until(SETTINGS) == 0


def test_sessions_are_counted_up_from_none() -> None:
    assert LOGON.sessions == 0
    assert with_session(with_session(LOGON, NOW), NOW + 1).sessions == 2


def test_a_logon_without_a_code_lasts_as_long_as_any_from_when_it_began() -> None:
    assert UNASKED.until(SETTINGS) == NOW + LOGON_SECONDS
