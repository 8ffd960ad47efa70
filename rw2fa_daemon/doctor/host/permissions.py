"""Owners and modes of files that must belong to root or the daemon alone."""

import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.files.program import check_program

DAEMON_USER: Final = "rw2fa"
_ROOT: Final = 0
_FOR_OTHERS: Final = 0o077
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_EVERYBODY_CONNECTS: Final = 0o666
#: Files of the state that are checked.
FILES_MAX: Final = 1000


def check_permissions(subject: Subject) -> Iterator[Finding]:
    """The socket and its folder, the key, the state, the configuration."""
    yield from _socket(subject)
    yield from _key(subject)
    yield from _state(subject)
    for file in subject.config.files:
        yield from _configuration(subject.path(file), file)


def check_notify(subject: Subject) -> Iterator[Finding]:
    """Whether the program of [enrolment] notify may be run: anybody who can write it could have any program run as
    rw2fa-notify. Raises Problem.
    """
    if subject.config.notify is not None:
        check_program(subject.config.notify)
    yield from ()


def daemon_uid() -> int:
    """The uid that the state belongs to: the daemon's, or root's if there is no such user."""
    try:
        return pwd.getpwnam(DAEMON_USER).pw_uid
    except KeyError:
        return _ROOT


def _status(path: Path) -> "_Status | None":
    try:
        return _Status(path)
    except OSError:
        return None


class _Status:
    """Owner and mode of a file, links followed."""

    def __init__(self, path: Path) -> None:
        status = path.stat()
        self.uid = status.st_uid
        self.mode = stat.S_IMODE(status.st_mode)
        self.is_socket = stat.S_ISSOCK(status.st_mode)


def _wrong(what: str, fix: str) -> Finding:
    return Finding("permissions", ok=False, detail=what, fix=fix)


def _socket(subject: Subject) -> Iterator[Finding]:
    folder = subject.config.socket.parent
    status = _status(subject.path(folder))
    if status is not None and (status.uid != _ROOT or status.mode & _WRITABLE_BY_OTHERS):
        yield _wrong(
            f"{folder} belongs to uid {status.uid} with mode {status.mode:04o}, so the hook trusts no socket in it",
            f"run `chown root {folder}` and `chmod 0755 {folder}`",
        )
    socket = _status(subject.path(subject.config.socket))
    if socket is None:
        return
    if not socket.is_socket:
        yield _wrong(f"{subject.config.socket} is not a socket", "delete it and run `systemctl restart rw2fad.socket`")
    elif socket.uid not in {_ROOT, daemon_uid()}:
        yield _wrong(
            f"{subject.config.socket} belongs to uid {socket.uid}, so the hook does not trust it",
            "find out what created it, delete it, and run `systemctl restart rw2fad.socket`",
        )
    elif socket.mode & _EVERYBODY_CONNECTS != _EVERYBODY_CONNECTS:
        yield _wrong(
            f"{subject.config.socket} has mode {socket.mode:04o}: screen lockers, run by their users, cannot connect",
            f"run `chmod 0666 {subject.config.socket}`",
        )


def _key(subject: Subject) -> Iterator[Finding]:
    path = subject.config.master_key
    status = _status(subject.path(path))
    if status is None:
        return  # a systemd credential may provide it; another check reports whether the state can be opened
    if status.uid != _ROOT or status.mode & _FOR_OTHERS:
        yield _wrong(
            f"the master key {path} belongs to uid {status.uid} with mode {status.mode:04o}: others may have read it",
            f"run `chown root:root {path}` and `chmod 0600 {path}`",
        )


def _state(subject: Subject) -> Iterator[Finding]:
    folder = subject.config.state
    status = _status(subject.path(folder))
    if status is None:
        yield _wrong(f"there is no state in {folder}", "run `rw2fa init`")
        return
    owner = daemon_uid()
    if status.uid != owner or status.mode & _FOR_OTHERS:
        yield _wrong(
            f"{folder} belongs to uid {status.uid} with mode {status.mode:04o}; only uid {owner} may have access",
            f"run `chown -R {owner}: {folder}` and `chmod 0700 {folder}`",
        )
    try:
        files = sorted(path for path in subject.path(folder).iterdir() if not path.is_symlink())[:FILES_MAX]
    except OSError:
        return
    for path in files:
        inner = _status(path)
        if inner is not None and (inner.uid != owner or inner.mode & _FOR_OTHERS):
            name = folder / path.name
            yield _wrong(
                f"{name} belongs to uid {inner.uid} with mode {inner.mode:04o}; only uid {owner} may have access",
                f"run `chown {owner}: {name}` and `chmod go= {name}`",
            )


def _configuration(path: Path, name: Path) -> Iterator[Finding]:
    status = _status(path)
    if status is not None and (status.uid != _ROOT or status.mode & _WRITABLE_BY_OTHERS):
        yield _wrong(
            f"{name} belongs to uid {status.uid} with mode {status.mode:04o}: users other than root can change it",
            f"run `chown root {name}` and `chmod go-w {name}`",
        )
