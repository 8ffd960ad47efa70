"""Who may ask the relay, how many at once, and that it ends when nobody does."""

import fcntl
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import MESSAGE_MAX, ProtocolError, compose, parse
from rw2fa_daemon.wire.relay import ask_relay, ask_time
from rw2fa_daemon.wire.serving import CONNECTIONS_MAX
from tests.integration.relay.conftest import Relay, Start
from tests.support.daemon import wait_until
from tests.support.time_servers import FakeServer

NOBODY = 65534


def test_it_ends_when_nobody_asks_and_answers_again_when_it_is_started_again(start_relay: Start) -> None:
    relay = start_relay("--idle", "0.5")
    with FakeServer() as server:
        assert ask_time(relay.path, [server.name], 3.0)[0].problem == ""
        assert relay.process.wait(20) == 0
        relay.start_again()
        assert ask_time(relay.path, [server.name], 3.0)[0].problem == ""


def test_it_serves_a_listener_of_any_descriptor(start_relay: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """select(2) would take none above 1,023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    make = socket.socket

    def high(*arguments: int) -> socket.socket:
        with make(*arguments) as low:
            return make(fileno=fcntl.fcntl(low.fileno(), fcntl.F_DUPFD, 1100))

    try:
        with monkeypatch.context() as patch:
            patch.setattr(socket, "socket", high)
            relay = start_relay()
        assert relay.listener.fileno() >= 1100
        with FakeServer() as server:
            assert ask_time(relay.path, [server.name], 3.0)[0].problem == ""
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_does_not_end_while_somebody_waits_for_an_answer(start_relay: Start) -> None:
    relay = start_relay("--idle", "0.2")
    with FakeServer(delay=1.5) as server:
        assert ask_time(relay.path, [server.name], 5.0)[0].problem == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_promise_10_another_user_is_refused_even_past_the_sockets_mode(relay: Relay) -> None:
    relay.path.chmod(0o666)
    for folder in relay.path.parents[: len(relay.path.parents) - 2]:
        folder.chmod(folder.stat().st_mode | 0o711)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            try:
                ask_relay(relay.path, "time", {"servers": "127.0.0.1", "timeout": "1"}, 10.0)
            except Problem as problem:
                os.write(writer, str(problem).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        assert "not for this user" in said.read()
    os.waitpid(child, 0)


def raw(relay: Relay, packet: bytes) -> tuple[str, str]:
    """Verb and reason of the answer to a packet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(20)
        connection.connect(str(relay.path))
        connection.send(packet)
        message = parse(connection.recv(MESSAGE_MAX + 1))
        return message.verb, message.fields.get("reason", "")


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"sms\0v=1", "sms without account_sid"),
        (b"open\0v=1", "unknown verb"),
        (b"time\0v=2", "unknown version"),
        (b"time", "time without v"),
        (b"time\0v", "field without key and value"),
        (b"time\0" + b"v" * MESSAGE_MAX, "message too long"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(relay: Relay, packet: bytes, reason: str) -> None:
    assert raw(relay, packet) == ("refused", reason)


def test_promise_11_silent_peers_take_places_for_a_while_only(relay: Relay) -> None:
    silent = []
    for _ in range(CONNECTIONS_MAX + 50):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(str(relay.path))
        silent.append(connection)

    def answers() -> bool:
        try:
            return raw(relay, compose("open", {"v": "1"}))[0] == "refused"
        except (OSError, ProtocolError):  # it was turned away
            return False

    wait_until(answers, 20.0)
    for connection in silent:
        connection.close()


def test_it_says_what_to_do_to_whoever_starts_it_by_hand() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rw2fa_daemon.relay.main"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "systemctl start rw2fa-relay.socket" in done.stderr


def test_nobody_there_is_said_with_the_remedy(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(Problem, match="systemctl start rw2fa-relay"):
        ask_time(tmp_path / "none.sock", ["127.0.0.1"], 3.0)
    assert time.monotonic() - started < 1


def test_it_ends_with_whoever_started_it(relay: Relay) -> None:
    assert raw(relay, compose("open", {"v": "1"}))[0] == "refused"
    assert relay.process.stdin is not None
    relay.process.stdin.close()
    assert relay.process.wait(20) == 0
