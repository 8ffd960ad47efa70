"""Promises 10 and 11: strangers, crowds, silence and broken peers."""

import multiprocessing
import os
import pwd
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.service import server
from rw2fa_daemon.service.daemon import Daemon
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.server import CONNECTIONS_PER_STRANGER
from tests.support.daemon import Hook, Site, wait_until

NOBODY = pwd.getpwnam("nobody").pw_uid
IDLE_CONNECTIONS = 1_000


def _as_nobody(site: Site, user: str, answers: "multiprocessing.Queue[object]", connections: int) -> None:
    os.setgid(65534)
    os.setuid(NOBODY)
    hooks = [Hook(site.socket) for _ in range(connections)]
    for hook in hooks:
        try:
            answers.put(hook.open(user))
        except OSError as error:
            answers.put(type(error).__name__)


def _ask_as_nobody(site: Site, user: str, connections: int = 1) -> list[object]:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[object] = context.Queue()
    process = context.Process(target=_as_nobody, args=(site, user, answers, connections))
    process.start()
    got = [answers.get(timeout=30) for _ in range(connections)]
    process.join()
    return got


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
        assert _ask_as_nobody(open_site, "nobody") == [{"verb": "end", "rc": "IGNORE", "rule": "peer-self"}]
        assert _ask_as_nobody(open_site, "daemon") == [{"verb": "end", "rc": "AUTH_ERR", "rule": "peer-other"}]
        assert _ask_as_nobody(open_site, "no-such-user") == [{"verb": "end", "rc": "AUTH_ERR", "rule": "peer-other"}]
    assert [open_site.account(name) for name in ("nobody", "daemon")] == before


def _hold_as_nobody(site: Site, held: "multiprocessing.Queue[int]", connections: int) -> None:
    os.setgid(65534)
    os.setuid(NOBODY)
    hooks = [Hook(site.socket) for _ in range(connections)]
    held.put(len(hooks))
    signal.pause()


def test_promise_11_a_stranger_has_few_places_and_root_is_not_kept_out(open_site: Site) -> None:
    open_site.enrol("daemon")
    context = multiprocessing.get_context("fork")
    held: multiprocessing.Queue[int] = context.Queue()
    with open_site.daemon():
        crowd = context.Process(target=_hold_as_nobody, args=(open_site, held, 200))
        crowd.start()
        held.get(timeout=30)
        wait_until(lambda: int(open_site.status()["connections"]) == CONNECTIONS_PER_STRANGER, 10)
        assert open_site.login("daemon", open_site.code("daemon"))["rule"] == "code-right"
        crowd.terminate()
        crowd.join()
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


def test_root_verbs_are_for_root(open_site: Site) -> None:
    with open_site.daemon():
        assert open_site.status()["enabled"] == "yes"
        context = multiprocessing.get_context("fork")
        answers: multiprocessing.Queue[object] = context.Queue()
        process = context.Process(target=_status_as_nobody, args=(open_site, answers))
        process.start()
        assert answers.get(timeout=30) == {}
        process.join()


def _status_as_nobody(site: Site, answers: "multiprocessing.Queue[object]") -> None:
    os.setgid(65534)
    os.setuid(NOBODY)
    with site.hook() as hook:
        hook.send("status")
        answers.put(hook.receive())


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
