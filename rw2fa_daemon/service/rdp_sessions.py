"""RDP sessions of this host that a pass let in, for as long as they live (decision 31)."""

import contextlib
import os
import select
from dataclasses import dataclass
from typing import Final

SESSIONS_MAX: Final = 1_024
"""Each takes a descriptor; beyond that the oldest are forgotten, and need a pass to be reached again."""


@dataclass(frozen=True, slots=True)
class _Session:
    """`pidfd` is that of the process that keeps the PAM handle of the session, from its login to its end."""

    name: str
    digest: bytes
    address: str
    pidfd: int

    def lives(self) -> bool:
        """Whether that process still runs (pidfd_open(2): readable once it has ended)."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return not poll.poll(0)


class RdpSessions:
    """Which sessions live, by the processes that asked for them."""

    __slots__ = ("_sessions",)

    def __init__(self) -> None:
        self._sessions: list[_Session] = []

    def began(self, name: str, digest: bytes, address: str, pid: int) -> None:
        """Process `pid`, which waits for an answer now, goes on as a session of the logon with this digest."""
        if len(self._sessions) >= SESSIONS_MAX:
            self._forget_ended()
        if len(self._sessions) >= SESSIONS_MAX:
            os.close(self._sessions.pop(0).pidfd)
        # A process that cannot be seen from here has no number; of one that is gone there is no session.
        with contextlib.suppress(OSError, ValueError):
            self._sessions.append(_Session(name, digest, address, os.pidfd_open(pid)))

    def alive(self, name: str, address: str) -> frozenset[bytes]:
        """The digests of the logons of `name` with a session that lives, and was let in from `address`."""
        return frozenset(
            session.digest
            for session in self._sessions
            if (session.name, session.address) == (name, address) and session.lives()
        )

    def close(self) -> None:
        """Forget all."""
        for session in self._sessions:
            os.close(session.pidfd)
        self._sessions.clear()

    def _forget_ended(self) -> None:
        for session in [known for known in self._sessions if not known.lives()]:
            os.close(session.pidfd)
            self._sessions.remove(session)
