"""RDP sessions by the processes that keep them: real ones, which end."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rw2fa_daemon.service import rdp_sessions
from rw2fa_daemon.service.rdp_sessions import RdpSessions

HERE, THERE = "192.0.2.1", "192.0.2.2"
ONE, TWO = b"1" * 32, b"2" * 32


@pytest.fixture
def sessions() -> Iterator[RdpSessions]:
    made = RdpSessions()
    yield made
    made.close()


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat:
        yield cat


def test_a_session_lives_as_long_as_its_process(sessions: RdpSessions, process: "subprocess.Popen[bytes]") -> None:
    sessions.began("alice", ONE, HERE, process.pid)
    assert sessions.alive("alice", HERE) == {ONE}
    assert sessions.alive("alice", THERE) == sessions.alive("bob", HERE) == frozenset()
    process.communicate()
    assert sessions.alive("alice", HERE) == frozenset()


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1])
def test_a_process_that_cannot_be_seen_has_no_session(sessions: RdpSessions, pid: int) -> None:
    sessions.began("alice", ONE, HERE, pid)
    assert sessions.alive("alice", HERE) == frozenset()


def test_promise_11_beyond_a_number_of_them_those_that_ended_and_then_the_oldest_are_forgotten(
    sessions: RdpSessions, process: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdp_sessions, "SESSIONS_MAX", 2)
    with subprocess.Popen(["true"]) as ended:
        sessions.began("alice", ONE, HERE, process.pid)
        sessions.began("bob", TWO, HERE, ended.pid)
    sessions.began("carol", TWO, HERE, process.pid)
    assert sessions.alive("alice", HERE) == {ONE}
    sessions.began("dave", TWO, HERE, process.pid)
    assert sessions.alive("alice", HERE) == frozenset()
    assert sessions.alive("carol", HERE) == sessions.alive("dave", HERE) == {TWO}


def descriptors() -> int:
    """How many processes this one holds by a descriptor (proc_pid_fd(5))."""
    held = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            held += str(descriptor.readlink()) == "anon_inode:[pidfd]"
    return held


def test_promise_11_what_is_forgotten_leaves_no_descriptor_open(
    process: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdp_sessions, "SESSIONS_MAX", 2)
    before = descriptors()
    sessions = RdpSessions()
    for _ in range(4):
        sessions.began("alice", ONE, HERE, process.pid)
    assert descriptors() - before == 2, "the oldest were forgotten"
    with subprocess.Popen(["true"]) as ended:
        sessions.began("bob", TWO, HERE, ended.pid)
    sessions.began("carol", TWO, HERE, process.pid)
    assert descriptors() - before == 2, "so was the one that had ended"
    assert sessions.alive("alice", HERE) == {ONE}
    assert sessions.alive("carol", HERE) == {TWO}
    sessions.close()
    assert descriptors() == before
    assert sessions.alive("alice", HERE) == frozenset()
    sessions.close()
    assert descriptors() == before


def test_promise_11_below_that_number_nobody_is_forgotten(
    sessions: RdpSessions, process: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdp_sessions, "SESSIONS_MAX", 3)
    for name in ("alice", "bob", "carol"):
        sessions.began(name, ONE, HERE, process.pid)
    assert [sessions.alive(name, HERE) for name in ("alice", "bob", "carol")] == [{ONE}] * 3
