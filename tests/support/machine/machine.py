"""One booted machine."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.closing import Closing
from tests.support.machine.tree import debian_tree, project_tree
from tests.support.world.terminal import Terminal

_BOOT_SECONDS: Final = 120.0
_ENVIRONMENT: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "xterm",
}
_numbers = itertools.count(1)

# In a mount namespace of its own: everything is gone with the last process. The second tmpfs keeps what nspawn leaves
# in /run away from the host.
_START: Final = """
set -eu
for folder in $CGROUPS; do echo $$ >"$folder/cgroup.procs"; done
mount -t tmpfs tmpfs "$SCRATCH"
mkdir "$SCRATCH/upper" "$SCRATCH/work" "$SCRATCH/root"
mount -t overlay overlay -o "lowerdir=$LAYERS,upperdir=$SCRATCH/upper,workdir=$SCRATCH/work" "$SCRATCH/root"
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
exec systemd-nspawn --quiet --boot --directory="$SCRATCH/root" --machine="$NAME" --register=no --keep-unit \
    --console=pipe --resolv-conf=off --timezone=off --link-journal=no --private-network \
    --system-call-filter='bpf @keyring adjtimex clock_adjtime'
"""


class MachineUnavailable(Exception):
    """This host cannot boot a machine; the argument says why."""


class Machine(Closing):
    """A booted machine: a context manager that ends everything in it.

    `files` (path to content) are put in before it boots; `enabled` are units that start with it.
    """

    def __init__(self, files: Mapping[str, str] | None = None, enabled: Sequence[str] = ("rw2fad.socket",)) -> None:
        """Boots. Raises MachineUnavailable, with the reason, where the host does not permit it."""
        if os.geteuid() != 0:
            raise MachineUnavailable("booting a machine needs root")
        for program in ("systemd-nspawn", "mmdebstrap", "nsenter", "unshare"):
            if shutil.which(program) is None:
                raise MachineUnavailable(f"{program} is missing; script/bootstrap installs it")
        layers = [project_tree(), debian_tree()]

        self.name = f"rw2fa-{os.getpid()}-{next(_numbers)}"
        self._scratch = Path(tempfile.mkdtemp(prefix="rw2fa-machine-"))
        self._prepared = Path(tempfile.mkdtemp(prefix="rw2fa-prepared-"))
        self._cgroups = _make_cgroups(self.name)
        self._log = (self._scratch.parent / f"{self.name}.log").open("w+b")
        self.pid = 0
        try:
            self._prepare(files or {}, enabled)
            self._nspawn = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", _START],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env={
                    **_ENVIRONMENT,
                    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
                    "CGROUPS": " ".join(map(str, self._cgroups)),
                    "SCRATCH": str(self._scratch),
                    "LAYERS": ":".join(map(str, [self._prepared, *layers])),
                    "NAME": self.name,
                },
            )
            self._wait_for_boot()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends every process of the machine and removes its files."""
        nspawn = getattr(self, "_nspawn", None)
        if nspawn is not None and nspawn.poll() is None:
            # Twice: the second says that nobody needs an orderly shutdown. KILL would leave the container behind.
            nspawn.send_signal(signal.SIGTERM)
            nspawn.send_signal(signal.SIGTERM)
            try:
                nspawn.wait(20)
            except subprocess.TimeoutExpired:
                if self.pid:
                    os.kill(self.pid, signal.SIGKILL)
                nspawn.kill()
                nspawn.wait()
        self._log.close()
        Path(self._log.name).unlink(missing_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)
        shutil.rmtree(self._prepared, ignore_errors=True)
        for cgroup in self._cgroups:
            _remove_cgroup(cgroup)

    # --- what happens inside -----------------------------------------------------------------------------------------

    def path(self, inside: str) -> Path:
        """Where a file of the machine is for the test, as root; symbolic links in it must be relative."""
        return Path(f"/proc/{self.pid}/root") / inside.lstrip("/")

    def run(
        self, *argv: str, check: bool = True, typed: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program inside, as root; standard output and error are kept apart, as text."""
        done = subprocess.run(
            [*self._enter(), *argv],
            check=False,
            capture_output=True,
            text=True,
            input=typed,
            timeout=timeout,
            env=_ENVIRONMENT,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(argv)}: exit status {done.returncode}\n{done.stdout}{done.stderr}\n{self.journal()}"
            )
        return done

    def terminal(self, *argv: str, timeout: float = 60) -> Terminal:
        """Runs a program inside on a terminal."""
        variables = [f"{name}={value}" for name, value in _ENVIRONMENT.items()]
        return Terminal([*self._enter(), "env", "-i", *variables, *argv], timeout)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit, as `systemctl show` has them."""
        printed = self.run("systemctl", "show", f"--property={','.join(properties)}", unit).stdout
        return dict(line.split("=", 1) for line in printed.splitlines())

    def state(self, unit: str) -> str:
        """`active`, `inactive`, `activating`, `failed` …"""
        return self.show(unit, "ActiveState")["ActiveState"]

    def records(self, *matches: str) -> list[dict[str, Any]]:
        """Journal records that match, oldest first."""
        self.run("journalctl", "--sync")
        printed = self.run("journalctl", "--no-pager", "--output=json", *matches).stdout
        return [json.loads(line) for line in printed.splitlines()]

    def journal(self, unit: str = "rw2fad.service") -> str:
        """What a unit, and systemd about it, said, as text."""
        return self.run("journalctl", "--no-pager", "--output=short-monotonic", f"--unit={unit}", check=False).stdout

    def eventually(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Waits until `holds()`; fails with the verifier's journal when that takes too long."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:g} s for {what}\n{self.journal()}")
            time.sleep(0.05)

    # --- how it gets there -------------------------------------------------------------------------------------------

    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--all"]

    def _prepare(self, files: Mapping[str, str], enabled: Sequence[str]) -> None:
        self._prepared.chmod(0o755)
        for inside, content in files.items():
            target = self._prepared / inside.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        wants = self._prepared / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        for unit in enabled:
            (wants / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")

    def _wait_for_boot(self) -> None:
        deadline = time.monotonic() + _BOOT_SECONDS
        answer = "it has no process 1"
        while time.monotonic() < deadline:
            if self._nspawn.poll() is not None:
                raise MachineUnavailable(f"systemd-nspawn ended at once: {self._said()}")
            self.pid = self.pid or _first_process_inside(self._nspawn.pid)
            if self.pid:
                asked = self.run("systemctl", "is-system-running", "--wait", check=False)
                answer = asked.stdout.strip() or asked.stderr.strip()
                if answer in {"running", "degraded"}:
                    return
            time.sleep(0.02)
        raise MachineUnavailable(f"it did not boot within {_BOOT_SECONDS:g} s: {answer}; {self._said()}")

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2000:].strip()


def _first_process_inside(nspawn: int) -> int:
    """The process below nspawn that is number 1 in its own namespace, in our numbering; 0 while there is none."""
    try:
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            started = Path(f"/proc/{child}/comm").read_text().strip() == "systemd"
            if len(numbers) > 1 and numbers[-1] == "1" and started:
                return int(child)
    except (FileNotFoundError, ProcessLookupError):
        # A child that ends between open() and read() of its file gives ESRCH; it is looked for again.
        pass
    return 0


def _make_cgroups(name: str) -> list[Path]:
    """A group in each hierarchy that systemd uses; nspawn would otherwise take over the one that the tests are in."""
    top = Path("/sys/fs/cgroup")
    roots = [top] if (top / "cgroup.procs").exists() else [top / "unified", top / "systemd"]
    made = []
    for root in roots:
        if (root / "cgroup.procs").exists():
            try:
                (root / name).mkdir()
            except OSError as problem:
                raise MachineUnavailable(f"no control group can be made under {root}: {problem.strerror}") from None
            made.append(root / name)
    return made


def _remove_cgroup(cgroup: Path) -> None:
    """Removes a control group and what nspawn left in it; a group that is still in use stays."""
    for below in sorted((path for path in cgroup.rglob("*") if path.is_dir()), reverse=True):
        try:
            below.rmdir()
        except OSError:
            return
    cgroup.rmdir()
