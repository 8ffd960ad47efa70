"""The private world that the bench runs in: who there is, who takes the log messages, where the disk is.

`bench/run` has unshared mount, network and pid namespaces, so nothing of this reaches the host.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import accounts
from bench.paths import BASE, HOMES, PROGRAMS

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LOG_SOCKETS = ("/dev/log", "/run/systemd/journal/socket")
SSHD_DROPINS = Path("/etc/ssh/sshd_config.d")
NSSWITCH = "passwd: files bench\ngroup: files bench\nshadow: files\n"


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def _replace(path: str, content: str) -> None:
    """Lets everybody in this namespace see `content` as the file `path`."""
    ours = BASE / "etc" / Path(path).name
    ours.parent.mkdir(exist_ok=True)
    ours.write_text(content)
    _mount("--bind", ours, path)


def _private_dev() -> None:
    """Puts a /dev of our own in place: a socket made in the host's would be there for the host too."""
    dev = Path("/run/dev")
    dev.mkdir()
    _mount("-t", "tmpfs", "-o", "mode=0755", "dev", dev)
    for name in DEVICES:
        (dev / name).touch()
        _mount("--bind", f"/dev/{name}", dev / name)
    for name in ("shm", "pts"):
        (dev / name).mkdir()
        _mount("--bind", f"/dev/{name}", dev / name)
    (dev / "fd").symlink_to("/proc/self/fd")
    _mount("--move", dev, "/dev")


def file_system(folder: Path) -> str:
    """The type of the file system that `folder` is on, such as `ext4`."""
    found = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", folder],
        check=True,
        capture_output=True,
        text=True,
    )
    return found.stdout.split()[-1]


def sshd_dropins(folder: Path) -> None:
    """Lets sshd's drop-ins be those in `folder`, on a host that has sshd."""
    if SSHD_DROPINS.is_dir():
        folder.mkdir()
        _mount("--bind", folder, SSHD_DROPINS)
        Path("/run/sshd").mkdir()


@contextmanager
def private_world(disk: Path) -> Iterator[Path]:
    """Everything the measurements need around them, until the block ends.

    Gives `disk` by the path at which it is seen in here, `BASE`.
    """
    _mount("-t", "tmpfs", "-o", "mode=0755", "run", "/run")
    _private_dev()
    # For what stands in for Twilio.
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    BASE.mkdir()
    _mount("--bind", disk, BASE)
    HOMES.mkdir()
    _replace("/etc/nsswitch.conf", NSSWITCH)
    _replace("/etc/group", Path("/etc/group").read_text() + f"{accounts.GROUP}:x:{accounts.GID}:\n")
    os.environ["LD_LIBRARY_PATH"] = str(PROGRAMS)
    Path("/run/systemd/journal").mkdir(parents=True)
    with subprocess.Popen([PROGRAMS / "sink", *LOG_SOCKETS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sink:
        assert sink.stdin is not None
        assert sink.stdout is not None
        sink.stdout.readline()
        yield BASE
        sink.stdin.close()
