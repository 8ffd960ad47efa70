"""Whether the xrdp of this host says where its clients are."""

import re
import shutil
import subprocess
from typing import Final

_FOLDERS: Final = "/usr/local/sbin:/usr/sbin"
_SECONDS: Final = 10
_TELLS: Final = (0, 10)
"""From this version on sesman gives PAM_RHOST."""


def xrdp_tells_addresses() -> bool:
    """Whether it does; so it is where there is none, since xrdp is on another host then."""
    program = shutil.which("xrdp-sesman", path=_FOLDERS)
    if program is None:
        return True
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tells_addresses(told.stdout)


def tells_addresses(version: str) -> bool:
    """Whether an xrdp-sesman does that says this about its version."""
    found = re.search(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= _TELLS
