"""The world that the other integration tests run in is private, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world.accounts import add_user
from tests.support.world.authlog import AuthLog
from tests.support.world.paths import REPOSITORY
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

pytestmark = pytest.mark.namespaces


@pytest.fixture
def small_world(namespaces: None) -> Iterator[World]:
    with World() as world:
        yield world


def test_what_is_written_in_a_world_does_not_reach_the_host(small_world: World) -> None:
    user = add_user(small_world)
    small_world.write("/etc/pam.d/sshd", "auth required pam_deny.so\n")
    small_world.run("touch", "/var/lib/made-inside", "/usr/lib/made-inside", "/run/made-inside", "/dev/made-inside")
    assert user.name in small_world.read("/etc/passwd")
    assert f"{user.name}:" not in Path("/etc/passwd").read_text(encoding="utf-8")
    assert "pam_deny" not in Path("/etc/pam.d/sshd").read_text(encoding="utf-8")
    for folder in ("/var/lib", "/usr/lib", "/run", "/dev"):
        assert not (Path(folder) / "made-inside").exists()


def test_the_host_sees_neither_the_mounts_nor_the_network_of_a_world(small_world: World) -> None:
    assert "rw2fa-world" not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    devices = small_world.run("cat", "/proc/net/dev").stdout.splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_what_programs_log_is_kept(small_world: World) -> None:
    log = AuthLog(small_world)
    small_world.run("logger", "--tag", "someone", "hello from the world")
    assert "someone: hello from the world" in log.wait_for("hello")


def test_closing_a_world_ends_what_runs_in_it(namespaces: None) -> None:
    world = World()
    server = world.start("sleep", "600")
    inside = world.child_of(server)
    world.close()
    server.wait(timeout=5)
    assert not _is_alive(inside)


def test_killing_the_opener_ends_the_world(namespaces: None) -> None:
    program = (
        "import time\nfrom tests.support.world import World\n"
        "world = World()\nworld.start('sleep', '600')\nprint(world.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as opener:
        assert opener.stdout is not None
        keeper = int(opener.stdout.readline())
        assert _is_alive(keeper)
        os.kill(opener.pid, signal.SIGKILL)
    wait_until("the end of the world", lambda: not _is_alive(keeper))


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
