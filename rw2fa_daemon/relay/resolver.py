"""Addresses of a name, by a deadline that the resolver does not know of."""

import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Final

ADDRESSES_MAX: Final = 4
"""Addresses of a name that are tried."""
FRESH_SECONDS: Final = 5.0
"""How long an answer is shared: two hundred logins at once cause one look-up."""
NAMES_MAX: Final = 16
"""Names that are known or being asked for at once."""

Address = tuple[socket.AddressFamily, tuple[object, ...]]


class Unresolved(Exception):
    """A name has no address, or not in time; the argument says so, one clause."""


@dataclass(slots=True)
class _LookUp:
    done: threading.Event = field(default_factory=threading.Event)
    until: float = float("inf")
    found: list[Address] = field(default_factory=list)
    problem: str = ""

    def finish(self, problem: str = "") -> None:
        """It is done, with what was found or with a reason."""
        self.problem = problem
        self.until = time.monotonic() + FRESH_SECONDS
        self.done.set()


_look_ups: dict[tuple[str, int], _LookUp] = {}
_lock = threading.Lock()


def resolve(host: str, port: int, deadline: float) -> list[Address]:
    """The first TCP addresses of a host, by `deadline` (monotonic seconds); Unresolved if there are none."""
    look_up = _look_up(host, port)
    if not look_up.done.wait(max(0.0, deadline - time.monotonic())):
        raise Unresolved("its name is not resolved in time")
    if look_up.problem:
        raise Unresolved(look_up.problem)
    return look_up.found


def _look_up(host: str, port: int) -> _LookUp:
    """One that is under way or fresh, or a new one, in a thread of its own: getaddrinfo() cannot be interrupted."""
    key = (host, port)
    now = time.monotonic()
    with _lock:
        if (found := _look_ups.get(key)) is not None and found.until > now:
            return found
        if len(_look_ups) >= NAMES_MAX:
            for old in [known for known, look_up in _look_ups.items() if look_up.done.is_set()]:
                del _look_ups[old]
        if len(_look_ups) >= NAMES_MAX:
            raise Unresolved("too many names are being resolved at once")
        look_up = _look_ups[key] = _LookUp()
    try:
        threading.Thread(target=_ask, args=(look_up, host, port), daemon=True).start()
    except RuntimeError:  # the system has no thread to give
        look_up.finish("its name cannot be resolved just now")
    return look_up


def _ask(look_up: _LookUp, host: str, port: int) -> None:
    problem = ""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        look_up.found = [(family, address) for family, _, _, _, address in found[:ADDRESSES_MAX]]
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) and error.strerror else type(error).__name__
        problem = f"its name has no address ({reason})"
    finally:
        look_up.finish(problem)
