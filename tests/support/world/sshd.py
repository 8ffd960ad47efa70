"""OpenSSH in a world: the server with the host's own configuration, and the client as people type it."""

import itertools
import signal
import time
from collections.abc import Mapping, Sequence

from tests.support.world.accounts import User
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

# What the remote shell prints for somebody who is in; no program on the way prints it.
INSIDE = "echo you-are-in-as-$(id -un)"

_CLIENT_OPTIONS = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"),
)


_addresses = itertools.count(1)


def _address_of_a_client() -> str:
    """A loopback address that no login came from yet.

    From 9.8 on sshd turns addresses away for a while that failed logins came from (PerSourcePenalties).
    """
    number = next(_addresses)
    return f"127.0.{1 + number // 250 % 250}.{1 + number % 250}"


class Sshd:
    """A running server.

    `service`: OpenSSH takes the name that it is run by for its PAM service, so another name is another service.
    `config`: a file to read in place of the host's, drop-ins and all.
    """

    def __init__(self, world: World, *, port: int = 22, service: str = "sshd", config: str | None = None) -> None:
        self.world, self.port = world, port
        path = "/usr/sbin/sshd"
        if service != "sshd":
            link = f"/usr/local/sbin/{service}"
            world.run("ln", "--symbolic", "--force", path, link)
            path = link
        world.path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        switches = ["-f", config] if config else []
        self.process = world.start(path, "-D", "-p", str(port), "-o", f"PidFile=/run/{service}-{port}.pid", *switches)
        wait_until(f"sshd on port {port}", lambda: world.listens(port))

    def stop(self) -> None:
        """Ends the server; logins that are under way go on."""
        self.world.kill(self.process)

    def reload(self) -> None:
        """What `systemctl reload ssh` does: the configuration is read again, and the socket opened anew."""
        self.world.kill(self.process, signal.SIGHUP)
        time.sleep(0.2)  # until it has closed its socket
        wait_until(f"sshd on port {self.port}", lambda: self.world.listens(self.port))

    def login(
        self,
        user: User | str,
        *,
        methods: str = "keyboard-interactive,password",
        key: str | None = None,
        batch: bool = False,
        command: str = INSIDE,
        attempts: int = 1,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        as_user: bool = False,
        timeout: float = 40,
    ) -> Terminal:
        """`ssh person@127.0.0.1 command` on a terminal. `methods`: what the client offers, in order.

        `as_person`: the client is run by the person of that name here, and not by root.
        """
        name = user if isinstance(user, str) else user.name
        switches = self._switches(methods, key, batch=batch, attempts=attempts, options=options)
        argv = ["ssh", *switches, "-l", name, "127.0.0.1", command]
        return self.world.terminal(*argv, user=name if as_user else None, environment=environment, timeout=timeout)

    def client(
        self,
        program: str,
        user: User,
        *arguments: str,
        methods: str = "keyboard-interactive,password",
        key: str | None = None,
        options: Sequence[str] = (),
    ) -> Terminal:
        """ssh, scp or sftp with arguments of the caller's, in which the host is `here`."""
        more = ("HostName=127.0.0.1", f"User={user.name}", *options)
        switches = self._switches(methods, key, batch=False, attempts=1, options=more)
        return self.world.terminal(program, *switches, *arguments)

    def _switches(
        self, methods: str, key: str | None, *, batch: bool, attempts: int, options: Sequence[str]
    ) -> list[str]:
        argv = [*_CLIENT_OPTIONS, "-o", f"Port={self.port}", "-o", f"PreferredAuthentications={methods}"]
        argv += ["-o", f"BindAddress={_address_of_a_client()}"]
        argv += ["-o", f"NumberOfPasswordPrompts={attempts}"]
        argv += ["-i", key] if key else []
        argv += ["-o", "BatchMode=yes"] if batch else []
        return argv + [switch for option in options for switch in ("-o", option)]
