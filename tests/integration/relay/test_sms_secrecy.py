"""What the relay is given to send shows nowhere but at Twilio."""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.relay import sms_verbs
from rw2fa_daemon.relay.exchange import Lost, NotSent
from rw2fa_daemon.relay.twilio_api import Account, Nonsense, Refused
from rw2fa_daemon.wire.message import ProtocolError, compose, parse
from rw2fa_daemon.wire.sms import Credentials, SmsRequest, account_fields, compose_sms, sms_fields, status_fields
from rw2fa_daemon.wire.sms_client import ask_account, ask_sms, ask_sms_status
from tests.integration.relay.conftest import Start
from tests.support.fake_twilio import (
    ACCOUNT_SID,
    GARBAGE,
    SENDER,
    TOKEN,
    Act,
    Drop,
    FakeTwilio,
    Refuse,
    answer,
    error,
    redirect,
)

NUMBER = "+33612345678"
CODE = "860473"
SECRETS = (TOKEN, NUMBER, NUMBER[1:], CODE)
SID = "SM" + "0" * 32

ECHO = f'{{"message": "{TOKEN} {NUMBER} {CODE}", "code": "{CODE}", "sid": "{TOKEN}", "status": "{NUMBER}"}}'.encode()
"""What a server, or whoever stands in for it, may throw back at us."""

ACTS: list[Act] = [
    *(error(20003), error(21211), Drop(), Drop(read=False), redirect(f"http://{TOKEN}/{NUMBER}?{CODE}")),
    *(answer(ECHO), answer(ECHO, f"201 {TOKEN}"), Refuse(None, 400, body=ECHO), Refuse(None, 418, body=ECHO)),
    *GARBAGE.values(),
]


def request(twilio: FakeTwilio) -> SmsRequest:
    to, body = Secret(NUMBER.encode()), Secret(f"Your code is: {CODE}".encode())
    return SmsRequest(ACCOUNT_SID, Secret(TOKEN.encode()), SENDER, to, body, twilio.url, 10.0)


def shown_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_promise_3_no_log_of_any_library_holds_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeTwilio() as twilio:
        credentials = Credentials(ACCOUNT_SID, Secret(TOKEN.encode()), twilio.url)
        twilio.will(*ACTS)
        twilio.will_tell(*ACTS)
        for _ in ACTS:
            list(sms_verbs.send(parse(compose_sms(request(twilio)))))
            list(sms_verbs.status(parse(compose("sms_status", status_fields(credentials, SID, 10.0)))))
        list(sms_verbs.account(parse(compose("sms_account", account_fields(credentials, 10.0)))))
    assert shown_in(caplog.text) == []


def test_promise_3_no_answer_and_no_error_holds_it() -> None:
    with FakeTwilio() as twilio:
        credentials = Credentials(ACCOUNT_SID, Secret(TOKEN.encode()), twilio.url)
        for act in ACTS:
            twilio.will(act)
            packets = b"".join(sms_verbs.send(parse(compose_sms(request(twilio)))))
            assert shown_in(packets.decode()) == [], act
            twilio.will(act)
            with pytest.raises((NotSent, Lost, Nonsense, Refused)) as raised:
                Account(credentials, time.monotonic() + 10).send(SENDER, NUMBER, f"Your code is: {CODE}")
            assert shown_in("".join(traceback.format_exception(raised.value))) == [], act


def test_promise_3_a_request_that_is_none_is_refused_without_showing_it() -> None:
    with FakeTwilio() as twilio:
        fields = sms_fields(request(twilio))
    for key in fields.keys() - {"v"}:
        spoilt = {**fields, key: fields[key] + "\x1b\udcff"}
        with pytest.raises(ProtocolError) as raised:
            list(sms_verbs.send(parse(compose("sms", spoilt))))
        assert shown_in("".join(traceback.format_exception(raised.value))) == [], key


def test_promise_3_the_process_shows_nothing_of_it(start_relay: Start) -> None:
    relay = start_relay(environment={"PYTHONWARNINGS": "default", "PYTHONDEVMODE": "1"})
    token = Secret(TOKEN.encode())
    with FakeTwilio() as twilio:
        twilio.will(*ACTS)
        for _ in ACTS:
            ask_sms(relay.path, request(twilio))
        ask_sms_status(relay.path, ACCOUNT_SID, token, SID, twilio.url, 10.0)
        ask_account(relay.path, ACCOUNT_SID, token, twilio.url, 10.0)
        process = Path(f"/proc/{relay.process.pid}")
        for name in ("cmdline", "environ", "comm"):
            assert shown_in((process / name).read_text()) == []
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                assert not descriptor.readlink().is_relative_to("/tmp/pytest-of-root") or descriptor.name == "2"
    assert relay.said.read_text() == ""
