"""The connection: who is at the other end, and how long it may take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.libpam import Code, Conversation
from tests.support.scripted_daemon import Close, Expect, Send, Step, Wait, ask, end
from tests.unit.pam_hook.hook import ACCEPT, ERR, Hook, Outcome, open_descriptors

NOBODY = 65534

#: Says nothing, until the hook has hung up.
SILENCE: Sequence[Step] = (Expect("open"),)

#: Seconds that a busy machine may add to what should happen at once.
SOON = 5


def attempt(hook: Hook, arguments: str = "timeout=1") -> Outcome:
    with hook.start(hook.stack(arguments), Conversation()) as handle:
        return hook.authenticate(handle)


def refused_because(outcome: Outcome, reason: str) -> bool:
    [line] = outcome.logged(ERR)
    return outcome.code == Code.AUTHINFO_UNAVAIL and line.startswith("refused: ") and reason in line


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_trusted(hook: Hook, mode: int) -> None:
    with hook.daemon() as daemon:
        hook.run_folder.chmod(mode)
        assert refused_because(attempt(hook), "writable by nobody else")
        assert daemon.connections == 0
        hook.run_folder.chmod(0o755)
        assert attempt(hook).code == Code.SUCCESS


def test_a_folder_of_somebody_else_is_not_trusted(hook: Hook) -> None:
    with hook.daemon() as daemon:
        os.chown(hook.run_folder, NOBODY, -1)
        assert refused_because(attempt(hook), "must belong to root")
        assert daemon.connections == 0


def test_a_link_to_a_folder_is_not_trusted(hook: Hook) -> None:
    with hook.daemon() as daemon:
        real = hook.folder / "real"
        hook.run_folder.rename(real)
        hook.run_folder.symlink_to(real)
        assert refused_because(attempt(hook), "must belong to root")
        assert daemon.connections == 0
        hook.run_folder.unlink()
        real.rename(hook.run_folder)


def test_a_link_to_a_socket_is_not_trusted(hook: Hook) -> None:
    with hook.daemon() as daemon:
        real = hook.folder / "real.sock"
        hook.socket.rename(real)
        hook.socket.symlink_to(real)
        assert refused_because(attempt(hook), "is not a socket")
        assert daemon.connections == 0


def test_a_file_in_place_of_the_socket_is_not_trusted(hook: Hook) -> None:
    hook.run_folder.mkdir()
    hook.socket.touch()
    assert refused_because(attempt(hook, "unreachable=allow"), "is not a socket")


def listen_as_nobody(hook: Hook) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """A socket that root has bound and uid 65534 listens on."""
    hook.run_folder.mkdir()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    bound.bind(os.fspath(hook.socket))
    code = (
        "import socket, sys, time; s = socket.socket(fileno=int(sys.argv[1])); s.listen(4); print(flush=True); "
        "c, _ = s.accept(); c.recv(20000); c.send(b'end\\0rc=SUCCESS\\0rule=test'); time.sleep(60)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    listener = subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(bound.fileno())],
        user=NOBODY,
        pass_fds=[bound.fileno()],
        stdout=subprocess.PIPE,
        env=environment,
        cwd="/",
    )
    assert listener.stdout is not None
    assert listener.stdout.readline() == b"\n"
    return bound, listener


@pytest.mark.parametrize(("owner", "trusted"), [(0, False), (1, False), (NOBODY, True)])
def test_whoever_listens_is_root_or_the_owner_of_the_socket(hook: Hook, owner: int, trusted: bool) -> None:
    bound, listener = listen_as_nobody(hook)
    try:
        os.chown(hook.socket, owner, -1)
        outcome = attempt(hook, "unreachable=allow")
        if trusted:
            assert outcome.code == Code.SUCCESS
        else:
            assert refused_because(outcome, "neither root nor the owner")
    finally:
        listener.kill()
        listener.communicate()
        bound.close()


def test_root_may_listen_on_a_socket_of_the_daemon(hook: Hook) -> None:
    """Socket activation: systemd listens, the file is the daemon's."""
    with hook.daemon():
        os.chown(hook.socket, NOBODY, -1)
        assert attempt(hook).code == Code.SUCCESS


def test_promise_5_no_folder_no_socket_and_no_listener_are_refused_at_once(hook: Hook) -> None:
    for reason in ("folder", "socket", "listener"):
        if reason == "socket":
            hook.run_folder.mkdir()
        if reason == "listener":
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
                dead.bind(os.fspath(hook.socket))
        outcome = attempt(hook, "timeout=60")
        assert refused_because(outcome, "nothing listens")
        assert outcome.seconds < SOON


def test_a_stream_socket_is_no_socket_of_the_daemon(hook: Hook) -> None:
    hook.run_folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.bind(os.fspath(hook.socket))
        stream.listen(4)
        outcome = attempt(hook, "timeout=60 unreachable=allow")
    assert refused_because(outcome, "a system call failed")
    assert outcome.seconds < SOON


def fill_backlog(path: Path) -> list[socket.socket]:
    clients: list[socket.socket] = []
    while True:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        try:
            client.connect(os.fspath(path))
        except BlockingIOError:
            client.close()
            return clients
        clients.append(client)


def test_promise_5_a_full_backlog_is_refused_after_the_timeout(hook: Hook) -> None:
    with hook.daemon(backlog=0, accept=False) as daemon:
        clients = fill_backlog(daemon.socket)
        outcome = attempt(hook, "timeout=1 unreachable=allow")
        for client in clients:
            client.close()
    assert refused_because(outcome, "did not answer in time")
    assert 0.99 <= outcome.seconds < 1 + SOON


