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
from rw2fa_daemon.core.texting import Fate, Letter, Report, Trouble
from rw2fa_daemon.service.desk import Desk
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.relay_client import RelayClient
from rw2fa_daemon.service.state import State
from rw2fa_daemon.service.text_delivery import FOLLOWED_MAX, Deliveries
from rw2fa_daemon.service.text_office import UNDER_WAY_MAX, WAITING_MAX, Order, TextOffice
from rw2fa_daemon.store.kept import TWILIO_TOKEN
from tests.support.daemon import Site
from tests.unit.core.texting import context_of

NUMBER = Secret(b"+14155550100")
LETTER = Letter(NUMBER, Secret(b"123456"), (Quota(Limit.HOST, Secret(b""), 10_000, DAY_SECONDS),))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = Site(tmp_path)
    site.write_config(f'[sms]\nenabled = true\naccount_sid = "AC{"0" * 32}"\nphone_number = "+14155550199"\n')
    site.initialise()
    store = site.store()
    store.keep(TWILIO_TOKEN, Secret(b"0" * 32))
    store.close()
    return load(site.config)


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def desk(loop: Loop, config: Config) -> Iterator[Desk]:
    with closing(State(config, lambda _record: None)) as state:
        yield Desk(loop, state, lambda _name: None)


@pytest.fixture
def office(loop: Loop, desk: Desk, tmp_path: Path, records: list[Record]) -> TextOffice:
    """Its relay is not there."""
    return TextOffice(loop, desk, RelayClient(loop, tmp_path / "relay.sock"), records.append)


def order(config: Config, loop: Loop, told: list[Report], *, wanted: bool = True, since: float = 0.0) -> Order:
    return Order(LETTER, context_of(), config, lambda: wanted, told.append, since or loop.time())


def test_promise_11_whoever_comes_when_too_many_messages_wait_is_told(
    office: TextOffice, loop: Loop, config: Config, records: list[Record]
) -> None:
    told: list[Report] = []
    for _ in range(UNDER_WAY_MAX + WAITING_MAX):
        office.post(order(config, loop, told))
    assert told == []
    office.post(order(config, loop, told))
    assert [(report.fate, report.again) for report in told] == [(Fate.FAILED, True)]
    assert [(record.event, record.rule) for record in records] == [(Event.SMS_FAILED, "sms-busy")]


def test_without_a_relay_each_is_told_and_the_circuit_opens(office: TextOffice, loop: Loop, config: Config) -> None:
    told: list[Report] = []

    def stop_when_all_are_told() -> None:
        if len(told) == 2 * UNDER_WAY_MAX:
            loop.stop()
        else:
            loop.call_later(0.01, stop_when_all_are_told)

    for _ in range(2 * UNDER_WAY_MAX):
        office.post(order(config, loop, told))
    stop_when_all_are_told()
    loop.run_forever()
    assert {report.fate for report in told} == {Fate.FAILED}
    assert len(told) == 2 * UNDER_WAY_MAX
    assert office.problem != ""


def test_nothing_is_counted_or_sent_for_a_login_that_has_ended(
    office: TextOffice, loop: Loop, config: Config, records: list[Record]
) -> None:
    told: list[Report] = []
    for _ in range(10):
        office.post(order(config, loop, told, wanted=False))
    loop.call_later(0.1, loop.stop)
    loop.run_forever()
    assert (told, records) == ([], [])


def test_promise_11_no_message_waits_for_ever(office: TextOffice, loop: Loop, config: Config) -> None:
    told: list[Report] = []
    office.post(order(config, loop, told, since=loop.time() - 1_000))
    assert [report.fate for report in told] == [Fate.FAILED]


def test_promise_11_no_more_messages_are_followed_than_a_limit_says(
    loop: Loop, desk: Desk, tmp_path: Path, config: Config, records: list[Record]
) -> None:
    deliveries = Deliveries(loop, desk, RelayClient(loop, tmp_path / "relay.sock"), records.append)
    followed = [deliveries.follow(f"SM{number:032}", context_of(), config) for number in range(FOLLOWED_MAX + 3)]
    assert followed == [*[True] * FOLLOWED_MAX, False, False, False]


@pytest.mark.parametrize("key", ["sms_account_sid", "sms_sender"])
def test_what_is_not_set_up_is_known_before_the_question(office: TextOffice, config: Config, key: str) -> None:
    found: list[Trouble | None] = []
    office.look(context_of(), replace(config, **{key: ""}), NUMBER, found.append)  # type: ignore[arg-type]  # of text
    assert [trouble and trouble.rule for trouble in found] == ["sms-not-set-up"]
