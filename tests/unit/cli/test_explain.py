"""What explain says is what the daemon does: each takes a login through its own code, and they must not differ."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.explain import explanation_of
from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core.account import Account, Bypass, Counters, Credential, Method
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.enrolment import DAY_SECONDS, ENROL_TRIES_A_WINDOW
from rw2fa_daemon.core.lockout import FAILURES_MAX
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.logon import ATTEMPTS_MAX, Logon, Logons, Pass, PassStatus
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import SmsRandomness
from rw2fa_daemon.core.transitions import End, Resources, Stage, Transition
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.admission import admit
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.message import parse

NOW = 1_790_000_000
UID = 1000
PHONE = Secret(b"+33612345678")
ALICE = User("alice", UID, frozenset({UID}), {"staff": 50, "machines": 60})
SOUND = Account("alice", UID, 1, credential=Credential(Secret(b"s" * 20), True))
NO_LOGONS = Logons()
BROKEN = StateProblem("the record was altered", "run: rw2fa users reset alice")
CONFIG = """
enabled = true
[scope]
users = ["alice"]
groups = ["staff"]
[rdp]
whitelist = ["bob"]
[exempt]
users = ["robot", "@machines"]
networks = ["192.0.2.0/24"]
[sms]
phone_number = "+33700000000"
[services]
cups = "ignore"
"""
ASKED = {
    Stage.CODE: Rule.CODE,
    Stage.SMS: Rule.SMS,
    Stage.RECOVERY: Rule.SMS,
    Stage.ENROL: Rule.ENROL,
    Stage.TOKEN: Rule.ENROL,
}
"""The rule behind each first question."""

groups = st.fixed_dictionaries({"staff": st.sampled_from([50, None]), "machines": st.sampled_from([60, None])})
gids = st.sampled_from([frozenset({UID}), frozenset({UID}), frozenset({UID, 50}), frozenset({UID, 60})])
others = st.sampled_from([(), (ALICE,)])
users = st.builds(
    User, st.sampled_from(["alice", "alice", "bob", "robot", "second"]), st.just(UID), gids, groups, others
)
enabled = st.sampled_from([ALICE, ALICE, User("second", UID, frozenset({UID}), ALICE.groups, (ALICE,))])
found = st.one_of(users, enabled, st.sampled_from([Missing.UNKNOWN, Missing.UNAVAILABLE]))
witnesses = st.one_of(
    st.builds(User, st.just("root"), st.just(0), st.just(frozenset({0})), groups), st.just(Missing.UNKNOWN)
)
logins = st.builds(
    Login,
    st.sampled_from([Phase.AUTH, Phase.AUTH, Phase.ACCOUNT]),
    st.just(Slot.MAIN),
    st.sampled_from(["sshd"] * 5 + ["cockpit", "xrdp-sesman", "sudo", "cups", "dovecot", "of-nobody"]),
    st.sampled_from(["alice", "ALICE", "bob", "eve"]),
    tty=st.sampled_from(["", "ssh"]),
    rhost=st.sampled_from(["", "", "198.51.100.1", "198.51.100.1", "192.0.2.1"]),
    known=st.just(False),
)
moments = st.sampled_from([0, NOW - 8 * DAY_SECONDS, NOW - 1, NOW, NOW + 60])
accounts = st.builds(
    Account,
    name=st.just("alice"),
    uid=st.sampled_from([UID, UID, UID, UID + 1]),
    generation=st.just(1),
    method=st.sampled_from(Method),
    phone=st.sampled_from([None, PHONE]),
    phone_confirmed=st.booleans(),
    enrol_opened_at=moments,
    credential=st.sampled_from([None, Credential(Secret(b"s" * 20), True), Credential(Secret(b"s" * 20), False)]),
    counters=st.builds(
        Counters,
        failures=st.sampled_from([0, 0, 0, FAILURES_MAX]),
        locked_until=st.sampled_from([0, 0, NOW, NOW + 60]),
        narrow_guesses=st.sampled_from([0, 0, 10_000]),
        wide_guesses=st.sampled_from([0, 10_000]),
        narrow_at=st.just(NOW),
        wide_at=st.just(NOW),
        enrol_failures=st.sampled_from([0, 0, ENROL_TRIES_A_WINDOW]),
    ),
    token=st.sampled_from([None, b"t" * 32]),
    bypass=st.one_of(st.none(), st.none(), st.builds(Bypass, moments, st.booleans())),
)


@dataclass(frozen=True)
class World:
    """What the directory and the state say. A record may be unreadable."""

    user: User | Missing
    witness: User | Missing
    account: Account | StateProblem | None
    was_not_member: bool
    since: int
    logons: Logons

    def look_up(self, name: str, _groups: tuple[str, ...]) -> User | Missing:
        return self.witness if name == "root" else self.user

    def read(self, _name: str) -> Account | None:
        if isinstance(self.account, StateProblem):
            raise self.account
        return self.account

    def logons_of(self, name: str) -> Logons:
        self.read(name)
        return self.logons

    def with_logons(self, name: str, work: Callable[..., Any], *_: object) -> object:
        return work(self.read(name), self.logons)[2]

    def call(self, work: Callable[["World"], Any], after: Callable[[Any], None]) -> None:
        """As the batcher does: what cannot be read is an outcome too."""
        after(self.account if isinstance(self.account, StateProblem) else work(self))


passes = st.builds(
    Pass,
    st.sampled_from([NOW - 10, NOW - 1_000]),
    st.sampled_from([NOW + 60, NOW + 60, NOW]),
    st.sampled_from(["", "198.51.100.1"]),
    st.sampled_from([PassStatus.ARMED] * 3 + [PassStatus.USED]),
    st.sampled_from([0, 0, ATTEMPTS_MAX]),
)
logons = st.builds(
    Logon,
    digest=st.just(b"d" * 32),
    user=st.just("alice"),
    uid=st.just(UID),
    generation=st.sampled_from([1, 1, 1, 2]),
    address=st.just(""),
    host=st.just("host"),
    began_at=st.just(NOW - 20),
    code_at=st.sampled_from([NOW - 20, NOW - 20, None]),
    rdp_pass=passes,
)
of_one = st.builds(Logons, st.one_of(logons.map(lambda logon: (logon,)), st.just(())))
worlds = st.builds(
    World, found, witnesses, st.one_of(accounts, st.none(), st.just(BROKEN)), st.booleans(), moments, of_one
)


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    file: Path = tmp_path_factory.mktemp("explain") / "rw2fa.toml"
    file.write_text(CONFIG)
    return make_rules(load(file))


def explained(rules: Rules, world: World, login: Login) -> str:
    """What the command says."""
    store = SimpleNamespace(
        read=world.read, logons_of=world.logons_of, remembered_not_member=lambda *_: world.was_not_member
    )
    cli = SimpleNamespace(rules=rules, config=rules.config, store=store, came_in=lambda _: world.since)
    with patch("rw2fa_daemon.cli.explain.lookup", world.look_up):
        return explanation_of(cast("CliContext", cli), login, rules.clients.of(login.service)).row.rule


def done(rules: Rules, world: World, login: Login) -> str:
    """What the daemon does."""
    told: list[str] = []

    def look(
        _name: str, job: Callable[[Account | None], Transition], after: Callable[[Transition | StateProblem], None]
    ) -> None:
        if isinstance(world.account, StateProblem):
            after(world.account)
            return
        transition = job(world.account)
        end = transition.say if isinstance(transition.say, End) else transition.state and transition.state.end
        told.append(end.rule if end else ASKED[cast("Any", transition.state).stage])

    def memory(_work: object, after: Callable[[bool], None]) -> bool:
        after(world.was_not_member)
        return True

    services = SimpleNamespace(
        rules=lambda: rules,
        state=SimpleNamespace(since=lambda _: world.since, do=memory, foresee=lambda _: None),
        directory=SimpleNamespace(lookup=lambda name, groups, after: after(world.look_up(name, groups))),
        membership_memory=SimpleNamespace(seen_outside=lambda *_: None, seen_inside=lambda *_: None),
        batcher=SimpleNamespace(look=look, call=world.call),
        rdp_sessions=SimpleNamespace(alive=lambda *_: frozenset()),
        resources=Resources(
            CodeCache(),
            lambda: Secret(b"n" * 20),
            lambda: 1,
            SmsRandomness(lambda _: Secret(b"123456"), lambda: b"login", lambda *_: b"digest"),
        ),
        audit=lambda _: None,
    )
    connection = SimpleNamespace(
        uid=0, pid=1, partner=None, say_last=lambda packet: told.append(parse(packet).required("rule"))
    )
    admit(cast("LoginServices", services), cast("Connection", connection), login, alone=False)
    (rule,) = told
    return rule


def agree(rules: Rules, world: World, login: Login, *, on: bool = True, sms: bool, token: bool) -> None:
    config = replace(rules.config, enabled=on, sms_enabled=sms, proof="token" if token else "password")
    rules = make_rules(config)
    with patch("time.time", lambda: float(NOW)):
        assert explained(rules, world, login) == done(rules, world, login)


@settings(max_examples=400)
@given(worlds, logins, st.sampled_from([True, True, True, False]), st.booleans(), st.booleans())
def test_whoever_it_is_explain_says_what_the_daemon_does(
    configured: Rules, world: World, login: Login, on: bool, sms: bool, token: bool
) -> None:
    agree(configured, world, login, on=on, sms=sms, token=token)


@settings(max_examples=400)
@given(
    st.builds(
        World,
        enabled,
        st.just(Missing.UNKNOWN),
        st.one_of(accounts, st.none()),
        st.just(False),
        moments,
        st.just(NO_LOGONS),
    ),
    st.sampled_from(["sshd", "cockpit", "dovecot"]),
    st.booleans(),
    st.booleans(),
)
def test_whatever_the_account_is_like_explain_says_what_the_daemon_does(
    configured: Rules, world: World, service: str, sms: bool, token: bool
) -> None:
    agree(configured, world, Login(Phase.AUTH, Slot.MAIN, service, "alice", known=False), sms=sms, token=token)


@settings(max_examples=200)
@given(
    st.builds(
        World,
        enabled,
        st.just(Missing.UNKNOWN),
        st.sampled_from([SOUND, SOUND, replace(SOUND, uid=UID + 1), None]),
        st.just(False),
        moments,
        of_one,
    ),
    st.sampled_from(["", "198.51.100.1"]),
    st.booleans(),
)
def test_whatever_the_pass_is_like_explain_says_what_the_daemon_does(
    configured: Rules, world: World, address: str, sms: bool
) -> None:
    login = Login(Phase.AUTH, Slot.MAIN, "xrdp-sesman", "alice", rhost=address, known=False)
    agree(configured, world, login, sms=sms, token=False)
