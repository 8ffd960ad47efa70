"""One complete look-up of a user through libc. Blocks for as long as the directory does.

The worker processes import this, hence no dataclasses, enum or typing: those would cost them 3 MB and half of their
start-up time. `request` returns the same answers as `User` or `Missing`.
"""

import ctypes
import errno
import grp
import os
from collections.abc import Container
from collections.abc import Set as AbstractSet

from rw2fa_daemon.directory import local
from rw2fa_daemon.directory.found import Found

_ENCODING = ("utf-8", "surrogateescape")
_FIRST_BUFFER = 1024
_LARGEST_BUFFER = 1 << 20
_FIRST_GIDS = 64
_LARGEST_GIDS = 65_536  # NGROUPS_MAX
OTHERS_MAX = 256
"""Names of one uid that are examined; users with more of them are refused."""


class NotAnswered(Exception):
    """NSS failed: it returned neither an entry nor "not found"."""


def find(typed: str, groups: tuple[str, ...]) -> Found | None:
    """Looks up `typed`, and whether the user is in `groups`. None: NSS says that there is no such user.

    getgrouplist(3) silently omits the groups of a service that does not answer. A group that the user
    seems not to be in therefore counts as resolved only if NSS returns the same gid for it before and after that call,
    and does not itself list the user as a member.

    `others` are the other names of the uid: the one that NSS returns for it, and the local ones.

    Raises NotAnswered if getpwnam_r(3), getpwuid_r(3) or getgrouplist(3) report a failure.
    """
    before = [group_now(group) for group in groups]
    user = _user(typed)
    if user is None:
        return None
    others = [_member(other, groups, before) for other in _others(user)]
    for other in others:
        asked_about = set(other.groups)
        other.gids = [gid for gid in other.gids if gid in asked_about]
    found = _member(user, groups, before)
    found.others = tuple(others)
    return found


def user_now(typed: str, room: "Room", *, with_gids: bool = True) -> tuple[bytes, int, list[int]] | None:
    """Canonical name, uid and, if wanted, gids; None: there is no such user. Raises NotAnswered."""
    user = _user(typed, room)
    if user is None:
        return None
    name, uid, primary = user
    return name, uid, _gids(name, primary) if with_gids else []


def _member(user: "_User", groups: tuple[str, ...], before: "list[tuple[int, list[str]] | None]") -> Found:
    name, uid, primary = user
    gids = _gids(name, primary)
    held = set(gids)
    resolved: list[int | None] = []
    for group, seen in zip(groups, before, strict=True):
        needed = seen is not None and seen[0] not in held
        resolved.append(settled(name, held, seen, group_now(group) if needed else seen))
    return Found(name.decode(*_ENCODING), uid, gids, resolved)


def _others(user: "_User") -> "list[_User]":
    """The other names of a user's uid, except those that no longer exist, or have another uid by now."""
    name, uid, _ = user
    by_uid = _user_of(uid)
    names = dict.fromkeys([by_uid[0]] if by_uid else [])
    names.update(dict.fromkeys(local.names_of(uid)))
    names.pop(name, None)
    if len(names) > OTHERS_MAX:
        raise NotAnswered("too many names have this uid")
    found = [_by_name(other) for other in names]
    return [other for other in found if other is not None and other[1] == uid and other[0] != name]


def settled(
    name: bytes,
    held: AbstractSet[int],
    before: tuple[int, Container[str]] | None,
    after: tuple[int, Container[str]] | None,
) -> int | None:
    """The gid of a group, None while it is not certain whether the user with the gids `held` is in it.

    `before` and `after` are what `group_now` returned before and after those gids were looked up.
    """
    if before is None or before[0] in held:
        return before and before[0]
    member = os.fsdecode(name)
    if after is None or after[0] != before[0] or member in before[1] or member in after[1]:
        return None
    return after[0]


