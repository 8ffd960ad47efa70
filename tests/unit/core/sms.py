"""Logins by text message, for tests: a context in which codes are counted up from 100000."""

import hashlib
from itertools import count

from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.clients import Client, Information, Qr, ServiceClass
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import facts_of
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.core.scope import ScopeResult, ScopeStatus
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryReport, DeliveryState, SmsAttempt, SmsError, SmsRandomness, SmsRules
from rw2fa_daemon.core.transitions import Context, Resources

NOW = 1_790_000_000.0
VALID_SECONDS = 600
PHONE = "+33612345678"
RULES = SmsRules(VALID_SECONDS, "%ISSUER%: %CODE%", ("+33",), 20, 21, 22, 23)
SENT = DeliveryReport(DeliveryState.SENT)
TERMINAL = Client(ServiceClass.CODE, qr=Qr.BLOCKS, information=Information.AT_ONCE)
WEB = Client(ServiceClass.CODE, qr=Qr.NONE)
DIGESTS = tuple(bytes([number]) * 32 for number in range(10))

_codes = count(100_000)
_logins = count(1)


def _digest(generation: int, login: bytes, code: Secret) -> bytes:
    return hashlib.sha256(repr((generation, login)).encode() + code.reveal()).digest()


def _fresh_code(digits: int) -> Secret:
    return Secret(str(next(_codes)).zfill(digits).encode())


def context_of(
    now: float = NOW,
    client: Client = TERMINAL,
    *,
    sms_attempt: SmsAttempt | None = None,
    rules: SmsRules | None = RULES,
    error: SmsError | None = None,
    address: str = "192.0.2.1",
    recovery: CodeSet | None = None,
    digits: int = 6,
) -> Context:
    login = Login(Phase.AUTH, Slot.MAIN, "sshd", "alice", tty="ssh", rhost=address)
    return Context(
        now=now,
        booted_at=NOW - 1_000,
        login=login,
        facts=facts_of(login, client, on=True, where=ScopeResult(ScopeStatus.ENABLED)),
        client=client,
        name="alice",
        uid=1000,
        settings=LoginSettings(Guessing(480, 0.003), digits, "host", window_days=7, session_seconds=900, sms=rules),
        scope_since=0,
        resources=Resources(
            CodeCache(),
            fresh_secret=lambda: Secret(b"x" * 20),
            fresh_generation=lambda: 77,
            sms_randomness=SmsRandomness(_fresh_code, lambda: b"login %d" % next(_logins), _digest),
        ),
        sms_attempt=sms_attempt or SmsAttempt(),
        error=error,
        recovery=recovery,
    )
