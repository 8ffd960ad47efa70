"""Whether a rollback of the state would be noticed, and whether there was one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.host.permissions import daemon_uid
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.store.rollback_detector import marker_file, read_outside
from rw2fa_daemon.store.rollback_marker import RollbackMarker

_FOR_OTHERS: Final = 0o077


def check_mark(subject: Subject) -> Iterator[Finding]:
    """Whether the mark beside the state exists, is the daemon's alone, and is not ahead of the one in the state."""
    name = marker_file(subject.config.state)
    file = subject.path(name)
    outside = read_outside(file)
    try:
        with subject.store() as store:
            inside = store.mark()
    except Problem:
        # Another check reports it.
        return
    if outside is None:
        yield _missing(name, inside)
        return
    for path, shown in ((file.parent, name.parent), (file, name)):
        status = path.stat()
        if status.st_uid != daemon_uid() or status.st_mode & _FOR_OTHERS:
            yield Finding(
                "mark",
                ok=False,
                detail=f"{shown} belongs to uid {status.st_uid} with mode {status.st_mode & 0o7777:04o}",
                fix=f"run `chown {daemon_uid()}: {shown}` and `chmod go= {shown}`",
            )
    if inside is None or not inside.follows(outside):
        yield Finding(
            "mark",
            ok=False,
            detail="the state was rolled back: an older copy was put back, or it lost the latest changes",
            fix="start rw2fad, which then accepts no code from before; then check `rw2fa audit` and `rw2fa users list`",
        )


def _missing(name: Path, inside: RollbackMarker | None) -> Finding:
    if inside is not None and not inside.begun:
        return Finding(
            "mark", ok=True, detail=f"the state is new, and its mark is not in {name} yet", fix="start rw2fad"
        )
    return Finding(
        "mark",
        ok=False,
        detail=f"the mark of the state is not in {name}: if rw2fad starts without it, no code from before is accepted, "
        "recovery codes are void, and users who are not activated have to be reset",
        fix="find out what removed it, and keep that folder on persistent storage; a running rw2fad writes the mark "
        "again within seconds, as does `rw2fa init` on a host that joins a shared database",
    )
