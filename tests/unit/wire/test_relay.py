"""Asking the relay and waiting for all that it says: nothing is done twice, nothing is waited for without an end."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from rw2fa_daemon.core.clock import Answer
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire import relay
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError
from rw2fa_daemon.wire.relay import PACKETS_MAX, START_SECONDS, Lost, ask_relay, ask_time
from tests.support.scripted_daemon import Close, Expect, ScriptedDaemon, Send, Wait, compose

DONE = Send(compose("done"))
SECONDS = 5.0
SOON = 0.1


def asked(folder: Path, *script: Expect | Send | Wait | Close, seconds: float = SECONDS) -> list[Message]:
    """What a relay with this script is understood to say."""
    with ScriptedDaemon(folder, [Expect("sms"), *script]) as daemon:
        answer = ask_relay(daemon.socket, "sms", {"to": "+1"}, seconds)
    assert daemon.received[0].fields == {"to": "+1", "v": "1"}
    return answer


def test_all_messages_before_done_are_the_answer(tmp_path: Path) -> None:
    answer = asked(tmp_path, Send(compose("a", n=1)), Send(compose("b")), DONE)
    assert answer == [Message("a", {"n": "1"}), Message("b", {})]


def test_the_longest_message_arrives_whole(tmp_path: Path) -> None:
    text = "a" * (MESSAGE_MAX - len(compose("a", text="")))
    assert asked(tmp_path, Send(compose("a", text=text)), DONE) == [Message("a", {"text": text})]


def test_what_is_refused_is_a_problem_and_was_not_done(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="the relay refused: busy") as raised:
        asked(tmp_path, Send(compose("refused", reason="busy")))
    assert not isinstance(raised.value, Lost)
    with pytest.raises(Problem, match="no reason"):
        asked(tmp_path, Send(compose("refused")))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([Close()], "empty packet"),
        ([Send(compose("a")), Close()], "empty packet"),
        ([Send(b"a\0b")], "field without key and value"),
    ],
)
def test_an_answer_that_breaks_off_leaves_open_what_was_done(
    tmp_path: Path, script: list[Send | Close], reason: str
) -> None:
    with pytest.raises(Lost, match=reason):
        asked(tmp_path, *script)


def test_promise_11_an_answer_is_waited_for_until_the_deadline_however_often_it_goes_on(tmp_path: Path) -> None:
    pieces = [step for _ in range(12) for step in (Send(compose("a")), Wait(SOON / 5))]
    with pytest.raises(Lost, match="timed out"):
        asked(tmp_path, *pieces, DONE, seconds=SOON)


@pytest.mark.parametrize("more", [0, 1])
def test_promise_11_an_answer_has_no_more_packets_than_so_many(tmp_path: Path, more: int) -> None:
    # The last of them says that there are no more.
    script = [*[Send(compose("a"))] * (PACKETS_MAX - 1 + more), DONE]
    if more:
        with pytest.raises(Lost, match="an endless answer"):
            asked(tmp_path, *script)
    else:
        assert len(asked(tmp_path, *script)) == PACKETS_MAX - 1


def test_where_nobody_listens_nothing_was_done(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No such file or directory") as raised:
        ask_relay(tmp_path / "relay.sock", "sms", {}, SECONDS)
    assert not isinstance(raised.value, Lost)
    assert "rw2fa-relay.socket" in raised.value.fix


@contextmanager
def full(path: Path) -> Iterator[None]:
    """A listener there whose backlog is full of those who wait."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        listener.bind(str(path))
        listener.listen(0)
        with suppress(BlockingIOError):
            while True:
                peer = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK))
                peer.connect(str(path))
        yield


def test_promise_11_a_full_backlog_is_given_up_at_the_deadline_and_nothing_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    now = [100.0]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(relay, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    path = tmp_path / "relay.sock"
    with full(path), pytest.raises(Problem, match="Resource temporarily unavailable") as raised:
        ask_relay(path, "sms", {}, 1.0)
    assert not isinstance(raised.value, Lost)
    assert 0.9 < sum(pauses) < 1.01
    assert max(pauses) < 0.1


def server(**fields: str | float) -> Send:
    return Send(compose("server", **fields))  # type: ignore[arg-type]  # compose takes whatever str() takes


def test_what_each_time_server_says_is_read(tmp_path: Path) -> None:
    script: list[Expect | Send] = [
        Expect("time"),
        server(name="a", address="192.0.2.1", offset=0.25, distance=0.01, delay=0.002, stratum=3),
        server(name="b", address="", problem="its name has no address"),
        Send(compose("later")),
        server(stratum=1, offset=-1, distance=2),
        DONE,
    ]
    with ScriptedDaemon(tmp_path, script) as daemon:
        assert ask_time(daemon.socket, ["a", "b"], 2.5) == (
            Answer("a", "192.0.2.1", 0.25, 0.01, 3),
            Answer("b", "", problem="its name has no address"),
            Answer("", "", -1.0, 2.0, 1),
        )
    assert daemon.received[0].fields == {"servers": "a,b", "timeout": "2.5", "v": "1"}


def test_time_servers_have_all_of_their_time_and_the_relay_some_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def ask(_path: Path, _verb: str, _fields: dict[str, str], seconds: float) -> list[Message]:
        waited.append(seconds)
        return []

    monkeypatch.setattr(relay, "ask_relay", ask)
    assert ask_time(tmp_path / "relay.sock", ["a"], 2.5) == ()
    assert waited == [2.5 + START_SECONDS]


@pytest.mark.parametrize(
    "fields",
    [
        {"offset": "x", "distance": "1", "stratum": "1"},
        {"offset": "1", "distance": "1", "stratum": "1.5"},
        {"distance": "1", "stratum": "1"},
    ],
)
def test_a_time_that_is_none_is_not_taken_for_one(tmp_path: Path, fields: dict[str, str]) -> None:
    with (
        ScriptedDaemon(tmp_path, [Expect("time"), server(name="a", **fields), DONE]) as daemon,
        pytest.raises(ProtocolError),
    ):
        ask_time(daemon.socket, ["a"], SECONDS)
