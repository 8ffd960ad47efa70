"""Remembers who is not in the scope, after the answer is sent (promise 13)."""

from typing import Final

from rw2fa_daemon.core.user import User
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State

SETTLE_SECONDS: Final = 1.0
"""How long a login has to change the account by itself."""

WAITING_MAX: Final = 4_096
SETTLED_A_TURN: Final = 64


class MembershipMemory:
    """Remembers users seen outside the scope, and forgets those seen in it.

    It matters only when the directory is down one day, so it waits until logins have their answers. What is
    remembered of a user holds only while the account stays as it was (`store/membership_memory.py`). So there is
    nothing to forget of members whose code was judged, which is nearly all; the others are seen to a moment later.
    """

    def __init__(self, loop: Loop, state: State) -> None:
        self._loop: Final = loop
        self._state: Final = state
        self._members: dict[str, tuple[User, str]] = {}
        self._settling = False

    def seen_outside(self, user: User, digest: str) -> None:
        """A complete look-up found this user in no entry of the scope that `digest` stands for."""
        self._members.pop(user.name, None)
        # This turn's jobs, with answers to give, are first.
        self._loop.call_soon(
            self._state.do, lambda state: state.remember_not_member(user, digest), lambda _nothing: None
        )

    def seen_inside(self, user: User, digest: str) -> None:
        """A look-up found this user in the scope."""
        self._members[user.name] = user, digest
        if len(self._members) > WAITING_MAX:
            self._settle_first()
        if not self._settling:
            self._settling = True
            self._loop.call_later(SETTLE_SECONDS, self._settle)

    def changed(self, name: str) -> None:
        """This user's account was changed."""
        self._members.pop(name, None)

    def settle(self) -> None:
        """Write down all that waits: the daemon stops."""
        while self._members:
            self._settle_first()

    def _settle(self) -> None:
        for _ in range(min(SETTLED_A_TURN, len(self._members))):
            self._settle_first()
        self._settling = bool(self._members)
        if self._settling:
            self._loop.call_later(SETTLE_SECONDS, self._settle)

    def _settle_first(self) -> None:
        user, digest = self._members.pop(next(iter(self._members)))
        self._state.do(lambda state: state.forget_not_member(user, digest), lambda _nothing: None)
