"""What logins share: everything that one of them may ask of the rest of the daemon."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core.account import GENERATION_BITS
from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.otp import SECRET_BYTES
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import SmsRandomness
from rw2fa_daemon.core.transitions import Resources
from rw2fa_daemon.directory.pool import Pool
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.hashing import HashingPool
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.membership_memory import MembershipMemory
from rw2fa_daemon.service.pieces import Pieces
from rw2fa_daemon.service.rdp_sessions import RdpSessions
from rw2fa_daemon.service.relay_client import RelayClient
from rw2fa_daemon.service.remote_batcher import RemoteBatcher
from rw2fa_daemon.service.sms_sender import SmsSender
from rw2fa_daemon.service.state import State

SMS_LOGIN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class LoginServices:
    """One bundle for all logins; which rules are in force changes with a reload, so they are asked for."""

    loop: Loop
    rules: Callable[[], Rules]
    state: State
    directory: Pool
    membership_memory: MembershipMemory
    batcher: Batcher
    hashing: HashingPool
    pieces: Pieces[int]
    sms: SmsSender
    resources: Resources
    rdp_sessions: RdpSessions
    audit: Callable[[Record], None]

    def close(self) -> None:
        """Finish what outlives a login."""
        self.membership_memory.settle()
        self.hashing.close()
        self.rdp_sessions.close()


def make_login_services(
    loop: Loop,
    *,
    rules: Callable[[], Rules],
    state: State,
    directory: Pool,
    relay: RelayClient,
    audit: Callable[[Record], None],
) -> LoginServices:
    """The bundle of a daemon with this state, directory and relay; `audit` takes the records of logins."""
    membership_memory = MembershipMemory(loop, state)
    batcher = (
        Batcher(loop, state, membership_memory.changed)
        if state.executor.here
        else RemoteBatcher(loop, state, membership_memory.changed, state.executor)
    )
    return LoginServices(
        loop=loop,
        rules=rules,
        state=state,
        directory=directory,
        membership_memory=membership_memory,
        batcher=batcher,
        hashing=HashingPool(loop),
        pieces=Pieces(loop),
        sms=SmsSender(loop, batcher, relay, audit),
        resources=Resources(
            code_cache=CodeCache(),
            fresh_secret=_fresh_secret,
            fresh_generation=_fresh_generation,
            sms_randomness=SmsRandomness(_fresh_sms_code, _fresh_sms_login, state.sms_code_digest),
        ),
        rdp_sessions=RdpSessions(),
        audit=audit,
    )


def _fresh_secret() -> Secret:
    return Secret(secrets.token_bytes(SECRET_BYTES))


def _fresh_generation() -> int:
    return secrets.randbits(GENERATION_BITS)


def _fresh_sms_code(digits: int) -> Secret:
    return Secret(f"{secrets.randbelow(10**digits):0{digits}d}".encode())


def _fresh_sms_login() -> bytes:
    return secrets.token_bytes(SMS_LOGIN_BYTES)
