"""What the tests of the portal share: the processes that run PAM for it."""

from collections.abc import Iterator

import pytest

from tests.support.world.logons import LogonServer
from tests.support.world.site import Site


@pytest.fixture(scope="session")
def logons(session_site: Site) -> Iterator[LogonServer]:
    """rw2fa-session, listening."""
    with LogonServer(session_site.world) as server:
        yield server
