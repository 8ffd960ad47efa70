"""The daemon's life: start, reload, status, stop."""

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules, names_to_resolve
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.password_spraying import SprayingDetector
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.data.build import build_text
from rw2fa_daemon.directory.pool import Pool
from rw2fa_daemon.service.admission import admit
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.executor import Executor, InlineExecutor, ThreadExecutor
from rw2fa_daemon.service.exposition import exposition
from rw2fa_daemon.service.gauges import Running, UserGauges, clock_families, up, user_families
from rw2fa_daemon.service.helper import NOTIFIER, RELAY, HelperKeeper
from rw2fa_daemon.service.listener import own_listener
from rw2fa_daemon.service.login_services import make_login_services
from rw2fa_daemon.service.logons import end_logons, logon_verbs
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.metrics import Metrics
from rw2fa_daemon.service.metrics_file import MetricsFile
from rw2fa_daemon.service.notifier import Notifier
from rw2fa_daemon.service.relay_client import RelayClient
from rw2fa_daemon.service.resolve_names import resolve_names
from rw2fa_daemon.service.server import Server
from rw2fa_daemon.service.session import begin_session
from rw2fa_daemon.service.state import State
from rw2fa_daemon.service.supervision import Supervisor
from rw2fa_daemon.vault.master_key import parsed
from rw2fa_daemon.wire.activation import passed_listener
from rw2fa_daemon.wire.message import VERSION, Message, compose

STOP_SECONDS: Final = 5.0
"""How long a stop waits for users who are typing."""

MARKER_SECONDS: Final = 5.0
"""How often the rollback marker is moved on: after a crash, a copy of the state that is older than that is noticed.
It also shows before the next login that a database across a network is gone, back, or another one."""

STOP_LOOK_SECONDS: Final = 0.05

_FIXED: Final = {
    "state": "[paths] state",
    "socket": "[paths] socket",
    "master_key": "[paths] master_key",
    "database": "[database] url",
}
"""Settings that only a restart changes."""


