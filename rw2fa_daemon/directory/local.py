"""Which local names share a uid: to the kernel they are one user.

The worker processes import this, see `nss`.
"""

import os

_FILE = "/etc/passwd"
_FIELDS = 7  # passwd(5)
_UID = 2

_seen: tuple[int, ...] = ()
_shared: dict[int, list[bytes]] = {}


def names_of(uid: int) -> list[bytes]:
    """The local names of a uid in the order of passwd(5) if there are several, else an empty list."""
    return shared().get(uid, [])


def shared() -> dict[int, list[bytes]]:
    """The names of each uid that has more than one; read again when the file has changed."""
    global _seen, _shared  # noqa: PLW0603 -- a worker is a single thread, and has no other place for it
    try:
        status = os.stat(_FILE)  # noqa: PTH116 -- pathlib would double the time of a worker's start
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if stamp != _seen:
            with open(_FILE, "rb") as file:  # noqa: PTH123 -- as above
                _shared = read(file.read())
            _seen = stamp
    except OSError:
        return {}
    return _shared


def read(content: bytes) -> dict[int, list[bytes]]:
    """The same, from the content of passwd(5)."""
    names: dict[int, list[bytes]] = {}
    for line in content.splitlines():
        fields = line.split(b":")
        if len(fields) == _FIELDS and fields[_UID].isdigit():
            names.setdefault(int(fields[_UID]), []).append(fields[0])
    return {uid: found for uid, found in names.items() if len(found) > 1}
