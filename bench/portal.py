"""`python -m bench.portal [--quick]`: the web portal, with its real processes in a world of their own.

People are enrolled in the state directly, with the secrets of `accounts`. Logons are real ones: TLS, PAM and a code.
"""

import argparse
import asyncio
import base64
import http.client
import re
import ssl
import statistics
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, Request

from bench import report
from bench.accounts import GID, GROUP, name_of, secret_of, uid_of
from bench.goals import Goal
from bench.verifier import Daemon, proportional_bytes
from bench.world import file_system
from rw2fa_daemon.core.application import Application
from tests.support.world.installation import stage
from tests.support.world.logons import LogonServer
from tests.support.world.paths import REPOSITORY
from tests.support.world.phone import Phone
from tests.support.world.portal import PORT, PortalServer
from tests.support.world.site import Site

HOST: Final = "portal.example"
PASSWORD: Final = "Correct-horse-battery"
APPLICATION: Final = Application("Clock")
SETTINGS: Final = f"""
trusted_proxies = ["127.0.0.1/32"]

[[portal.applications]]
name = "{APPLICATION.name}"
command = "xterm -e sh -c 'while sleep 1; do date; done'"
"""
"""A proxy is trusted so that people come from an address each: failures are counted by address before they are any."""

PAGE_MS: Final = 100.0
PORTAL_MIB: Final = 80.0
PATIENCE_SECONDS: Final = 120.0
OPENING: Final = 4
"""Screens that are opened at once."""
_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    pages: int
    people: int
    screens: int
    seconds: float
    """For which screens are looked at."""


FULL: Final = Plan(pages=500, people=200, screens=50, seconds=30.0)
QUICK: Final = Plan(pages=10, people=4, screens=2, seconds=1.0)


class Visitors:
    """Browsers, as far as the portal sees them."""

    def __init__(self, portal: PortalServer) -> None:
        self._portal = portal
        self._control = threading.Lock()  # of the world: one request at a time
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    def connect(self) -> http.client.HTTPSConnection:
        """A connection of one of them."""
        client = http.client.HTTPSConnection(HOST, context=self.tls)
        with self._control:
            plain = self._portal.world.connect(PORT)
        plain.settimeout(PATIENCE_SECONDS)
        client.sock = self.tls.wrap_socket(plain, server_hostname=HOST)
        return client

    async def open_screen(self, cookie: str) -> "Screen":
        """The screen of the application, once something is seen on it."""
        with self._control:
            plain = self._portal.world.connect(PORT)
        plain.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=plain, ssl=self.tls, server_hostname=HOST)
        screen = Screen(reader, writer)
        await screen.begin(f"/applications/{APPLICATION.label}/screen", cookie)
        return screen


class Screen:
    """A viewer that asks for what changed, as often as a browser does, and draws nothing (RFC 6143)."""

    TIGHT: Final = 7
    SIZE: Final = (1280, 800)

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._accepted = False
        self._bytes = bytearray()
        self.seen = 0
        """Bytes that came."""

    async def begin(self, path: str, cookie: str) -> None:
        """Shake hands, and wait for the first picture."""
        headers = [(b"Cookie", cookie.encode()), (b"Origin", f"https://{HOST}".encode())]
        self._writer.write(self._ws.send(Request(host=HOST, target=path, extra_headers=headers)))
        await self._until(lambda: self._accepted)
        self._send(await self._take(12))  # the version
        await self._take((await self._take(1))[0])  # the ways to show who one is
        self._send(b"\x01")  # none
        await self._take(4)
        self._send(b"\x01")  # not the only one who looks
        head = await self._take(24)
        await self._take(struct.unpack(">I", head[20:])[0])
        self._send(struct.pack(">BxHi", 2, 1, self.TIGHT))
        self._ask(incremental=False)
        await self._until(lambda: bool(self._bytes))

    async def look(self, until: float) -> None:
        """Look at it until then (monotonic seconds)."""

        async def ask() -> None:
            while True:
                self._ask(incremental=True)
                await asyncio.sleep(0.2)

        asking = asyncio.create_task(ask())
        try:
            async with asyncio.timeout(until - time.monotonic()):
                while True:
                    await self._receive()
                    self._bytes.clear()
        except TimeoutError:
            return
        finally:
            asking.cancel()

    def close(self) -> None:
        """The tab is closed."""
        self._writer.transport.abort()

    def _ask(self, *, incremental: bool) -> None:
        self._send(struct.pack(">BBHHHH", 3, incremental, 0, 0, *self.SIZE))

    def _send(self, data: bytes) -> None:
        self._writer.write(self._ws.send(BytesMessage(data=data)))

    async def _take(self, count: int) -> bytes:
        await self._until(lambda: len(self._bytes) >= count)
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                await self._receive()

    async def _receive(self) -> None:
        some = await self._reader.read(65_536)
        self._ws.receive_data(some or None)
        for event in self._ws.events():
            match event:
                case AcceptConnection():
                    self._accepted = True
                case BytesMessage():
                    self._bytes += event.data
                    self.seen += len(event.data)
                case Ping():
                    self._writer.write(self._ws.send(event.response()))
                case CloseConnection() | RejectConnection():
                    raise RuntimeError(f"the portal closed a screen: {event}")


