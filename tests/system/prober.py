"""Runs in place of the daemon, in its very unit: tries what the verifier must not be able to do, and what it must.

Prints one JSON object: the name of each attempt, and `done`, the name of the error, or a value. Standard library only.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import pwd
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

STATE = Path("/var/lib/rw2fa")
FIGURES = Path("/run/rw2fa-metrics")
MARK = Path("/var/lib/rw2fa-mark")


def attempt(action: Callable[[], object]) -> str:
    """`done`, or the symbolic name of the error."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def status(field: str) -> str:
    """A line of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{field}:"))


def run_what_was_written(folder: Path) -> None:
    """Write a program into the folder and start it."""
    program = folder / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    try:
        subprocess.run([program], check=True)
    finally:
        program.unlink()


def with_file(action: Callable[[Path], object]) -> Callable[[], object]:
    """The action on a file of one's own."""

    def run() -> object:
        file = STATE / "file"
        file.touch()
        try:
            return action(file)
        finally:
            file.unlink()

    return run


def connect(path: str, kind: int) -> None:
    """Connect to a Unix socket."""
    with socket.socket(socket.AF_UNIX, kind) as door:
        door.connect(path)


def read_key() -> None:
    """Read the master key where systemd put it."""
    (Path(os.environ["CREDENTIALS_DIRECTORY"]) / "rw2fa.master-key").read_text()


def look_up_in_a_worker() -> None:
    """What a worker of the directory does, in a process of its own."""
    program = "import pwd, os; os.getgrouplist('alice', pwd.getpwnam('alice').pw_gid)"
    subprocess.run([sys.executable, "-c", program], check=True)


ATTEMPTS: dict[str, Callable[[], object]] = {
    # The network.
    "AF_INET": lambda: socket.socket(socket.AF_INET),
    "AF_INET6": lambda: socket.socket(socket.AF_INET6),
    "AF_NETLINK": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "AF_PACKET": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "AF_VSOCK": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    # Files of others.
    "write /etc": lambda: Path("/etc/rw2fa/rw2fa.toml").write_text(""),
    "write /usr": lambda: Path("/usr/lib/rw2fa/x").touch(),
    "write /run/rw2fa": lambda: Path("/run/rw2fa/x").touch(),
    "write /var": lambda: Path("/var/tmp/../x").touch(),
    "write /dev/shm": lambda: Path("/dev/shm/x").touch(),
    "write /sys/fs/cgroup": lambda: Path("/sys/fs/cgroup/x").mkdir(),
    "read /etc/shadow": lambda: Path("/etc/shadow").read_bytes(),
    "read the key file": lambda: Path("/etc/rw2fa/master.key").read_bytes(),
    "read a host key": lambda: Path("/etc/ssh/ssh_host_ed25519_key").read_bytes(),
    "read /root": lambda: list(Path("/root").iterdir()),
    "read /home": lambda: list(Path("/home/alice").iterdir()),
    "read init's environment": lambda: Path("/proc/1/environ").read_bytes(),
    "read the kernel's log": lambda: Path("/dev/kmsg").read_bytes(),
    "read memory": lambda: Path("/dev/mem").read_bytes(),
    "read a disk": lambda: Path("/dev/vda").read_bytes(),
    # Rights.
    "become root": lambda: os.setuid(0),
    "become another group": lambda: os.setgid(0),
    "join groups": lambda: os.setgroups([0]),
    "give a file away": with_file(lambda file: os.chown(file, 0, 0)),
    "make a set-user-ID file": with_file(lambda file: file.chmod(0o4755)),
    "make a device": lambda: os.mknod(STATE / "device", 0o020600, os.makedev(1, 1)),
    "change the root folder": lambda: os.chroot("/"),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, 1.0),
    "set the host's name": lambda: socket.sethostname("mallory"),
    "raise its priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
    "take real-time priority": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "signal others": lambda: os.kill(1, signal.SIGTERM),
    # Code.
    "run what it wrote to the state": lambda: run_what_was_written(STATE),
    "run what it wrote to the figures": lambda: run_what_was_written(FIGURES),
    "run what it wrote to the mark": lambda: run_what_was_written(MARK),
    "run what it wrote to /tmp": lambda: run_what_was_written(Path("/tmp")),
    "run what it wrote to /var/tmp": lambda: run_what_was_written(Path("/var/tmp")),
    "map memory that can be written and run": lambda: mmap.mmap(
        -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    ),
    # What it must be able to do.
    "AF_UNIX": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET),
    "write the state": with_file(lambda file: file.write_text("x")),
    "write the mark": lambda: (MARK / "x").write_text("x"),
    "write the figures": lambda: (FIGURES / "x.prom").write_text("x"),
    "read the configuration": lambda: Path("/etc/rw2fa/rw2fa.toml").read_text(),
    "read its key": read_key,
    "reach the journal": lambda: connect("/run/systemd/journal/socket", socket.SOCK_DGRAM),
    "look people up": look_up_in_a_worker,
}


def main() -> None:
    """Try everything, print what came of it."""
    shown: dict[str, object] = {name: attempt(action) for name, action in ATTEMPTS.items()}
    shown["user"] = pwd.getpwuid(os.getuid()).pw_name
    shown["groups"] = [os.getgid(), *os.getgroups()] == [pwd.getpwuid(os.getuid()).pw_gid] * (1 + len(os.getgroups()))
    fields = ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp")
    shown |= {field: status(field) for field in fields}
    shown["core"] = resource.getrlimit(resource.RLIMIT_CORE)
    shown["core filter"] = Path("/proc/self/coredump_filter").read_text().strip()
    shown["files"] = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    shown["umask"] = os.umask(0o077)
    others = [path for path in Path("/proc").iterdir() if path.name.isdigit() and path.name != str(os.getpid())]
    shown["processes seen"] = len(others)
    interfaces = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    shown["interfaces"] = [line.split(":")[0].strip() for line in interfaces]
    shown["environment"] = sorted(os.environ)
    print("PROBED " + json.dumps(shown), flush=True)


if __name__ == "__main__":
    main()
