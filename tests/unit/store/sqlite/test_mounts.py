"""Which file system a folder is on, by the table that the kernel gives."""

from pathlib import Path

import pytest

from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.sqlite.mounts import NETWORK_FILE_SYSTEMS, file_system, refuse_network

TABLE = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
23 22 0:21 / /srv rw,relatime shared:5 - nfs4 server:/export rw,vers=4.2
24 23 254:1 / /srv/local rw,relatime - xfs /dev/vdb rw
25 22 0:30 / /srv/with\040blank\134back rw - fuse.sshfs me@there: rw
26 22 0:31 / /mnt rw - cifs //server/share rw
27 26 0:32 / /mnt rw master:1 propagate_from:2 unbindable - tmpfs tmpfs rw
"""


@pytest.fixture
def mountinfo(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/var/lib/rw2fa", "ext4"),
        ("/srvx", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/rw2fa", "nfs4"),
        ("/srv/local/rw2fa", "xfs"),
        ("/srv/with blank\\back/rw2fa", "fuse.sshfs"),
        ("/mnt/rw2fa", "tmpfs"),
        ("/srv/local/../rw2fa", "nfs4"),
    ],
)
def test_the_longest_and_latest_mount_point_counts(mountinfo: Path, folder: str, kind: str) -> None:
    assert file_system(Path(folder), mountinfo) == kind


def test_a_link_into_a_network_file_system_is_followed(mountinfo: Path, tmp_path: Path) -> None:
    link = tmp_path / "state"
    link.symlink_to("/srv/rw2fa")
    with pytest.raises(StateProblem, match="nfs4"):
        refuse_network(link, mountinfo)


def test_this_machine_has_such_a_table(tmp_path: Path) -> None:
    assert file_system(tmp_path) not in {"", *NETWORK_FILE_SYSTEMS}
    refuse_network(tmp_path)


@pytest.mark.parametrize("content", [None, "", "garbage\n", "1 2 3 - nfs\n", "1 2 3 4 - nfs\n"])
def test_where_nobody_can_tell_the_state_is_refused(tmp_path: Path, content: str | None) -> None:
    mountinfo = tmp_path / "mountinfo"
    if content is not None:
        mountinfo.write_text(content)
    with pytest.raises(StateProblem, match=r"cannot be told which file system .*; make sure that /proc is mounted"):
        refuse_network(tmp_path, mountinfo)
