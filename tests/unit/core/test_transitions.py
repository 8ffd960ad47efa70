"""What the ends of a login carry: the answer for PAM, evidence, and one audit record."""

from dataclasses import fields, replace

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.clients import Client, Information, ServiceClass
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import TABLE, Rc, facts_of
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import (
    Context,
    ConversationState,
    End,
    Resources,
    Stage,
    Transition,
    finish,
    let_in,
    refuse,
)

LOGIN = Login(Phase.AUTH, Slot.MAIN, "sshd", "alice", rhost="2001:db8::7:1")
CLIENT = Client(ServiceClass.CODE)
CONTEXT = Context(
    now=100.0,
    booted_at=1.0,
    login=LOGIN,
    facts=facts_of(LOGIN, CLIENT, on=True),
    client=CLIENT,
    name="alice",
    uid=1000,
    settings=LoginSettings(Guessing(480, 0.003), 6, "host", window_days=7, session_seconds=900),
    scope_since=1,
    resources=Resources(CodeCache(), lambda: Secret(b"s" * 20), lambda: 7),
)
ACCOUNT = Account("alice", 1000, 7)
ROWS = {row.rule: row for row in TABLE}


def record(event: Event, decision: str, rule: Rule, reason: str = "") -> Record:
    return Record(event, 100.0, "alice", "sshd", "2001:db8::7:1", Phase.AUTH, decision, rule, reason)


def test_the_same_login_at_another_time_differs_in_the_time_alone() -> None:
    later = CONTEXT.at(200.0)
    assert later.now == 200.0
    assert replace(later, now=100.0) == CONTEXT


def test_promise_4_a_login_that_is_let_in_mints_evidence_for_its_uid() -> None:
    transition = let_in(ACCOUNT, CONTEXT, Event.ACCEPTED, Rule.CODE_RIGHT, reason="why", text="text")
    records = (record(Event.ACCEPTED, "allow", Rule.CODE_RIGHT, "why"),)
    assert transition == Transition(ACCOUNT, End(Rc.SUCCESS, Rule.CODE_RIGHT, "text", 1000), None, records)


def test_promise_4_a_login_that_is_refused_mints_none() -> None:
    records = (record(Event.REFUSED, "deny", Rule.PROTOCOL, "why"),)
    said = Prompt.LOGIN_REFUSED.value
    assert refuse(ACCOUNT, CONTEXT, Event.REFUSED, Rule.PROTOCOL, "why") == Transition(
        ACCOUNT, End(Rc.AUTH_ERR, Rule.PROTOCOL, said), None, records
    )
    assert refuse(None, CONTEXT, Event.REFUSED, Rule.PROTOCOL, "why", "text").say == End(
        Rc.AUTH_ERR, Rule.PROTOCOL, "text"
    )


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        (Rule.BYPASS, End(Rc.SUCCESS, Rule.BYPASS, "", 1000)),
        (Rule.NO_EVIDENCE, End(Rc.PERM_DENIED, Rule.NO_EVIDENCE, Prompt.NO_EVIDENCE.value)),
    ],
)
def test_a_row_ends_with_what_it_says(rule: Rule, end: End) -> None:
    row = ROWS[rule]
    assert row.event is not None
    expected = Transition(ACCOUNT, end, None, (record(row.event, row.decision, rule, "why"),))
    assert finish(row, CONTEXT, ACCOUNT, "why") == expected


def test_a_row_without_an_event_is_not_audited_and_one_that_asks_ends_nothing() -> None:
    assert finish(ROWS[Rule.OFF], CONTEXT) == Transition(None, End(Rc.IGNORE, Rule.OFF))
    with pytest.raises(ValueError, match="the row code asks, and ends nothing"):
        finish(ROWS[Rule.CODE], CONTEXT)


def test_promise_13_a_login_by_another_name_of_the_uid_says_so_in_the_audit() -> None:
    alias = replace(CONTEXT, other_name="toor")
    assert alias.record(Event.REFUSED, "deny", "rule").reason == "signed in as toor"
    assert alias.record(Event.REFUSED, "deny", "rule", "why").reason == "why; signed in as toor"
    assert CONTEXT.record(Event.REFUSED, "deny", "rule", "why").reason == "why"


def test_a_program_for_terminals_without_one_is_unattended() -> None:
    at_once, with_prompt = (
        Client(ServiceClass.CODE, information=each) for each in (Information.AT_ONCE, Information.WITH_PROMPT)
    )
    terminal = replace(LOGIN, tty="pts/0")
    assert replace(CONTEXT, client=at_once).unattended
    assert not replace(CONTEXT, client=at_once, login=terminal).unattended
    assert not replace(CONTEXT, client=with_prompt).unattended


def test_promise_10_messages_are_counted_by_the_network_unless_local_users_can_forge_it() -> None:
    assert CONTEXT.source == "2001:db8::"
    assert replace(CONTEXT, client=Client(ServiceClass.CODE, forgeable_address=True)).source == ""


def test_a_conversation_begins_with_its_first_question_and_nothing_told_or_decided() -> None:
    begun = ConversationState(Stage.CODE)
    assert begun.n == 1
    other = {field.name: getattr(begun, field.name) for field in fields(begun) if field.name not in {"stage", "n"}}
    assert not any(other.values()), other
