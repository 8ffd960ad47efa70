"""A listening socket of our own, where systemd passes none."""

import socket
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

BACKLOG: Final = 1_024
SOCKET_MODE: Final = 0o666
FOLDER_MODE: Final = 0o755


def own_listener(path: Path, mode: int = SOCKET_MODE) -> socket.socket:
    """A socket bound to `path`, in place of one without a listener."""
    try:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        _remove_stale(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(path))
        path.chmod(mode)
        listener.listen(BACKLOG)
    except OSError as error:
        raise Problem(f"cannot listen at {path} ({error.strerror})", "check [paths] socket and its folder") from error
    return listener


def _remove_stale(path: Path) -> None:
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise Problem(f"{path} is not a socket", "move it away, or set [paths] socket to another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError:
            # It answers, however slowly.
            pass
    raise Problem(f"another daemon listens at {path}", "stop it first, or set [paths] socket to another path")
