"""Promises 10 and 11: strangers, crowds, silence and broken peers."""

import multiprocessing
import os
import pwd
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.service import server
from rw2fa_daemon.service.daemon import Daemon
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.server import CONNECTIONS_PER_STRANGER
from tests.support.daemon import Hook, Site, wait_until

NOBODY = pwd.getpwnam("nobody").pw_uid
IDLE_CONNECTIONS = 1_000
CLOSED_SECONDS = 10.0
"""How long a connection that has no place may stay open."""


@contextmanager
def _as_nobody(run: Callable[..., None], *arguments: object) -> Iterator["multiprocessing.Queue[Any]"]:
    """What `run` puts into its last argument, as another user and in a process that does not outlive this."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[Any] = context.Queue()

    def change_and_run() -> None:
        os.setgid(65534)
        os.setuid(NOBODY)
        run(*arguments, answers)

    process = context.Process(target=change_and_run)
    process.start()
    try:
        yield answers
    finally:
        process.kill()
        process.join()


def _ask(site: Site, user: str, answers: "multiprocessing.Queue[object]") -> None:
    with site.hook() as hook:
        answers.put(hook.open(user))


def _ask_as_nobody(site: Site, user: str) -> object:
    with _as_nobody(_ask, site, user) as answers:
        return answers.get(timeout=30)


@pytest.fixture
def open_site(site: Site) -> Site:
    """A site whose socket other users reach, as in /run."""
    for folder in (site.folder, *site.folder.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(0o755)
    return site


def test_promise_10_a_peer_that_is_not_root_is_ignored_for_itself_and_denied_for_others(open_site: Site) -> None:
    open_site.enrol("nobody", "daemon")
    before = [open_site.account(name) for name in ("nobody", "daemon")]
    with open_site.daemon():
        assert _ask_as_nobody(open_site, "nobody") == {"verb": "end", "rc": "IGNORE", "rule": "peer-self"}
        assert _ask_as_nobody(open_site, "daemon") == {"verb": "end", "rc": "AUTH_ERR", "rule": "peer-other"}
        assert _ask_as_nobody(open_site, "no-such-user") == {"verb": "end", "rc": "AUTH_ERR", "rule": "peer-other"}
    assert [open_site.account(name) for name in ("nobody", "daemon")] == before


def _hold(site: Site, connections: int, held: "multiprocessing.Queue[list[int]]") -> None:
    """Say which of so many connections, one after the other, the daemon has closed once it has seen the last one."""
    hooks = [Hook(site.socket, CLOSED_SECONDS) for _ in range(connections)]
    with suppress(TimeoutError):
        hooks[-1].receive()
    closed = select.poll()
    for hook in hooks:
        closed.register(hook.connection, select.POLLIN)
    readable = {fd for fd, _ in closed.poll(0)}
    held.put([number for number, hook in enumerate(hooks) if hook.connection.fileno() in readable])
    signal.pause()


def test_promise_11_a_stranger_has_few_places_and_root_is_not_kept_out(open_site: Site) -> None:
    open_site.enrol("daemon")
    with open_site.daemon():
        with _as_nobody(_hold, open_site, CONNECTIONS_PER_STRANGER + 1) as held:
            assert held.get(timeout=30) == [CONNECTIONS_PER_STRANGER], "the seventeenth, and no other"
            assert int(open_site.status()["connections"]) == CONNECTIONS_PER_STRANGER
            assert open_site.login("daemon", open_site.code("daemon"))["rule"] == "code-right"
        wait_until(lambda: int(open_site.status()["connections"]) == 0, 10)


def test_promise_11_a_thousand_idle_connections_slow_nobody(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon(), ExitStack() as idle:
        for number in range(IDLE_CONNECTIONS):
            hook = idle.enter_context(site.hook())
            if number % 2:
                hook.open("daemon")
        started = time.monotonic()
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"
        assert time.monotonic() - started < 2


def test_promise_11_a_full_backlog_empties_again(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon() as daemon, ExitStack() as waiting:
        daemon.send_signal(signal.SIGSTOP)
        refused = 0
        while not refused:
            connection = waiting.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            connection.setblocking(False)
            try:
                connection.connect(str(site.socket))
            except BlockingIOError:
                refused += 1
        daemon.send_signal(signal.SIGCONT)
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"


BROKEN: dict[str, bytes] = {
    "an unknown verb": b"launch",
    "another version": b"open\0v=2\0phase=auth\0slot=main\0service=sshd\0user=daemon",
    "garbage": bytes(range(256)),
    "a message beyond the limit": b"open\0v=1\0user=" + b"a" * 20_000,
    "a reply without a question": b"reply\0n=1\0value=123456",
}


@pytest.mark.parametrize("what", BROKEN)
def test_promise_11_a_broken_peer_is_closed_and_audited_without_what_it_sent(site: Site, what: str) -> None:
    with site.daemon():
        with site.hook() as hook:
            hook.connection.send(BROKEN[what])
            assert hook.receive() == {}
        assert site.status()["state"] == "ok"
    audit = (site.state / "audit.jsonl").read_text()
    assert '"protocol-broken"' in audit
    assert "aaaa" not in audit


def test_promise_11_messages_out_of_turn_end_the_conversation(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon():
        for n in ("2", "0", "one"):
            with site.hook() as hook:
                assert hook.open("daemon")["verb"] == "ask"
                hook.send("reply", n=n, value=site.code("daemon"))
                assert hook.receive() == {}
        with site.hook() as hook:
            hook.open("daemon")
            assert hook.open("daemon") == {}
    account = site.account("daemon")
    assert account is not None
    assert account.counters.used == ()


def _ask_for_the_status(site: Site, answers: "multiprocessing.Queue[object]") -> None:
    with site.hook() as hook:
        hook.send("status")
        answers.put(hook.receive())


def test_root_verbs_are_for_root(open_site: Site) -> None:
    with open_site.daemon():
        assert open_site.status()["enabled"] == "yes"
        with _as_nobody(_ask_for_the_status, open_site) as answers:
            assert answers.get(timeout=30) == {}


def test_promise_11_a_silent_connection_is_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, since five minutes is long to wait for."""
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.05)
    loop = Loop()
    daemon = Daemon(loop, site.config, load(site.config))
    silent = Hook(site.socket)
    loop.call_later(1.0, daemon.stop)
    daemon.run()
    loop.close()
    assert silent.receive() == {}
    silent.connection.close()
    assert "silent for too long" in (site.state / "audit.jsonl").read_text()
