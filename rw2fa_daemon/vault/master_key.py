"""The key that the state is encrypted under, as a file."""

import base64
import binascii
import contextlib
import os
import re
import secrets
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.files.folder import sync_folder

KEY_BYTES: Final = 32
CREDENTIAL: Final = "rw2fa.master-key"
"""The name under which systemd hands the key to the daemon (systemd.exec(5), LoadCredential=)."""

_NO_CREDENTIAL: Final = b"none"
"""What rw2fad.service hands over where it found no key, so that the daemon starts and says so."""

_FILE_MODE: Final = 0o600
_FORBIDDEN_IN_FILE: Final = 0o077
# systemd gives a credential to the unit's user by an ACL where the file system has them, and
# the mask of an ACL shows as the group's bits: 0440 is what a private credential looks like.
_FORBIDDEN_IN_CREDENTIAL: Final = 0o037
_SIZE_MAX: Final = 4096
_LINE: Final = re.compile(r"(?P<number>[0-9]{1,5}):(?P<key>[A-Za-z0-9_-]{43}=?)")
_NUMBER_MAX: Final = 0xFFFF
_FIRST_NUMBER: Final = 1
KEYS_MAX: Final = 8
"""Master keys in one file: two while one is changed, more where that was begun again on several hosts."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The 32 bytes that all keys are derived from, and the number that sealed values carry.

    `older` are those that it is taking the place of, the newest first: they still open.
    """

    number: int
    key: Secret
    older: tuple["MasterKey", ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of this key and of the older ones."""
        return (self.number, *(key.number for key in self.older))


def load_master_key(path: Path) -> MasterKey:
    """The master key: from the systemd credential if there is one, else from `path`.

    Raises `Problem` if it cannot be read, is no master key, or others than its owner may have
    read or written it. The owner must be root or the user that this process runs as.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is not None and (credential := Path(folder, CREDENTIAL)).exists():
        content = _read(credential, _FORBIDDEN_IN_CREDENTIAL)
        if content == _NO_CREDENTIAL:
            raise Problem(
                f"there is no master key in {path}",
                "put it back from your copy or, on a new host, make one with `rw2fa init`; then restart rw2fad",
            )
        return parsed(content, str(credential))
    return parsed(_read(path, _FORBIDDEN_IN_FILE), str(path))


def create_master_key(path: Path) -> None:
    """Draw a master key and write it to `path`, mode 0600.

    The file appears complete and on disk or not at all, and an existing one is never replaced:
    without it the state is lost. Raises `Problem` where that cannot be done.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write(draft, written(MasterKey(_FIRST_NUMBER, _drawn())))
            # A link, unlike a rename, fails if the name is taken.
            os.link(draft, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        sync_folder(path.parent)
    except FileExistsError:
        raise Problem(
            f"there is a master key in {path} already",
            "keep it: what is stored can be read with that one only",
        ) from None
    except OSError as error:
        raise Problem(
            f"the master key cannot be written to {path}: {error.strerror}",
            f"make sure that {path.parent} is a folder that this user can write to, and that its disk has room",
        ) from error


def successor(current: MasterKey) -> MasterKey:
    """A new master key, drawn at random, that has the present ones with it. Raises `Problem` if there are too many."""
    if len(current.numbers) == KEYS_MAX or current.number == _NUMBER_MAX:
        raise Problem(
            f"there are {len(current.numbers)} master keys already, the latest of them number {current.number}",
            "finish the change of the key that was begun: `rw2fa key rotate`",
        )
    return MasterKey(current.number + 1, _drawn(), (replace(current, older=()), *current.older))


def replace_master_key(path: Path, master_key: MasterKey) -> None:
    """Write this master key, and those that it has with it, in place of the file at `path`.

    A reader sees the old file or the new one, which is on disk when this returns. Raises `Problem`.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write(draft, written(master_key))
            draft.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise Problem(
            f"the master key cannot be written to {path}: {error.strerror}",
            f"make sure that {path.parent} is a folder that this user can write to, and that its disk has room; "
            "then run the command again",
        ) from error


def written(master_key: MasterKey) -> bytes:
    """The content of a key file: a line `NUMBER:KEY` for each, the newest first."""
    keys = (master_key, *master_key.older)
    return b"".join(b"%d:%s\n" % (key.number, base64.urlsafe_b64encode(key.key.reveal()).rstrip(b"=")) for key in keys)


def parsed(content: bytes, where: str) -> MasterKey:
    """What `written` gave. Raises `Problem`, which names `where` it comes from, for anything else."""
    lines = content.decode("ascii", "replace").splitlines()
    keys = [_parsed_line(line) for line in lines[:KEYS_MAX]]
    sound = sorted((key for key in keys if key is not None), key=lambda key: -key.number)
    if sound and len(sound) == len(lines) == len({key.number for key in sound}):
        return replace(sound[0], older=tuple(sound[1:]))
    raise Problem(
        f"the master key {where} is not one line `NUMBER:KEY`, or one for each key while it is changed, with keys of "
        f"{KEY_BYTES} bytes in base64url",
        "put it back from your copy",
    )


def _parsed_line(line: str) -> MasterKey | None:
    found = _LINE.fullmatch(line)
    if found is not None and _FIRST_NUMBER <= (number := int(found["number"])) <= _NUMBER_MAX:
        with contextlib.suppress(binascii.Error):
            return MasterKey(number, Secret(base64.urlsafe_b64decode(found["key"].rstrip("=") + "=")))
    return None


def _drawn() -> Secret:
    return Secret(os.urandom(KEY_BYTES))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(stream.fileno(), _FILE_MODE)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path, forbidden: int) -> bytes:
    """The content of `path`, checked on the open file so that it cannot be swapped in between."""
    try:
        # Non-blocking, or a FIFO in its place would hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Problem(
            f"there is no master key in {path}",
            "put it back from your copy or, on a new host, make one with `rw2fa init`",
        ) from None
    except OSError as error:
        raise Problem(
            f"the master key in {path} cannot be read: {error.strerror}",
            "run this as root; a unit that runs as another user gets it by "
            f"`LoadCredential={CREDENTIAL}:/etc/rw2fa/master.key`",
        ) from error
    try:
        _refuse_unsafe(path, os.fstat(descriptor), forbidden)
        return os.read(descriptor, _SIZE_MAX)
    finally:
        os.close(descriptor)


def _refuse_unsafe(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Problem(f"the master key {path} is not a file", "put the file itself there")
    if status.st_uid not in (0, os.geteuid()):
        raise Problem(
            f"the master key {path} belongs to uid {status.st_uid}, who may have read or replaced it",
            f"find out how that came about, then `chown root: {path}`",
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & forbidden:
        raise Problem(
            f"the master key {path} has mode {mode:04o}, which lets others read or replace it",
            f"find out how that came about, then `chmod 0600 {path}`",
        )
