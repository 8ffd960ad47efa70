"""A world as the process outside that opened it sees it."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.support.closing import Closing
from tests.support.world.errors import WorldUnavailable
from tests.support.world.paths import REPOSITORY, SCAFFOLD
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until

HOST_NAME = "workhost"

_START_SECONDS = 60.0
_SO_PASSCRED = 16
_UNSHARE = (
    *("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"),
    *("--propagation", "private"),
)
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
    "TERM": "xterm",
}


class World(Closing):
    """The running world. A context manager; closing ends every process in it.

    `pid` is that of the world's process 1, in the opener's numbering.
    """

    def __init__(self, host_name: str = HOST_NAME, layers: Sequence[Path] = ()) -> None:
        """Opens a world. Raises WorldUnavailable, with the reason, where the machine does not permit one.

        `layers`: folders whose etc, usr, var … lie over the host's, as if their files had been installed.
        """
        if shutil.which("unshare") is None or os.geteuid() != 0:
            raise WorldUnavailable("a world needs root and unshare(1)")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setsockopt(socket.SOL_SOCKET, _SO_PASSCRED, 1)
        ours.settimeout(_START_SECONDS)
        self._control = ours
        self._started: list[subprocess.Popen[bytes]] = []
        with theirs:
            self._unshare = subprocess.Popen(
                [*_UNSHARE, sys.executable, "-m", "tests.support.world.keeper", host_name, *map(str, layers)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**_ENVIRONMENT, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
                cwd=REPOSITORY,
                start_new_session=True,  # a Ctrl-C on the opener's terminal is the opener's to handle
            )
        try:
            self.pid = self._greet()
            self._prove_private()
        except BaseException:
            self.close()
            raise

    def _greet(self) -> int:
        """Waits for the keeper's word. The kernel adds its process id, translated into our numbering (unix(7))."""
        data, ancillary, _, _ = self._control.recvmsg(65536, socket.CMSG_SPACE(struct.calcsize("3i")))
        if not data:
            _, complaint = self._unshare.communicate(timeout=_START_SECONDS)
            raise WorldUnavailable(complaint.decode(errors="replace").strip() or "unshare ended without a word")
        word = json.loads(data)
        if "unavailable" in word:
            raise WorldUnavailable(str(word["unavailable"]))
        self._control.setsockopt(socket.SOL_SOCKET, _SO_PASSCRED, 0)  # or it would crowd out what `connect` receives
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                pid: int = struct.unpack("3i", payload)[0]
                return pid
        raise WorldUnavailable("the kernel did not say which process greeted us")

    def _prove_private(self) -> None:
        """What runs inside is about to make accounts and edit PAM: never on the host itself."""
        if self.run("test", "-d", str(SCAFFOLD), check=False).returncode != 0 or SCAFFOLD.exists():
            raise WorldUnavailable("what was to run inside the world would have run on the host")

    def close(self) -> None:
        """Ends the world: process 1 sees its control socket close and leaves, and all others go with it."""
        self._control.close()
        try:
            self._unshare.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._unshare.kill()  # --kill-child takes process 1 along
            self._unshare.wait()
        if self._unshare.stderr is not None:
            self._unshare.stderr.close()
        for process in self._started:
            process.wait(timeout=20)

    def connect(self, port: int, host: str = "127.0.0.1") -> socket.socket:
        """A TCP connection to a server inside. Raises ConnectionRefusedError when nobody listens."""
        self._control.sendall(json.dumps({"connect": [host, port]}).encode())
        data, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
        if not descriptors:
            raise ConnectionRefusedError(json.loads(data)["error"])
        return socket.socket(fileno=descriptors[0])

    def listens(self, port: int, host: str = "127.0.0.1") -> bool:
        """Whether a server inside accepts connections on the port."""
        try:
            self.connect(port, host).close()
        except ConnectionRefusedError:
            return False
        return True

    # Files

    def path(self, inside: str | Path) -> Path:
        """The path by which the opener reaches a file of the world. Symbolic links with absolute targets mislead."""
        return Path(f"/proc/{self.pid}/root") / str(inside).lstrip("/")

    def read(self, inside: str | Path) -> str:
        """Content of a file of the world."""
        return self.path(inside).read_text(errors="replace")

    def write(self, inside: str | Path, content: str, mode: int = 0o644) -> None:
        """Writes a file of the world, making its folder."""
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        target.chmod(mode)

    # Processes

    def argv(
        self,
        argv: Sequence[str],
        *,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        leads_terminal: bool = False,
    ) -> list[str]:
        """The command line that runs `argv` inside, with an environment that owes nothing to the opener's."""
        variables = {**_ENVIRONMENT, **(environment or {})}
        inside = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), *argv]
        if user is not None:
            # Not runuser: that is a PAM client itself, and would be in the way of what is looked at.
            inside = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *inside]
        if leads_terminal:
            # login(1) hangs its terminal up, which would end nsenter if that led the terminal's session.
            inside = ["setsid", "--ctty", "--wait", *inside]
        # --root: where the opener lives in a chroot, the mount namespace's own root is outside of the world.
        namespaces = ("--mount", "--net", "--pid", "--uts", "--ipc", "--root")
        return ["nsenter", f"--target={self.pid}", *namespaces, "--wd=/", "--", *inside]

    def run(
        self,
        *argv: str,
        user: str | None = None,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command inside to its end, with what it printed. `check`: a status other than 0 is an error."""
        done = subprocess.run(
            self.argv(argv, user=user, environment=environment),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
            start_new_session=True,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(argv)} ended with {done.returncode}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
            )
        return done

    def start(
        self,
        *argv: str,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        output: IO[bytes] | int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Starts a server inside. The returned process is nsenter's: see `kill` for a signal to the server."""
        process = subprocess.Popen(
            self.argv(argv, user=user, environment=environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def terminal(
        self,
        *argv: str,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 40,
    ) -> Terminal:
        """Runs a command inside on a pseudo-terminal that a test types on. The command leads a session of its own."""
        return Terminal(self.argv(argv, user=user, environment=environment, leads_terminal=True), timeout)

    def console(self, *argv: str, name: str = "tty1", timeout: float = 40) -> Terminal:
        """Runs a command as on a local console: its terminal is called /dev/NAME, as login(1) and PAM see it."""
        # A console cannot be had here, but its name can: the pty, bound over it.
        node = f"/dev/{name}"
        script = (
            f'umount {node} 2>/dev/null; touch {node}; mount --bind "$(tty)" {node}; exec "$@" <{node} >{node} 2>&1'
        )
        return self.terminal("sh", "-c", script, "sh", *argv, timeout=timeout)

    def child_of(self, process: subprocess.Popen[bytes]) -> int:
        """The process that nsenter started for `start`, in the opener's numbering. nsenter forks once, then execs."""
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_until(
            f"a child of process {process.pid}", lambda: process.poll() is not None or children.read_text() != ""
        )
        return int(children.read_text().split()[0])

    def kill(self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
        """Sends a signal to a server that `start` started, and waits for its end if the signal ends it."""
        os.kill(self.child_of(process), number)
        if number in (signal.SIGTERM, signal.SIGKILL):
            process.wait(timeout=30)

    def processes(self) -> Mapping[int, tuple[str, ...]]:
        """Command lines of all that runs inside, by the opener's process numbers."""
        here = Path(f"/proc/{self.pid}/ns/pid").readlink()
        found: dict[int, tuple[str, ...]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if (entry / "ns/pid").readlink() == here:
                        found[int(entry.name)] = tuple(
                            part.decode(errors="replace") for part in (entry / "cmdline").read_bytes().split(b"\0")[:-1]
                        )
                except OSError:
                    continue  # it ended while we looked
        return found
