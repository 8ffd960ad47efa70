"""The pool as `make install` leaves it, run by a user without rights, in a world that asks the directory too."""

import json
from pathlib import Path

import pytest

from tests.support.nss import FakeDirectory, layer
from tests.support.world import World

pytestmark = pytest.mark.namespaces

PYTHON = "/usr/lib/rw2fa/bin/python3"
SCRIPT = """
import asyncio, json
from rw2fa_daemon.directory.pool import Pool

loop = asyncio.new_event_loop()
pool = Pool(loop)

def told(person):
    with open(f"/proc/{pool._idle[0].pid}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    print(json.dumps([person.name, person.uid, person.groups, resident]))
    loop.stop()

pool.lookup("CORP" + chr(92) + "Alice", ("corp-staff",), told)
loop.run_forever()
pool.close()
"""


@pytest.mark.timeout(300)
def test_promise_13_the_installed_daemons_workers_find_people_of_the_directory(installed: Path, tmp_path: Path) -> None:
    with World(layers=[installed, layer(tmp_path / "directory", "files rw2fatest")]) as world:
        directory = FakeDirectory(world.path("/run/rw2fatest-nss"))
        directory.user("alice", 5001, 6001)
        directory.group("primary", 6001)
        directory.group("corp-staff", 6002, ["alice"])
        assert world.run("id", "-Gn", "ALICE@corp").stdout.split()[-1] == "corp-staff"
        name, uid, groups, resident = json.loads(world.run(PYTHON, "-I", "-c", SCRIPT, user="daemon").stdout)
        assert (name, uid, groups) == ("alice", 5001, {"corp-staff": 6002})
        assert resident < 12_000, "KiB"
