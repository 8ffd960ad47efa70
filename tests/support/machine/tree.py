"""The folders that a machine boots from: Debian's, made once and kept, and the project's, as `make install` lays it."""

from __future__ import annotations

import fcntl
import hashlib
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
KEPT_UNDER: Final = REPOSITORY / "build" / "system"

PASSWORD: Final = "wonderland"
"""Of every account that the tree has, so that a test can sign in."""

ACCOUNTS: Final = ("alice", "bob")

PACKAGES: Final = (
    *("systemd", "systemd-sysv", "dbus", "procps", "python3", "ca-certificates"),
    *("libpam-modules", "libpam-runtime", "libnss-systemd", "login", "openssh-client", "openssh-server", "sudo"),
    *("pkexec", "systemd-container"),
)

# Nothing that wakes up by itself, fetches, or waits for a network in the second that a machine lives.
_MASKED: Final = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer")

_PROJECT_INPUTS: Final = ("Makefile", "setup.cfg", "requirements/runtime.txt")
_PROJECT_FOLDERS: Final = ("rw2fa_daemon", "rw2fa_portal", "systemd", "etc", "pam_hook", "script")


def debian_tree() -> Path:
    """A Debian of the host's own release with `PACKAGES` and `ACCOUNTS`; made from the host's package sources.

    Raises subprocess.CalledProcessError with what mmdebstrap said.
    """
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    sources = list(_package_sources(release))
    made_by = Path(__file__).read_bytes() + b"".join(path.read_bytes() for path in sources) + release.encode()
    return _kept("debian", made_by, lambda target: _make_debian(target, release, sources))


def project_tree() -> Path:
    """What `make install` puts into an empty DESTDIR."""
    files = sorted(path for folder in _PROJECT_FOLDERS for path in (REPOSITORY / folder).rglob("*") if path.is_file())
    inputs = [*(REPOSITORY / name for name in _PROJECT_INPUTS), *(p for p in files if "__pycache__" not in p.parts)]
    state = b"".join(str(path).encode() + b"\0" + path.read_bytes() for path in inputs)
    return _kept("project", state, _install_project)


def _make_debian(target: Path, release: str, sources: Iterable[Path]) -> None:
    accounts = "".join(
        f"useradd --create-home --shell /bin/bash {name}; echo {name}:{PASSWORD} | chpasswd; " for name in ACCOUNTS
    )
    _run(
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
        *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"),
        f'--customize-hook=chroot "$1" sh -euc "{accounts}"',
        f'--customize-hook=systemctl --quiet --root="$1" mask {" ".join(_MASKED)}',
        # An empty file: systemd makes an id at boot, in the machine's own layer.
        '--customize-hook=: >"$1/etc/machine-id"; echo machine >"$1/etc/hostname"',
        *(release, str(target), *map(str, sources)),
    )


def _install_project(target: Path) -> None:
    _run("make", "--no-print-directory", "-C", str(REPOSITORY), "install", f"DESTDIR={target}")


def _run(*argv: str) -> None:
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stdout[-4000:]}")


def _package_sources(release: str) -> Iterator[Path]:
    """The files under /etc/apt that name the release's packages: where a host gets packages is its own business."""
    candidates = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for path in candidates:
        if path.suffix in {".list", ".sources"} and path.is_file():
            words = re.sub(r"(?m)#.*$", "", path.read_text())
            if re.search(rf"\b{release}\b", words) and "debian" in words:
                yield path


def _kept(kind: str, made_from: bytes, make: Callable[[Path], None]) -> Path:
    """The folder for what it is made from; made now if nobody did, by one process at a time.

    Older ones are removed, unless a process that got one from here still runs.
    """
    target = KEPT_UNDER / f"{kind}-{hashlib.sha256(made_from).hexdigest()[:16]}"
    KEPT_UNDER.mkdir(parents=True, exist_ok=True)
    with _lock_file(kind) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.name not in _in_use:
            _in_use[target.name] = _lock_file(target.name)
            fcntl.flock(_in_use[target.name], fcntl.LOCK_SH)
        if not target.exists():
            for old in KEPT_UNDER.glob(f"{kind}-????????????????"):
                _remove_unless_used(old)
            unfinished = KEPT_UNDER / f"unfinished-{kind}"
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(target)
    return target


_in_use: Final[dict[str, IO[str]]] = {}
"""Open and locked for as long as this process runs: machines boot from these folders."""


def _lock_file(name: str) -> IO[str]:
    return (KEPT_UNDER / f"{name}.lock").open("w")


def _remove_unless_used(tree: Path) -> None:
    with _lock_file(tree.name) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(tree)
        Path(lock.name).unlink()
