"""What the helpers of the daemon have in common: how they start, and what they say about their own faults."""

import os
import pwd
import resource
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire import helper
from rw2fa_daemon.wire.helper import _say_where, run
from rw2fa_daemon.wire.message import Message
from rw2fa_daemon.wire.serving import IDLE_SECONDS, STACK_BYTES, Verb

NAME = "rw2fa-relay"


def _nothing(_message: Message) -> Iterator[bytes]:
    yield from ()


VERBS: Mapping[str, Verb] = {"nothing": Verb(_nothing, 1)}


@dataclass
class Started:
    """What was set for the process, and what it was told to serve."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    served: list[tuple[Any, ...]] = field(default_factory=list)

    def serve(self, *arguments: Any, **keywords: Any) -> None:
        self.served.append((*arguments, keywords))

    def note(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """In place of this process, which goes on: what `run` sets is noted, and nothing is served."""
    made = Started()
    monkeypatch.setattr(helper, "serve", made.serve)
    monkeypatch.setattr(resource, "setrlimit", made.note("limit"))
    monkeypatch.setattr(os, "umask", made.note("umask"))
    monkeypatch.setattr(threading, "stack_size", made.note("stack"))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: 99))
    return made


def start(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", [NAME, *arguments])
    return run(NAME, "Does nothing.", VERBS)


def test_without_systemd_it_takes_the_descriptor_and_ends_with_its_standard_input(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as given:
        copy = os.dup(given.fileno())
        assert start(monkeypatch, "--fd", str(copy), "--peer", "1234", "--idle", "2.5") == 0
    ((listener, *rest),) = started.served
    with listener:
        assert listener.fileno() == copy
    assert rest == [{0, 1234}, VERBS, 2.5, {"leash": 99}]


def test_under_systemd_it_takes_the_socket_of_its_unit_and_serves_daemon_and_root(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    units: list[str] = []

    def passed(unit: str) -> str:
        units.append(unit)
        return "the listener"

    monkeypatch.setattr(helper, "passed_listener", passed)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid={"rw2fa": 987}[name]))
    assert start(monkeypatch) == 0
    assert units == ["rw2fa-relay.socket"]
    assert started.served == [("the listener", {0, 987}, VERBS, IDLE_SECONDS, {"leash": None})]


def test_promise_10_where_the_daemon_has_no_user_root_alone_is_served(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(helper, "passed_listener", lambda _unit: "the listener")
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    assert start(monkeypatch) == 0
    assert started.served[0][1] == {0}


def test_promise_3_it_dumps_no_core_and_its_files_are_its_own(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "passed_listener", lambda _unit: "the listener")
    start(monkeypatch, "--peer", "0")
    assert started.calls == [("limit", resource.RLIMIT_CORE, (0, 0)), ("umask", 0o077), ("stack", STACK_BYTES)]


def test_promise_3_what_a_thread_of_it_raises_is_told_without_its_text(
    started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(helper, "passed_listener", lambda _unit: "the listener")
    start(monkeypatch, "--peer", "0")
    threading.excepthook(threading.ExceptHookArgs((KeyError, KeyError("secret"), None, None)))
    assert capsys.readouterr().err == "rw2fa-relay: KeyError\n"


def test_started_by_hand_it_says_what_to_do(
    started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(helper, "passed_listener", lambda _unit: None)
    assert start(monkeypatch) == 1
    assert started.served == []
    assert "rw2fa-relay: nobody passed a socket; do not start this by hand: run `systemctl" in capsys.readouterr().err


def test_a_socket_that_is_none_ends_it_with_the_reason(
    started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def passed(_unit: str) -> None:
        raise Problem("systemd passed 2 sockets", "pass one")

    monkeypatch.setattr(helper, "passed_listener", passed)
    assert start(monkeypatch) == 1
    assert capsys.readouterr().err == "rw2fa-relay: systemd passed 2 sockets; pass one\n"


def test_promise_3_an_error_that_nobody_foresaw_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KeyError("token=fedcba9876543210")

    def call() -> None:
        fail()

    try:
        call()
    except KeyError as error:
        _say_where("rw2fa-relay", threading.ExceptHookArgs((KeyError, error, error.__traceback__, None)))
    said = capsys.readouterr().err
    assert said.startswith("rw2fa-relay: KeyError at ")
    assert said.endswith(f"test_helper.py:{fail.__code__.co_firstlineno + 1}\n")
    assert "fedcba" not in said
