"""A whole daemon in this process, asked as root asks it: start, status, reload, metrics, keys, stop."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sdnotify import SystemdNotifier

from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.data.build import build_text
from rw2fa_daemon.service import daemon as service_daemon
from rw2fa_daemon.service import server as service_server
from rw2fa_daemon.service import supervision
from rw2fa_daemon.service.daemon import Daemon
from rw2fa_daemon.service.executor import InlineExecutor
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State
from tests.support.daemon import Site, wait_until

SECONDS = 20.0


class Sink:
    """An audit that keeps its records."""

    lost = 7

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, record: Record) -> None:
        self.records.append(record)


@dataclass
class Life:
    """One life of a daemon, and what happens in it: in another thread, since signals come to this one."""

    site: Site
    loop: Loop
    systemd: socket.socket
    sink: Sink = field(default_factory=Sink)
    failures: list[BaseException] = field(default_factory=list)

    def live(self, conversation: Callable[[], None], prepare: Callable[[Daemon], None] | None = None) -> None:
        """Start, have the conversation once the daemon answers, and stop."""
        daemon = Daemon(self.loop, self.site.config, load(self.site.config))
        if prepare is not None:
            prepare(daemon)

        def talk() -> None:
            try:
                self.await_socket()
                conversation()
            except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
                self.failures.append(error)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=talk)
        self.loop.call_soon(thread.start)
        daemon.run()
        thread.join(SECONDS)
        for error in self.failures:
            raise error

    def await_socket(self) -> None:
        wait_until(self.site.socket.exists, SECONDS)

    def ask(self, verb: str, **fields: str) -> dict[str, str]:
        with self.site.hook(SECONDS) as hook:
            hook.send(verb, **fields)
            return hook.receive()

    def reload(self) -> str:
        return self.ask("reload")["result"]

    def figure(self, name: str) -> float:
        lines = self.ask("metrics")["text"].splitlines()
        (value,) = [line.split()[-1] for line in lines if line.partition(" ")[0] == name]
        return float(value)

    def told(self) -> list[str]:
        """What systemd was told since the last time."""
        messages = []
        while True:
            try:
                messages.append(self.systemd.recv(2_000).decode())
            except BlockingIOError:
                return messages

    def configured(self) -> list[tuple[str, str]]:
        """The records about the configuration: rule and reason."""
        return [(record.rule, record.reason) for record in self.sink.records if record.event is Event.CONFIGURATION]


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """A daemon on a state of its own, nobody in its scope, whose peers are all root."""
    site = Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()

    class Credentials:
        size = service_server._UCRED.size

        def unpack(self, _packed: bytes) -> tuple[int, int, int]:
            return os.getpid(), 0, 0

    monkeypatch.setattr(service_server, "_UCRED", Credentials())
    for name in ("LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
        closing(Loop()) as loop,
    ):
        systemd.bind(str(tmp_path / "systemd.sock"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "systemd.sock"))
        made = Life(site, loop, systemd)
        monkeypatch.setattr(service_daemon, "open_sink", lambda _state: made.sink)
        notifiers = []

        def notifying() -> object:
            notifiers.append(SystemdNotifier())
            return notifiers[-1]

        monkeypatch.setattr(supervision, "SystemdNotifier", notifying)
        yield made
        for notifier in notifiers:
            notifier.socket.close()


def test_what_the_daemon_says_of_itself(life: Life) -> None:
    began = int(time.time())

    def talk() -> None:
        status = life.ask("status")
        assert began <= int(status.pop("since")) <= time.time()
        assert status == {
            "verb": "report",
            "v": "1",
            "version": build_text(),
            "pid": str(os.getpid()),
            "enabled": "yes",
            "state": "ok",
            "config": "ok",
            "connections": "0",
            "lost_audit_records": "7",
            "metrics": "ok",
            "sms": "ok",
            "mark": "ok",
            "keys": "1",
        }
        with life.site.hook(SECONDS):
            wait_until(lambda: life.ask("status")["connections"] == "1", SECONDS)

    life.live(talk)
    ready, stopping = life.told()
    assert ready == "READY=1\nSTATUS=Two-factor authentication is enabled"
    assert stopping.startswith("STOPPING=1")


def test_after_a_stop_nothing_is_left_of_the_sockets(life: Life) -> None:
    sockets = [life.site.socket.with_name(name) for name in ("pam.sock", "relay.sock", "notify.sock")]

    def talk() -> None:
        assert all(path.is_socket() for path in sockets)

    life.live(talk)
    assert not any(path.exists() for path in sockets)


def test_promise_6_a_reload_takes_a_good_configuration_and_refuses_a_bad_one(life: Life) -> None:
    def talk() -> None:
        life.site.write_config(enabled=False, scope=[])
        assert life.reload() == "ok"
        assert life.ask("status")["enabled"] == "no"
        life.site.config.write_text("enabled = 7\n")
        refused = life.reload()
        assert "enabled" in refused
        status = life.ask("status")
        assert (status["enabled"], status["config"]) == ("no", refused)
        assert life.figure("rw2fa_configuration_good") == 0
        life.site.write_config(scope=[])
        assert life.reload() == "ok"
        assert life.ask("status")["config"] == "ok"
        assert life.figure("rw2fa_configuration_good") == 1

    life.live(talk)
    (_, first), (_, second), (_, third) = [(rule, reason) for rule, reason in life.configured()]
    assert [rule for rule, _ in life.configured()] == [Rule.RELOADED, Rule.KEPT, Rule.RELOADED]
    assert (first, third) == ("", "")
    assert "enabled" in second
    statuses = [message.partition("STATUS=Two-factor authentication is ")[2] for message in life.told()]
    assert statuses[:3] == ["enabled", "", "disabled"]
    assert statuses[4].startswith("disabled; the new configuration was refused: ")
    assert statuses[5:] == ["", "enabled", ""]


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        (lambda text: text.replace('/state"', '/elsewhere"'), "[paths] state"),
        (lambda text: text.replace("pam.sock", "other.sock"), "[paths] socket"),
        (lambda text: text.replace("master.key", "other.key"), "[paths] master_key"),
        (lambda text: f'{text}[database]\nurl = "postgresql+psycopg://rw2fa@127.0.0.1/rw2fa"\n', "[database] url"),
    ],
)
def test_what_only_a_restart_can_change_is_refused_at_a_reload(
    life: Life, change: Callable[[str], str], setting: str
) -> None:
    def talk() -> None:
        life.site.config.write_text(change(life.site.config.read_text()))
        assert life.reload().startswith(f"{setting} cannot change while the daemon runs")

    life.live(talk)


def test_a_signal_reloads_as_well(life: Life) -> None:
    def talk() -> None:
        life.ask("status")
        life.site.write_config(enabled=False, scope=[])
        os.kill(os.getpid(), signal.SIGHUP)
        wait_until(lambda: life.ask("status")["enabled"] == "no", SECONDS)

    life.live(talk)


def test_figures_are_told_and_written_and_the_file_says_when_the_daemon_has_gone(life: Life) -> None:
    file = life.site.folder / "rw2fa.prom"
    life.site.write_config(f'[metrics]\nfile = "{file}"\n', scope=[])

    def talk() -> None:
        assert life.figure("rw2fa_up") == 1
        assert life.figure("rw2fa_enabled") == 1
        assert life.figure("rw2fa_state_usable") == 1
        assert life.figure("rw2fa_connections") == 1
        assert life.figure("rw2fa_users_activated") == 0
        assert life.figure("rw2fa_audit_records_lost_total") == 7
        assert life.figure("rw2fa_sms_waiting") == 0
        assert life.figure("rw2fa_answer_seconds_count") > 0
        assert 'rw2fa_clock_verdict{verdict="unknown"} 1' in life.ask("metrics")["text"]
        assert "rw2fa_up 1\n" in file.read_text()

    life.live(talk)
    assert "rw2fa_up 0\n" in file.read_text()
    assert "rw2fa_enabled" not in file.read_text()


def test_a_reload_takes_another_file_for_the_figures(life: Life) -> None:
    file = life.site.folder / "rw2fa.prom"

    def talk() -> None:
        life.site.write_config(f'[metrics]\nfile = "{file}"\n', scope=[])
        life.reload()
        assert "rw2fa_up 1\n" in file.read_text()

    life.live(talk)


def test_promise_5_a_daemon_without_a_usable_state_runs_and_says_so(life: Life) -> None:
    life.site.key.unlink()

    def talk() -> None:
        status = life.ask("status")
        assert str(life.site.key) in status["state"]
        assert status["keys"] == ""
        assert life.figure("rw2fa_state_usable") == 0

    life.live(talk)
    assert "; the state is unusable: " in life.told()[0]


def test_keys_are_taken_from_root_and_wrong_ones_are_refused(life: Life) -> None:
    def talk() -> None:
        assert "that was handed over" in life.ask("keys", keys="2:no key")["result"]
        assert "that was handed over" in life.ask("keys")["result"]
        assert life.ask("keys", keys=life.site.key.read_text())["result"] == "ok"

    life.live(talk)


def test_a_login_and_its_session_are_answered(life: Life) -> None:
    life.site.write_config(enabled=False, scope=[])

    def talk() -> None:
        with life.site.hook(SECONDS) as hook:
            assert hook.open("alice")["rc"] == "IGNORE"
        with life.site.hook(SECONDS) as hook:
            hook.send("session", v="1", user="alice", session="7")
            assert hook.receive() == {"verb": "end", "rc": "IGNORE", "rule": "session"}

    life.live(talk)


def test_promise_7_the_rollback_marker_is_moved_on_again_and_again(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_daemon, "MARKER_SECONDS", 0.01)
    kept: list[State] = []

    def keep(state: State) -> None:
        kept.append(state)

    monkeypatch.setattr(State, "keep_marker", keep)
    life.live(lambda: wait_until(lambda: len(kept) > 2, SECONDS))


def test_a_stop_lets_a_conversation_end_and_takes_no_other(life: Life) -> None:
    def talk() -> None:
        with life.site.hook(SECONDS) as hook:
            life.ask("status")
            os.kill(os.getpid(), signal.SIGTERM)
            wait_until(lambda: any("STOPPING" in message for message in life.told()), SECONDS)
            with life.site.hook(SECONDS) as late:
                hook.send("status")
                assert hook.receive()["verb"] == "report"
                with suppress(ConnectionResetError):
                    assert late.receive() == {}

    life.live(talk)


def test_promise_11_a_stop_waits_for_nobody_longer_than_so(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_daemon, "STOP_SECONDS", 0.1)
    took: list[float] = []

    def talk() -> None:
        with life.site.hook(SECONDS) as silent:
            life.ask("status")
            began = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)
            assert silent.receive() == {}
            took.append(time.monotonic() - began)

    life.live(talk)
    assert took[0] >= 0.1


def test_who_is_locked_loses_the_logons_at_the_portal(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setattr(service_daemon, "end_logons", lambda _services, user: ended.append(user))

    def prepare(daemon: Daemon) -> None:
        for event, user in ((Event.CODE_WRONG, "bob"), (Event.LOCKED, "alice")):
            daemon._services.audit(Record(event, 1.0, user))

    life.live(lambda: None, prepare)
    assert ended == ["alice"]
    assert [record.user for record in life.sink.records] == ["bob", "alice"]


def test_a_state_on_this_host_is_worked_on_at_once(life: Life) -> None:
    executors: list[object] = []
    life.live(lambda: None, lambda daemon: executors.append(daemon._state.executor))
    assert isinstance(executors[0], InlineExecutor)


def test_a_stop_finishes_what_waits_for_the_state_before_that_is_closed(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    def noting(name: str, close: Callable[[], None]) -> Callable[[], None]:
        def note() -> None:
            closed.append(name)
            close()

        return note

    def prepare(daemon: Daemon) -> None:
        for name in ("_metrics_file", "_server", "_directory", "_executor", "_state"):
            part = getattr(daemon, name)
            monkeypatch.setattr(part, "close", noting(name, part.close))

    life.live(lambda: None, prepare)
    assert closed == ["_metrics_file", "_server", "_directory", "_executor", "_state"]


def test_a_socket_that_is_taken_is_a_problem(life: Life) -> None:
    life.site.socket.write_text("mine")
    with pytest.raises(Problem, match="is not a socket"):
        Daemon(life.loop, life.site.config, load(life.site.config))
