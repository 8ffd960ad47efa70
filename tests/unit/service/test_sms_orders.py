"""One SMS after the other, with doubles for state and relay: what is asked first, and what each answer leads to."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.circuit import FAILURES_TO_OPEN, FIRST_OPEN_SECONDS
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.quota import DAY_SECONDS, HOUR_SECONDS, Limit, Quota
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryReport, DeliveryState, SmsError, SmsMessage
from rw2fa_daemon.core.twilio import UNCERTAIN, explain
from rw2fa_daemon.service import sms_delivery, sms_sender
from rw2fa_daemon.service.relay_client import Unanswered
from rw2fa_daemon.service.sms_sender import SEND_SECONDS, WAITING_SECONDS, Order, SmsSender
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.message import Message
from rw2fa_daemon.wire.relay import START_SECONDS
from rw2fa_daemon.wire.sms import SmsRequest, compose_sms
from tests.support.daemon import Site
from tests.support.expected_calls import ANY, Call, ExpectedCalls
from tests.unit.core.sms import NOW, RULES, context_of
from tests.unit.service.stepped_loop import SteppedLoop

ACCOUNT = "AC" + "0" * 32
SENDER = "+14155550199"
NUMBER = Secret(b"+14155550100")
TOKEN = Secret(b"token")
SID = "SM" + "0" * 32
QUOTA = Quota(Limit.HOST, Secret(b""), 10, DAY_SECONDS)
SMS = SmsMessage(NUMBER, Secret(b"123456"), (QUOTA,))
PACKET = compose_sms(SmsRequest(ACCOUNT, TOKEN, SENDER, NUMBER, SMS.body, "", SEND_SECONDS))
TAKEN = Message("text", {"outcome": "sent", "sid": SID, "status": "queued"})


@dataclass
class Sending:
    """A sender, and all that is around it."""

    calls: ExpectedCalls
    loop: SteppedLoop
    config: Config
    records: list[Record] = field(default_factory=list)
    reports: list[DeliveryReport] = field(default_factory=list)
    wanted: bool = True

    def __post_init__(self) -> None:
        self.sender = SmsSender(
            self.loop, self.calls.double("batcher"), self.calls.double("relay"), self.records.append
        )

    def order(self, sms: SmsMessage = SMS) -> Order:
        return Order(sms, context_of(), self.config, lambda: self.wanted, self.reports.append, self.loop.time())

    def allowed(self, found: object = TOKEN) -> None:
        """Post one, and have the state say this about it."""
        self.begun().callback()(found)

    def begun(self, order: Order | None = None) -> Call:
        """Post one that the state is asked about; the question."""
        asked = self.calls.expect("batcher.call", ANY, ANY)
        self.sender.post(order or self.order())
        return asked

    def handed_over(self) -> Call:
        """Post one that comes as far as the relay; the question to that."""
        asked = self.begun()
        relay = self.calls.expect("relay.ask", PACKET, SEND_SECONDS + START_SECONDS, ANY)
        asked.callback()(TOKEN)
        return relay

    def answered(self, answer: Message | Unanswered) -> None:
        """Post one, and have the relay say this about it."""
        self.handed_over().callback()(answer)
        self.loop.advance(0)

    def open_the_circuit(self) -> None:
        """Have as many messages fail as that takes."""
        for _ in range(FAILURES_TO_OPEN):
            self.answered(Unanswered.NOT_TAKEN)
        self.reports.clear()

    def told(self) -> tuple[DeliveryState, bool]:
        """What the one login was told: the state of its message, and whether it may try again."""
        (report,) = self.reports
        return report.state, report.again

    def audited(self) -> tuple[Event, str, str]:
        """The last record: event, rule, reason."""
        record = self.records[-1]
        assert record.user == "alice" or record.event in {Event.SMS_DOWN, Event.SMS_UP}
        return record.event, record.rule, record.reason

    def figures(self) -> dict[str, float]:
        """For monitoring, by name."""
        return {family.name.removeprefix("rw2fa_sms_"): family.samples[0].value for family in self.sender.families()}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = Site(tmp_path)
    site.write_config(f'[sms]\nenabled = true\naccount_sid = "{ACCOUNT}"\nphone_number = "{SENDER}"\n')
    return load(site.config)


@pytest.fixture
def sending(
    calls: ExpectedCalls, stepped_loop: SteppedLoop, config: Config, monkeypatch: pytest.MonkeyPatch
) -> Sending:
    monkeypatch.setattr("time.time", lambda: NOW + 1)
    return Sending(calls, stepped_loop, config)


# What is known before a question


@dataclass
class Looked:
    """What was said about a message to come."""

    sending: Sending
    said: list[SmsError | None] = field(default_factory=list)

    def ask(self) -> Call:
        asked = self.sending.calls.expect("batcher.call", ANY, ANY)
        self.at_once()
        return asked

    def at_once(self, **context: object) -> None:
        self.sending.sender.look(context_of(**context), self.sending.config, NUMBER, self.said.append)  # type: ignore[arg-type]

    def rule(self) -> str:
        (error,) = self.said
        assert error is not None
        return error.rule


@pytest.mark.parametrize("full", [None, QUOTA])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_token_and_quotas_are_looked_at_before_the_question_and_nothing_is_taken(
    sending: Sending, token: Secret | None, full: Quota | None
) -> None:
    looked = Looked(sending)
    asked = looked.ask()
    sending.calls.expect("store.secret", TWILIO_TOKEN, gives=token)
    quotas = RULES.quotas("alice", NUMBER, "192.0.2.1")
    sending.calls.expect("store.full_sms_quota", quotas, int(NOW), gives=full)
    asked.callback()(asked.callback(0)(sending.calls.double("store")))
    if token is None:
        assert looked.rule() == Rule.SMS_NOT_SET_UP
    elif full is not None:
        assert looked.rule() == Rule.SMS_LIMIT_HOST
    else:
        assert looked.said == [None]


def test_a_state_that_cannot_be_used_is_told_before_the_question(sending: Sending) -> None:
    looked = Looked(sending)
    looked.ask().callback()(StateProblem("the disk is full", "make room"))
    (error,) = looked.said
    assert error is not None
    assert (error.rule, error.reason) == (Rule.SMS_NOT_SET_UP, "the disk is full; make room")


def test_while_sms_are_switched_off_none_is_looked_for(sending: Sending) -> None:
    looked = Looked(sending)
    looked.at_once(rules=None)
    assert looked.rule() == Rule.SMS_NOT_SET_UP


def test_while_twilio_is_down_that_is_told_before_the_question_until_it_may_be_tried_again(sending: Sending) -> None:
    sending.open_the_circuit()
    looked = Looked(sending)
    looked.at_once()
    assert looked.rule() == Rule.SMS_DOWN
    sending.loop.advance(FIRST_OPEN_SECONDS)
    Looked(sending).ask()


# One message


def test_a_message_goes_out_once_token_and_quotas_allow_it(sending: Sending) -> None:
    asked = sending.begun()
    sending.calls.expect("store.secret", TWILIO_TOKEN, gives=TOKEN)
    sending.calls.expect("store.take_sms_quota", (QUOTA,), int(NOW), gives=None)
    token = asked.callback(0)(sending.calls.double("store"))
    relay = sending.calls.expect("relay.ask", PACKET, SEND_SECONDS + START_SECONDS, ANY)
    asked.callback()(token)
    assert sending.reports == [], "nothing is known yet"
    assert sending.figures() == {"circuit_open": 0, "under_way": 1, "waiting": 0}
    relay.callback()(TAKEN)
    assert sending.told() == (DeliveryState.SENT, False)
    (record,) = sending.records
    assert (record.event, record.decision, record.rule) == (Event.SMS_SENT, Decision.CODE, Rule.SMS)
    assert record.reason == f"to the number ending 00, {SID}, queued"
    assert record.at == NOW + 1
    assert sending.figures()["under_way"] == 0


def test_promise_10_a_full_quota_is_what_the_state_says_and_without_a_token_none_is_taken(sending: Sending) -> None:
    asked = sending.begun()
    sending.calls.expect("store.secret", TWILIO_TOKEN, gives=TOKEN)
    sending.calls.expect("store.take_sms_quota", (QUOTA,), int(NOW), gives=QUOTA)
    assert asked.callback(0)(sending.calls.double("store")) == QUOTA
    sending.calls.expect("store.secret", TWILIO_TOKEN, gives=None)
    assert asked.callback(0)(sending.calls.double("store")) is None


@pytest.mark.parametrize(
    ("limit", "seconds", "rule", "reason"),
    [
        (Limit.USER, DAY_SECONDS, Rule.SMS_LIMIT_USER, "7 messages a day for one user"),
        (Limit.NUMBER, DAY_SECONDS, Rule.SMS_LIMIT_NUMBER, "7 messages a day to one number"),
        (Limit.SOURCE, HOUR_SECONDS, Rule.SMS_LIMIT_SOURCE, "7 messages an hour because of logins from one address"),
        (Limit.HOST, DAY_SECONDS, Rule.SMS_LIMIT_HOST, "7 messages a day from this host"),
    ],
)
def test_promise_10_a_message_over_a_limit_is_refused_and_the_audit_names_the_limit(
    sending: Sending, limit: Limit, seconds: int, rule: Rule, reason: str
) -> None:
    sending.allowed(Quota(limit, Secret(b""), 7, seconds))
    assert sending.told() == (DeliveryState.FAILED, False)
    event, audited, why = sending.audited()
    assert (event, audited) == (Event.SMS_REFUSED, rule)
    assert f"there were {reason}, as many as the settings allow" in why
    assert why.startswith("to the number ending 00: ")


@pytest.mark.parametrize(
    ("found", "rule", "reason"),
    [
        (None, Rule.SMS_NOT_SET_UP, "token or sender are missing"),
        (StateProblem("the disk is full", "make room"), Rule.SMS_FAILED, "the disk is full; make room"),
    ],
)
def test_a_message_that_cannot_be_sent_fails_and_keeps_no_place(
    sending: Sending, found: StateProblem | None, rule: Rule, reason: str
) -> None:
    sending.allowed(found)
    assert sending.told() == (DeliveryState.FAILED, False)
    event, audited, why = sending.audited()
    assert (event, audited) == (Event.SMS_FAILED, rule)
    assert reason in why
    assert sending.figures()["under_way"] == 0


def test_a_message_that_the_wire_does_not_carry_fails_and_keeps_no_place(sending: Sending) -> None:
    sending.begun(sending.order(replace(SMS, body=Secret(b"a\0b")))).callback()(TOKEN)
    assert sending.told() == (DeliveryState.FAILED, False)
    assert sending.audited()[1:] == (
        Rule.SMS_FAILED,
        "to the number ending 00: no such message can be sent: NUL in a value",
    )
    assert sending.figures()["under_way"] == 0


def test_nothing_is_sent_for_a_login_that_ended_while_the_state_was_asked(sending: Sending) -> None:
    asked = sending.begun()
    sending.wanted = False
    asked.callback()(TOKEN)
    assert (sending.reports, sending.records) == ([], [])
    assert sending.figures()["under_way"] == 0


# What the relay says


def failed(**fields: str) -> Message:
    return Message("text", {"outcome": "failed", **fields})


@pytest.mark.parametrize(
    ("answer", "state", "again", "reason"),
    [
        (failed(code="21211", http_status="400"), DeliveryState.FAILED, False, explain(21211, 400).administrator),
        (failed(code="20500", http_status="500"), DeliveryState.FAILED, True, explain(20500, 500).administrator),
        (failed(problem="its name has no address"), DeliveryState.FAILED, True, "(its name has no address)"),
        (Message("text", {"outcome": "unknown"}), DeliveryState.UNKNOWN, True, UNCERTAIN.administrator),
        (
            Message("text", {"outcome": "x"}),
            DeliveryState.UNKNOWN,
            True,
            "(the relay is not understood: unknown outcome)",
        ),
        (Message("refused", {"reason": "busy"}), DeliveryState.FAILED, True, "(the relay refused: busy)"),
        (Unanswered.NOT_TAKEN, DeliveryState.FAILED, True, "(the relay cannot be reached)"),
        (Unanswered.LOST, DeliveryState.UNKNOWN, True, "(the relay was lost)"),
    ],
)
def test_what_the_relay_says_is_told_and_audited(
    sending: Sending, answer: Message | Unanswered, state: DeliveryState, again: bool, reason: str
) -> None:
    sending.answered(answer)
    assert sending.told() == (state, again)
    event, rule, why = sending.audited()
    assert (event, rule) == (Event.SMS_FAILED, Rule.SMS_FAILED)
    assert reason in why
    assert "()" not in why
    assert sending.figures()["under_way"] == 0


def test_a_message_that_is_one_too_many_to_follow_is_sent_all_the_same(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_delivery, "FOLLOWED_MAX", 0)
    sending.answered(TAKEN)
    assert sending.audited()[2].endswith("queued; too many to follow it")
    assert sending.told() == (DeliveryState.SENT, False)


# The circuit


def test_after_so_many_failures_in_a_row_nobody_waits_until_one_message_has_gone_out(sending: Sending) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        sending.answered(Unanswered.LOST)
    assert sending.sender.problem == ""
    assert not [record for record in sending.records if record.event is Event.SMS_DOWN]
    sending.answered(Unanswered.NOT_TAKEN)
    assert sending.sender.problem.startswith(f"{FAILURES_TO_OPEN} messages failed in a row")
    assert sending.figures()["circuit_open"] == 1
    (down,) = [record for record in sending.records if record.event is Event.SMS_DOWN]
    assert (down.decision, down.rule, down.at) == (Decision.DENY, Rule.SMS_DOWN, NOW + 1)
    sending.reports.clear()
    sending.sender.post(sending.order())
    assert sending.told() == (DeliveryState.FAILED, True)
    assert sending.audited()[:2] == (Event.SMS_FAILED, Rule.SMS_DOWN)
    sending.loop.advance(FIRST_OPEN_SECONDS)
    sending.reports.clear()
    sending.answered(TAKEN)
    assert sending.sender.problem == ""
    (up,) = [record for record in sending.records if record.event is Event.SMS_UP]
    assert (up.decision, up.rule, up.at) == ("done", Rule.SMS_UP, NOW + 1)
    assert sending.figures()["circuit_open"] == 0
    sending.answered(TAKEN)
    assert len([record for record in sending.records if record.event in {Event.SMS_UP, Event.SMS_DOWN}]) == 2


def test_what_is_wrong_with_one_number_says_nothing_about_others(sending: Sending) -> None:
    permanent = Message("text", {"outcome": "failed", "code": "21211"})
    for _ in range(2 * FAILURES_TO_OPEN):
        sending.answered(permanent)
    for _ in range(FAILURES_TO_OPEN - 1):
        sending.answered(Unanswered.NOT_TAKEN)
    sending.answered(permanent)
    for _ in range(FAILURES_TO_OPEN - 1):
        sending.answered(Unanswered.NOT_TAKEN)
    assert sending.sender.problem == ""


def test_only_one_message_at_a_time_finds_out_whether_twilio_is_back(sending: Sending) -> None:
    sending.open_the_circuit()
    sending.loop.advance(FIRST_OPEN_SECONDS)
    first, second = sending.begun(), sending.begun()
    sending.calls.expect("relay.ask", PACKET, SEND_SECONDS + START_SECONDS, ANY)
    first.callback()(TOKEN)
    second.callback()(TOKEN)
    assert sending.told() == (DeliveryState.FAILED, True)
    assert sending.audited()[:2] == (Event.SMS_FAILED, Rule.SMS_DOWN)
    sending.loop.advance(0)
    sending.reports.clear()
    sending.sender.post(sending.order())
    assert sending.told() == (DeliveryState.FAILED, True)


# The queue


def test_promise_11_so_many_are_under_way_and_the_next_begins_when_one_has_ended(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_sender, "UNDER_WAY_MAX", 2)
    relays = [sending.handed_over() for _ in range(2)]
    for _ in range(2):
        sending.sender.post(sending.order())
    assert sending.figures() == {"circuit_open": 0, "under_way": 2, "waiting": 2}
    relays[0].callback()(TAKEN)
    assert sending.figures()["waiting"] == 2, "not on the stack of the one that has ended"
    sending.calls.expect("batcher.call", ANY, ANY)
    sending.loop.advance(0)
    assert sending.figures() == {"circuit_open": 0, "under_way": 2, "waiting": 1}


@pytest.mark.parametrize(("late", "sent"), [(0.0, True), (0.5, False)])
def test_promise_11_a_message_whose_turn_comes_too_late_is_given_up(
    sending: Sending, late: float, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_sender, "UNDER_WAY_MAX", 1)
    relay = sending.handed_over()
    sending.sender.post(sending.order())
    sending.loop.advance(WAITING_SECONDS + late)
    relay.callback()(TAKEN)
    if sent:
        sending.calls.expect("batcher.call", ANY, ANY)
    # What is followed meanwhile is another module's business.
    sending.loop.advance(0)
    if not sent:
        assert sending.audited()[:2] == (Event.SMS_FAILED, Rule.SMS_BUSY)
        assert sending.reports[-1].again


def test_a_login_that_ended_is_passed_over_for_the_next(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms_sender, "UNDER_WAY_MAX", 1)
    relay = sending.handed_over()
    sending.sender.post(replace(sending.order(), wanted=lambda: False))
    sending.sender.post(sending.order())
    relay.callback()(TAKEN)
    sending.calls.expect("batcher.call", ANY, ANY)
    sending.loop.advance(0)
    assert sending.figures()["waiting"] == 0
    assert len(sending.reports) == 1


@pytest.mark.parametrize("ends", ["state", "relay"])
def test_the_next_begins_however_the_one_before_ended(
    sending: Sending, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_sender, "UNDER_WAY_MAX", 1)
    end: Callable[[object], None] = sending.begun().callback() if ends == "state" else sending.handed_over().callback()
    sending.sender.post(sending.order())
    end(None if ends == "state" else Unanswered.LOST)
    sending.calls.expect("batcher.call", ANY, ANY)
    sending.loop.advance(0)
