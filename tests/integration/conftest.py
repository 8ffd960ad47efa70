"""What the integration tests share: one private world for each test process, with rw2fa installed in it."""

import pytest

from tests.support.world import World, WorldUnavailable


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips, with the reason, on a machine that may not make worlds."""
    try:
        World().close()
    except WorldUnavailable as problem:
        pytest.skip(f"no private world can be made here: {problem}")
