"""What the tests of the portal share: the processes that run PAM for it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium, window
from tests.support.world.forward import Forward
from tests.support.world.logons import LogonServer
from tests.support.world.portal import PORT, PortalServer
from tests.support.world.site import Site


@pytest.fixture(scope="session")
def logons(session_site: Site) -> Iterator[LogonServer]:
    """rw2fa-session, listening."""
    with LogonServer(session_site.world) as server:
        yield server


@pytest.fixture(scope="module")
def url(portal: PortalServer) -> Iterator[str]:
    """Where a browser of this machine reaches the portal that the tests of a file start."""
    with Forward(portal.world, PORT) as forward:
        yield f"https://127.0.0.1:{forward.port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a file."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """An empty window of it."""
    with window(browser, url) as page:
        yield page
