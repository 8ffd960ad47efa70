"""`rw2fa sms configure` and `sms test` through the real relay, to a Twilio on loopback."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from rw2fa_daemon.cli.sms import trial
from rw2fa_daemon.core.twilio import ERRORS
from tests.integration.cli.command import Done, Host
from tests.integration.relay.conftest import Relay, starting
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN, Become, Drop, FakeTwilio, Refuse, error

NUMBER = "+33612345678"
ITS_OWN_FAULT = (20500, 20503)
"""After these nobody knows whether a message was sent."""
AT_ONCE = [code for code in sorted(ERRORS) if code < 30_000 and code not in ITS_OWN_FAULT]
LATER = [30003, 30005, 30007, 30008, 30034]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with starting(tmp_path) as start:
        yield start()


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message is asked for more often than an administrator needs."""
    monkeypatch.setattr(trial, "PAUSE_SECONDS", 0.02)


def configure(host: Host, twilio: FakeTwilio, *more: str, token: str = TOKEN) -> Done:
    host.does("settings", "set", "sms.api_url", twilio.url)
    arguments = ("--account-sid", ACCOUNT_SID, "--from", SENDER, *more)
    return host.process("sms", "configure", *arguments, stdin=f"{token}\n")


@pytest.fixture
def ready(host: Host, twilio: FakeTwilio, relay: Relay) -> Host:
    host.does("settings", "set", "sms.countries", "33")
    host.does("settings", "set", "issuer", "Example")
    done = configure(host, twilio)
    assert done.status == 0, done.err
    return host


# --- configure -------------------------------------------------------------------------------------------------------


def test_row_12_account_and_token_are_asked_of_twilio(ready: Host, twilio: FakeTwilio) -> None:
    (request,) = twilio.requests
    assert (request.method, request.authorised) == ("GET", True)
    assert ready.json("sms", "show")["ready"] is True


def test_row_12_a_wrong_token_is_refused_and_nothing_is_stored(host: Host, twilio: FakeTwilio, relay: Relay) -> None:
    done = configure(host, twilio, token="0" * 32)
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert done.err == (
        "rw2fa: Twilio does not accept the account SID and token (error 20003); copy both from Twilio's console,"
        " or give --offline\n"
    )
    told = host.json("sms", "show")
    assert (told["account_sid"], told["token_stored"]) == (None, False)


def test_a_trial_account_is_said_to_be_one(host: Host, relay: Relay) -> None:
    with FakeTwilio(account={"status": "active", "type": "Trial"}) as twilio:
        done = configure(host, twilio)
    assert done.status == 0
    assert "it is a trial account: Twilio sends only to numbers that are verified" in done.err


def test_an_account_that_is_suspended_is_refused(host: Host, relay: Relay) -> None:
    with FakeTwilio(account={"status": "suspended", "type": "Full"}) as twilio:
        done = configure(host, twilio)
    assert done.status == 1
    assert "suspended" in done.err


def test_without_a_relay_it_can_be_done_offline(host: Host, twilio: FakeTwilio) -> None:
    done = configure(host, twilio)
    assert done.status == 1
    assert "Twilio was not asked: the relay does not answer" in done.err
    assert "or give --offline" in done.err
    assert configure(host, twilio, "--offline").status == 0
    assert twilio.requests == []


def test_a_twilio_that_does_not_answer_is_said_so(host: Host, twilio: FakeTwilio, relay: Relay) -> None:
    twilio.will_tell(*[Drop()] * 10)
    done = configure(host, twilio)
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "Twilio cannot be reached" in done.err
    assert host.json("sms", "show")["token_stored"] is False


def test_promise_3_the_token_is_on_no_command_line_while_it_is_used(host: Host, relay: Relay) -> None:
    with FakeTwilio(delay=2.0) as twilio:
        host.does("settings", "set", "sms.api_url", twilio.url)
        argv = host.argv("sms", "configure", "--account-sid", ACCOUNT_SID, "--from", SENDER)
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            assert process.stdin is not None
            process.stdin.write(f"{TOKEN}\n".encode())
            process.stdin.close()
            while not twilio.requests:
                time.sleep(0.01)
                assert process.poll() is None
            for pid in (process.pid, relay.process.pid):
                for what in ("cmdline", "environ"):
                    assert TOKEN.encode() not in Path(f"/proc/{pid}/{what}").read_bytes()
        assert process.returncode == 0


# --- test ------------------------------------------------------------------------------------------------------------


