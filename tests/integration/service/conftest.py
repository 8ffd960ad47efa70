"""Sites for the tests of the daemon."""

from pathlib import Path

import pytest

from tests.support.daemon import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with everybody in the scope and nobody enrolled."""
    made = Site(tmp_path)
    made.write_config()
    made.initialise()
    return made
