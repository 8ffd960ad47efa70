"""What NSS calls the users that the configuration names (promise 13)."""

from collections.abc import Callable
from typing import Final

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory.pool import Pool
from rw2fa_daemon.service.loop import Loop

RESOLVE_SECONDS: Final = 2.0
"""How long a start or a reload waits for the directory; what is not known then stays as written."""


def resolve_names(loop: Loop, pool: Pool, names: list[str], done: Callable[[dict[str, str]], None]) -> None:
    """Call `done` with a map from names to canonical ones, where these differ, at the latest at the deadline."""
    found: dict[str, str] = {}
    remaining = iter(names)
    finished = False

    def finish() -> None:
        nonlocal finished
        if not finished:
            finished = True
            deadline.cancel()
            done(found)

    def ask_next() -> None:
        if finished:
            return
        name = next(remaining, None)
        if name is None:
            finish()
            return

        def answered(user: User | Missing) -> None:
            if isinstance(user, User) and user.name != name:
                found[name] = user.name
            # Through the loop, since a cached answer comes at once and long lists would nest too deep.
            loop.call_soon(ask_next)

        pool.lookup(name, (), answered)

    deadline = loop.call_later(RESOLVE_SECONDS, finish)
    ask_next()