def test_promise_11_a_backlog_that_empties_in_time_lets_in(hook: Hook) -> None:
    def empty() -> None:
        time.sleep(0.3)
        for client in clients:
            daemon.listener.accept()[0].close()
            client.close()
        daemon.start()

    with hook.daemon(ACCEPT, backlog=1, accept=False) as daemon:
        clients = fill_backlog(daemon.socket)
        worker = threading.Thread(target=empty)
        worker.start()
        outcome = attempt(hook, "timeout=20")
        worker.join()
    assert outcome.code == Code.SUCCESS
    assert 0.1 <= outcome.seconds < 10


@pytest.mark.parametrize("timeout", [1, 2])
def test_promise_5_a_silent_daemon_is_refused_after_the_timeout(hook: Hook, timeout: int) -> None:
    outcome, _ = hook.login(SILENCE, f"timeout={timeout}")
    assert refused_because(outcome, "did not answer in time")
    assert timeout - 0.01 <= outcome.seconds < timeout + SOON


def test_promise_5_a_daemon_that_never_accepts_is_refused_after_the_timeout(hook: Hook) -> None:
    with hook.daemon(accept=False):
        outcome = attempt(hook)
    assert refused_because(outcome, "did not answer in time")
    assert 0.99 <= outcome.seconds < 1 + SOON


def test_promise_5_the_waits_of_a_phase_add_up(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Wait(1.5), Send(ask()), Expect("reply")]
    outcome, _ = hook.login(script, "timeout=2", Conversation(codes=["123456"]))
    assert refused_because(outcome, "did not answer in time")
    assert 1.99 <= outcome.seconds < 3.3  # 3.5 if each wait had a timeout of its own


def test_promise_5_slow_questions_within_the_timeout_are_fine(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Wait(0.3), Send(ask()), Expect("reply"), Wait(0.3), Send(end("SUCCESS"))]
    outcome, _ = hook.login(script, "timeout=10", Conversation(codes=["123456"]))
    assert outcome.code == Code.SUCCESS


def test_promise_5_the_time_in_which_a_person_types_does_not_count(hook: Hook) -> None:
    def slowly(_prompt: str) -> str:
        time.sleep(2.2)
        return "123456"

    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("SUCCESS"))]
    outcome, _ = hook.login(script, "timeout=2", Conversation(codes=[slowly]))
    assert outcome.code == Code.SUCCESS


@pytest.mark.parametrize(
    "script",
    [
        [Close()],
        [Expect("open"), Close()],
        [Expect("open"), Send(ask()), Close()],
        [Expect("open"), Send(ask()), Expect("reply"), Close()],
        [Expect("open"), Send(b"")],
        [Expect("open"), Send(ask()), Expect("reply"), Send(b"")],
    ],
)
def test_end_of_file_and_the_empty_packet_are_refused_at_once(hook: Hook, script: list[Expect | Send | Close]) -> None:
    outcome, _ = hook.login(script, "timeout=60", Conversation(codes=["123456"]))
    assert refused_because(outcome, "closed the connection")
    assert outcome.seconds < SOON


@pytest.mark.parametrize("size", [16385, 20_000, 100_000])
def test_promise_11_a_message_that_is_too_long_is_refused(hook: Hook, size: int) -> None:
    packet = end("SUCCESS", text="x" * size)[:size]
    outcome, _ = hook.login([Expect("open"), Send(packet)])
    assert refused_because(outcome, "too long")


def test_promise_11_a_message_of_the_full_length_is_taken(hook: Hook) -> None:
    packet = end("SUCCESS", text="x" * 16384)[:16384]
    outcome, _ = hook.login([Expect("open"), Send(packet)])
    assert outcome.code == Code.SUCCESS


def test_a_descriptor_that_is_sent_along_stays_out_of_the_process(hook: Hook) -> None:
    """The kernel closes what nobody asks for; sshd must not end up with files of the daemon's choice."""
    before = open_descriptors()
    hook.run_folder.mkdir()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(os.fspath(hook.socket))
        listener.listen(1)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(20_000)
                socket.send_fds(connection, [end("SUCCESS")], [theirs.fileno()])

        thread = threading.Thread(target=serve)
        thread.start()
        outcome = attempt(hook)
        thread.join()
    ours.close()
    theirs.close()
    assert outcome.code == Code.SUCCESS
    assert open_descriptors() == before


def test_signals_in_the_program_neither_end_nor_lengthen_the_wait(hook: Hook) -> None:
    """The program's own handlers run; the hook waits on, and no longer than it would have."""
    code = (
        "import os, signal, sys, threading, time\n"
        "from pathlib import Path\n"
        "from tests.support.libpam import Conversation, start\n"
        "seen = []\n"
        "signal.signal(signal.SIGALRM, lambda *_: seen.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)\n"
        "began = time.monotonic()\n"
        "with start('test', 'alice', confdir=Path(sys.argv[1]), conversation=Conversation()) as handle:\n"
        "    code = handle.authenticate()\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "print(int(code), time.monotonic() - began, len(seen))\n"
    )
    root = Path(__file__).resolve().parents[3]
    stack = hook.stack("timeout=1")
    with hook.daemon(SILENCE):
        done = subprocess.run(
            [sys.executable, "-c", code, stack], capture_output=True, text=True, check=True, cwd=root, timeout=60
        )
    result, seconds, _ = done.stdout.split()
    assert int(result) == Code.AUTHINFO_UNAVAIL
    assert 0.99 <= float(seconds) < 1 + SOON
