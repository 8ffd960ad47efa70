"""The verbs for text messages: the real `twilio` library against a Twilio on loopback that fails in every way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.twilio import ERRORS, SERVER_ERRORS
from rw2fa_daemon.relay.sms_verbs import PAUSES
from rw2fa_daemon.wire.relay import ask_relay
from rw2fa_daemon.wire.sms import AccountOutcome, SmsOutcome, SmsRequest, SmsStatus, sms_fields
from rw2fa_daemon.wire.sms_client import ask_account, ask_sms, ask_sms_status
from tests.integration.relay.conftest import Relay, Start, starting
from tests.support.fake_twilio import (
    ACCOUNT_SID,
    GARBAGE,
    HTTP_STATUS,
    SENDER,
    TOKEN,
    Alter,
    Become,
    Drop,
    FakeTwilio,
    HashingPool,
    Raw,
    Refuse,
    answer,
    error,
    redirect,
)
from tests.support.time_servers import free_port

NUMBER = "+33612345678"
BODY = "Your workhost verification code is: 123456"
SECONDS = 15.0
SHORT = 1.5
LATE = 2.0
"""Seconds that a busy machine may add to a deadline."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """One for the whole file: it keeps nothing from one request to the next."""
    with starting(tmp_path_factory.mktemp("relay")) as start:
        yield start()


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as made:
        yield made


def request(twilio: FakeTwilio, *, seconds: float = SECONDS, body: str = BODY, sender: str = SENDER) -> SmsRequest:
    return SmsRequest(
        account_sid=ACCOUNT_SID,
        token=Secret(TOKEN.encode()),
        sender=sender,
        to=Secret(NUMBER.encode()),
        body=Secret(body.encode()),
        api_url=twilio.url,
        seconds=seconds,
    )


def send(relay: Relay, twilio: FakeTwilio, *, seconds: float = SECONDS) -> SmsOutcome:
    return ask_sms(relay.path, request(twilio, seconds=seconds))


def status(relay: Relay, twilio: FakeTwilio, sid: str, *, seconds: float = SECONDS) -> SmsStatus:
    return ask_sms_status(relay.path, ACCOUNT_SID, Secret(TOKEN.encode()), sid, twilio.url, seconds)


def account(relay: Relay, twilio: FakeTwilio, *, token: str = TOKEN) -> AccountOutcome:
    return ask_account(relay.path, ACCOUNT_SID, Secret(token.encode()), twilio.url, SECONDS)


# --- a message that is sent ------------------------------------------------------------------------------------------


def test_a_message_goes_out_once_as_it_was_given(relay: Relay, twilio: FakeTwilio) -> None:
    outcome = send(relay, twilio)
    (text,) = twilio.texts
    assert (outcome.sent, outcome.sid, outcome.status) == (True, text.sid, "queued")
    assert (text.to, text.sender, text.body) == (NUMBER, SENDER, BODY)
    (asked,) = twilio.requests
    assert asked.form == {"To": NUMBER, "From": SENDER, "Body": BODY}
    assert asked.headers["user-agent"].startswith("twilio-python/")


@pytest.mark.parametrize(
    "body", ["Ihr Code für das Büro: 4711 – geheim", "コード 123456", "a&b=c+d%20?\n\r\t#", "🔑 1234"]
)
def test_what_it_says_arrives_letter_by_letter(relay: Relay, twilio: FakeTwilio, body: str) -> None:
    assert ask_sms(relay.path, request(twilio, body=body)).sent
    assert twilio.texts[0].body == body


@pytest.mark.parametrize("sender", ["Work & Co", "MG" + "0" * 32])
def test_a_name_and_a_messaging_service_send_too(relay: Relay, twilio: FakeTwilio, sender: str) -> None:
    assert ask_sms(relay.path, request(twilio, sender=sender)).sent
    key = "MessagingServiceSid" if sender.startswith("MG") else "From"
    assert twilio.requests[0].form[key] == sender
    assert twilio.texts[0].sender == sender


def test_an_api_under_a_path_is_asked_there(relay: Relay) -> None:
    with FakeTwilio(prefix="/twilio") as twilio:
        outcome = send(relay, twilio)
        assert outcome.sent
        assert status(relay, twilio, outcome.sid).status
        assert account(relay, twilio).ok
    assert all(asked.path.startswith("/twilio/2010-04-01/Accounts/") for asked in twilio.requests)


# --- errors ----------------------------------------------------------------------------------------------------------

AT_ONCE = sorted(code for code in ERRORS if HTTP_STATUS.get(code, 400) not in SERVER_ERRORS and code != 20429)


@pytest.mark.parametrize("code", AT_ONCE)
def test_an_error_of_twilio_is_told_and_nothing_is_repeated(relay: Relay, twilio: FakeTwilio, code: int) -> None:
    twilio.will(error(code))
    outcome = send(relay, twilio)
    assert outcome == SmsOutcome(sent=False, code=code, http_status=HTTP_STATUS.get(code, 400))
    assert (len(twilio.posts()), twilio.texts) == (1, [])


def test_a_wrong_token_is_an_error_of_credentials(relay: Relay, twilio: FakeTwilio) -> None:
    outcome = ask_sms(relay.path, replace(request(twilio), token=Secret(b"0" * 32)))
    assert (outcome.sent, outcome.code, outcome.http_status) == (False, 20003, 401)


def test_too_many_at_once_is_tried_again_after_a_pause(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(error(20429), error(20429))
    outcome = send(relay, twilio)
    assert outcome.sent
    first, second, third = (asked.at for asked in twilio.posts())
    assert second - first >= 0.75 * PAUSES[1]
    assert third - second >= 0.75 * PAUSES[2]
    assert len(twilio.texts) == 1


def test_it_waits_as_long_as_twilio_says(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(error(20429, retry_after="3"))
    assert send(relay, twilio).sent
    first, second = (asked.at for asked in twilio.posts())
    assert second - first >= 3


@pytest.mark.parametrize("retry_after", ["9999", "99999999999999999999", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_it_never_waits_longer_than_it_has(relay: Relay, twilio: FakeTwilio, retry_after: str) -> None:
    twilio.will(*[error(20429, retry_after=retry_after)] * 9)
    started = time.monotonic()
    assert not send(relay, twilio, seconds=3.0).sent
    assert time.monotonic() - started < 3.0 + LATE


def test_it_gives_up_and_says_with_what(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(*[error(20429)] * 9)
    assert send(relay, twilio) == SmsOutcome(sent=False, code=20429, http_status=429)
    assert len(twilio.posts()) == len(PAUSES)


def test_a_limit_of_the_day_is_not_asked_again(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(error(63038))
    assert send(relay, twilio).code == 63038
    assert len(twilio.posts()) == 1


# --- never twice -----------------------------------------------------------------------------------------------------

OWN_FAULTS = [error(20500), error(20503), Refuse(None, 502, body=b"<html>"), Refuse(None, 504, body=b"")]


@pytest.mark.parametrize("fault", OWN_FAULTS)
def test_after_an_error_of_its_own_it_is_looked_for_and_then_sent(
    relay: Relay, twilio: FakeTwilio, fault: Refuse
) -> None:
    twilio.will(fault)
    assert send(relay, twilio).sent
    assert len(twilio.texts) == 1
    assert [asked.method for asked in twilio.requests] == ["POST", "GET", "POST"]
    assert twilio.requests[1].query == {"To": NUMBER, "PageSize": "10"}


@pytest.mark.parametrize("fault", OWN_FAULTS)
def test_an_error_after_the_deed_does_not_send_twice(relay: Relay, twilio: FakeTwilio, fault: Refuse) -> None:
    twilio.will(replace(fault, taken=True))
    outcome = send(relay, twilio)
    assert (outcome.sent, outcome.sid) == (True, twilio.texts[0].sid)
    assert len(twilio.posts()) == 1


def test_an_earlier_message_is_not_taken_for_this_one(relay: Relay, twilio: FakeTwilio) -> None:
    assert ask_sms(relay.path, request(twilio, body="Your code is: 999999")).sent
    twilio.will(error(20500))
    outcome = send(relay, twilio)
    assert outcome.sid == twilio.texts[1].sid
    assert twilio.texts[1].body == BODY


NO_VIEW = [
    error(20404),
    answer(b"[]", "200 OK"),
    answer(b'{"messages": 7}', "200 OK"),
    Drop(),
    redirect("http://127.0.0.1:1"),
]


@pytest.mark.parametrize("view", NO_VIEW)
def test_where_it_cannot_be_looked_for_it_is_not_sent_again(
    relay: Relay, twilio: FakeTwilio, view: Refuse | Raw | Drop
) -> None:
    twilio.will(error(20500, taken=True))
    twilio.will_list(view)
    assert send(relay, twilio) == SmsOutcome(sent=False, unknown=True, code=20500, http_status=500)
    assert len(twilio.posts()) == len(twilio.texts) == 1


def test_a_link_to_more_messages_is_not_followed(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(error(20500))
    with FakeTwilio() as stranger:
        twilio.will_list(Alter(lambda shown: shown.update(next_page_uri=f"{stranger.url}/x")))
        assert send(relay, twilio).sent
    assert stranger.requests == []


def test_a_look_that_fails_for_a_while_is_repeated(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(error(20503, taken=True))
    twilio.will_list(error(20503))
    assert send(relay, twilio).sent
    assert len(twilio.posts()) == len(twilio.texts) == 1


BROKEN: dict[str, Drop | HashingPool] = {
    "before the request is read": Drop(read=False),
    "after it is read": Drop(),
    "after the message is taken": Drop(taken=True),
    "after a while": Drop(taken=True, hold=0.5),
}


@pytest.mark.parametrize("when", BROKEN)
def test_a_connection_that_breaks_leaves_it_unknown_and_is_not_repeated(
    relay: Relay, twilio: FakeTwilio, when: str
) -> None:
    twilio.will(BROKEN[when])
    outcome = send(relay, twilio)
    assert (outcome.sent, outcome.unknown) == (False, True)
    assert outcome.problem.startswith("it broke off")
    assert len(twilio.posts()) <= 1
    assert len(twilio.texts) == (1 if "taken" in when or "while" in when else 0)


@pytest.mark.parametrize("what", GARBAGE)
def test_a_success_that_says_nothing_leaves_it_unknown(relay: Relay, twilio: FakeTwilio, what: str) -> None:
    twilio.will(GARBAGE[what])
    outcome = send(relay, twilio)
    assert (outcome.sent, outcome.unknown, outcome.sid) == (False, True, "")
    assert outcome.problem
    assert len(twilio.posts()) == 1


def test_a_fault_without_sense_is_still_a_refusal(relay: Relay, twilio: FakeTwilio) -> None:
    for body in (b"", b"[]", b"{}", b"7", b'{"code": "x"}', b'{"code": 12}', b'{"code": [1]}', b"[" * 90_000):
        twilio.will(Refuse(None, 400, body=body))
        outcome = send(relay, twilio)
        assert (outcome.sent, outcome.code) == (False, None), body
        assert outcome.unknown is (len(body) > 1000)


def test_a_message_that_fails_at_once_is_taken_and_says_why(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(Become(("failed",), 30034))
    outcome = send(relay, twilio)
    assert (outcome.sent, outcome.status, outcome.code) == (True, "failed", 30034)


# --- time ------------------------------------------------------------------------------------------------------------


def test_promise_11_a_slow_twilio_gets_the_time_that_was_given_and_no_more(relay: Relay, twilio: FakeTwilio) -> None:
    twilio.will(HashingPool(1.0), HashingPool(SHORT + 3))
    assert send(relay, twilio).sent
    started = time.monotonic()
    outcome = send(relay, twilio, seconds=SHORT)
    assert time.monotonic() - started < SHORT + LATE
    assert outcome == SmsOutcome(sent=False, unknown=True, problem="it did not answer in time")


@pytest.mark.parametrize(
    "packet", [b"HTTP/1.1 201 Created\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n"]
)
def test_promise_11_an_answer_byte_by_byte_does_not_stretch_it(relay: Relay, twilio: FakeTwilio, packet: bytes) -> None:
    twilio.will(Raw(packet + b"X" * 600, pace=0.05))
    started = time.monotonic()
    assert send(relay, twilio, seconds=SHORT).unknown
    assert time.monotonic() - started < SHORT + LATE


def test_an_answer_in_pieces_is_read_to_its_end(relay: Relay, twilio: FakeTwilio) -> None:
    body = b'{"sid": "SM' + b"0" * 32 + b'", "status": "queued"}'
    for head in (b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n", b"HTTP/1.0 201 Created\r\n\r\n"):
        twilio.will(Raw(head + body, pace=0.005))
        assert send(relay, twilio).sid == "SM" + "0" * 32


# --- who is asked ----------------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed(relay: Relay, twilio: FakeTwilio) -> None:
    with FakeTwilio() as stranger:
        twilio.will(redirect(stranger.url + f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"))
        assert send(relay, twilio) == SmsOutcome(sent=False, http_status=307)
        twilio.will_tell(redirect(stranger.url), redirect(stranger.url))
        assert status(relay, twilio, "SM" + "0" * 32).http_status == 307
        assert not account(relay, twilio).ok
    assert stranger.connections == 0


def test_nobody_there_is_not_sent_and_says_so(relay: Relay, twilio: FakeTwilio) -> None:
    nobody = replace(request(twilio), api_url=f"http://127.0.0.1:{free_port()}")
    assert ask_sms(relay.path, nobody) == SmsOutcome(sent=False, problem="it cannot be reached (Connection refused)")
    nameless = replace(request(twilio), api_url="https://no-such-host.invalid", seconds=SHORT)
    outcome = ask_sms(relay.path, nameless)
    assert (outcome.sent, outcome.unknown) == (False, False)
    assert outcome.problem.startswith("its name")


@pytest.mark.parametrize(
    "url", ["http://api.twilio.com", "ftp://127.0.0.1", "https://a:b@127.0.0.1", "file:///etc/passwd"]
)
def test_promise_3_a_token_is_not_sent_where_others_read_it(relay: Relay, twilio: FakeTwilio, url: str) -> None:
    with pytest.raises(Problem, match="the relay refused: no address"):
        ask_relay(relay.path, "sms", {**sms_fields(request(twilio)), "api_url": url}, SECONDS)


def test_a_relay_that_is_lost_leaves_it_unknown(start_relay: Start, twilio: FakeTwilio) -> None:
    relay = start_relay()

    def kill(_text: object) -> None:
        relay.process.kill()

    twilio.taken = kill
    outcome = send(relay, twilio)
    assert (outcome.sent, outcome.unknown) == (False, True)


def test_no_relay_is_a_problem_and_not_an_unknown(start_relay: Start, twilio: FakeTwilio) -> None:
    relay = start_relay()
    relay.path.unlink()
    with pytest.raises(Problem, match="systemctl start rw2fa-relay"):
        send(relay, twilio)


# --- what becomes of it ----------------------------------------------------------------------------------------------


def test_a_message_is_followed_to_its_end(relay: Relay, twilio: FakeTwilio) -> None:
    sid = send(relay, twilio).sid
    seen = [status(relay, twilio, sid) for _ in range(3)]
    assert [(told.status, told.final) for told in seen] == [("sent", False), ("delivered", True), ("delivered", True)]


@pytest.mark.parametrize("code", [30003, 30004, 30005, 30006, 30007, 30008, 30034])
def test_why_it_was_not_delivered_is_told(relay: Relay, twilio: FakeTwilio, code: int) -> None:
    twilio.will(Become(("queued", "sent", "undelivered"), code))
    sid = send(relay, twilio).sid
    assert status(relay, twilio, sid) == SmsStatus("sent", None, final=False)
    assert status(relay, twilio, sid) == SmsStatus("undelivered", code, final=True)


def test_a_status_that_cannot_be_learnt_says_why(relay: Relay, twilio: FakeTwilio) -> None:
    sid = send(relay, twilio).sid
    twilio.will_tell(error(20429), error(20500), Drop(), *GARBAGE.values(), HashingPool(SHORT + 2))
    assert status(relay, twilio, sid) == SmsStatus("", 20429, final=False, http_status=429)
    assert status(relay, twilio, sid) == SmsStatus("", 20500, final=False, http_status=500)
    for _ in range(1 + len(GARBAGE)):
        told = status(relay, twilio, sid)
        assert told.status == ""
        assert told.problem
    assert status(relay, twilio, sid, seconds=SHORT).problem == "it did not answer in time"
    assert status(relay, twilio, "SM" + "0" * 32).code == 20404


# --- the account -----------------------------------------------------------------------------------------------------


def test_an_account_is_checked(relay: Relay, twilio: FakeTwilio) -> None:
    assert account(relay, twilio) == AccountOutcome(ok=True, status="active", kind="Full")
    assert account(relay, twilio, token="0" * 32) == AccountOutcome(ok=False, code=20003, http_status=401)
    twilio.account = {"status": "suspended", "type": "Trial"}
    assert account(relay, twilio) == AccountOutcome(ok=False, status="suspended", kind="Trial")
    for what in GARBAGE.values():
        twilio.will_tell(what)
        assert not account(relay, twilio).ok
