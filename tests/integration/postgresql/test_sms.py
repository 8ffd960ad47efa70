"""Codes by SMS where the state is in a PostgreSQL that several hosts share."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.sms.sender import Office, audit
from tests.support.daemon import Site
from tests.support.fake_twilio import FakeTwilio

NAME = "daemon"


@pytest.fixture
def office(site: Site) -> Iterator[Office]:
    """One host, SMS set up, somebody with a confirmed number."""
    with FakeTwilio() as twilio:
        office = Office(site, twilio)
        office.configure("per_user = 3")
        office.keep_token()
        office.give_numbers([NAME])
        yield office


@pytest.fixture
def second(office: Office, tmp_path: Path) -> Office:
    """Another host with the same key and database."""
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / "state").mkdir()
    shutil.copy(office.site.key, folder)
    other = replace(office, site=replace(office.site, folder=folder))
    other.configure("per_user = 3")
    other.site.join()
    return other


def test_promise_1_a_code_counts_on_the_host_that_asked_for_it_and_once(office: Office, second: Office) -> None:
    with office.site.daemon(), second.site.daemon(), office.site.hook() as here, second.site.hook() as there:
        assert here.open(NAME)["verb"] == "ask"
        first = office.code(NAME)
        assert there.open(NAME)["verb"] == "ask"
        latest = office.code(NAME, 2)
        assert "not accepted" in here.reply(first)["text"], "another took its place"
        assert "not accepted" in here.reply(latest, 2)["text"]
        assert there.reply(latest)["rc"] == "SUCCESS"
    assert len(office.twilio.texts) == 2


def test_promise_10_hosts_share_the_limits(office: Office, second: Office) -> None:
    with office.site.daemon(), second.site.daemon():
        for host in (office, second, office):
            assert host.login(NAME)["rc"] == "SUCCESS"
        assert second.login(NAME)["rule"] == "sms-limit-user"
    assert len(office.twilio.texts) == 3
    assert audit(second)[-1]["event"] == "sms-refused"
