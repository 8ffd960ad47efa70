"""Admission alone: who is looked up, and what is asked before somebody is let through or refused."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.admission import admit, booted_at
from tests.support.daemon import Site
from tests.support.expected_calls import ANY, Call, ExpectedCalls
from tests.unit.service.logins import LOGIN, services

ALICE = User("alice", 1000, frozenset({1000}), {"staff": 50})
BOB = User("bob", 1001, frozenset({1001}), {"staff": 50})
BOB_UNSURE = replace(BOB, groups={"staff": None})
PID = 4_711


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    site = Site(tmp_path)
    site.write_config(scope=["alice", "@staff"])
    return make_rules(load(site.config))


def admitted(
    calls: ExpectedCalls, rules: Rules, *, uid: int = 0, login: Login = LOGIN, alone: bool = False
) -> tuple[Any, Call]:
    """Admit a login that is looked up; the connection, and the look-up to answer."""
    connection = calls.double("connection", uid=uid, pid=PID, busy=False, partner=None)
    if uid == 0:
        look = calls.expect("directory.lookup", login.user, ("staff",), ANY)
    else:
        look = calls.expect("directory.lookup", login.user, (), ANY, courtesy=True)
    if alone:
        calls.expect("state.foresee", login.user)
    admit(services(calls, rules), connection, login, alone=alone)
    assert connection.busy
    return connection, look


def expect_end(calls: ExpectedCalls) -> Call:
    """Let one record be audited, and an end be said."""
    audited = calls.expect("services.audit", ANY)
    calls.expect("connection.say_last", ANY)
    return audited


def test_where_it_is_switched_off_nobody_is_looked_up(calls: ExpectedCalls, tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write_config(enabled=False)
    said = calls.expect("connection.say_last", ANY)
    connection = calls.double("connection", uid=0, pid=PID, busy=False, partner=None)
    admit(services(calls, make_rules(load(site.config))), connection, LOGIN, alone=True)
    assert b"rule=off" in said.arguments[0]


@pytest.mark.parametrize("alone", [False, True])
def test_an_account_is_read_ahead_only_for_a_login_that_is_alone(
    calls: ExpectedCalls, rules: Rules, *, alone: bool
) -> None:
    admitted(calls, rules, alone=alone)


def test_who_is_in_the_scope_is_asked(calls: ExpectedCalls, rules: Rules) -> None:
    connection, look = admitted(calls, rules)
    calls.expect("state.since", ("alice",), gives=0)
    calls.expect("batcher.look", "alice", ANY, ANY)
    calls.expect("membership_memory.seen_inside", ALICE, rules.scope_digest)
    look.callback()(ALICE)
    assert connection.partner.about.user == "alice"


def test_who_is_surely_outside_is_let_pass_and_remembered(calls: ExpectedCalls, rules: Rules) -> None:
    connection, look = admitted(calls, rules)
    calls.expect("state.since", (), gives=0)
    audited = expect_end(calls)
    calls.expect("membership_memory.seen_outside", BOB, rules.scope_digest)
    look.callback()(BOB)
    assert audited.arguments[0].rule == Rule.NOT_ENABLED
    assert connection.partner is None


@pytest.mark.parametrize(
    ("outside", "rule"), [(True, Rule.REMEMBERED_NOT_ENABLED), (False, Rule.SCOPE_UNSURE), (None, Rule.SCOPE_UNSURE)]
)
def test_promise_13_while_a_group_is_unsure_only_who_was_outside_passes(
    calls: ExpectedCalls, rules: Rules, outside: bool | None, rule: Rule
) -> None:
    _, look = admitted(calls, rules)
    asked = calls.expect("state.do", ANY, ANY, gives=outside is not None)
    if outside is not None:
        look.callback()(BOB_UNSURE)
    remembered = outside
    if outside is not None:
        calls.expect("state.was_not_member", BOB_UNSURE, rules.scope_digest, gives=outside)
        remembered = asked.callback(0)(calls.double("state"))
    calls.expect("state.since", (), gives=0)
    audited = expect_end(calls)
    if outside is None:
        look.callback()(BOB_UNSURE)
    else:
        asked.callback()(remembered)
    assert audited.arguments[0].rule == rule


def test_promise_14_nobody_is_no_user_unless_somebody_who_is_always_there_is_found(
    calls: ExpectedCalls, rules: Rules
) -> None:
    _, look = admitted(calls, rules, login=replace(LOGIN, user="nobody-there", known=False))
    witness = calls.expect("directory.lookup", "root", ("staff",), ANY)
    look.callback()(Missing.UNKNOWN)
    calls.expect("state.since", (), gives=0)
    audited = expect_end(calls)
    witness.callback()(replace(BOB, name="root", uid=0))
    assert audited.arguments[0].rule == Rule.NO_SUCH_USER


@pytest.mark.parametrize(("uid", "rule"), [(1000, b"peer-self"), (1001, b"peer-other")])
def test_promise_10_a_stranger_is_answered_without_the_state(
    calls: ExpectedCalls, rules: Rules, uid: int, rule: bytes
) -> None:
    _, look = admitted(calls, rules, uid=uid)
    if rule == b"peer-other":
        calls.expect("services.audit", ANY)
    said = calls.expect("connection.say_last", ANY)
    look.callback()(ALICE)
    assert b"rule=" + rule in said.arguments[0]


def test_promise_4_a_code_counts_for_the_process_that_the_kernel_names(calls: ExpectedCalls, rules: Rules) -> None:
    connection, look = admitted(calls, rules, login=replace(LOGIN, pid=1))
    calls.expect("state.since", ("alice",), gives=0)
    calls.expect("batcher.look", "alice", ANY, ANY)
    calls.expect("membership_memory.seen_inside", ALICE, rules.scope_digest)
    look.callback()(ALICE)
    assert connection.partner._context.login.pid == PID


def test_the_boot_was_as_long_ago_as_the_kernel_has_run_sleep_included(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks: list[int] = []

    def uptime(clock: int) -> float:
        clocks.append(clock)
        return 60.0

    monkeypatch.setattr("time.clock_gettime", uptime)
    assert booted_at(1_000.0) == 940.0
    assert clocks == [time.CLOCK_BOOTTIME]
