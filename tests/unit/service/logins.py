"""What a login under test is made of, with doubles for all that it asks."""

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.clients import Client, Information, Qr, ServiceClass
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import facts_of
from rw2fa_daemon.core.scope import ScopeResult, ScopeStatus
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import SmsRandomness
from rw2fa_daemon.core.transitions import Context, Resources
from rw2fa_daemon.service.login_services import LoginServices
from tests.support.expected_calls import ExpectedCalls

NOW = 1_790_000_000.0
SECRET = Secret(b"k" * 20)
DIGEST = b"d" * 32
ALICE = Account("alice", 1000, 77, credential=Credential(SECRET, True, 6), counters=Counters(), recovery=(DIGEST,))
TERMINAL = Client(ServiceClass.CODE, information=Information.AT_ONCE, qr=Qr.BLOCKS)
LOGIN = Login(Phase.AUTH, Slot.MAIN, "sshd", "alice", tty="ssh", rhost="192.0.2.1")


def services(calls: ExpectedCalls, rules: Rules | None = None, *, code_hasher: object = "hasher") -> LoginServices:
    """The bundle, all doubles; the state has a `code_hasher`."""

    def in_force() -> Rules:
        assert rules is not None, "nothing here depends on the rules"
        return rules

    hasher = calls.double("hasher") if code_hasher == "hasher" else code_hasher
    randomness: SmsRandomness = calls.double("randomness")
    return LoginServices(
        loop=calls.double("loop"),
        rules=in_force,
        state=calls.double("state", code_hasher=hasher),
        directory=calls.double("directory"),
        membership_memory=calls.double("membership_memory"),
        batcher=calls.double("batcher"),
        hashing=calls.double("hashing"),
        pieces=calls.double("pieces"),
        sms=calls.double("sms"),
        resources=Resources(CodeCache(), lambda: SECRET, lambda: 77, randomness),
        rdp_sessions=calls.double("rdp_sessions"),
        audit=calls.double("services").audit,
    )


def context() -> Context:
    """That of alice, who is in the scope, at NOW."""
    return Context(
        now=NOW,
        booted_at=NOW - 1_000,
        login=LOGIN,
        facts=facts_of(LOGIN, TERMINAL, on=True, where=ScopeResult(ScopeStatus.ENABLED)),
        client=TERMINAL,
        name="alice",
        uid=1000,
        settings=LoginSettings(Guessing(480, 0.003), 6, "host - remote-work", window_days=7, session_seconds=900),
        scope_since=int(NOW),
        resources=Resources(CodeCache(), lambda: SECRET, lambda: 77),
    )
