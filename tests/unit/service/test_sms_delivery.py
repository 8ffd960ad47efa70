"""What became of a message: when it is asked for, how often, and what the audit says in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.twilio import NOT_DELIVERED, explain
from rw2fa_daemon.service import sms_delivery
from rw2fa_daemon.service.relay_client import Unanswered
from rw2fa_daemon.service.sms_delivery import ASK_SECONDS, ASKED_AFTER, LATER_SECONDS, SmsDeliveries
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.message import Message
from rw2fa_daemon.wire.relay import START_SECONDS
from rw2fa_daemon.wire.sms import Credentials, compose_status
from tests.support.daemon import Site
from tests.support.expected_calls import ANY, ExpectedCalls
from tests.unit.core.sms import NOW, context_of
from tests.unit.service.stepped_loop import SteppedLoop

ACCOUNT = "AC" + "0" * 32
SID = "SM" + "0" * 32
TOKEN = Secret(b"token")
PACKET = compose_status(Credentials(ACCOUNT, TOKEN, "http://127.0.0.1:8080"), SID, ASK_SECONDS)
QUEUED = Message("text_status", {"status": "queued"})
DELIVERED = Message("text_status", {"status": "delivered"})
LONG = 1_234.0
MOMENT = 0.01


@dataclass
class Following:
    """Deliveries, and all that is around them."""

    calls: ExpectedCalls
    loop: SteppedLoop
    config: Config
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.loop.time()
        self.deliveries = SmsDeliveries(
            self.loop, self.calls.double("batcher"), self.calls.double("relay"), self.records.append
        )

    def follow(self) -> bool:
        return self.deliveries.follow(SID, context_of(), self.config)

    def due(self, at: float, found: object = TOKEN) -> Callable[..., object]:
        """Let time pass until the message is asked for, so long after the first was taken.

        What takes the relay's answer; without a token, what takes that.
        """
        self.loop.advance(self.began + at - self.loop.time() - MOMENT)
        asked = self.calls.expect("batcher.call", ANY, ANY)
        self.loop.advance(2 * MOMENT)
        if not isinstance(found, Secret):
            return asked.callback()
        relay = self.calls.expect("relay.ask", PACKET, ASK_SECONDS + START_SECONDS, ANY)
        asked.callback()(found)
        return relay.callback()

    def audited(self) -> tuple[Event, str]:
        """The one record: event and reason."""
        (record,) = self.records
        assert (record.user, record.decision, record.rule, record.at) == ("alice", Decision.CODE, Rule.SMS, NOW + 9)
        assert record.reason.startswith(f"{SID}: ")
        return record.event, record.reason.removeprefix(f"{SID}: ")


@pytest.fixture
def following(
    calls: ExpectedCalls, stepped_loop: SteppedLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Following:
    monkeypatch.setattr("time.time", lambda: NOW + 9)
    site = Site(tmp_path)
    site.write_config(f'[sms]\naccount_sid = "{ACCOUNT}"\napi_url = "http://127.0.0.1:8080"\n')
    return Following(calls, stepped_loop, load(site.config))


def test_a_message_is_asked_for_until_its_status_is_final(following: Following) -> None:
    following.follow()
    following.due(ASKED_AFTER[0])(QUEUED)
    assert following.records == []
    following.due(ASKED_AFTER[1])(DELIVERED)
    assert following.audited() == (Event.SMS_DELIVERED, "delivered")
    following.loop.advance(LONG)


def test_promise_11_a_message_is_asked_for_no_more_often_than_so(following: Following) -> None:
    following.follow()
    for seconds in ASKED_AFTER:
        assert following.records == []
        following.due(seconds)(QUEUED)
    event, reason = following.audited()
    assert event is Event.SMS_UNCONFIRMED
    assert reason == f"no report of its delivery in {ASKED_AFTER[-1]:.0f} seconds; status queued"
    following.loop.advance(LONG)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "undelivered", "code": "30005"}, f"undelivered: {explain(30005, None).administrator}"),
        ({"status": "failed"}, f"failed: {NOT_DELIVERED.administrator}"),
    ],
)
def test_a_message_that_was_not_delivered_is_audited_with_the_reason(
    following: Following, fields: dict[str, str], reason: str
) -> None:
    following.follow()
    following.due(ASKED_AFTER[0])(Message("text_status", fields))
    event, why = following.audited()
    assert event is Event.SMS_UNDELIVERED
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Unanswered.LOST, "not known, since it could not be asked for"),
        (Message("text_status", {"status": "teleported"}), "not known, since it could not be asked for"),
        (Message("text_status", {"problem": "its name has no address"}), "not known, its name has no address"),
    ],
)
def test_a_status_that_cannot_be_learnt_is_asked_for_again_and_said_to_be_unknown(
    following: Following, answer: Message | Unanswered, status: str
) -> None:
    following.follow()
    for seconds in ASKED_AFTER:
        following.due(seconds)(answer)
    event, reason = following.audited()
    assert event is Event.SMS_UNCONFIRMED
    assert reason.endswith(f"; status {status}")


@pytest.mark.parametrize("found", [None, StateProblem("the disk is full", "make room")])
def test_without_a_token_nothing_is_asked_and_the_place_is_given_back(following: Following, found: object) -> None:
    following.follow()
    for seconds in ASKED_AFTER:
        following.due(seconds, found)(found)
    assert following.audited()[0] is Event.SMS_UNCONFIRMED


def test_the_token_is_the_one_that_is_stored_then(following: Following) -> None:
    following.follow()
    asked = following.calls.expect("batcher.call", ANY, ANY)
    following.loop.advance(ASKED_AFTER[0])
    following.calls.expect("store.secret", TWILIO_TOKEN, gives=TOKEN)
    assert asked.callback(0)(following.calls.double("store")) is TOKEN


def test_promise_11_a_place_is_free_again_once_the_status_is_final(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_delivery, "FOLLOWED_MAX", 1)
    assert following.follow()
    assert not following.follow()
    following.due(ASKED_AFTER[0])(QUEUED)
    assert not following.follow()
    following.due(ASKED_AFTER[1])(DELIVERED)
    assert following.follow()


def test_promise_11_so_many_are_asked_for_at_once_and_the_others_a_little_later(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_delivery, "UNDER_WAY_MAX", 1)
    following.follow()
    following.follow()
    first = following.due(ASKED_AFTER[0])
    # The second finds no place, and tries again after each of these.
    following.loop.advance(2 * LATER_SECONDS)
    first(DELIVERED)
    assert len(following.records) == 1
    following.due(ASKED_AFTER[0] + 3 * LATER_SECONDS)(DELIVERED)
    assert len(following.records) == 2
    # As many places as before, and no more.
    began = following.loop.time() - following.began
    following.follow()
    following.follow()
    following.due(began + ASKED_AFTER[0])
    following.loop.advance(2 * LATER_SECONDS)