class Daemon:
    """One verifier on one configuration file."""

    def __init__(self, loop: Loop, config_file: Path, config: Config) -> None:
        self._loop = loop
        self._config_file = config_file
        self._config = config
        self._config_problem: Problem | None = None
        self._since = time.time()
        passed = passed_listener("rw2fad.socket")
        self._own_socket = config.socket if passed is None else None
        listener = own_listener(config.socket) if passed is None else passed
        self._helpers = _helpers(loop, config) if passed is None else ()
        self._sink = open_sink(config.state)
        self._directory = Pool(loop)
        self._executor: Executor = InlineExecutor() if config.database is None else ThreadExecutor(loop)
        self._state = State(config, self._sink.write, self._executor)
        self._supervisor = Supervisor(loop)
        self._rules = make_rules(config)
        self._metrics = Metrics()
        self._spraying = SprayingDetector()
        notifier = Notifier(
            RelayClient(loop, config.notify_socket), lambda: self._config.notify, lambda: self._config.portal.notify
        )
        written = notifier.watching(self._spraying.watching(self._metrics.counting(self._sink.write)))

        def audit(record: Record) -> None:
            written(record)
            if record.event is Event.LOCKED:
                end_logons(self._services, record.user)

        self._services = make_login_services(
            loop,
            rules=lambda: self._rules,
            state=self._state,
            directory=self._directory,
            relay=RelayClient(loop, config.relay_socket),
            audit=audit,
        )
        self._server = Server(
            loop,
            listener,
            admit=partial(admit, self._services),
            root_verbs={
                "status": self._answer_status,
                "reload": self._answer_reload,
                "metrics": self._answer_metrics,
                "keys": self._answer_keys,
                "session": partial(begin_session, self._services),
                **logon_verbs(self._services),
            },
            audit=audit,
            answered=self._metrics.answered,
        )
        self._user_gauges = UserGauges()
        self._metrics_file = MetricsFile(loop, self._figures)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.stop)
        self._loop.add_signal_handler(signal.SIGHUP, self._reload, lambda _result: None)
        self._prepare(self._config, self._start)
        self._loop.run_forever()
        self._metrics_file.close()
        self._server.close()
        self._services.close()
        self._directory.close()
        self._executor.close()
        self._state.close()
        for helper in self._helpers:
            helper.close()
        if self._own_socket is not None:
            self._own_socket.unlink(missing_ok=True)

    def _prepare(self, config: Config, then: Callable[[Rules], None]) -> None:
        def resolved(names: dict[str, str]) -> None:
            then(make_rules(config, names))

        resolve_names(self._loop, self._directory, names_to_resolve(config), resolved)

    def _start(self, rules: Rules) -> None:
        def used() -> None:
            self._server.start()
            self._loop.call_later(MARKER_SECONDS, self._keep_marker)
            self._metrics_file.use(self._config.metrics_file)
            for helper in self._helpers:
                helper.start()
            self._supervisor.ready(self._summary())

        self._use(rules, used)

    def _keep_marker(self) -> None:
        self._state.do(State.keep_marker, lambda _nothing: None)
        self._loop.call_later(MARKER_SECONDS, self._keep_marker)

    def _use(self, rules: Rules, then: Callable[[], None]) -> None:
        self._rules = rules
        self._state.do(lambda state: state.use_scope(rules.scope_entries), lambda _nothing: then())

    def _reload(self, done: Callable[[str], None]) -> None:
        self._supervisor.reloading()
        try:
            config = load(self._config_file)
            self._check_fixed(config)
        except Problem as problem:
            self._config_problem = problem
            self._report_configuration(Rule.KEPT, str(problem))
            self._supervisor.reloaded(self._summary())
            done(str(problem))
            return

        def prepared(rules: Rules) -> None:
            self._config, self._config_problem = config, None
            self._use(rules, used)

        def used() -> None:
            self._metrics_file.use(config.metrics_file)
            self._report_configuration(Rule.RELOADED, "")
            self._supervisor.reloaded(self._summary())
            done("ok")

        self._prepare(config, prepared)

    def _check_fixed(self, config: Config) -> None:
        for key, name in _FIXED.items():
            if getattr(config, key) != getattr(self._config, key):
                raise Problem(f"{name} cannot change while the daemon runs", "restart rw2fad instead")

    def _report_configuration(self, what: Rule, reason: str) -> None:
        self._sink.write(Record(Event.CONFIGURATION, time.time(), decision="done", rule=what, reason=reason))

    def _summary(self) -> str:
        """One line for `systemctl status`."""
        enabled = "enabled" if self._config.enabled_at(time.time()) else "disabled"
        troubles = [
            f"{what}: {problem}"
            for what, problem in (
                ("the new configuration was refused", self._config_problem),
                ("the state is unusable", self._state.problem),
            )
            if problem is not None
        ]
        return "; ".join([f"Two-factor authentication is {enabled}", *troubles])

    def _answer_status(self, connection: Connection, _message: Message) -> None:
        fields = {
            "v": VERSION,
            "version": build_text(),
            "pid": str(os.getpid()),
            "since": str(int(self._since)),
            "enabled": "yes" if self._config.enabled_at(time.time()) else "no",
            "state": str(self._state.problem or "ok"),
            "config": str(self._config_problem or "ok"),
            "connections": str(self._server.connections - 1),
            "lost_audit_records": str(self._sink.lost),
            "metrics": self._metrics_file.problem or "ok",
            "sms": self._services.sms.problem or "ok",
            "mark": self._state.marker_problem or "ok",
            "keys": ",".join(map(str, self._state.key_numbers)),
        }
        connection.say_last(compose("report", fields))

    def _answer_reload(self, connection: Connection, _message: Message) -> None:
        def done(result: str) -> None:
            connection.say_last(compose("report", {"result": result}))

        self._reload(done)

    def _answer_keys(self, connection: Connection, message: Message) -> None:
        """Take other master keys from root: the key file may be one that this process cannot read."""
        text = message.fields.get("keys", "").encode("utf-8", "surrogateescape")

        def use(state: State) -> str:
            try:
                state.use_keys(parsed(text, "that was handed over"))
            except Problem as problem:
                return str(problem)
            return "ok"

        self._state.do(use, lambda result: connection.say_last(compose("report", {"result": result})))

    def _answer_metrics(self, connection: Connection, _message: Message) -> None:
        connection.say_last(compose("report", {"text": self._figures(running=True)}))

    def _figures(self, running: bool) -> str:  # noqa: FBT001 - it is the value of a figure
        state = self._config.state
        if not running:
            return exposition((*up(running=False), *clock_families(state)))
        how = Running(
            since=self._since,
            enabled=self._config.enabled_at(time.time()),
            state_usable=self._state.problem is None,
            configuration_good=self._config_problem is None,
            connections=self._server.connections,
            lost_audit_records=self._sink.lost,
            users_guessed_at=self._spraying.users(time.time()),
        )
        guessing, sms_digits = self._config.guessing, self._config.sms_digits
        counts = self._user_gauges.counts(
            lambda done: self._state.do(lambda state: state.count(guessing, time.time(), sms_digits), done)
        )
        counted = (*self._metrics.families(), *self._services.sms.families())
        return exposition((*how.families(), *counted, *user_families(counts), *clock_families(state)))

    def stop(self) -> None:
        """Finish the logins under way, at most STOP_SECONDS long, and leave `run`."""
        self._supervisor.stopping()
        self._server.stop_accepting()
        deadline = self._loop.time() + STOP_SECONDS

        def look() -> None:
            if self._server.connections == 0 or self._loop.time() >= deadline:
                self._loop.stop()
            else:
                self._loop.call_later(STOP_LOOK_SECONDS, look)

        look()


def _helpers(loop: Loop, config: Config) -> tuple[HelperKeeper, ...]:
    """What has to be held for the programs that systemd starts elsewhere."""
    relay = HelperKeeper(loop, RELAY, config.relay_socket)
    return relay, HelperKeeper(loop, NOTIFIER, config.notify_socket)
