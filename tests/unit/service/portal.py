"""A web portal and RDP clients of a host under test: real rules and decisions, a state in memory, a clock to be set.

What is decided is written down, and answered, when the state has its turn: `Host.work`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.logon import Logons, LogonSettings
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.service.logons import logon_verbs
from rw2fa_daemon.store.logons import Work
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import read_place
from rw2fa_daemon.wire.message import Message, parse
from tests.support.daemon import BOOT, NAMESPACES, Site
from tests.support.expected_calls import ExpectedCalls
from tests.unit.service.logins import ALICE, LOGIN, NOW, services

PORTAL = "rw2fa-portal"
PID = 4_711
HERE, THERE = "192.0.2.1", "192.0.2.2"
PLACE = read_place({"boot": BOOT, "namespaces": NAMESPACES})
USERS = {"alice": User("alice", 1000, frozenset({1000})), "bob": User("bob", 1001, frozenset({1001}))}

Report = dict[str, str]


def rules_of(folder: Path, text: str = "", *, scope: tuple[str, ...] = ("alice",), enabled: bool = True) -> Rules:
    site = Site(folder)
    site.write_config(text, scope=scope, enabled=enabled)
    return make_rules(load(site.config))


@dataclass
class Kept:
    """The part of the state that logons need, as `store.Store` has it."""

    accounts: dict[str, Account] = field(default_factory=lambda: {"alice": ALICE})
    logons: dict[str, Logons] = field(default_factory=dict)

    def with_logons(self, name: str, work: Work[Any], settings: LogonSettings, now: float) -> Any:
        assert isinstance(settings, LogonSettings)
        assert isinstance(now, float)
        account, left, result = work(self.accounts.get(name), self.logons.get(name, Logons()))
        if account is not None:
            self.accounts[name] = account
        self.logons[name] = left
        return result

    def end_logons(self, name: str, *, settings: LogonSettings, now: float) -> None:
        del settings, now
        self.logons.pop(name, None)


@dataclass
class Connected:
    """A peer; what it is sent is what it is sent last."""

    pid: int = PID
    uid: int = 0
    busy: bool = False
    partner: object = None
    said: list[Message] = field(default_factory=list)

    def say_last(self, packet: bytes) -> None:
        self.said.append(parse(packet))


@dataclass
class Directory:
    """Knows these users."""

    users: dict[str, User | Missing] = field(default_factory=lambda: dict(USERS))

    def lookup(self, name: str, _groups: tuple[str, ...], found: Callable[[User | Missing], None]) -> None:
        found(self.users.get(name, Missing.UNKNOWN))


class Alive:
    """RDP sessions that live: of whom, let in from where, by a pass of which logon."""

    def __init__(self) -> None:
        self.began_with: list[tuple[str, bytes, str, int]] = []

    def began(self, name: str, digest: bytes, address: str, pid: int) -> None:
        self.began_with.append((name, digest, address, pid))

    def alive(self, name: str, address: str) -> frozenset[bytes]:
        return frozenset(digest for known, digest, where, _ in self.began_with if (known, where) == (name, address))


class Host:
    """All of it. The state tells of `problem`, if there is one, instead of working."""

    def __init__(self, calls: ExpectedCalls, rules: Rules) -> None:
        self.now = NOW
        self.rules = rules
        self.kept = Kept()
        self.directory = Directory()
        self.alive = Alive()
        self.records: list[Record] = []
        self.outside: bool | None = None
        """What the last complete look-up found, where it is asked; None for a state that cannot tell."""
        self.problem: StateProblem | None = None
        self._waiting: list[Callable[[], None]] = []
        everything: Any = self
        self.services: LoginServices = replace(
            services(calls),
            rules=lambda: self.rules,
            batcher=everything,
            state=everything,
            directory=everything.directory,
            rdp_sessions=everything.alive,
            audit=self.records.append,
        )
        self._verbs = logon_verbs(self.services)

    def call(self, work: Callable[[Kept], Any], done: Callable[[Any], None]) -> None:
        """As the batcher does it."""
        self._waiting.append(lambda: done(self.problem if self.problem is not None else work(self.kept)))

    def do(self, work: Callable[[Any], bool], done: Callable[[bool], None]) -> bool:
        """As the state does it."""
        if self.outside is None:
            return False
        done(work(self))
        return True

    def was_not_member(self, user: User, digest: str) -> bool:
        """What the state remembers of a user."""
        assert (user.name, digest) == ("bob", self.rules.scope_digest)
        return self.outside is True

    def since(self, _entries: tuple[str, ...]) -> int:
        """Since when the scope names somebody."""
        return 0

    def work(self) -> None:
        """Let the state have its turn."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each()

    def begin(self, verb: str, **fields: str) -> Connected:
        """A verb of rw2fa-session, not answered before the state had its turn."""
        connected = Connected(int(fields.pop("pid", str(PID))))
        known = {"v": "1", "user": "alice", "boot": BOOT, "namespaces": NAMESPACES}
        connection: Any = connected
        self._verbs[verb](connection, Message(verb, known | fields))
        return connected

    def ask(self, verb: str, **fields: str) -> Report:
        """The answer to one."""
        connected = self.begin(verb, **fields)
        self.work()
        (report,) = connected.said
        assert report.verb == "report"
        return dict(report.fields)

    def code_judged(self, *, at: float | None = None, pid: int = PID, parent: int = 0, place: str = PLACE) -> None:
        """A code for the portal was accepted in that process."""
        account = self.kept.accounts["alice"]
        login = replace(LOGIN, service=PORTAL, boot=place, pid=pid, parent=parent)
        judged = sessions.remember_logon(account.counters.sessions, login, self.now if at is None else at)
        self.kept.accounts["alice"] = replace(account, counters=replace(account.counters, sessions=judged))

    def register(self, **fields: str) -> Report:
        """Somebody has signed in."""
        return self.ask("logon", **{"service": PORTAL, "address": HERE, **fields})

    def log_on(self) -> str:
        """Alice signs in with a code; the identifier of the logon."""
        self.code_judged()
        report = self.register()
        assert report["result"] == "ok"
        return report["logon"]

    def lock(self) -> None:
        """Too many wrong codes were typed for alice."""
        account = self.kept.accounts["alice"]
        counters = replace(account.counters, failures=5, locked_until=int(self.now) + 60)
        self.kept.accounts["alice"] = replace(account, counters=counters)
