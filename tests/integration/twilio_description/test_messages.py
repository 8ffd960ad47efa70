"""The relay asks as Twilio's own description of the Messages resource says, and the Twilio of our tests answers so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.twilio import STATUSES
from rw2fa_daemon.relay.twilio_api import Account, Refused, Taken
from rw2fa_daemon.wire.sms import MESSAGE_SID, Credentials, SmsOutcome, SmsRequest, SmsStatus
from rw2fa_daemon.wire.sms_client import ask_sms, ask_sms_status
from tests.integration.relay.conftest import Relay, starting
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN, FakeTwilio
from tests.support.prism import Prism

NUMBER = "+33612345678"
BODY = "Ihr Code für das Büro: 123456"
SENDERS = (SENDER, "Work & Co", "MG" + "0" * 32)
ROUNDS = 25

pytestmark = pytest.mark.timeout(300)  # prism takes its time to start on a busy machine


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with starting(tmp_path_factory.mktemp("relay")) as start:
        yield start()


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    """A Twilio that is nothing but its description."""
    with Prism(tmp_path_factory.mktemp("prism")) as server:
        yield server


def send(relay: Relay, url: str, sender: str = SENDER, token: str = TOKEN) -> SmsOutcome:
    to, body = Secret(NUMBER.encode()), Secret(BODY.encode())
    return ask_sms(relay.path, SmsRequest(ACCOUNT_SID, Secret(token.encode()), sender, to, body, url, 20.0))


def status(relay: Relay, url: str, sid: str) -> SmsStatus:
    return ask_sms_status(relay.path, ACCOUNT_SID, Secret(TOKEN.encode()), sid, url, 20.0)


def find(url: str) -> Taken | None:
    return Account(Credentials(ACCOUNT_SID, Secret(TOKEN.encode()), url), time.monotonic() + 20).find(NUMBER, BODY)


@pytest.mark.parametrize("sender", SENDERS)
def test_a_message_is_asked_for_as_the_description_says(relay: Relay, described: Prism, sender: str) -> None:
    assert send(relay, described.url, sender) == SmsOutcome(sent=True, sid="SM" + "a" * 32, status="queued")


def test_a_status_and_a_list_are_asked_for_as_the_description_says(relay: Relay, described: Prism) -> None:
    assert status(relay, described.url, "SM" + "0" * 32) == SmsStatus("sent", 30007, final=False)
    assert find(described.url) is None


def test_the_description_would_say_what_is_wrong(described: Prism) -> None:
    """So that the tests above could fail."""
    nobody = Account(Credentials("AC-none", Secret(TOKEN.encode()), described.url), time.monotonic() + 20)
    with pytest.raises(Refused) as raised:
        nobody.find(NUMBER, BODY)
    assert raised.value.http_status == 422


def test_whatever_conforms_is_a_message_or_says_nothing(relay: Relay, tmp_path: Path) -> None:
    with Prism(tmp_path, random=True) as server:
        for _ in range(ROUNDS):
            outcome = send(relay, server.url)
            assert outcome.sent or outcome.unknown
            if outcome.sent:
                assert MESSAGE_SID.fullmatch(outcome.sid)
                assert outcome.status in STATUSES
            told = status(relay, server.url, "SM" + "0" * 32)
            assert told.status in STATUSES or (told.status == "" and told.problem)


def test_the_twilio_of_our_tests_answers_as_the_description_says(relay: Relay, tmp_path: Path) -> None:
    with FakeTwilio() as twilio, Prism(tmp_path, upstream=twilio.url) as proxy:
        for sender in SENDERS:
            outcome = send(relay, proxy.url, sender)
            assert outcome.sent, proxy.said()
            assert status(relay, proxy.url, outcome.sid).status == "sent", proxy.said()
        assert [text.body for text in twilio.texts] == [BODY] * len(SENDERS)
