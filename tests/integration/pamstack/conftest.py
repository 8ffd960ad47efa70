"""A private world with the files that the installer wants to be there, and nothing of ours in its PAM stacks yet."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import World
from tests.support.world.paths import REPOSITORY

SECURITY = next(Path("/usr/lib").glob("*/security"))
MODULE = SECURITY / "pam_rw2fa.so"
PROFILE = "/usr/share/pam-configs/rw2fa"
FOLDERS = ("/etc/pam.d", "/etc/ssh", "/var/lib/pam")

Drive = Callable[..., Any]


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make install` puts down that the installer looks for. Nobody logs in here, so any module will do."""
    folder = tmp_path_factory.mktemp("layer")
    for source, target in ((SECURITY / "pam_permit.so", MODULE), (REPOSITORY / "etc/pam-configs/rw2fa", PROFILE)):
        place = folder / str(target).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    return folder


@pytest.fixture
def world(namespaces: None, layer: Path) -> Iterator[World]:
    with World(layers=[layer]) as opened:
        yield opened


@pytest.fixture
def drive(world: World) -> Drive:
    """Runs the installer in the world; returns what it reported."""

    def run(*arguments: str) -> Any:
        argv = (sys.executable, "-m", "tests.integration.pamstack.drive", *arguments)
        done = world.run(*argv, environment={"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"})
        return json.loads(done.stdout)

    return run


def snapshot(world: World) -> dict[str, tuple[int, int, int, bytes]]:
    """Mode, owner, group and content of every file that the installer may touch."""
    return {
        str(path.relative_to(world.path("/"))): (
            path.stat().st_mode,
            path.stat().st_uid,
            path.stat().st_gid,
            path.read_bytes(),
        )
        for folder in FOLDERS
        for path in sorted(world.path(folder).rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
