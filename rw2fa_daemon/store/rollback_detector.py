"""Detecting a rollback: a copy of the state folder put back, or a database without its last commits.

A marker is written into the state, then outside of it, every few seconds while something is accepted. If the marker
inside is behind, the state has lost acceptances, and no code from before counts (promise 7). The same holds if the
marker outside is missing, since an attacker who puts a copy back can delete it. A crash between the two writes leaves
the state ahead, which raises no alarm.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rw2fa_daemon.store import floor, rollback_marker
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.vault.vault import Vault

FILE_NAME: Final = "mark"
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_SIZE_MAX: Final = 256

OLDER: Final = "the state is older than it was: a copy was put back, or it lost what was written last"
MISSING: Final = (
    "the mark of the state is not in {file} any more, so that nobody can tell whether the state is older than it was"
)
CONSEQUENCES: Final = (
    "no code, recovery code or bypass from before counts any more, and who is not activated has to be reset"
)


def marker_file(state: Path) -> Path:
    """The file of the marker: beside the state folder, so that no copy of the folder contains it."""
    return state.with_name(f"{state.name}-mark") / FILE_NAME


class RollbackDetector:
    """Compares the two markers whenever the state is opened, and advances them."""

    def __init__(self, file: Path, tell: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        self._file: Final = file
        self._tell: Final = tell
        self._clock: Final = clock
        self._changed = False
        self._known: RollbackMarker | None = None
        """The last marker that this process saw outside, in case the file is deleted while it runs."""
        self.problem = ""
        """Why the marker outside cannot be written; empty if it can."""

    def changed(self) -> None:
        """Note that something was stored since the markers were advanced."""
        self._changed = True

    def opened(self, connection: Connection, vault: Vault, *, replaced: bool) -> bool:
        """Compare the markers of a state just opened; True if it was rolled back, in which case the floor is raised.

        `replaced`: this process had another database open in that place before. Raises the driver's errors.
        """
        outside = self.outside()
        inside = rollback_marker.read(connection, vault)
        if outside is None and inside is not None and inside.begun:
            # Another process may have begun in between; it writes the one outside first.
            outside = self.outside()
            inside = rollback_marker.read(connection, vault)
        if inside is not None and outside is None and not inside.begun:
            self._begin(connection, vault)
        elif inside is None or outside is None or not inside.follows(outside) or (replaced and self._changed):
            self._lost(connection, vault, inside, outside)
            return True
        else:
            self._known = outside
            if read_outside(self._file) is None:
                self._write(outside)
        return False

    def keep(self, connection: Connection, vault: Vault) -> None:
        """Advance the markers, if something was stored since. Raises the driver's errors."""
        outside = self.outside()
        if not self._changed:
            if outside is not None and read_outside(self._file) is None:
                self._write(outside)
            return
        with connection.transaction():
            inside = rollback_marker.read(connection, vault)
            sound = inside is not None and (outside is None or inside.follows(outside))
            if inside is not None and sound:
                inside = inside._replace(steps=inside.steps + 1)
                rollback_marker.write(connection, vault, inside)
        if inside is not None and sound:
            self._changed = False
            self._write(inside)
        else:
            self._lost(connection, vault, inside, outside)

    def outside(self) -> RollbackMarker | None:
        """The marker outside, or the last that this process saw there; None if there is none."""
        return read_outside(self._file) or self._known

    def _begin(self, connection: Connection, vault: Vault) -> None:
        try:
            begin(self._file, connection, vault)
        except OSError as error:
            self._unwritten(error)
        else:
            self._known = read_outside(self._file)

    def _lost(
        self, connection: Connection, vault: Vault, inside: RollbackMarker | None, outside: RollbackMarker | None
    ) -> None:
        after = rollback_marker.beyond(inside, outside)
        with connection.transaction():
            floor.lift_within(connection, vault, int(self._clock()))
            rollback_marker.write(connection, vault, after)
        self._changed = False
        self._write(after)
        happened = MISSING.format(file=self._file) if inside is not None and outside is None else OLDER
        self._tell(f"{happened}; {CONSEQUENCES}")

    def _write(self, what: RollbackMarker) -> None:
        self._known = what
        try:
            write_outside(self._file, what)
        except OSError as error:
            self._unwritten(error)
        else:
            self.problem = ""

    def _unwritten(self, error: OSError) -> None:
        self.problem = f"{self._file} cannot be written ({error.strerror})"


def begin(file: Path, connection: Connection, vault: Vault) -> None:
    """Write the first marker outside of a state, unless there is one. From then on a missing marker raises an alarm.

    For a new state, and for a host that joins others. Raises OSError and the driver's errors.
    """
    inside = rollback_marker.read(connection, vault)
    if inside is None or read_outside(file) is not None:
        return
    # Outside first: a crash in between leaves a state that is still new.
    write_outside(file, inside)
    with connection.transaction():
        inside = rollback_marker.read(connection, vault)
        if inside is not None and not inside.begun:
            inside = inside._replace(steps=1)
            rollback_marker.write(connection, vault, inside)
    if inside is not None:
        write_outside(file, inside)


def read_outside(file: Path) -> RollbackMarker | None:
    """The marker in a file; None if there is none."""
    try:
        with file.open("rb") as stream:
            state, steps = stream.read(_SIZE_MAX).decode("ascii").split()
        return RollbackMarker(bytes.fromhex(state), int(steps))
    except (OSError, ValueError):
        return None


def write_outside(file: Path, what: RollbackMarker) -> None:
    """Write a marker to a file; raises OSError.

    After a power failure the file holds this marker or the previous one, which raises no alarm either. The file belongs
    to the owner of its folder, also if root writes it.
    """
    _make_folder(file.parent, None)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if os.geteuid() == 0:
                status = file.parent.stat()
                os.fchown(stream.fileno(), status.st_uid, status.st_gid)
            stream.write(f"{what.state.hex()} {what.steps}\n".encode())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def make_place(state: Path, owner: tuple[int, int] | None) -> None:
    """Make the folder for the marker of a state if it is missing, for `owner` (uid, gid) if this runs as root.

    Raises `StateProblem`.
    """
    with usable(state):
        _make_folder(marker_file(state).parent, owner)


def forget_marker(state: Path) -> None:
    """Delete the marker of a state that is gone, before a new state is made; raises `StateProblem`."""
    with usable(state):
        marker_file(state).unlink(missing_ok=True)


@contextmanager
def usable(state: Path) -> Iterator[None]:
    """Run a block and turn its OSError into a `StateProblem`: the marker cannot be written."""
    try:
        yield
    except OSError as error:
        folder = marker_file(state).parent
        raise StateProblem(
            f"the mark of the state cannot be kept in {folder}: {error.strerror}",
            f"make sure that {folder} is a folder that this user can write to",
        ) from error


def _make_folder(folder: Path, owner: tuple[int, int] | None) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=FOLDER_MODE)
        if owner is not None and os.geteuid() == 0:
            os.chown(folder, *owner, follow_symlinks=False)
