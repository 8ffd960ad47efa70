"""Names are resolved by a deadline, once for all who ask at the same time, and not more than so many."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from rw2fa_daemon.relay import resolver
from rw2fa_daemon.relay.resolver import ADDRESSES_MAX, NAMES_MAX, Unresolved, resolve


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Who was asked for. Names that begin with `slow` are answered when the test ends."""
    names: list[str] = []
    ended = threading.Event()

    def getaddrinfo(host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        names.append(host)
        if host.startswith("slow"):
            ended.wait(20)
        if host.startswith("none"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", port)) for n in range(9)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(resolver, "_look_ups", {})
    yield names
    ended.set()


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def test_the_first_addresses_are_given(asked: list[str]) -> None:
    found = resolve("host", 443, soon())
    assert found == [(socket.AF_INET, (f"192.0.2.{n}", 443)) for n in range(ADDRESSES_MAX)]


def test_who_asks_soon_after_gets_the_same(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    resolve("host", 443, soon())
    resolve("host", 443, soon())
    assert asked == ["host"]
    monkeypatch.setattr(resolver, "FRESH_SECONDS", -1.0)
    resolver._look_ups.clear()
    resolve("host", 443, soon())
    resolve("host", 443, soon())
    assert asked == ["host"] * 3


def test_a_name_without_an_address_says_so(asked: list[str]) -> None:
    with pytest.raises(Unresolved, match="no address"):
        resolve("none", 443, soon())


def test_promise_11_a_resolver_that_hangs_holds_nobody_beyond_the_deadline(asked: list[str]) -> None:
    started = time.monotonic()
    with pytest.raises(Unresolved, match="in time"):
        resolve("slow", 443, soon(0.3))
    assert time.monotonic() - started < 5


def test_promise_11_a_resolver_that_hangs_is_asked_for_so_many_names_only(asked: list[str]) -> None:
    for n in range(NAMES_MAX):
        with pytest.raises(Unresolved, match="in time"):
            resolve(f"slow{n}", 443, soon(0))
    with pytest.raises(Unresolved, match="too many"):
        resolve("another", 443, soon())
    assert len(asked) == NAMES_MAX


def test_a_system_without_threads_is_a_reason_and_holds_nobody(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Unresolved, match="just now"):
            resolve("host", 443, soon())
    assert asked == []


def test_names_that_are_known_take_nobodys_place(asked: list[str]) -> None:
    for n in range(3 * NAMES_MAX):
        assert resolve(f"host{n}", 443, soon())
