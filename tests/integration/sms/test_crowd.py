"""A slow Twilio holds up those who wait for it and nobody else (issue 4, promise 11); bench/ has the figures."""

import statistics
import time
from contextlib import ExitStack

import psutil
import pytest

from rw2fa_daemon.relay.verbs import VERBS
from rw2fa_daemon.service import sms_delivery, sms_sender
from tests.integration.sms.sender import Office, audit
from tests.support.daemon import HOST_USERS, wait_until
from tests.support.fake_twilio import Drop

LOGINS = 200
TWILIO_SECONDS = 5.0
TOGETHER_SECONDS = 25.0
"""For all messages: five times what Twilio takes, on a machine that does other things too."""
MEMORY_MAX = 24 * 2**20
"""Bytes that the daemon may take for them all, at the worst moment."""

PAUSE_SECONDS = 0.1
"""Between logins with the app, of which each takes another step of the window."""

APP_USER, *SMS_USERS = HOST_USERS


def _own_memory(pid: int) -> int:
    return psutil.Process(pid).memory_info().rss


@pytest.mark.timeout(180)
def test_promise_11_two_hundred_logins_wait_for_a_slow_twilio_and_app_logins_do_not(office: Office) -> None:
    office.configure("per_user = 1000\nper_day = 1000")
    office.give_numbers(SMS_USERS)
    office.site.enrol(APP_USER)
    office.twilio.delay = TWILIO_SECONDS
    with office.site.daemon() as daemon, ExitStack() as stack:
        assert office.site.login(APP_USER, office.site.code(APP_USER))["rc"] == "SUCCESS"
        before = _own_memory(daemon.pid)
        began = time.monotonic()
        for number in range(LOGINS):
            hook = stack.enter_context(office.site.hook())
            assert hook.open(SMS_USERS[number % len(SMS_USERS)])["verb"] == "ask"
        waits = []
        offset = 0
        while len(office.twilio.texts) < LOGINS:
            offset += 1
            asked = time.monotonic()
            assert office.site.login(APP_USER, office.site.code(APP_USER, offset))["rc"] == "SUCCESS"
            waits.append(time.monotonic() - asked)
            time.sleep(PAUSE_SECONDS)
        assert time.monotonic() - began < TOGETHER_SECONDS
        assert statistics.median(waits) < TWILIO_SECONDS / 10
        wait_until(lambda: sum(record["event"] == "sms-sent" for record in audit(office)) == LOGINS, 20)
        assert _own_memory(daemon.pid) - before < MEMORY_MAX
    codes = [code for name in SMS_USERS for code in office.twilio.codes(office.numbers[name])]
    assert len(office.twilio.texts) == len(office.twilio.posts()) == len(codes) == LOGINS
    assert len({text.sid for text in office.twilio.texts}) == LOGINS


@pytest.mark.parametrize("fault", [Drop(), Drop(taken=True)])
def test_promise_1_no_message_of_many_is_sent_twice_when_connections_break(office: Office, fault: Drop) -> None:
    office.give_numbers(SMS_USERS)
    office.twilio.will(*[fault] * len(SMS_USERS))
    with office.site.daemon(), ExitStack() as stack:
        for name in SMS_USERS:
            assert stack.enter_context(office.site.hook()).open(name)["verb"] == "ask"
        ended = {"sms-failed", "sms-sent"}
        wait_until(lambda: sum(record["event"] in ended for record in audit(office)) == len(SMS_USERS), 60)
    for name in SMS_USERS:
        assert len(office.twilio.codes(office.numbers[name])) <= 1


def test_the_relay_has_a_place_for_every_message_that_the_daemon_sends_at_once() -> None:
    assert VERBS["sms"].at_once > sms_sender.UNDER_WAY_MAX
    assert VERBS["sms_status"].at_once > sms_delivery.UNDER_WAY_MAX
