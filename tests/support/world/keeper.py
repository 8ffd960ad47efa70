"""Process 1 of a world: builds it, keeps its system log, buries its orphans, and is the world's end when it ends.

Started by `tests.support.world.world` with the host's name and the layers as arguments, and one end of a socket pair as
standard input. It says "ready", or why not, as one JSON object. Then it answers `{"connect": [HOST, PORT]}` with a TCP
connection inside the world, handed over as a descriptor. It leaves when the other end closes: the kernel then kills all
that still runs in the world.
"""

import errno
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
from pathlib import Path

from tests.support.world.errors import WorldUnavailable
from tests.support.world.mounts import mount_everything
from tests.support.world.paths import AUTH_LOG

_SIOCSIFFLAGS = 0x8914
_IFF_UP, _IFF_RUNNING = 0x1, 0x40
_LOG_MESSAGE_MAX = 65536
_REQUEST_MAX = 4096
_CONNECT_SECONDS = 20.0  # to loopback: it answers at once or not at all


def main() -> int:
    control = socket.socket(fileno=os.dup(0))
    try:
        mount_everything(tuple(map(Path, sys.argv[2:])))
        _loopback_up()
    except WorldUnavailable as problem:
        control.sendall(json.dumps({"unavailable": str(problem)}).encode())
        return 1
    socket.sethostname(sys.argv[1])
    _name_the_host(sys.argv[1])
    log = _open_log()
    control.sendall(json.dumps({"ready": True}).encode())
    _keep(control, log)
    return 0


def _name_the_host(name: str) -> None:
    Path("/etc/hostname").write_text(f"{name}\n")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost\n")


def _loopback_up() -> None:
    """What `ip link set lo up` does, where iproute2 is not installed. netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", _IFF_UP | _IFF_RUNNING)
        try:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)
        except OSError as problem:
            raise WorldUnavailable(f"loopback cannot be brought up: {problem}") from problem


def _open_log() -> socket.socket:
    """The datagram socket that syslog(3) writes to."""
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    Path("/dev/log").chmod(0o666)
    AUTH_LOG.touch(mode=0o600)
    return log


def _keep(control: socket.socket, log: socket.socket) -> None:
    """Until the opener lets go: copies each log message to a line of AUTH_LOG, and reaps."""
    woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    for descriptor in (control.fileno(), log.fileno(), woken):
        poll.register(descriptor, select.POLLIN)
    with AUTH_LOG.open("ab", buffering=0) as kept:
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if log.fileno() in ready:
                message = log.recv(_LOG_MESSAGE_MAX)
                kept.write(message.rstrip(b"\n\0").replace(b"\n", b"#012") + b"\n")
            if woken in ready:
                os.read(woken, 4096)
                _reap()
            if control.fileno() in ready and not _serve(control):
                return


def _serve(control: socket.socket) -> bool:
    """One request of the opener; False when there is no opener any more."""
    request = control.recv(_REQUEST_MAX)
    if not request:
        return False
    host, port = json.loads(request)["connect"]
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS) as connection:
            connection.setblocking(True)
            socket.send_fds(control, [b"{}"], [connection.fileno()])
    except OSError as problem:
        control.sendall(json.dumps({"error": str(problem)}).encode())
    return True


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except OSError as problem:
            if problem.errno == errno.ECHILD:
                return
            raise


if __name__ == "__main__":
    sys.exit(main())