def pages(visitors: Visitors, portal: Daemon, plan: Plan) -> list[Goal]:
    """The logon page, one after the other on a connection that stays."""
    client = visitors.connect()

    def shown() -> float:
        began = time.perf_counter()
        client.request("GET", "/")
        client.getresponse().read()
        return 1e3 * (time.perf_counter() - began)

    for _ in range(plan.pages):
        shown()  # to warm up
    before = portal.cpu_seconds()
    took = sorted(shown() for _ in range(plan.pages))
    each = 1e3 * (portal.cpu_seconds() - before) / plan.pages
    slow = took[int(0.99 * len(took))]
    what = f"logon page, median of {plan.pages} (99 %: {slow:.1f} ms; {each:.1f} ms of processor time)"
    return [Goal(what, statistics.median(took), PAGE_MS, " ms", below=True)]


def logons(visitors: Visitors, portal: Daemon, plan: Plan) -> tuple[list[Goal], list[str]]:
    """All people at once, with password and code; the cookies of those who are in."""
    together = threading.Barrier(plan.people)

    def sign_in(number: int) -> tuple[str, float, float]:
        client = visitors.connect()
        client.request("GET", "/")
        response = client.getresponse()
        cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="token" value="([0-9a-f]+)"', response.read().decode())
        assert token is not None
        phone = Phone.of_secret(base64.b32encode(secret_of(number)).decode())
        form = {"username": name_of(number), "password": PASSWORD, "code": phone.fresh(), "token": token.group(1)}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"https://{HOST}",
            "X-Forwarded-For": f"198.51.{100 + number // 250}.{1 + number % 250}",
            "Cookie": cookie,
        }
        together.wait(PATIENCE_SECONDS)
        began = time.monotonic()
        client.request("POST", "/", urlencode(form), headers)
        response = client.getresponse()
        response.read()
        client.close()
        is_in = (response.status, response.getheader("Location")) == (303, "/applications")
        cookie = (response.getheader("Set-Cookie") or "").partition(";")[0] if is_in else ""
        return cookie, began, time.monotonic()

    with ThreadPoolExecutor(plan.people) as threads:
        found = list(threads.map(sign_in, range(plan.people)))
    cookies = [cookie for cookie, _, _ in found if cookie]
    took = sorted(end - began for _, began, end in found)
    whole = max(end for _, _, end in found) - min(began for _, began, _ in found)
    what = (
        f"{plan.people} logons at once, let in (all after {whole:.1f} s, the median after "
        f"{statistics.median(took):.1f} s; the portal has {portal.resident_bytes() / _MIB:.0f} MiB then)"
    )
    return [Goal(what, len(cookies), plan.people, "")], cookies


def screens(visitors: Visitors, site: Site, portal: Daemon, plan: Plan, cookies: list[str]) -> list[Goal]:
    """Screens of as many people, on each of which a line is added every second."""
    return asyncio.run(_screens(visitors, site, portal, plan, cookies[: plan.screens]))


