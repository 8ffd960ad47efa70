"""An event loop and an open state for what the daemon is made of."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State
from tests.support.daemon import Site
from tests.support.expected_calls import ExpectedCalls
from tests.unit.service.stepped_loop import SteppedLoop

LOOP_SECONDS = 10.0
"""A test that forgets to stop its loop fails after that, instead of hanging."""


@pytest.fixture
def loop() -> Iterator[Loop]:
    with closing(Loop()) as made:
        made.call_later(LOOP_SECONDS, made.stop)
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    site = Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()
    with closing(State(load(site.config), lambda _record: None)) as opened:
        yield opened


@pytest.fixture
def calls() -> Iterator[ExpectedCalls]:
    expected = ExpectedCalls()
    yield expected
    expected.verify()


@pytest.fixture
def stepped_loop() -> Iterator[SteppedLoop]:
    with closing(SteppedLoop()) as made:
        yield made
