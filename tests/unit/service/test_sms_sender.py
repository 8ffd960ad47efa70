"""Messages that wait, and those that are followed, are bounded (promise 11). The rest: tests/integration/sms."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.quota import DAY_SECONDS, Limit, Quota
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryReport, DeliveryState, SmsError, SmsMessage
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.relay_client import RelayClient
from rw2fa_daemon.service.sms_delivery import FOLLOWED_MAX, SmsDeliveries
from rw2fa_daemon.service.sms_sender import UNDER_WAY_MAX, WAITING_MAX, Order, SmsSender
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from tests.support.daemon import Site
from tests.unit.core.sms import context_of

NUMBER = Secret(b"+14155550100")
SMS = SmsMessage(NUMBER, Secret(b"123456"), (Quota(Limit.HOST, Secret(b""), 10_000, DAY_SECONDS),))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = Site(tmp_path)
    site.write_config(f'[sms]\nenabled = true\naccount_sid = "AC{"0" * 32}"\nphone_number = "+14155550199"\n')
    site.initialise()
    store = site.store()
    store.keep_secret(TWILIO_TOKEN, Secret(b"0" * 32))
    store.close()
    return load(site.config)


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def batcher(loop: Loop, config: Config) -> Iterator[Batcher]:
    with closing(State(config, lambda _record: None)) as state:
        yield Batcher(loop, state, lambda _name: None)


@pytest.fixture
def sender(loop: Loop, batcher: Batcher, tmp_path: Path, records: list[Record]) -> SmsSender:
    """Its relay is not there."""
    return SmsSender(loop, batcher, RelayClient(loop, tmp_path / "relay.sock"), records.append)


def order(config: Config, loop: Loop, told: list[DeliveryReport], *, wanted: bool = True, since: float = 0.0) -> Order:
    return Order(SMS, context_of(), config, lambda: wanted, told.append, since or loop.time())


def test_promise_11_whoever_comes_when_too_many_messages_wait_is_told(
    sender: SmsSender, loop: Loop, config: Config, records: list[Record]
) -> None:
    told: list[DeliveryReport] = []
    for _ in range(UNDER_WAY_MAX + WAITING_MAX):
        sender.post(order(config, loop, told))
    assert told == []
    sender.post(order(config, loop, told))
    assert [(report.state, report.again) for report in told] == [(DeliveryState.FAILED, True)]
    assert [(record.event, record.rule) for record in records] == [(Event.SMS_FAILED, "sms-busy")]


def test_without_a_relay_each_is_told_and_the_circuit_opens(sender: SmsSender, loop: Loop, config: Config) -> None:
    told: list[DeliveryReport] = []

    def stop_when_all_are_told() -> None:
        if len(told) == 2 * UNDER_WAY_MAX:
            loop.stop()
        else:
            loop.call_later(0.01, stop_when_all_are_told)

    for _ in range(2 * UNDER_WAY_MAX):
        sender.post(order(config, loop, told))
    stop_when_all_are_told()
    loop.run_forever()
    assert {report.state for report in told} == {DeliveryState.FAILED}
    assert len(told) == 2 * UNDER_WAY_MAX
    assert sender.problem != ""


def test_nothing_is_counted_or_sent_for_a_login_that_has_ended(
    sender: SmsSender, loop: Loop, config: Config, records: list[Record]
) -> None:
    told: list[DeliveryReport] = []
    for _ in range(10):
        sender.post(order(config, loop, told, wanted=False))
    loop.call_later(0.1, loop.stop)
    loop.run_forever()
    assert (told, records) == ([], [])


def test_promise_11_no_message_waits_for_ever(sender: SmsSender, loop: Loop, config: Config) -> None:
    told: list[DeliveryReport] = []
    sender.post(order(config, loop, told, since=loop.time() - 1_000))
    assert [report.state for report in told] == [DeliveryState.FAILED]


def test_promise_11_no_more_messages_are_followed_than_a_limit_says(
    loop: Loop, batcher: Batcher, tmp_path: Path, config: Config, records: list[Record]
) -> None:
    deliveries = SmsDeliveries(loop, batcher, RelayClient(loop, tmp_path / "relay.sock"), records.append)
    followed = [deliveries.follow(f"SM{number:032}", context_of(), config) for number in range(FOLLOWED_MAX + 3)]
    assert followed == [*[True] * FOLLOWED_MAX, False, False, False]


@pytest.mark.parametrize("key", ["sms_account_sid", "sms_sender"])
def test_what_is_not_set_up_is_known_before_the_question(sender: SmsSender, config: Config, key: str) -> None:
    found: list[SmsError | None] = []
    sender.look(context_of(), replace(config, **{key: ""}), NUMBER, found.append)  # type: ignore[arg-type]  # of text
    assert [error and error.rule for error in found] == ["sms-not-set-up"]
