"""Problems of the state, as an administrator reads them."""

from pathlib import Path
from types import TracebackType

from rw2fa_daemon.core.problem import Problem


class StateProblem(Problem):
    """The state cannot be used, as a whole or for one user."""


def shown(name: str) -> str:
    """A user's name as it may appear in a log, with unprintable characters escaped."""
    return name if name.isprintable() else ascii(name)


def altered(name: str) -> StateProblem:
    """A record is not the one that rw2fa wrote last (promise 7)."""
    return StateProblem(
        f"the record of {shown(name)} is not the one that was stored last: it was altered, replaced by an older "
        "one, or moved from another user",
        f"find out who wrote to the state; then put back the whole state from a backup, or start {shown(name)} "
        f"over with `rw2fa users reset {shown(name)}`",
    )


def other_key(name: str) -> StateProblem:
    """A record is sealed under a master key that this host lacks."""
    return StateProblem(
        f"the record of {shown(name)} is sealed under a master key that this host does not have",
        "put the master key file of the host that changed the key in its place; if there is none, find out who wrote "
        f"to the state, or start {shown(name)} over with `rw2fa users reset {shown(name)}`",
    )


def not_utf8(name: str) -> StateProblem:
    """A name cannot be stored."""
    return StateProblem(f"the user name {name!a} is not UTF-8", "give the user a name that is")


def no_state(place: str) -> StateProblem:
    """There is no state in `place`."""
    return StateProblem(f"there is no state in {place}", "make it with `rw2fa init`, or put it back from a backup")


def no_nul(name: str) -> StateProblem:
    """A name contains a NUL, which PostgreSQL cannot store."""
    return StateProblem(f"the user name {name!a} contains a NUL", "look where that comes from")


def failed(what: str, error: Exception) -> StateProblem:
    """Something raised: says what and where, without the message, which may quote a secret."""
    trace: TracebackType | None = error.__traceback__
    where = "?"
    while trace is not None:
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return StateProblem(
        f"{what} failed: {type(error).__name__} at {where}",
        "this is a fault in rw2fa: please report it with this line",
    )