async def _screens(visitors: Visitors, site: Site, portal: Daemon, plan: Plan, cookies: Iterable[str]) -> list[Goal]:
    turn = asyncio.Semaphore(OPENING)

    async def opened(cookie: str) -> tuple[Screen, float]:
        async with turn:
            began = time.monotonic()
            return await visitors.open_screen(cookie), time.monotonic() - began

    found = await asyncio.gather(*(opened(cookie) for cookie in cookies))
    shown = [screen for screen, _ in found]
    servers = [Daemon(pid, 0.0) for pid in _named(site, "Xvnc")]
    before = portal.cpu_seconds(), sum(server.cpu_seconds() for server in servers)
    until = time.monotonic() + plan.seconds
    await asyncio.gather(*(screen.look(until) for screen in shown))
    share = 100 / plan.seconds / len(shown)
    ours = share * (portal.cpu_seconds() - before[0])
    theirs = share * (sum(server.cpu_seconds() for server in servers) - before[1])
    memory = {
        name: sum(proportional_bytes(pid) for pid in _named(site, name)) / _MIB
        for name in ("rw2fa-session", "rw2fa-desktop", "Xvnc")
    }
    # A logon without a screen has an rw2fa-session as well.
    one = [memory["rw2fa-session"] / plan.people, *(memory[name] / len(shown) for name in ("rw2fa-desktop", "Xvnc"))]
    resident = portal.resident_bytes() / _MIB
    for screen in shown:
        screen.close()
    opening = statistics.median(took for _, took in found)
    return [
        Goal(
            f"screens at once, {OPENING} of them opened at a time (median until the picture: {opening:.1f} s)",
            sum(screen.seen > 0 for screen in shown),
            plan.screens,
            "",
        ),
        Goal(f"portal's memory with {len(shown)} screens", resident, PORTAL_MIB, " MiB", below=True),
        Goal(f"portal's processor for one screen (its Xvnc: {theirs:.2f} %)", ours, 1.0, " %", below=True),
        Goal(
            "memory of one session: rw2fa-session {:.1f}, rw2fa-desktop {:.1f}, Xvnc {:.1f} MiB".format(*one),
            sum(one),
            100.0,
            " MiB",
            below=True,
        ),
    ]


def _named(site: Site, name: str) -> list[int]:
    """The processes of a program, without the one that waits for connections."""
    return [
        pid
        for pid, words in site.world.processes().items()
        if any(Path(word).name == name for word in words[:3]) and "nsenter" not in words[0]
    ]


def populate(site: Site, plan: Plan) -> None:
    """Make the people, with home and password, in the scope and enrolled."""
    world = site.world
    world.run("groupadd", "--gid", str(GID), GROUP)
    lines = [
        f"{name_of(number)}:{PASSWORD}:{uid_of(number)}:{GID}::/home/{name_of(number)}:/bin/bash\n"
        for number in range(plan.people)
    ]
    world.run("newusers", stdin="".join(lines), timeout=PATIENCE_SECONDS)
    site.rw2fa.command("users", "add", f"@{GROUP}")
    site.rw2fa.stop()
    python = (sys.executable, "-m", "bench.enrolled", str(plan.people))
    world.run(*python, environment={"PYTHONPATH": str(REPOSITORY)}, timeout=PATIENCE_SECONDS)
    site.rw2fa.start()


def main() -> int:
    """Measures, reports, and says by the exit status whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="bench/run --portal", description="Measure the web portal.")
    parser.add_argument("--portal", action="store_true", help="this")
    parser.add_argument("--quick", action="store_true", help="a few of each, to see that all of it works")
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder on a disk (bench/run gives one)")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    with Site([stage(options.folder / "installed")]) as site:
        populate(site, plan)
        with LogonServer(site.world), PortalServer(site.world, SETTINGS) as server:
            visitors, portal = Visitors(server), Daemon(server.pid, 0.0)
            goals = pages(visitors, portal, plan)
            more, cookies = logons(visitors, portal, plan)
            goals += [*more, *screens(visitors, site, portal, plan, cookies)]
    on = report.machine(file_system(options.folder))
    print(f"\n{on['cpus']} CPUs, Linux {on['kernel']}, Python {on['python']}; everything in a world of its own\n")
    report.print_goals(goals)
    return 0 if options.quick or all(goal.reached for goal in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
