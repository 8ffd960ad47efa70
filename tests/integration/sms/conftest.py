"""A site whose daemon sends messages, through the real relay, to a Twilio on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sms.sender import Office
from tests.support.daemon import Site
from tests.support.fake_twilio import FakeTwilio


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio(life=("queued", "delivered")) as twilio:
        yield twilio


@pytest.fixture
def office(tmp_path: Path, twilio: FakeTwilio) -> Office:
    """Nobody enrolled yet, SMS set up and enabled."""
    office = Office(Site(tmp_path), twilio)
    office.configure()
    office.site.initialise()
    office.keep_token()
    return office
