"""Whom the relay believes to be Twilio, and that everybody else is told nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.wire.sms import SmsOutcome, SmsRequest
from rw2fa_daemon.wire.sms_client import ask_account, ask_sms
from tests.integration.relay.conftest import Relay, Start
from tests.support.certificates import Authority
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN, FakeTwilio


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusting(start_relay: Start, authority: Authority) -> Relay:
    """A relay on a host that trusts the authority."""
    return start_relay(environment={"SSL_CERT_FILE": str(authority.file)})


def send(relay: Relay, url: str) -> SmsOutcome:
    to, body = Secret(b"+33612345678"), Secret(b"Your code is: 123456")
    return ask_sms(relay.path, SmsRequest(ACCOUNT_SID, Secret(TOKEN.encode()), SENDER, to, body, url, 15.0))


def test_whoever_the_hosts_authorities_certify_is_asked(trusting: Relay, authority: Authority) -> None:
    with FakeTwilio(certificate=authority.certify("127.0.0.1")) as twilio:
        assert send(trusting, twilio.url).sent
        assert ask_account(trusting.path, ACCOUNT_SID, Secret(TOKEN.encode()), twilio.url, 15.0).ok
    with FakeTwilio(certificate=authority.certify("localhost")) as twilio:
        assert send(trusting, f"https://localhost:{twilio.port}").sent


@pytest.mark.parametrize(
    ("host", "by", "expired"),
    [
        ("api.twilio.com", "an authority", False),
        ("127.0.0.2", "an authority", False),
        ("127.0.0.1", "an authority", True),
        ("127.0.0.1", "another authority", False),
    ],
)
def test_promise_3_nobody_else_is_told_anything(
    trusting: Relay, authority: Authority, tmp_path: Path, host: str, by: str, expired: bool
) -> None:
    signer = authority if by == "an authority" else Authority(tmp_path, by)
    with FakeTwilio(certificate=signer.certify(host, expired=expired)) as twilio:
        outcome = send(trusting, twilio.url)
    assert (outcome.sent, outcome.unknown) == (False, False)
    assert outcome.problem.startswith("its certificate is not to be trusted (")
    assert twilio.requests == []


def test_a_server_without_tls_is_told_nothing_either(trusting: Relay) -> None:
    with FakeTwilio() as twilio:
        outcome = send(trusting, twilio.url.replace("http:", "https:"))
    assert (outcome.sent, outcome.unknown) == (False, False)
    assert outcome.problem.startswith("it cannot be reached (")
    assert not [asked for asked in twilio.requests if asked.form]


def test_neither_proxies_nor_another_region_are_taken_from_the_environment(start_relay: Start) -> None:
    with FakeTwilio() as twilio, FakeTwilio() as other:
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        elsewhere = {**dict.fromkeys(names, other.url), "TWILIO_REGION": "ie1", "TWILIO_EDGE": "dublin"}
        relay = start_relay(environment=elsewhere)
        assert send(relay, twilio.url).sent
        assert len(twilio.texts) == 1
    assert other.connections == 0
