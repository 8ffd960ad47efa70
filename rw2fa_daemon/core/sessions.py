"""Login sessions in which a code was accepted a short while ago: sudo does not ask there again (decision 19).

A session is the kernel's audit session. sshd, login and Cockpit begin it after authentication, so that a code is
accepted before its session has a number. What is remembered then is the process that asked and its parent: one of them,
and no other, says the number a moment later. Sessions and processes of one host have numbers of another's, and a
container that is started from a session goes on with that session's, so each
goes with the boot and the namespaces that it belongs to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.login import Login

REMEMBERED_MAX: Final = 4
"""Sessions of one user; the one whose code is oldest is forgotten first."""

OPENING_SECONDS: Final = 120
"""From a code to the number of the session that it opened; sshd itself gives a login no longer (LoginGraceTime)."""

_OPENING: Final = "opening"
_LOGON: Final = "logon"
"""A code that serves a logon of the portal, and no session (decision 31)."""


@dataclass(frozen=True, slots=True)
class _Code:
    """A code accepted at `at` (UTC seconds) in `place`: a session, or a login that opens one."""

    place: str
    at: int


def remember(remembered: str, login: Login, now: float, *, opens: bool) -> str:
    """What is remembered once a code was accepted; `opens` says that the program opens a session of its own."""
    codes = [code for code in _read(remembered) if not _given_up(code, now)]
    places = [login.session] if login.session else []
    if opens and login.pid > 0 and login.boot:
        places.append(f"{_OPENING}:{login.boot}:{login.pid}:{login.parent}")
    codes = [code for code in codes if code.place not in places]
    return _written([*codes, *(_Code(place, int(now)) for place in places)])


def remember_logon(remembered: str, login: Login, now: float) -> str:
    """What is remembered once a code was accepted that serves a logon of the portal, and nothing else."""
    codes = [code for code in _read(remembered) if not _given_up(code, now)]
    if login.pid <= 0 or not login.boot:
        return _written(codes)
    place = f"{_LOGON}:{login.boot}:{login.pid}:{login.parent}"
    return _written([*(code for code in codes if code.place != place), _Code(place, int(now))])


def take_logon(remembered: str, boot: str, pid: int, *, now: float, booted_at: float) -> tuple[str, int | None]:
    """What is remembered once process `pid` has a logon of the code that it, or a child of it, had judged.

    With the second (UTC) at which that was, None if there is no such code.
    """
    codes = list(_read(remembered))
    for code in reversed(codes) if boot and pid > 0 else ():
        kind, *where = code.place.split(":")
        fresh = booted_at <= code.at <= now < code.at + OPENING_SECONDS
        if kind == _LOGON and where[0] == boot and str(pid) in where[1:] and fresh:
            return _written([known for known in codes if known is not code]), code.at
    return remembered, None


def opened(remembered: str, session: str, pid: int, *, now: float, booted_at: float) -> str:
    """What is remembered once process `pid` says that it begins `session`: the same, if no login waits for that."""
    if not session or pid <= 0:
        return remembered
    boot = session.partition(":")[0]
    codes = list(_read(remembered))
    for code in reversed(codes):
        opening, *where = code.place.split(":")
        fresh = booted_at <= code.at <= now < code.at + OPENING_SECONDS
        if opening == _OPENING and where[0] == boot and str(pid) in where[1:] and fresh:
            kept = [known for known in codes if known is not code and known.place != session]
            at = max([code.at, *(known.at for known in codes if known.place == session)])
            return _written([*kept, _Code(session, at)])
    return remembered


def accepted_at(remembered: str, session: str) -> int | None:
    """When a code was last accepted in a session, UTC seconds; None if that is not remembered."""
    return next((code.at for code in _read(remembered) if session and code.place == session), None)


def _given_up(code: _Code, now: float) -> bool:
    return code.place.startswith((f"{_OPENING}:", f"{_LOGON}:")) and not code.at <= now < code.at + OPENING_SECONDS


def _read(remembered: str) -> Iterator[_Code]:
    for word in remembered.split():
        place, _, at = word.rpartition("@")
        yield _Code(place, int(at))


def _written(codes: list[_Code]) -> str:
    return " ".join(f"{code.place}@{code.at}" for code in codes[-REMEMBERED_MAX:])