def group_now(group: str) -> tuple[int, list[str]] | None:
    """The gid of a group and the members that NSS lists; None: it is unknown."""
    try:
        # Python uses the locale's encoding, NSS none: ours is always UTF-8.
        entry = grp.getgrnam(os.fsdecode(group.encode(*_ENCODING)))
    except (KeyError, ValueError, OSError):  # not found or no answer; a NUL or a lone surrogate
        return None
    return entry.gr_gid, entry.gr_mem


class _Passwd(ctypes.Structure):
    _fields_ = (
        ("pw_name", ctypes.c_char_p),
        ("pw_passwd", ctypes.c_char_p),
        ("pw_uid", ctypes.c_uint),
        ("pw_gid", ctypes.c_uint),
        ("pw_gecos", ctypes.c_char_p),
        ("pw_dir", ctypes.c_char_p),
        ("pw_shell", ctypes.c_char_p),
    )


class Room:
    """The buffers for an entry of passwd: for one look-up at a time, reusable for many."""

    def __init__(self) -> None:
        self.entry = _Passwd()
        self.found = ctypes.c_void_p()
        self.entry_at = ctypes.byref(self.entry)
        self.found_at = ctypes.byref(self.found)
        self.take(_FIRST_BUFFER)

    def take(self, size: int) -> None:
        """Allocate a buffer of `size` bytes for its texts."""
        self.size = size
        self.buffer = ctypes.create_string_buffer(size)


# `pwd` raises KeyError both for "no such user" and for a failure; the return code of libc's function reveals some of
# the failures (docs/decisions/0010).
_libc = ctypes.CDLL(None)
_getpwnam_r = _libc.getpwnam_r
_getpwnam_r.restype = ctypes.c_int
_getpwnam_r.argtypes = (
    ctypes.c_char_p,
    ctypes.POINTER(_Passwd),
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_void_p),
)
_getpwuid_r = _libc.getpwuid_r
_getpwuid_r.restype = ctypes.c_int
_getpwuid_r.argtypes = (ctypes.c_uint, *_getpwnam_r.argtypes[1:])
# os.getgrouplist does not accept names that are not UTF-8.
_getgrouplist = _libc.getgrouplist
_getgrouplist.restype = ctypes.c_int
_getgrouplist.argtypes = (ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(ctypes.c_uint), ctypes.POINTER(ctypes.c_int))


_User = tuple[bytes, int, int]
"""Canonical name, uid and primary gid."""


def _user(typed: str, room: Room | None = None) -> _User | None:
    """None: there is no such user."""
    try:
        asked = typed.encode(*_ENCODING)
    except UnicodeEncodeError:  # a lone surrogate, which stands for no byte
        return None
    return None if b"\0" in asked else _by_name(asked, room)


def _by_name(name: bytes, room: Room | None = None) -> _User | None:
    """getpwnam_r(3)."""
    return _entry(_getpwnam_r, name, room or Room())


def _user_of(uid: int) -> _User | None:
    """getpwuid_r(3)."""
    return _entry(_getpwuid_r, uid, Room())


def _entry(function: "ctypes._NamedFuncPointer", key: bytes | int, room: Room) -> _User | None:
    while True:
        code = function(key, room.entry_at, room.buffer, room.size, room.found_at)
        if code == errno.ERANGE and room.size < _LARGEST_BUFFER:
            room.take(2 * room.size)
        elif code != errno.EINTR:
            break
    if code != 0:
        raise NotAnswered(os.strerror(code))
    if room.found.value is None:
        return None
    entry = room.entry
    return entry.pw_name, entry.pw_uid, entry.pw_gid


def _gids(name: bytes, primary: int) -> list[int]:
    """getgrouplist(3): the primary gid and those of all groups, as far as the services answer."""
    size = _FIRST_GIDS
    while size <= _LARGEST_GIDS:
        count = ctypes.c_int(size)
        gids = (ctypes.c_uint * size)()
        if _getgrouplist(name, primary, gids, ctypes.byref(count)) >= 0:
            return gids[: count.value]
        size = max(size * 2, count.value)
    raise NotAnswered("more groups than Linux allows")
