"""Asking the daemon as root: what it says, and who is told what where nobody answers."""

import socket
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.client import NobodyListens, ask_daemon
from rw2fa_daemon.wire.message import MESSAGE_MAX
from tests.support.scripted_daemon import Close, Expect, ScriptedDaemon, Send, Wait, compose


def test_the_fields_of_the_report_are_given(tmp_path: Path) -> None:
    with ScriptedDaemon(tmp_path, [Expect("keys"), Send(compose("report", result="ok", pid=7))]) as daemon:
        assert ask_daemon(daemon.socket, "keys", fields={"keys": "1 2"}) == {"result": "ok", "pid": "7"}
    assert daemon.received[0].fields == {"keys": "1 2"}


def test_a_verb_without_fields_is_sent_as_one(tmp_path: Path) -> None:
    with ScriptedDaemon(tmp_path, [Expect("status"), Send(compose("report"))]) as daemon:
        assert ask_daemon(daemon.socket, "status") == {}
    assert daemon.received[0].raw == b"status"


def test_the_longest_report_arrives_whole(tmp_path: Path) -> None:
    text = "a" * (MESSAGE_MAX - len(compose("report", text="")))
    with ScriptedDaemon(tmp_path, [Expect("metrics"), Send(compose("report", text=text))]) as daemon:
        assert ask_daemon(daemon.socket, "metrics") == {"text": text}


def test_where_there_is_no_socket_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(NobodyListens, match="No such file or directory") as raised:
        ask_daemon(tmp_path / "pam.sock", "status")
    assert "systemctl start" in raised.value.fix


def test_where_the_daemon_has_gone_nobody_listens(tmp_path: Path) -> None:
    path = tmp_path / "pam.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as gone:
        gone.bind(str(path))
    with pytest.raises(NobodyListens, match="Connection refused"):
        ask_daemon(path, "status")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([Expect("status"), Close()], "empty packet"),
        ([Expect("status"), Send(b"report\0x")], "field without key and value"),
        ([Expect("status"), Wait(0.1)], "timed out"),
    ],
)
def test_a_daemon_that_does_not_answer_is_a_problem_of_another_kind(
    tmp_path: Path, script: list[Expect | Send | Wait | Close], reason: str
) -> None:
    with ScriptedDaemon(tmp_path, script) as daemon, pytest.raises(Problem, match=reason) as raised:
        ask_daemon(daemon.socket, "status", timeout=0.05 if reason == "timed out" else 5.0)
    assert not isinstance(raised.value, NobodyListens)


def test_another_answer_means_that_only_root_may_ask(tmp_path: Path) -> None:
    with (
        ScriptedDaemon(tmp_path, [Expect("status"), Send(compose("end", rc="AUTH_ERR"))]) as daemon,
        pytest.raises(Problem, match="refused") as raised,
    ):
        ask_daemon(daemon.socket, "status")
    assert "as root" in raised.value.fix
