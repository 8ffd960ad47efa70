"""Promises 2 and 10: who answers blindly, hangs up or never shows a password makes no message go out."""

import time

import pytest

from rw2fa_daemon.core.sms_stage import BLIND_SECONDS, ENTERED_MAX
from tests.integration.sms.sender import Office, enter, events, quiet_for

NAME = "daemon"
MOMENT = 0.5
"""On top of the second in which a blind client answers."""


@pytest.mark.parametrize("none", ["blind", "badform", "eof"])
def test_promise_2_a_client_that_answers_at_once_is_charged_nothing_and_sent_nothing(office: Office, none: str) -> None:
    office.give_numbers([NAME])
    with office.site.daemon():
        with office.site.hook() as hook:
            assert hook.open(NAME)["verb"] == "ask"
            hook.send("reply", n="1", none=none)
            assert hook.receive()["rule"] == "no-answer"
        assert quiet_for(office, BLIND_SECONDS + MOMENT)
    account = office.site.account(NAME)
    assert account is not None
    assert (account.counters.failures, account.sms_code) == (0, None)
    assert events(office, NAME) == ["no-answer"]
    assert office.twilio.requests == []


def test_promise_2_a_client_that_hangs_up_is_sent_nothing(office: Office) -> None:
    office.give_numbers([NAME])
    with office.site.daemon():
        with office.site.hook() as hook:
            assert hook.open(NAME)["verb"] == "ask"
        assert quiet_for(office, BLIND_SECONDS + MOMENT)
    assert office.twilio.requests == []


def test_promise_2_a_client_that_presses_enter_at_everything_is_sent_nothing(office: Office) -> None:
    office.give_numbers([NAME])
    with office.site.daemon():
        with office.site.hook() as hook:
            answer = hook.open(NAME)
            while answer["verb"] == "ask":
                answer = enter(hook, int(answer["n"]))
        assert int(answer.get("n", ENTERED_MAX)) <= ENTERED_MAX
        assert quiet_for(office, BLIND_SECONDS + MOMENT)
    assert office.twilio.requests == []


def test_promise_10_nothing_is_sent_before_a_password_was_checked(office: Office) -> None:
    """The slots before the password, the account phase, and remote-desktop services never get to a message."""
    office.give_numbers([NAME])
    with office.site.daemon():
        for opened in (
            {"slot": "key"},
            {"phase": "account"},
            {"service": "xrdp-sesman", "slot": "first"},
            {"service": "xrdp-sesman"},
        ):
            with office.site.hook() as hook:
                assert hook.open(NAME, **opened)["verb"] == "end"
                time.sleep(0.05)
        assert quiet_for(office, BLIND_SECONDS + MOMENT)
    assert office.twilio.requests == []
