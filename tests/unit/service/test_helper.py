"""Helpers without systemd: started by whoever asks first, with less rights, and again after they end."""

import errno
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rw2fa_daemon.service import helper as service_helper
from rw2fa_daemon.service.helper import NICENESS, NOTIFIER, RELAY, REST_SECONDS, HelperKeeper, _less_rights, _spawn
from rw2fa_daemon.service.listener import own_listener
from rw2fa_daemon.service.loop import Loop

SECONDS = 10.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.sock"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """In place of helpers: programs that end with their standard input, as helpers do."""
    made: list[subprocess.Popen[bytes]] = []

    def spawn(_helper: object, _listener: object) -> "subprocess.Popen[bytes]":
        made.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL))
        return made[-1]

    monkeypatch.setattr(service_helper, "_spawn", spawn)
    monkeypatch.setattr(service_helper, "REST_SECONDS", 0.01)
    return made


@pytest.fixture
def keeper(loop: Loop, path: Path) -> Iterator[HelperKeeper]:
    with closing(HelperKeeper(loop, RELAY, path)) as made:
        yield made


def connect(path: Path) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.connect(str(path))
    return peer


def run_until_started(loop: Loop, started: list["subprocess.Popen[bytes]"], count: int) -> None:
    def look() -> None:
        if len(started) >= count:
            loop.stop()
        else:
            loop.call_later(0.01, look)

    look()
    loop.run_forever()
    assert len(started) == count


def turn(loop: Loop) -> None:
    loop.call_later(0.02, loop.stop)
    loop.run_forever()


def test_a_helper_is_started_by_whoever_asks_first_and_once(
    loop: Loop, path: Path, keeper: HelperKeeper, started: list["subprocess.Popen[bytes]"]
) -> None:
    keeper.start()
    turn(loop)
    assert started == []
    with connect(path), connect(path):
        run_until_started(loop, started, 1)
        turn(loop)
    assert len(started) == 1, "it accepts from then on"


def test_a_helper_that_ended_is_started_again_for_whoever_asks(
    loop: Loop, path: Path, keeper: HelperKeeper, started: list["subprocess.Popen[bytes]"]
) -> None:
    keeper.start()
    with connect(path):
        run_until_started(loop, started, 1)
        started[0].kill()
        run_until_started(loop, started, 2)
    assert started[0].returncode is not None, "nothing of it is left"
    assert started[0].stdin is not None
    assert started[0].stdin.closed


def test_a_helper_that_cannot_be_started_is_tried_again_after_a_rest(
    loop: Loop,
    path: Path,
    keeper: HelperKeeper,
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spawn = service_helper._spawn

    def fail(_helper: object, _listener: object) -> "subprocess.Popen[bytes]":
        monkeypatch.setattr(service_helper, "_spawn", spawn)
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(service_helper, "_spawn", fail)
    keeper.start()
    with connect(path):
        run_until_started(loop, started, 1)
    assert capsys.readouterr().err == (
        "rw2fad: the relay cannot be started (Permission denied); look at the rights of its files\n"
    )


def test_closing_ends_the_helper_and_removes_the_socket(
    loop: Loop, path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    keeper = HelperKeeper(loop, RELAY, path)
    keeper.start()
    with connect(path):
        run_until_started(loop, started, 1)
    keeper.close()
    assert started[0].returncode == 0, "it ended by itself"
    assert not path.exists()


def test_a_helper_that_does_not_end_with_the_daemon_is_killed(
    loop: Loop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = HelperKeeper(loop, RELAY, path)
    process = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE)
    monkeypatch.setattr(service_helper, "END_SECONDS", 0.02)
    keeper._process = process
    keeper.close()
    assert process.returncode == -9


def test_only_the_user_of_the_daemon_may_connect(keeper: HelperKeeper, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_socket_that_another_daemon_holds_is_left_to_it(loop: Loop, path: Path) -> None:
    with own_listener(path):
        keeper = HelperKeeper(loop, RELAY, path)
        keeper.start()
        keeper.close()
        connect(path).close()


def test_helpers_have_users_of_their_own() -> None:
    assert RELAY.users == ("rw2fa-relay", "nobody")
    assert NOTIFIER.users == ("rw2fa-notify", "nobody")


def test_root_gives_a_helper_the_rights_of_the_first_of_its_users_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(name: str) -> SimpleNamespace:
        return {"nobody": SimpleNamespace(pw_uid=65_534, pw_gid=65_533)}[name]

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", known)
    assert _less_rights(("rw2fa-relay", "nobody")) == {"user": 65_534, "group": 65_533, "extra_groups": []}
    assert _less_rights(("rw2fa-relay",)) == {}
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    assert _less_rights(("rw2fa-relay", "nobody")) == {}


def test_promise_3_a_helper_gets_the_socket_and_nothing_else_that_the_daemon_has(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[list[str], dict[str, Any]]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: called.append((command, how)))
    monkeypatch.setattr(os, "geteuid", lambda: 1_234)
    with own_listener(path) as listener:
        _spawn(NOTIFIER, listener)
        number = listener.fileno()
    ((command, how),) = called
    program = [sys.executable, "-I", "-m", "rw2fa_daemon.notify.main"]
    assert command == ["nice", "-n", str(NICENESS), *program, "--fd", str(number), "--peer", "1234"]
    assert how == {
        "pass_fds": [number],
        "stdin": subprocess.PIPE,
        "stdout": subprocess.DEVNULL,
        "cwd": "/",
        "env": {"PATH": os.defpath},
        "start_new_session": True,
    }


def test_promise_11_one_that_cannot_run_does_not_take_the_processor() -> None:
    assert REST_SECONDS >= 1
