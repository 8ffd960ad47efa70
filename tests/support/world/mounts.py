"""The file systems of a world, mounted from inside its mount namespace."""

import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.world.errors import WorldUnavailable
from tests.support.world.paths import DEVICE_FOLDERS, DEVICES, OVERLAID, REPOSITORY, SCAFFOLD


def mount_everything(layers: Sequence[Path]) -> None:
    """Covers what the host owns, with the files of `layers` on top of it.

    Raises WorldUnavailable with mount(8)'s words when the machine forbids it.
    """
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    SCAFFOLD.mkdir(mode=0o755)
    (Path("/run") / "lock").mkdir(mode=0o1777)
    repository = SCAFFOLD / "repository"
    repository.mkdir()
    _mount("--rbind", str(REPOSITORY), str(repository))
    for folder in OVERLAID:
        if Path(folder).is_dir():
            _overlay(folder, [layer / folder.strip("/") for layer in layers])
    if not Path(__file__).exists():
        # The repository is a mount of its own below an overlaid folder, and overlays do not show what is mounted there.
        REPOSITORY.mkdir(parents=True, exist_ok=True)
        _mount("--rbind", str(repository), str(REPOSITORY))
    _open_the_way()
    _devices()


def _open_the_way() -> None:
    """Lets everybody through to the repository: an overlay shows a folder of root's alone as it is on the host.

    Only below overlaid folders, whose modes are the world's own.
    """
    for folder in REPOSITORY.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH and any(Path(overlaid) in folder.parents for overlaid in OVERLAID):
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _overlay(folder: str, layers: Sequence[Path]) -> None:
    own = SCAFFOLD / folder.strip("/")
    upper, work = own / "upper", own / "work"
    upper.mkdir(parents=True)
    work.mkdir()
    lower = Path(folder).stat()
    upper.chmod(lower.st_mode & 0o7777)  # the merged folder shows the mode of the upper one
    lowers = ":".join([*(str(layer) for layer in layers if layer.is_dir()), folder])
    _mount("-t", "overlay", "-o", f"lowerdir={lowers},upperdir={upper},workdir={work}", "overlay", folder)


def _devices() -> None:
    """A /dev of our own, so that /dev/log can be made without making it on the host. The ptys stay the host's."""
    new = SCAFFOLD / "dev"
    new.mkdir()
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(new))
    for name in DEVICES:
        (new / name).touch()
        _mount("--bind", f"/dev/{name}", str(new / name))
    # Not a bind mount: opening it finds the devpts instance beside the node itself.
    os.mknod(new / "ptmx", stat.S_IFCHR | 0o666, os.makedev(5, 2))
    (new / "ptmx").chmod(0o666)
    for name in DEVICE_FOLDERS:
        (new / name).mkdir()
        _mount("--rbind", f"/dev/{name}", str(new / name))
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (new / name).symlink_to(f"/proc/self/{target}")
    _mount("--rbind", str(new), "/dev")


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WorldUnavailable(f"mount {' '.join(arguments)}: {done.stderr.strip()}")
