"""More users than the host has, for a daemon that is started with them."""

from collections.abc import Mapping
from pathlib import Path


def environment(folder: Path, uids: Mapping[str, int]) -> dict[str, str]:
    """An environment, with files in `folder`, in which NSS knows these names as well; each uid is the group too."""
    people = "".join(f"{name}:x:{uid}:{uid}::/:/bin/false\n" for name, uid in uids.items())
    passwd, group = folder / "passwd", folder / "group"
    passwd.write_text(Path("/etc/passwd").read_text() + people)
    group.write_text(Path("/etc/group").read_text())
    return {
        "LD_PRELOAD": "libnss_wrapper.so",
        "NSS_WRAPPER_PASSWD": str(passwd),
        "NSS_WRAPPER_GROUP": str(group),
    }
