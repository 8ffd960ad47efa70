"""The file system that a folder is on."""

from pathlib import Path
from typing import Final

from rw2fa_daemon.store.problem import StateProblem

MOUNTINFO: Final = Path("/proc/self/mountinfo")

_MOUNT_POINT: Final = 4

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        "9p",
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.cephfs",
        "fuse.curlftpfs",
        "fuse.davfs",
        "fuse.glusterfs",
        "fuse.lizardfs",
        "fuse.mfs",
        "fuse.moosefs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.smbnetfs",
        "fuse.sshfs",
        "gfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "pvfs2",
        "smb3",
        "smbfs",
        "vboxsf",
    }
)
"""Types of proc_pid_mountinfo(5) whose files other hosts may have open: SQLite's write-ahead log
needs memory shared by all its users (https://www.sqlite.org/wal.html#overview)."""


def refuse_network(folder: Path, mountinfo: Path = MOUNTINFO) -> None:
    """Raise `StateProblem` if `folder` is on a file system that several hosts can share."""
    kind = file_system(folder, mountinfo)
    if kind is None:
        raise StateProblem(
            f"it cannot be told which file system the state in {folder} is on: {mountinfo} does not say",
            "make sure that /proc is mounted, also where rw2fa runs in a sandbox",
        )
    if kind in NETWORK_FILE_SYSTEMS:
        raise StateProblem(
            f"the state in {folder} is on a network file system ({kind}), where SQLite can lose or double what it "
            "wrote",
            "set `state` in [paths] to a folder on a local disk",
        )


def file_system(folder: Path, mountinfo: Path = MOUNTINFO) -> str | None:
    """The type of the file system that `folder` is on; None if the table does not say."""
    place = folder.resolve()
    longest, kind = 0, None
    try:
        table = mountinfo.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    for line in table.splitlines():
        mount, _, source = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) <= _MOUNT_POINT:
            continue
        mount_point = Path(_unescaped(fields[_MOUNT_POINT]))
        # The longest mount point that leads to the folder; of two on one point, the later covers.
        if place.is_relative_to(mount_point) and len(mount_point.parts) >= longest:
            longest, kind = len(mount_point.parts), source.split(" ")[0]
    return kind


def _unescaped(field: str) -> str:
    """A path of the table, in which blanks are escaped as three octal digits."""
    head, *escapes = field.split("\\")
    return head + "".join(chr(int(part[:3], 8)) + part[3:] for part in escapes)
