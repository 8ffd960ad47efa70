"""A directory service for tests that can be slow, hang, fail and lie: a real NSS module, steered by files.

`Guest` runs functions of tests where libc asks that module. A world (`tests.support.world`) gets it as a layer:

    with World(layers=[layer(tmp_path / "directory", "files rw2fatest")]) as world:
        directory = FakeDirectory(world.path("/run/rw2fatest-nss"))
"""

from tests.support.nss.directory import FakeDirectory
from tests.support.nss.guest import Guest, GuestUnavailable
from tests.support.nss.module import layer, module

__all__ = ["FakeDirectory", "Guest", "GuestUnavailable", "layer", "module"]
