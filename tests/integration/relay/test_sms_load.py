"""Many messages at once, and the time asked in between (issue 4: a slow Twilio holds up those who wait for it)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.relay.verbs import VERBS
from rw2fa_daemon.wire.relay import ask_time
from rw2fa_daemon.wire.sms import SmsOutcome, SmsRequest
from rw2fa_daemon.wire.sms_client import ask_sms
from tests.integration.relay.conftest import Relay
from tests.support.daemon import wait_until
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN, FakeTwilio, answer
from tests.support.time_servers import FakeServer

LOGINS = 200
TWILIO_SECONDS = 5.0
TOGETHER_SECONDS = 15.0
"""For all of them: three times what Twilio takes, on a machine that does other things too."""
MEMORY_MAX = 96 * 2**20
"""Bytes that are this process's own: three quarters of MemoryMax= in systemd/rw2fa-relay.service."""


@pytest.fixture
def slow() -> Iterator[FakeTwilio]:
    with FakeTwilio(delay=TWILIO_SECONDS) as twilio:
        yield twilio


def request(twilio: FakeTwilio, n: int) -> SmsRequest:
    to, body = Secret(f"+336{n:08}".encode()), Secret(f"Your code is: {n:06}".encode())
    return SmsRequest(ACCOUNT_SID, Secret(TOKEN.encode()), SENDER, to, body, twilio.url, 30.0)


def ask(relay: Relay, twilio: FakeTwilio, n: int) -> SmsOutcome | str:
    """What came of a message, or why the relay refused to send it."""
    try:
        return ask_sms(relay.path, request(twilio, n))
    except Problem as problem:
        return problem.what


def at_once(relay: Relay, twilio: FakeTwilio, count: int) -> list[SmsOutcome | str]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda n: ask(relay, twilio, n), range(count)))


def sent(outcomes: list[SmsOutcome | str]) -> int:
    return sum(isinstance(outcome, SmsOutcome) and outcome.sent for outcome in outcomes)


def memory(relay: Relay) -> int:
    """Bytes that are the relay's own, at the worst moment so far."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{relay.process.pid}/status").read_text().splitlines())
    return (int(fields["VmHWM"].split()[0]) - int(fields["RssFile"].split()[0])) * 1024


def test_promise_11_two_hundred_wait_for_a_slow_twilio_together_and_none_is_sent_twice(
    relay: Relay, slow: FakeTwilio
) -> None:
    started = time.monotonic()
    outcomes = at_once(relay, slow, LOGINS)
    took = time.monotonic() - started
    assert sent(outcomes) == LOGINS
    assert took < TOGETHER_SECONDS
    assert sorted(text.to for text in slow.texts) == [f"+336{n:08}" for n in range(LOGINS)]
    assert {text.body for text in slow.texts} == {f"Your code is: {n:06}" for n in range(LOGINS)}
    assert memory(relay) < MEMORY_MAX


def test_promise_11_more_than_there_are_places_for_are_refused_at_once_and_not_sent(
    relay: Relay, slow: FakeTwilio
) -> None:
    places = VERBS["sms"].at_once
    outcomes = at_once(relay, slow, places + 20)
    refused = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert set(refused) == {"the relay refused: busy"}
    assert len(slow.texts) == sent(outcomes) == len(outcomes) - len(refused) >= places
    assert ask_sms(relay.path, request(slow, 0)).sent


def test_promise_11_an_answer_without_end_costs_no_memory(relay: Relay) -> None:
    with FakeTwilio() as twilio:
        twilio.will(*[answer(b"x" * (MEMORY_MAX // 2))] * 4)
        outcomes = [ask_sms(relay.path, request(twilio, n)) for n in range(4)]
    assert {(outcome.unknown, outcome.problem) for outcome in outcomes} == {(True, "its answer is too long")}
    assert memory(relay) < MEMORY_MAX // 2


def test_the_time_is_told_while_all_of_them_wait(relay: Relay, slow: FakeTwilio) -> None:
    with ThreadPoolExecutor(1) as pool, FakeServer() as server:
        waiting = pool.submit(at_once, relay, slow, LOGINS)
        wait_until(lambda: len(slow.posts()) == LOGINS, TOGETHER_SECONDS)
        started = time.monotonic()
        assert ask_time(relay.path, [server.name], 3.0)[0].problem == ""
        assert time.monotonic() - started < 2
        assert not waiting.done()
        assert sent(waiting.result()) == LOGINS


def test_a_relay_that_is_only_asked_for_the_time_never_loads_what_sends(relay: Relay) -> None:
    with FakeServer() as server:
        assert ask_time(relay.path, [server.name], 3.0)[0].problem == ""
    mapped = {Path(mapping.path).name.partition(".")[0] for mapping in psutil.Process(relay.process.pid).memory_maps()}
    assert "_ssl" not in mapped
    with FakeTwilio() as twilio:
        assert ask_sms(relay.path, request(twilio, 1)).sent
    mapped = {Path(mapping.path).name.partition(".")[0] for mapping in psutil.Process(relay.process.pid).memory_maps()}
    assert "_ssl" in mapped