def test_row_12_a_test_is_followed_until_it_is_delivered(ready: Host, twilio: FakeTwilio) -> None:
    done = ready.rw2fa("sms", "test", "+33 6 12 34 56 78")
    assert done.status == 0, done.err
    assert done.out == "The SMS to +33…78 was delivered.\n"
    assert [line.split()[0] for line in done.err.splitlines()] == ["queued", "sent", "delivered"]
    (text,) = twilio.to(NUMBER)
    assert (text.sender, text.body) == (SENDER, "Your Example verification code is: 123456")
    (record,) = [one for one in ready.json("audit", "--since", "1h") if "sms test" in one["reason"]]
    assert record["reason"].startswith("rw2fa sms test, to +33…78, by ")


def test_a_test_for_programs_has_its_history(ready: Host, twilio: FakeTwilio) -> None:
    told = ready.json("sms", "test", NUMBER)
    assert (told["to"], told["delivered"], told["final"], told["code"]) == ("+33…78", True, True, None)
    assert [step["status"] for step in told["history"]] == ["queued", "sent", "delivered"]
    assert told["sid"] == twilio.texts[0].sid
    assert told["segments"]["count"] == 1


def test_a_test_of_which_no_receipt_comes_is_no_failure(ready: Host, twilio: FakeTwilio) -> None:
    twilio.will(Become(("queued", "sent")))
    done = ready.rw2fa("sms", "test", NUMBER, "--wait", "1")
    assert done.status == 0
    assert "Twilio has accepted the SMS to +33…78; after 1 s its status is sent." in done.out
    assert "look at the phone" in done.out


@pytest.mark.parametrize("code", AT_ONCE)
def test_whatever_twilio_refuses_is_one_sentence_with_its_code(ready: Host, twilio: FakeTwilio, code: int) -> None:
    twilio.will(*[error(code)] * 10)
    reason = ready.refuses("sms", "test", NUMBER)
    assert f"(error {code})" in reason
    assert reason.startswith(ERRORS[code][1].partition(";")[0].rstrip("."))
    assert twilio.texts == []


@pytest.mark.parametrize("code", LATER)
def test_whatever_goes_wrong_later_is_one_sentence_as_well(ready: Host, twilio: FakeTwilio, code: int) -> None:
    twilio.will(Become(("queued", "sent", "undelivered"), code))
    done = ready.rw2fa("sms", "test", NUMBER, "--json")
    assert done.status == 1
    assert f"(error {code})" in done.err
    told = json.loads(done.out)
    assert (told["status"], told["delivered"], told["final"], told["code"]) == ("undelivered", False, True, code)


@pytest.mark.parametrize("code", ITS_OWN_FAULT)
def test_after_an_error_of_twilios_own_nobody_claims_that_nothing_was_sent(
    ready: Host, twilio: FakeTwilio, code: int
) -> None:
    twilio.will(*[error(code)] * 10)
    reason = ready.refuses("sms", "test", NUMBER)
    assert f"Twilio's answer was cut short (error {code}); the message may have been sent" in reason


def test_a_message_that_may_have_gone_out_is_not_said_to_have_failed(ready: Host, twilio: FakeTwilio) -> None:
    twilio.will(Drop(taken=True))
    reason = ready.refuses("sms", "test", NUMBER)
    assert "the message may have been sent" in reason
    assert len(twilio.texts) == 1


def test_a_status_that_cannot_be_had_now_is_asked_for_again(ready: Host, twilio: FakeTwilio) -> None:
    twilio.will_tell(Refuse(20429, 429))
    assert ready.rw2fa("sms", "test", NUMBER).status == 0


def test_a_test_goes_where_logins_send_nothing_and_says_so(ready: Host, twilio: FakeTwilio) -> None:
    done = ready.rw2fa("sms", "test", "+442079460123")
    assert done.status == 0
    assert "logins cannot send an SMS to numbers that begin like this one" in done.err


def test_a_test_before_anything_is_configured_says_what_is_missing(host: Host) -> None:
    assert host.refuses("sms", "test", NUMBER) == "no Twilio account is set; run: rw2fa sms configure"
    assert "that number does not say its country" in host.refuses("sms", "test", "0612345678")


def test_a_test_without_a_relay_says_how_to_start_it(ready: Host, relay: Relay) -> None:
    relay.end()
    relay.listener.close()
    assert "start it with `systemctl start rw2fa-relay.socket`" in ready.refuses("sms", "test", NUMBER)


def test_on_a_terminal_one_line_is_written_over(ready: Host, twilio: FakeTwilio) -> None:
    command, *arguments = ready.argv("sms", "test", NUMBER)
    terminal = pexpect.spawn(command, arguments, encoding="utf-8", timeout=30)
    terminal.expect_exact("\rqueued")
    terminal.expect("\rsent after [0-9]+ s")
    terminal.expect("\rdelivered after [0-9]+ s *\r\n")
    terminal.expect_exact("The SMS to +33")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
