"""Who is let in through the web portal: what a code is good for there, until when, and what ends it."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.logon import (
    IDENTIFIER_BYTES,
    KNOCK_SECONDS,
    LOGON_SECONDS,
    LOGONS_MAX,
    Logons,
    Pass,
    PassStatus,
    digest_of,
)
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.sessions import OPENING_SECONDS
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.logons import end_logons, logon_verbs
from rw2fa_daemon.store.logons import Full
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.message import Message, ProtocolError
from tests.support.expected_calls import ExpectedCalls
from tests.unit.service.logins import NOW, services
from tests.unit.service.portal import HERE, PID, PORTAL, THERE, USERS, Host, rules_of

UPTIME = 1_000.0
BEFORE_FIRST, AFTER_FIRST, PASS_SECONDS = 3_600, 28_800, 60
ABOUT = ("logon_code", "logon_session", "logon_show", "logon_account", "logon_end", "pass")
"""The verbs about a logon that there is."""


@pytest.fixture(scope="module")
def alice_in_scope(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    text = (
        f"[settings]\nvalidity_before_first_session = {BEFORE_FIRST}\n"
        f"validity_after_first_session = {AFTER_FIRST // 60}\n[rdp]\npass_seconds = {PASS_SECONDS}\n"
    )
    return rules_of(tmp_path_factory.mktemp("rules"), text)


@pytest.fixture
def host(calls: ExpectedCalls, alice_in_scope: Rules, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(calls, alice_in_scope)
    monkeypatch.setattr("time.time", lambda: made.now)
    monkeypatch.setattr("time.clock_gettime", lambda _clock: UPTIME)
    return made


def without_address(host: Host, folder: Path) -> None:
    """Let passes be for whoever comes, from nobody knows where."""
    host.rules = rules_of(folder, "[rdp]\nwithout_address = true\n")


def refused(rule: Rule, text: Prompt = Prompt.LOGIN_REFUSED) -> dict[str, str]:
    return {"result": "refused", "rule": rule, "text": text.value}


# Signing in


def test_a_code_makes_one_logon_whose_identifier_is_said_and_not_kept(host: Host) -> None:
    host.code_judged(at=NOW - 5)
    before = host.kept.accounts["alice"]
    report = host.register(address=f"::ffff:{HERE}")
    identifier = report.pop("logon")
    assert len(bytes.fromhex(identifier)) == IDENTIFIER_BYTES
    assert report == {
        "result": "ok",
        "rule": "logon",
        "uid": "1000",
        "until": str(int(NOW) - 5 + LOGON_SECONDS),
        "sessions": "0",
        "sessions_until": str(int(NOW) - 5 + BEFORE_FIRST),
        "pass": "none",
        "user": "alice",
        "asked": "yes",
    }
    (logon,) = host.kept.logons["alice"].logons
    assert (logon.digest, logon.user, logon.uid, logon.generation) == (digest_of(identifier), "alice", 1000, 77)
    assert (logon.address, logon.host) == (HERE, os.uname().nodename)
    assert (logon.began_at, logon.code_at) == (int(NOW), int(NOW) - 5)
    after = host.kept.accounts["alice"]
    assert after == replace(before, counters=replace(before.counters, sessions=""))


def test_who_signs_in_is_audited_with_the_address(host: Host) -> None:
    host.log_on()
    (record,) = host.records
    assert (record.event, record.at, record.user) == (Event.LOGON, NOW, "alice")
    assert (record.service, record.address) == (PORTAL, HERE)
    assert (record.decision, record.rule, record.reason) == (Decision.ALLOW, Rule.LOGON, "")


def test_promise_1_one_code_makes_no_second_logon(host: Host) -> None:
    host.log_on()
    assert host.register() == refused(Rule.LOGON_WITHOUT_CODE)
    assert len(host.kept.logons["alice"].logons) == 1


def test_a_code_that_a_child_had_judged_is_its_parents(host: Host) -> None:
    host.code_judged(pid=PID + 1, parent=PID)
    assert host.register()["result"] == "ok"


@pytest.mark.parametrize(
    "code",
    [
        {"pid": PID + 1},
        {"place": "0123456789abcdef"},
        {"at": NOW - OPENING_SECONDS},
        {"at": NOW + 1},
        {"at": NOW - UPTIME - 1},
        None,
    ],
    ids=["another process", "another host", "too long ago", "in the future", "before the boot", "none"],
)
def test_promise_4_no_logon_without_a_code_of_this_very_process(host: Host, code: dict[str, Any] | None) -> None:
    if code is not None:
        host.code_judged(**code)
    before = dict(host.kept.accounts)
    assert host.register() == refused(Rule.LOGON_WITHOUT_CODE)
    assert not host.kept.logons["alice"].logons
    assert host.kept.accounts == before
    (record,) = host.records
    assert (record.event, record.decision, record.rule) == (Event.REFUSED, Decision.DENY, Rule.LOGON_WITHOUT_CODE)
    assert record.user == "alice"


def test_the_second_before_a_code_is_too_old_it_makes_a_logon(host: Host) -> None:
    host.code_judged(at=NOW - OPENING_SECONDS + 1)
    assert host.register()["result"] == "ok"


def test_promise_4_a_code_from_before_the_boot_is_of_another_process_of_that_number(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.clock_gettime", lambda _clock: 10.0)
    host.code_judged(at=NOW - 11)
    assert host.register() == refused(Rule.LOGON_WITHOUT_CODE)
    host.code_judged(at=NOW - 9)
    assert host.register()["result"] == "ok"


def test_who_has_no_account_has_no_logon(host: Host) -> None:
    host.kept.accounts.clear()
    assert host.register() == refused(Rule.LOGON_WITHOUT_CODE)
    assert not host.kept.accounts


def test_promise_4_who_was_locked_after_the_code_gets_no_logon_and_the_code_is_spent(host: Host) -> None:
    host.code_judged()
    host.lock()
    assert host.register() == refused(Rule.LOGON_OVER)
    assert not host.kept.logons["alice"].logons
    host.now += 61
    assert host.register() == refused(Rule.LOGON_WITHOUT_CODE)


def test_promise_13_the_code_of_another_uid_of_that_name_makes_no_logon(host: Host) -> None:
    host.directory.users["alice"] = User("alice", 1002, frozenset({1002}))
    host.code_judged()
    assert host.register()["result"] == "refused"
    assert not host.kept.logons["alice"].logons


def test_promise_13_a_logon_is_kept_for_the_name_that_nss_gives(host: Host) -> None:
    host.directory.users["ALICE"] = USERS["alice"]
    host.code_judged()
    report = host.register(user="ALICE")
    assert (report["result"], report["user"]) == ("ok", "alice")
    assert list(host.kept.logons) == ["alice"]


def test_promise_13_a_logon_by_another_name_of_the_uid_is_kept_with_the_account_that_is_judged(host: Host) -> None:
    host.directory.users["ally"] = replace(USERS["alice"], name="ally", others=(USERS["alice"],))
    host.code_judged()
    report = host.register(user="ally")
    assert (report["result"], report["user"]) == ("ok", "ally")
    assert list(host.kept.logons) == ["alice"], "so that what ends alice's logons ends this one"


def test_who_is_not_in_the_scope_signs_in_without_a_code_and_by_no_account(host: Host) -> None:
    report = host.register(user="bob")
    assert report.pop("logon")
    assert report == {
        "result": "ok",
        "rule": "logon",
        "uid": "1001",
        "until": str(int(NOW) + LOGON_SECONDS),
        "sessions": "0",
        "pass": "none",
        "user": "bob",
        "asked": "no",
    }
    assert host.kept.logons["bob"].logons[0].generation == 0
    assert "bob" not in host.kept.accounts


def test_promise_14_where_it_is_switched_off_nobody_is_asked_for_a_code(host: Host, tmp_path: Path) -> None:
    host.rules = rules_of(tmp_path, enabled=False)
    assert host.register()["asked"] == "no"
    assert [logon.user for logon in host.kept.logons["alice"].logons] == ["alice"]


def test_a_new_logon_clears_away_what_has_ended_for_good_and_nothing_else(host: Host) -> None:
    first = host.log_on()
    host.now += LOGON_SECONDS - 1
    second = host.log_on()
    host.now += 1
    third = host.log_on()
    kept = host.kept.logons["alice"]
    assert kept.find(first) is None
    assert [logon.digest for logon in kept.logons] == [digest_of(second), digest_of(third)]


def test_a_clock_that_was_wrong_does_not_clear_away_what_began_elsewhere(host: Host) -> None:
    other = host.log_on()
    host.now -= 10_000
    host.log_on()
    assert host.kept.logons["alice"].find(other) is not None


def test_promise_11_one_more_logon_than_there_may_be_ends_the_oldest(host: Host) -> None:
    first, second, *_ = [host.log_on() for _ in range(LOGONS_MAX + 1)]
    assert host.ask("logon_show", logon=first)["result"] == "over"
    assert host.ask("logon_show", logon=second)["result"] == "ok"


@pytest.mark.parametrize("service", ["sshd", "cockpit", "no-such-service"])
def test_promise_4_codes_of_other_services_serve_no_logon(host: Host, service: str) -> None:
    host.code_judged()
    assert host.register(service=service) == refused(Rule.LOGON_OVER)
    assert host.kept.logons == {}
    (record,) = host.records
    assert (record.service, record.rule) == (service, Rule.LOGON_OVER)
    assert record.reason == f"codes of {service} serve no logons of the portal"


@pytest.mark.parametrize(
    ("missing", "rule", "text"),
    [
        (Missing.UNKNOWN, Rule.USER_UNKNOWN, Prompt.LOGIN_REFUSED),
        (Missing.UNAVAILABLE, Rule.DIRECTORY_UNAVAILABLE, Prompt.CANNOT_JUDGE),
    ],
)
def test_whom_the_directory_does_not_give_nobody_signs_in_as(
    host: Host, missing: Missing, rule: Rule, text: Prompt
) -> None:
    host.directory.users["alice"] = missing
    host.code_judged()
    assert host.register() == refused(rule, text)
    assert host.kept.logons == {}


def test_where_it_is_switched_off_whom_nobody_finds_is_refused_too(host: Host, tmp_path: Path) -> None:
    host.rules = rules_of(tmp_path, enabled=False)
    assert host.register(user="nobody-there")["result"] == "refused"
    assert host.kept.logons == {}


@pytest.mark.parametrize(
    ("outside", "result"), [(True, "ok"), (False, "refused"), (None, "refused")], ids=["outside", "inside", "no state"]
)
def test_promise_13_while_a_group_is_unsure_only_who_was_outside_signs_in_without_a_code(
    host: Host, tmp_path: Path, outside: bool | None, result: str
) -> None:
    host.rules = rules_of(tmp_path, scope=("alice", "@staff"))
    host.directory.users["bob"] = replace(USERS["bob"], groups={"staff": None})
    host.outside = outside
    report = host.register(user="bob")
    assert report["result"] == result
    assert report["rule"] == ("logon" if outside else "scope-unsure")


def test_which_rules_are_in_force_is_asked_with_each_request(host: Host, tmp_path: Path) -> None:
    identifier = host.log_on()
    host.rules = rules_of(tmp_path, scope=("bob",))
    assert host.ask("logon_session", logon=identifier)["result"] == "over"


# Sessions


@pytest.mark.parametrize(
    ("opened", "at", "result"),
    [
        ([], BEFORE_FIRST - 1, "ok"),
        ([], BEFORE_FIRST, "code"),
        ([60], 60 + AFTER_FIRST - 1, "ok"),
        ([60], 60 + AFTER_FIRST, "code"),
        ([60, 120], 60 + AFTER_FIRST, "code"),
        ([], LOGON_SECONDS - 1, "code"),
        ([], LOGON_SECONDS, "over"),
    ],
)
@pytest.mark.parametrize("verb", ["logon_session", "pass", "logon_show"])
def test_promise_4_sessions_and_passes_are_given_as_long_as_the_code_is_good_for(
    host: Host, verb: str, opened: list[int], at: int, result: str
) -> None:
    identifier = host.log_on()
    for seconds in opened:
        host.now = NOW + seconds
        assert host.ask("logon_session", logon=identifier)["result"] == "ok"
    before = dict(host.kept.logons)
    host.now = NOW + at
    report = host.ask(verb, logon=identifier, address=HERE)
    assert report["result"] == result
    if result != "ok":
        assert "sessions_until" not in report
        assert host.kept.logons == before


def test_each_session_is_counted_audited_and_shown(host: Host) -> None:
    identifier = host.log_on()
    host.now += 60
    first = host.ask("logon_session", logon=identifier, address=THERE)
    host.now += 60
    second = host.ask("logon_session", logon=identifier)
    until = str(int(NOW) + 60 + AFTER_FIRST)
    assert [(each["rule"], each["sessions"], each["sessions_until"]) for each in (first, second)] == [
        ("logon-session", "1", until),
        ("logon-session", "2", until),
    ]
    assert host.ask("logon_show", logon=identifier)["sessions"] == "2"
    _, opened, _ = host.records
    assert (opened.event, opened.decision, opened.rule) == (Event.SESSION_OPENED, Decision.ALLOW, Rule.LOGON_SESSION)
    assert (opened.at, opened.user, opened.service, opened.address) == (NOW + 60, "alice", PORTAL, THERE)


def test_another_code_lets_sessions_be_opened_again_as_after_the_first(host: Host) -> None:
    identifier = host.log_on()
    host.ask("logon_session", logon=identifier)
    host.now = NOW + AFTER_FIRST
    assert host.ask("logon_session", logon=identifier)["rule"] == "logon-needs-code"
    host.code_judged()
    report = host.ask("logon_code", logon=identifier)
    assert (report["result"], report["rule"]) == ("ok", "logon-code")
    assert report["sessions_until"] == str(int(host.now) + BEFORE_FIRST)
    assert report["until"] == str(int(host.now) + LOGON_SECONDS)
    assert host.records[-1].event is Event.LOGON
    assert host.ask("logon_code", logon=identifier) == refused(Rule.LOGON_WITHOUT_CODE), "one code serves once"
    host.now += BEFORE_FIRST - 1
    assert host.ask("logon_session", logon=identifier)["result"] == "ok"


def test_promise_4_without_another_code_a_logon_is_not_renewed(host: Host) -> None:
    identifier = host.log_on()
    before = dict(host.kept.logons)
    host.code_judged(pid=PID + 1)
    assert host.ask("logon_code", logon=identifier) == refused(Rule.LOGON_WITHOUT_CODE)
    assert host.kept.logons == before


def test_who_is_not_asked_opens_sessions_without_a_code_until_the_logon_is_over(host: Host) -> None:
    identifier = host.register(user="bob")["logon"]
    host.now = NOW + LOGON_SECONDS - 1
    opened = host.ask("logon_session", logon=identifier, user="bob")
    assert (opened["result"], opened["asked"]) == ("ok", "no")
    assert "sessions_until" not in opened
    assert host.ask("pass", logon=identifier, user="bob", address=HERE)["pass"] == "none"
    host.now += 1
    assert host.ask("logon_session", logon=identifier, user="bob")["result"] == "over"


# What ends a logon


def reset(host: Host) -> None:
    host.kept.accounts["alice"] = replace(host.kept.accounts["alice"], generation=78)


def remove(host: Host) -> None:
    del host.kept.accounts["alice"]


def lock(host: Host) -> None:
    host.lock()


def change_uid(host: Host) -> None:
    host.directory.users["alice"] = User("alice", 1002, frozenset({1002}))


def revoke(host: Host) -> None:
    end_logons(host.services, "alice")
    host.work()


ENDS = [reset, remove, lock, change_uid, revoke]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("verb", ["logon_code", "logon_session", "logon_show", "logon_account", "pass"])
def test_promise_4_nothing_is_given_to_a_logon_whose_user_is_not_as_before(host: Host, end: Any, verb: str) -> None:
    identifier = host.log_on()
    end(host)
    if verb == "logon_code" and "alice" in host.kept.accounts:
        host.code_judged()
    before = host.kept.accounts.get("alice"), host.kept.logons.get("alice", Logons())
    assert host.ask(verb, logon=identifier, address=HERE) == {"result": "over", "rule": "logon-over"}
    assert (host.kept.accounts.get("alice"), host.kept.logons.get("alice", Logons())) == before
    assert len(host.records) == 1, "that it is over is no news"


@pytest.mark.parametrize("verb", ["logon_code", "logon_session", "logon_show", "pass"])
def test_promise_4_a_logon_is_its_users_alone(host: Host, verb: str) -> None:
    identifier = host.log_on()
    assert host.ask(verb, logon=identifier, user="bob", address=HERE)["result"] == "over"
    assert host.ask(verb, logon="0" * 64, address=HERE)["result"] == "over"


def test_who_signs_out_ends_this_logon_and_no_other(host: Host) -> None:
    one, two = host.log_on(), host.log_on()
    ended = host.ask("logon_end", logon=one)
    assert (ended["result"], ended["rule"]) == ("ok", "logon-ended")
    assert host.records[-1].event is Event.LOGON_ENDED
    assert host.ask("logon_session", logon=one)["result"] == "over"
    assert host.ask("logon_session", logon=two)["result"] == "ok"


def test_who_signs_out_again_is_told_the_same_and_nothing_is_audited(host: Host) -> None:
    identifier = host.log_on()
    host.ask("logon_end", logon=identifier)
    before = len(host.records)
    assert host.ask("logon_end", logon=identifier) == {"result": "ok"}
    assert len(host.records) == before


@pytest.mark.parametrize("end", [reset, lock])
def test_who_signs_out_of_what_has_ended_is_not_told_that(host: Host, end: Any) -> None:
    identifier = host.log_on()
    end(host)
    assert host.ask("logon_end", logon=identifier)["result"] == "ok"
    assert not host.kept.logons["alice"].logons


# Passes


def pass_of(host: Host) -> Pass | None:
    return host.kept.logons["alice"].logons[0].rdp_pass


def test_a_pass_is_armed_for_the_address_that_the_browser_comes_from_and_for_its_time(host: Host) -> None:
    identifier = host.log_on()
    host.now += 60
    report = host.ask("pass", logon=identifier, address=f"::ffff:{THERE}")
    until = int(NOW) + 60 + PASS_SECONDS
    assert (report["result"], report["rule"], report["sessions"]) == ("ok", "pass-armed", "1")
    assert (report["pass"], report["pass_until"]) == ("armed", str(until))
    assert pass_of(host) == Pass(int(NOW) + 60, until, THERE)
    record = host.records[-1]
    assert (record.event, record.decision, record.rule) == (Event.PASS_ARMED, Decision.ALLOW, Rule.PASS_ARMED)


def test_the_first_pass_begins_the_time_after_the_first_session(host: Host) -> None:
    identifier = host.log_on()
    armed = host.ask("pass", logon=identifier, address=HERE)
    assert armed["sessions_until"] == str(int(NOW) + AFTER_FIRST)


def test_what_became_of_a_pass_is_shown_and_until_when_it_counts_only_while_it_does(host: Host) -> None:
    identifier = host.log_on()
    host.ask("pass", logon=identifier, address=HERE)
    host.now += PASS_SECONDS - 1
    shown = host.ask("logon_show", logon=identifier)
    assert (shown["pass"], shown["pass_until"]) == ("armed", str(int(NOW) + PASS_SECONDS))
    host.now += 1
    shown = host.ask("logon_show", logon=identifier)
    assert (shown["result"], shown["pass"]) == ("ok", "expired")
    assert "pass_until" not in shown


def test_another_pass_of_a_logon_takes_the_place_of_the_one_before(host: Host) -> None:
    identifier = host.log_on()
    host.ask("pass", logon=identifier, address=HERE)
    logons = host.kept.logons["alice"]
    used = replace(logons.logons[0], rdp_pass=Pass(int(NOW), int(NOW) + 60, HERE, PassStatus.USED, 1))
    host.kept.logons["alice"] = logons.put(used)
    assert host.ask("pass", logon=identifier, address=THERE)["pass"] == "armed"
    assert pass_of(host) == Pass(int(NOW), int(NOW) + PASS_SECONDS, THERE)


@pytest.mark.parametrize("address", ["", "localhost"])
def test_promise_4_no_pass_is_armed_for_an_address_that_is_not_known(host: Host, address: str) -> None:
    identifier = host.log_on()
    before = dict(host.kept.logons)
    report = host.ask("pass", logon=identifier, address=address)
    assert report == refused(Rule.PASS_WITHOUT_ADDRESS, Prompt.RDP_NOWHERE)
    assert host.kept.logons == before
    assert host.records[-1].event is Event.REFUSED


@pytest.mark.parametrize("address", ["", HERE])
def test_where_logins_have_no_address_a_pass_is_armed_with_or_without_one(
    host: Host, tmp_path: Path, address: str
) -> None:
    without_address(host, tmp_path)
    identifier = host.log_on()
    assert host.ask("pass", logon=identifier, address=address)["pass"] == "armed"


def test_promise_4_where_logins_have_no_address_no_pass_is_armed_while_somebody_knocks(
    host: Host, tmp_path: Path
) -> None:
    without_address(host, tmp_path)
    identifier = host.log_on()
    host.kept.logons["alice"] = replace(host.kept.logons["alice"], knocked_at=int(NOW))
    before = dict(host.kept.logons)
    host.now += KNOCK_SECONDS - 1
    assert host.ask("pass", logon=identifier, address=HERE) == refused(Rule.PASS_KNOCKED, Prompt.RDP_KNOCKED)
    assert host.kept.logons == before
    host.now += 1
    assert host.ask("pass", logon=identifier, address=HERE)["result"] == "ok"


def test_who_is_not_asked_needs_no_address_and_no_pass(host: Host) -> None:
    identifier = host.register(user="bob")["logon"]
    report = host.ask("pass", logon=identifier, user="bob", address="")
    assert (report["result"], report["pass"], report["sessions"]) == ("ok", "none", "1")


def test_promise_14_knocking_keeps_nobody_waiting_who_needs_no_pass(host: Host, tmp_path: Path) -> None:
    without_address(host, tmp_path)
    identifier = host.register(user="bob")["logon"]
    host.kept.logons["bob"] = replace(host.kept.logons["bob"], knocked_at=int(NOW))
    assert host.ask("pass", logon=identifier, user="bob", address=HERE)["result"] == "ok"


# Answers, and what cannot be answered


@pytest.mark.parametrize("verb", ["logon", *ABOUT])
def test_promise_1_nothing_is_answered_or_audited_before_it_is_durable(host: Host, verb: str) -> None:
    identifier = host.log_on()
    host.code_judged()
    before = len(host.records)
    about = {"service": PORTAL} if verb == "logon" else {"logon": identifier}
    connected = host.begin(verb, address=HERE, **about)
    assert (connected.said, len(host.records)) == ([], before)
    host.work()
    assert len(connected.said) == 1


def test_what_is_only_shown_is_not_audited_and_changes_nothing(host: Host) -> None:
    identifier = host.log_on()
    before = dict(host.kept.logons), dict(host.kept.accounts), len(host.records)
    assert "rule" not in host.ask("logon_show", logon=identifier)
    assert (host.kept.logons, host.kept.accounts, len(host.records)) == before


@pytest.mark.parametrize("verb", ["logon", *ABOUT])
def test_promise_5_where_the_state_cannot_be_used_all_is_refused_and_the_reason_audited(host: Host, verb: str) -> None:
    identifier = host.log_on()
    host.problem = StateProblem("the disk is full", "make room")
    about = {"service": PORTAL} if verb == "logon" else {"logon": identifier}
    assert host.ask(verb, **about) == refused(Rule.STATE_UNUSABLE, Prompt.CANNOT_JUDGE)
    record = host.records[-1]
    assert (record.event, record.rule) == (Event.REFUSED, Rule.STATE_UNUSABLE)
    assert "the disk is full" in record.reason


def test_promise_11_where_there_is_no_place_for_another_user_that_is_said(host: Host) -> None:
    host.code_judged()
    host.problem = Full("65,536 people are logged on at the portal", "look who they are with `rw2fa logons list`")
    assert host.register() == refused(Rule.LOGONS_FULL, Prompt.LOGONS_FULL)
    assert "65,536 people" in host.records[-1].reason


@pytest.mark.parametrize("verb", ABOUT)
def test_a_request_about_no_logon_is_none(host: Host, verb: str) -> None:
    for wrong in ("", "0" * 63, "Z" * 64):
        with pytest.raises(ProtocolError):
            host.begin(verb, logon=wrong)


def test_a_logon_of_no_service_is_no_request(host: Host) -> None:
    with pytest.raises(ProtocolError):
        host.begin("logon")


def test_there_are_these_verbs_and_no_others(calls: ExpectedCalls) -> None:
    verbs = logon_verbs(services(calls))
    assert set(verbs) == {"logon", "logon_recovery", *ABOUT}
    with pytest.raises(ProtocolError):
        verbs["logon"](calls.double("connection"), Message("logon", {}))


def test_a_lock_ends_every_logon_of_its_user_and_no_others(host: Host) -> None:
    identifier = host.log_on()
    other = host.register(user="bob")["logon"]
    end_logons(host.services, "alice")
    host.work()
    assert host.ask("logon_show", logon=identifier)["result"] == "over"
    assert host.ask("logon_show", logon=other, user="bob")["result"] == "ok"
