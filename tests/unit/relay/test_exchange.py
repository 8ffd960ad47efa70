"""One HTTP request against whatever may answer it. tests/integration/relay has the real library on top."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.api_url import ApiUrl
from rw2fa_daemon.relay import exchange as module
from rw2fa_daemon.relay.exchange import ANSWER_MAX, STATUSES, Answer, Lost, NotSent, exchange
from rw2fa_daemon.relay.resolver import Address

LOOPBACK: Final = "127.0.0.1"
SECONDS: Final = 10.0


class Server:
    """Answers every request with the same bytes, after it has read its head, and ends the connection."""

    def __init__(self) -> None:
        self.packet = b""
        self.asked: list[bytes] = []
        self._socket = socket.create_server((LOOPBACK, 0), backlog=64)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> ApiUrl:
        return ApiUrl(secure=False, host=LOOPBACK, port=self.port, path="")

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # it was closed
                return
            with connection, suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                    head += more
                self.asked.append(head)
                connection.sendall(self.packet)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def ask(server: Server, packet: bytes, seconds: float = SECONDS) -> Answer:
    server.packet = packet
    return exchange(server.url, "GET", "/x", {"A": "b"}, None, time.monotonic() + seconds)


HEADS = (b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 500 \r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 X\r\n")
FIELDS = (b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Content-Length: \xff\r\n", b" a\r\n")
BODIES = (b"5\r\nhello\r\n0\r\n\r\n", b"ffffffff\r\n", b"hello", b"-1\r\n")
PACKETS = st.builds(
    lambda head, fields, end, body: head + b"".join(fields) + end + body,
    st.binary(max_size=60) | st.sampled_from(HEADS),
    st.lists(st.binary(max_size=30) | st.sampled_from(FIELDS), max_size=4),
    st.sampled_from([b"", b"\r\n", b"\n\n"]),
    st.binary(max_size=80) | st.sampled_from(BODIES),
)


@given(PACKETS)
def test_whatever_answers_is_an_answer_or_lost(server: Server, packet: bytes) -> None:
    with suppress(Lost):
        answer = ask(server, packet)
        assert answer.status in STATUSES
        assert len(answer.body) <= ANSWER_MAX


@pytest.mark.parametrize(
    "packet",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    ],
)
def test_every_way_to_end_a_body_is_understood(server: Server, packet: bytes) -> None:
    assert ask(server, packet).body == "hello"
    assert ask(server, packet).status == 200


@pytest.mark.parametrize("status", [600, 999])
def test_a_status_that_does_not_exist_is_no_answer(server: Server, status: int) -> None:
    with pytest.raises(Lost, match="does not speak HTTP"):
        ask(server, b"HTTP/1.1 %d OK\r\n\r\n" % status)


def test_as_much_as_there_may_be_is_read_and_no_more(server: Server) -> None:
    head = b"HTTP/1.0 200 OK\r\n\r\n"
    assert len(ask(server, head + b"x" * ANSWER_MAX).body) == ANSWER_MAX
    with pytest.raises(Lost, match="too long"):
        ask(server, head + b"x" * (ANSWER_MAX + 1))


def test_it_says_where_it_goes_and_keeps_no_connection(server: Server) -> None:
    ask(server, b"HTTP/1.0 200 OK\r\n\r\n")
    lines = server.asked[-1].split(b"\r\n")
    assert lines[0] == b"GET /x HTTP/1.1"
    assert {b"Host: 127.0.0.1:%d" % server.port, b"A: b", b"Connection: close"} <= set(lines)


def test_the_next_address_is_tried_when_one_refuses(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        nobody = int(probe.getsockname()[1])
    found: list[Address] = [(socket.AF_INET, (LOOPBACK, port)) for port in (nobody, nobody, server.port)]
    monkeypatch.setattr(module, "resolve", lambda *_asked: found)
    assert ask(server, b"HTTP/1.0 200 OK\r\n\r\nhello").body == "hello"
    monkeypatch.setattr(module, "resolve", lambda *_asked: found[:2])
    with pytest.raises(NotSent, match="cannot be reached"):
        ask(server, b"")


def test_an_address_of_a_kind_that_this_host_lacks_is_passed_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking: Address = (socket.AF_APPLETALK, ("::1", 443, 0, 0))
    found: list[Address] = [lacking, (socket.AF_INET, (LOOPBACK, server.port))]
    monkeypatch.setattr(module, "resolve", lambda *_asked: found)
    assert ask(server, b"HTTP/1.0 200 OK\r\n\r\nhello").body == "hello"
    monkeypatch.setattr(module, "resolve", lambda *_asked: [lacking])
    with pytest.raises(NotSent, match="not supported"):
        ask(server, b"")


def test_promise_11_addresses_that_do_not_answer_share_the_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as full:
        # A listener that accepts nothing: two connections fill its backlog, and the third is not answered.
        full.bind((LOOPBACK, 0))
        full.listen(0)
        waiting = []
        for _ in range(2):
            early = socket.socket()
            early.setblocking(False)
            early.connect_ex(full.getsockname())
            waiting.append(early)
        mute: Address = (socket.AF_INET, full.getsockname())
        found: list[Address] = [mute, mute, (socket.AF_INET, (LOOPBACK, server.port))]
        monkeypatch.setattr(module, "resolve", lambda *_asked: found)
        assert ask(server, b"HTTP/1.0 200 OK\r\n\r\nhello", seconds=2.0).body == "hello"
        monkeypatch.setattr(module, "resolve", lambda *_asked: [mute])
        started = time.monotonic()
        with pytest.raises(NotSent, match="in time"):
            ask(server, b"", seconds=1.0)
        assert time.monotonic() - started < 3
        for early in waiting:
            early.close()


def test_no_time_left_is_not_sent(server: Server) -> None:
    before = len(server.asked)
    with pytest.raises(NotSent):
        ask(server, b"", seconds=-1.0)
    assert len(server.asked) == before
