"""The packets between the pool and a worker: questions one way, answers the other.

A question is the word "find" (an empty packet would read as end of file), the name, then the groups. An answer is a
status, and for a user the name, uid, a field for each group that was asked about (empty: not resolved), the number of
other names of that uid, each with such fields (a plus before the gid: a member), and the gids, packed. Fields are
separated by NUL, which no name contains.
"""

import struct

from rw2fa_daemon.directory.found import Found

NAME_BYTES_MAX = 1024
"""A longer name is unknown without a look-up: the hook sends at most this; Linux allows 256 (LOGIN_NAME_MAX)."""
QUESTION_BYTES_MAX = 65_536
ANSWER_BYTES_MAX = 1 << 19
"""Room for 65,536 groups (NGROUPS_MAX) and for the fields of the largest question."""

FIND = b"find"
FOUND, UNKNOWN, UNAVAILABLE = b"found", b"unknown", b"unavailable"
_SEPARATOR = b"\0"
_ENCODING = ("utf-8", "surrogateescape")


def question(typed: str, groups: tuple[str, ...]) -> bytes | None:
    """The packet for a look-up; None if a name contains a NUL or is not text, or the packet would be too long."""
    try:
        fields = [name.encode(*_ENCODING) for name in (typed, *groups)]
    except UnicodeEncodeError:
        return None
    packet = _SEPARATOR.join([FIND, *fields])
    whole = packet.count(_SEPARATOR) == 1 + len(groups)
    return packet if whole and len(fields[0]) <= NAME_BYTES_MAX and len(packet) <= QUESTION_BYTES_MAX else None


def parse_question(packet: bytes) -> tuple[str, tuple[str, ...]]:
    """The name and the groups in a packet made by `question`."""
    _, typed, *groups = packet.split(_SEPARATOR)
    return typed.decode(*_ENCODING), tuple(group.decode(*_ENCODING) for group in groups)


def answer(found: Found) -> bytes:
    """The packet for a user."""
    groups = [b"" if gid is None else b"%d" % gid for gid in found.groups]
    gids = struct.pack(f"={len(found.gids)}I", *found.gids)
    others = [field for other in found.others for field in _other(other)]
    name, count = found.name.encode(*_ENCODING), b"%d" % len(found.others)
    return _SEPARATOR.join([FOUND, name, b"%d" % found.uid, *groups, count, *others, gids])


def _other(found: Found) -> list[bytes]:
    held = set(found.gids)
    groups = [b"" if gid is None else (b"+%d" if gid in held else b"%d") % gid for gid in found.groups]
    return [found.name.encode(*_ENCODING), *groups]


def parse_answer(packet: bytes, groups: int) -> Found | None:
    """The user in an answer to a question about `groups` groups; None for UNKNOWN.

    Raises ValueError for UNAVAILABLE and for every packet that `answer` does not make.
    """
    if packet == UNKNOWN:
        return None
    status, name, uid, *resolved, count, rest = packet.split(_SEPARATOR, 4 + groups)
    if status != FOUND or len(resolved) != groups:
        raise ValueError(status)
    fields = int(count) * (1 + groups)
    *others, gids = rest.split(_SEPARATOR, fields)
    if len(others) != fields or len(gids) % 4:
        raise ValueError(status)
    return Found(
        name.decode(*_ENCODING),
        int(uid),
        list(struct.unpack(f"={len(gids) // 4}I", gids)),
        [int(gid) if gid else None for gid in resolved],
        tuple(_parse_other(others[at : at + 1 + groups], int(uid)) for at in range(0, fields, 1 + groups)),
    )


def _parse_other(fields: list[bytes], uid: int) -> Found:
    name, *groups = fields
    held = [int(gid) for gid in groups if gid.startswith(b"+")]
    return Found(name.decode(*_ENCODING), uid, held, [int(gid) if gid else None for gid in groups])
