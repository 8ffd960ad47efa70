"""Daemons whose state is in a PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon import Site
from tests.support.postgresql import Cluster


@pytest.fixture
def site(tmp_path: Path, cluster: Cluster) -> Site:
    """A site with everybody in the scope and nobody enrolled."""
    cluster.empty()
    made = Site(tmp_path, cluster=cluster)
    made.write_config()
    made.initialise()
    return made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    """The same with a server of its own, to be stopped."""
    with Cluster.make() as cluster:
        made = Site(tmp_path, cluster=cluster)
        made.write_config()
        made.initialise()
        yield made
