"""Records through a real journald and a real journalctl, in a world of their own."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rw2fa_daemon.core.audit import Event
from tests.support.world import World
from tests.support.world.paths import REPOSITORY
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

JOURNALD = "/lib/systemd/systemd-journald"
SOCKET = "/run/systemd/journal/socket"
STATE = "/var/lib/rw2fa-audit"
# Any system user but root may stand in for rw2fa, which only an installed package makes.
VERIFIER, STRANGER = "daemon", "games"


class Host:
    """A world with a journald that starts and stops."""

    def __init__(self, world: World) -> None:
        self.world = world

    def start_journald(self) -> None:
        self.world.start(JOURNALD)
        wait_until("journald", self.world.path(SOCKET).exists)

    def kill_journald(self) -> None:
        pid = int(self.world.run("pidof", "systemd-journald").stdout)
        self.world.run("kill", f"-{signal.SIGKILL}", str(pid))
        wait_until("the end of journald", lambda: not self.world.run("pidof", "systemd-journald", check=False).stdout)
        self.world.path(SOCKET).unlink()

    def write(self, *records: dict[str, Any], user: str | None = None, state: str = STATE) -> int:
        """How many records were lost."""
        answer = self._inside("write", state, stdin=json.dumps(records), user=user)
        lost: int = answer["lost"]
        return lost

    def read(self, since: str = "", user: str = "", state: str = STATE) -> list[dict[str, Any]]:
        answer = self._inside("read", state, since, user)
        assert answer["skipped"] == 0
        records: list[dict[str, Any]] = answer["records"]
        return records

    def _inside(self, *arguments: str, stdin: str = "", user: str | None = None) -> dict[str, Any]:
        done = self.world.run(
            *(sys.executable, "-m", "tests.integration.audit.inside", *arguments),
            stdin=stdin,
            user=user,
            environment={"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def shared_host(namespaces: None) -> Iterator[Host]:
    with World() as world:
        host = Host(world)
        host.start_journald()
        yield host


@pytest.fixture
def host(shared_host: Host) -> Host:
    """With an empty journal and an empty state folder that belongs to the verifier."""
    world = shared_host.world
    world.run("journalctl", "--rotate", check=False)
    world.run("sh", "-c", f"rm -rf {STATE}; install -d -m 0700 -o {VERIFIER} {STATE}")
    return shared_host


def record(user: str, **fields: Any) -> dict[str, Any]:
    usual = {"service": "sshd", "address": "192.0.2.1", "phase": "auth", "decision": "deny", "rule": "code-wrong"}
    return {"event": "CODE_WRONG", "at": time.time(), "user": user, **usual, "reason": "the code was wrong", **fields}


def without_time(*records: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**record, "at": 0} for record in records]


def test_what_was_written_is_read_byte_for_byte(host: Host) -> None:
    name = f"exact-{time.time()}"
    written = [
        record(name + "-plain"),
        record(name + "\nMESSAGE_ID=0\n_UID=0"),
        record(name + chr(0xDCFF) + "é\x1b\0"),
        record(name + "=x", event="ADMINISTRATION", service="", address="", phase="", decision="done"),
    ]
    assert host.write(*written) == 0
    wait_until("all records", lambda: len(_of(host, name)) == len(written))
    assert without_time(*_of(host, name)) == without_time(*written)
    assert all(abs(each["at"] - time.time()) < 60 for each in _of(host, name))


def _of(host: Host, name: str) -> list[dict[str, Any]]:
    return [each for each in host.read() if each["user"].startswith(name)]


def test_journalctl_shows_one_line_for_each_and_the_stable_id(host: Host) -> None:
    name = f"line {time.time()}"
    host.write(record(f'{name}"\nrhost=192.0.2.9'))
    arguments = ["journalctl", "--output=cat", "-t", "rw2fad", f"MESSAGE_ID={Event.CODE_WRONG.message_id}"]
    wait_until("the record", lambda: name in host.world.run(*arguments).stdout)
    (line,) = [line for line in host.world.run(*arguments).stdout.splitlines() if name in line]
    assert line == (
        "decision=deny rule=code-wrong rhost=192.0.2.1 service=sshd phase=auth"
        f' user="{name}\\"\\x0arhost=192.0.2.9": the code was wrong'
    )


def test_the_verifier_and_root_are_believed_and_nobody_else(host: Host) -> None:
    name = f"forged-{time.time()}"
    host.world.run("install", "-d", "-o", STRANGER, "/run/stranger")
    host.write(record(f"{name}-stranger"), user=STRANGER, state="/run/stranger")
    host.write(record(f"{name}-verifier"), user=VERIFIER)
    host.write(record(f"{name}-root"))
    everything = ["journalctl", "--output=cat", "-t", "rw2fad"]
    wait_until("three entries", lambda: host.world.run(*everything).stdout.count(name) == 3)
    assert [each["user"] for each in _of(host, name)] == [f"{name}-verifier", f"{name}-root"]


def test_records_are_chosen_by_user_and_time(host: Host) -> None:
    name = f"chosen-{time.time()}"
    host.write(record(name), record(f"{name}-other"))
    wait_until("both records", lambda: len(_of(host, name)) == 2)
    time.sleep(0.01)
    between = time.time()
    host.write(record(name, reason="later"))
    wait_until("the third", lambda: len(_of(host, name)) == 3)
    assert [each["reason"] for each in host.read(user=name)] == ["the code was wrong", "later"]
    assert [each["reason"] for each in host.read(since=str(between), user=name)] == ["later"]


def test_nothing_is_lost_while_journald_is_killed_and_the_order_is_kept(host: Host) -> None:
    name = f"restart-{time.time()}"
    host.write(record(f"{name}-1"))
    wait_until("the first", lambda: len(_of(host, name)) == 1)
    host.kill_journald()
    assert host.write(record(f"{name}-2"), user=VERIFIER) == 0
    assert host.write(record(f"{name}-3")) == 0, "root writes to the file of the verifier"
    host.start_journald()
    assert host.write(record(f"{name}-4")) == 0
    wait_until("all four", lambda: len(_of(host, name)) == 4)
    assert [each["user"] for each in _of(host, name)] == [f"{name}-{number}" for number in range(1, 5)]
    file = host.world.path(f"{STATE}/audit.jsonl")
    assert file.read_text().count("\n") == 2
    assert file.stat().st_uid == host.world.path(STATE).stat().st_uid != 0
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_flood_is_kept_whole_by_journal_and_file_together(host: Host) -> None:
    name = f"flood-{time.time()}"
    assert host.write(*(record(f"{name}-{number:04}", at=time.time()) for number in range(1000))) == 0
    wait_until("all records", lambda: len(_of(host, name)) == 1000)
    assert {each["user"] for each in _of(host, name)} == {f"{name}-{number:04}" for number in range(1000)}


def test_a_reader_that_stops_early_leaves_no_process(host: Host) -> None:
    name = f"early-{time.time()}"
    host.write(*(record(name) for _ in range(300)))
    script = (
        "import sys; from pathlib import Path; from rw2fa_daemon.audit.reader import read\n"
        f"reading = read(Path({STATE!r}), None, None); print(next(reading).event.name); del reading\n"
        "import os\n"
        "try: os.waitpid(-1, os.WNOHANG); print('a child is left')\n"
        "except ChildProcessError: print('none')"
    )
    done = host.world.run(sys.executable, "-c", script, environment={"PYTHONPATH": str(REPOSITORY)})
    assert done.stdout.split("\n")[:2] == ["CODE_WRONG", "none"]
