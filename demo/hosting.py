"""Lets the spectator log in by hand: a port of this host whose connections a real sshd in the world answers."""

import select
import socket
import subprocess
import sys
from typing import Final

from demo.stage import Actor
from tests.support.world.world import World

PREFERRED_PORT: Final = 2222


def host(world: World, actor: Actor, portal: str) -> None:
    """Prints how to get in, and serves until Ctrl-C."""
    with _listen() as listener:
        port = listener.getsockname()[1]
        enter = f"nsenter --target {world.pid} --mount --net --pid --uts --ipc --root --wd=/"
        print(
            f"""
   It goes on running. Log in yourself, from another terminal, with your own phone:

     ssh -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null {actor.name}@127.0.0.1

     user      {actor.name}
     password  {actor.password}

   Or in a browser, which does not know the portal's certificate and has to be told to go on:

     {portal}

   The first login shows a QR code: scan it with your authenticator app. As the administrator:

     {enter} rw2fa users list

   Ctrl-C ends it, and nothing is left behind.
""",
            flush=True,
        )
        served: list[subprocess.Popen[bytes]] = []
        try:
            while True:
                select.select([listener], [], [])
                connection, _ = listener.accept()
                with connection:
                    # sshd as inetd would start it: it need not share a network with whoever connects.
                    served.append(
                        subprocess.Popen(
                            world.argv(["/usr/sbin/sshd", "-i"]),
                            stdin=connection.fileno(),
                            stdout=connection.fileno(),
                            stderr=subprocess.DEVNULL,
                        )
                    )
                served = [process for process in served if process.poll() is None]
        except KeyboardInterrupt:
            print(file=sys.stderr)


def _listen() -> socket.socket:
    """On loopback only; the preferred port, or any."""
    try:
        return socket.create_server(("127.0.0.1", PREFERRED_PORT))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))
