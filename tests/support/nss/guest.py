"""A process in a mount namespace of its own, in which libc asks the module; it runs functions for a test."""

import os
import pickle
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from tests.support.closing import Closing
from tests.support.nss.module import module, switch

_REPOSITORY = Path(__file__).parents[3]
_SECONDS = 60.0
_UNSHARE = (
    *("unshare", "--mount", "--propagation", "private"),
    *("sh", "-c", 'mount --bind "$1" /etc/nsswitch.conf && shift && exec "$@"'),
)
_MESSAGE_MAX = 1 << 17
Result = TypeVar("Result")


class GuestUnavailable(Exception):
    """This machine may not make the namespace; the text gives the reason."""


class Guest(Closing):
    """`services` is what nsswitch.conf says of users and groups; `folder` is a FakeDirectory's."""

    def __init__(self, folder: Path, services: str = "files rw2fatest") -> None:
        if os.geteuid() != 0:
            raise GuestUnavailable("a mount namespace needs root")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        ours.settimeout(_SECONDS)
        self._nsswitch = tempfile.NamedTemporaryFile("w", prefix="nsswitch-")  # noqa: SIM115 -- closed with the guest
        self._nsswitch.write(switch(services))
        self._nsswitch.flush()
        Path(self._nsswitch.name).chmod(0o644)
        with theirs:
            self._process = subprocess.Popen(
                [*_UNSHARE, "sh", self._nsswitch.name, sys.executable, "-m", "tests.support.nss.guest"],
                stdin=theirs.fileno(),
                stderr=subprocess.PIPE,
                cwd=_REPOSITORY,
                env={
                    "PATH": os.environ["PATH"],
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": str(_REPOSITORY),
                    "LD_LIBRARY_PATH": str(module().parent),
                    "RW2FATEST_DIRECTORY": str(folder),
                },
            )
        try:
            self.call(os.getpid)
        except (EOFError, ConnectionError) as problem:
            _, complaint = self._process.communicate(timeout=_SECONDS)
            self.close()
            raise GuestUnavailable(complaint.decode(errors="replace").strip()) from problem

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the function, which can be imported by its name, returns in the guest, or what it raises there."""
        self._socket.send(pickle.dumps((function, arguments)))
        try:
            answer = self._socket.recv(_MESSAGE_MAX)
        except TimeoutError:
            self.close()  # or the next call would get this one's answer
            raise
        if not answer:
            raise EOFError("the guest has ended")
        good, result = pickle.loads(answer)  # noqa: S301 -- from the process that this one started
        if good:
            return cast("Result", result)
        raise result

    @property
    def is_closed(self) -> bool:
        return self._socket.fileno() < 0

    def close(self) -> None:
        """Ends the guest."""
        self._socket.close()
        self._nsswitch.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


def main() -> None:
    control = socket.socket(fileno=os.dup(0))
    with control:
        while request := control.recv(_MESSAGE_MAX):
            function, arguments = pickle.loads(request)  # noqa: S301 -- from the test that started this process
            try:
                answer = (True, function(*arguments))
            except Exception as problem:  # noqa: BLE001 -- it is the test's to see
                answer = (False, problem)
            control.send(pickle.dumps(answer))


if __name__ == "__main__":
    main()
