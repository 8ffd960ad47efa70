"""What the integration tests share: one private world for each test process, with rw2fa installed in it."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import World, WorldUnavailable
from tests.support.world.accounts import User
from tests.support.world.installation import stage
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips, with the reason, on a machine that may not make worlds."""
    try:
        World().close()
    except WorldUnavailable as problem:
        pytest.skip(f"no private world can be made here: {problem}")


@pytest.fixture(scope="session")
def installed(namespaces: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of `make install`; the first test process that asks makes it for all."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "installed"
    with (shared / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "installed.done").exists():
            stage(folder)
            (shared / "installed.done").touch()
    return folder


@pytest.fixture(scope="session")
def session_site(installed: Path) -> Iterator[Site]:
    """One site for all tests of a process: each test brings its own people."""
    with Site([installed]) as site:
        yield site


@pytest.fixture
def site(session_site: Site) -> Site:
    """The site in its usual state, whatever the test before did: switched on, the daemon running, a fresh log."""
    if not session_site.rw2fa.is_running():
        session_site.rw2fa.start()
    session_site.log.forget()
    return session_site


@pytest.fixture(scope="session")
def bare_sshd(session_site: Site) -> Sshd:
    """A second sshd, whose administrator did without our drop-in: PAM is all that stands there."""
    config = "/etc/ssh/sshd_config_of_their_own"
    session_site.world.write(config, "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication yes\n")
    return Sshd(session_site.world, port=2200, config=config)


@pytest.fixture
def outsider(site: Site) -> User:
    """Somebody who is not in the scope."""
    return site.outsider()


@pytest.fixture
def newcomer(site: Site) -> User:
    """Somebody in the scope who has not enrolled yet."""
    return site.newcomer()


@pytest.fixture
def member(site: Site) -> Member:
    """Somebody who is enrolled."""
    return site.member()
