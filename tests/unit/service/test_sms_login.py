"""The SMS of one login, alone: when one is asked for, what it may cost, and whose report counts."""

from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import NO_ATTEMPT, DeliveryReport, DeliveryState, SmsAttempt, SmsMessage
from rw2fa_daemon.core.sms_stage import BLIND_SECONDS
from rw2fa_daemon.core.transitions import Ask, ConversationState, Stage, Transition
from rw2fa_daemon.service.sms_login import SmsLogin
from rw2fa_daemon.service.sms_sender import Order
from rw2fa_daemon.store.store import StateProblem
from tests.support.daemon import Site
from tests.support.expected_calls import ANY, Call, ExpectedCalls
from tests.unit.core.sms import NOW, PHONE, context_of
from tests.unit.service.logins import services

NUMBER = Secret(PHONE.encode())
ALICE = Account("alice", 1000, 77, method=Method.SMS, phone=NUMBER, phone_confirmed=True)
ASK = Ask(1, "the code that was sent", "digits:6-6")
STATE = ConversationState(Stage.SMS, login=b"login")
ASKING = Transition(ALICE, ASK, STATE)
SMS = SmsMessage(NUMBER, Secret(b"a code"), ())
CONTEXT = context_of()
LATER = NOW + 1.5
SENT = DeliveryReport(DeliveryState.SENT)
FAILED = DeliveryReport(DeliveryState.FAILED, "not sent", again=True)
MONOTONIC = 12.5


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: LATER)


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    site = Site(tmp_path)
    site.write_config(scope=["alice"])
    return make_rules(load(site.config))


@pytest.fixture
def login(calls: ExpectedCalls, rules: Rules) -> SmsLogin:
    return SmsLogin(services(calls, rules), calls.double("login").alive)


def waits(calls: ExpectedCalls, login: SmsLogin) -> Call:
    """The question was asked; the timer of the blind second."""
    timer = calls.expect("loop.call_later", BLIND_SECONDS, ANY, STATE, CONTEXT, gives=calls.double("timer"))
    login.told(ASKING, CONTEXT)
    return timer


def passes(calls: ExpectedCalls, timer: Call) -> Call:
    """The blind second passes; the job that is handed in."""
    calls.expect("login.alive", gives=True)
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    timer.callback(1)(*timer.arguments[2:])
    return job


def posts(calls: ExpectedCalls) -> Call:
    """Let a message be handed in next."""
    calls.expect("loop.time", gives=MONOTONIC)
    return calls.expect("sms.post", ANY)


def order_of(post: Call) -> Order:
    order: Order = post.arguments[0]
    return order


# Before the question


@pytest.mark.parametrize("account", [None, replace(ALICE, phone=None)])
def test_without_a_number_nothing_is_asked_of_the_sender(
    calls: ExpectedCalls, login: SmsLogin, account: Account | None
) -> None:
    calls.expect("dialogue.looked", None)
    login.look(CONTEXT, account, calls.double("dialogue").looked)


def test_the_sender_says_whether_a_message_can_go_to_the_number(
    calls: ExpectedCalls, login: SmsLogin, rules: Rules
) -> None:
    looked = calls.double("dialogue").looked
    calls.expect("sms.look", CONTEXT, rules.config, NUMBER, looked)
    login.look(CONTEXT, ALICE, looked)


# The blind second


@pytest.mark.parametrize(
    "transition",
    [
        replace(ASKING, state=None),
        replace(ASKING, state=replace(STATE, stage=Stage.RECOVERY)),
        replace(ASKING, state=replace(STATE, on_request=True)),
    ],
)
def test_promise_10_no_message_waits_to_go_out_where_none_was_asked_for(
    login: SmsLogin, transition: Transition
) -> None:
    login.told(transition, CONTEXT)


def test_promise_2_an_answer_within_the_blind_second_keeps_the_message_from_going_out(
    calls: ExpectedCalls, login: SmsLogin
) -> None:
    waits(calls, login)
    calls.expect("timer.cancel")
    login.heard()
    login.heard()


def test_promise_10_for_a_login_that_has_ended_nothing_is_stored_or_sent(calls: ExpectedCalls, login: SmsLogin) -> None:
    timer = waits(calls, login)
    calls.expect("login.alive", gives=False)
    timer.callback(1)(*timer.arguments[2:])
    assert login.sms_attempt == NO_ATTEMPT


def test_the_code_is_made_as_of_when_the_second_has_passed(calls: ExpectedCalls, login: SmsLogin) -> None:
    job = passes(calls, waits(calls, login))
    stored: Transition = job.callback(1)(ALICE)
    assert stored.account is not None
    assert stored.account.sms_code is not None
    assert stored.account.sms_code.sent_at == int(LATER)
    assert stored.sms is not None


def test_from_then_on_an_answer_finds_the_message_under_way_and_cancels_nothing(
    calls: ExpectedCalls, login: SmsLogin
) -> None:
    passes(calls, waits(calls, login))
    assert (login.sms_attempt.number, login.sms_attempt.report.state) == (1, DeliveryState.UNDER_WAY)
    login.heard()


def test_what_is_stored_is_sent_for_as_long_as_the_login_goes_on(
    calls: ExpectedCalls, login: SmsLogin, rules: Rules
) -> None:
    job = passes(calls, waits(calls, login))
    post = posts(calls)
    job.callback()(Transition(ALICE, None, STATE, sms=SMS))
    order = order_of(post)
    assert (order.sms, order.config, order.since) == (SMS, rules.config, MONOTONIC)
    assert order.context == CONTEXT.at(LATER)
    calls.expect("login.alive", gives=False)
    assert not order.wanted()
    order.report(SENT)
    assert login.sms_attempt == SmsAttempt(1, SENT)


def test_where_the_account_changed_meanwhile_there_was_no_message(calls: ExpectedCalls, login: SmsLogin) -> None:
    job = passes(calls, waits(calls, login))
    job.callback()(Transition(None, None))
    assert login.sms_attempt == NO_ATTEMPT


def test_a_code_that_could_not_be_stored_is_not_sent_and_may_be_asked_for_again(
    calls: ExpectedCalls, login: SmsLogin
) -> None:
    job = passes(calls, waits(calls, login))
    job.callback()(StateProblem("the disk is full", "make room"))
    assert (login.sms_attempt.number, login.sms_attempt.report.state) == (1, DeliveryState.FAILED)
    assert login.sms_attempt.report.again
    assert login.sms_attempt.report.user


# The next one


def test_after_a_message_no_question_sends_another_by_itself(calls: ExpectedCalls, login: SmsLogin) -> None:
    passes(calls, waits(calls, login))
    login.told(ASKING, CONTEXT)


def test_another_that_was_asked_for_goes_out_at_once(calls: ExpectedCalls, login: SmsLogin, rules: Rules) -> None:
    post = posts(calls)
    login.told(replace(ASKING, sms=SMS), CONTEXT)
    order = order_of(post)
    assert (order.sms, order.context, order.config) == (SMS, CONTEXT, rules.config)
    assert (login.sms_attempt.number, login.sms_attempt.report.state) == (1, DeliveryState.UNDER_WAY)


def test_what_becomes_of_an_older_message_does_not_count(calls: ExpectedCalls, login: SmsLogin) -> None:
    orders = []
    for _ in range(2):
        post = posts(calls)
        login.told(replace(ASKING, sms=SMS), CONTEXT)
        orders.append(order_of(post))
    orders[1].report(SENT)
    orders[0].report(FAILED)
    assert login.sms_attempt == SmsAttempt(2, SENT)
