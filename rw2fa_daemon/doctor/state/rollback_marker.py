"""Whether a state that is older than it was would be noticed, and whether this one is."""

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
    """The mark beside the state: there, nobody else's, and not ahead of the one in the state."""
    name = marker_file(subject.config.state)
    file = subject.path(name)
    outside = read_outside(file)
    try:
        with subject.store() as store:
            inside = store.mark()
    except Problem:
        # Another check says so.
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
            detail="the state is older than it was: a copy was put back, or it lost what was written last",
            fix="start rw2fad, which lets no code from before count; then see `rw2fa audit` and `rw2fa users list`",
        )


def _missing(name: Path, inside: RollbackMarker | None) -> Finding:
    if inside is not None and not inside.begun:
        return Finding("mark", ok=True, detail=f"the state is new, and its mark not in {name} yet", fix="start rw2fad")
    return Finding(
        "mark",
        ok=False,
        detail=f"the mark of the state is not in {name}: where rw2fad starts without it, no code from before counts, "
        "recovery codes are void, and who is not activated has to be reset",
        fix="find out who took it away, and keep that folder where it outlives a restart; a running rw2fad puts it "
        "back within seconds, and `rw2fa init` where this host joins a database of others",
    )
