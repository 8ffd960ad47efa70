"""Time servers on loopback: a real chronyd, and one whose answers a test controls."""

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

REPOSITORY: Final = Path(__file__).resolve().parents[2]
UNPACKED: Final = REPOSITORY / "build" / "chrony" / "usr" / "sbin" / "chronyd"
"""Where script/bootstrap puts it: installed, it would take the place of whatever keeps the host's clock."""
START_SECONDS: Final = 60.0
NTP_DELTA: Final = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 868)."""


def chronyd() -> str:
    """The program."""
    found = shutil.which("chronyd", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and not UNPACKED.exists():
        raise AssertionError("chronyd is missing; script/bootstrap brings it")
    return found or str(UNPACKED)


def free_port(family: socket.AddressFamily = socket.AF_INET, address: str = "127.0.0.1") -> int:
    """A UDP port on which nothing listens."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class Chronyd:
    """A real server on loopback, whose clock is `skew` seconds ahead; it never touches this host's."""

    def __init__(self, folder: Path, *, skew: float = 0.0, address: str = "127.0.0.1", local: bool = True) -> None:
        self.address = address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.port = free_port(family, address)
        configuration = folder / f"chrony-{self.port}.conf"
        configuration.write_text(
            f"port {self.port}\nbindaddress {address}\nallow all\nmanual\ncmdport 0\nbindcmdaddress /\n"
            f"pidfile {folder}/chrony-{self.port}.pid\n" + ("local stratum 3\n" if local else "")
        )
        environment = dict(os.environ)
        if skew:
            (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
            environment |= {"LD_PRELOAD": str(library), "FAKETIME": f"{skew:+g}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self._process = subprocess.Popen(
            [chronyd(), "-d", "-x", "-u", "root", "-f", str(configuration)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._wait(family)

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def _wait(self, family: socket.AddressFamily) -> None:
        deadline = time.monotonic() + START_SECONDS
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.05)
            asking.connect((self.address, self.port))
            while True:
                if self._process.poll() is not None:
                    raise AssertionError(self._process.communicate()[1].decode())
                with suppress(OSError):
                    asking.send(b"\x23" + bytes(47))
                    asking.recv(512)
                    return
                assert time.monotonic() < deadline, "chronyd does not answer"
                time.sleep(0.02)


Lie = Callable[[dict[str, int]], None]


class FakeServer:
    """Answers as a server whose clock is `skew` seconds ahead would; `lie` changes fields of what it says.

    Fields: leap, version, mode, stratum, root_delay and root_dispersion (units of 2^-16 s), reference (identifier),
    and the four timestamps ref, origin, receive, transmit (units of 2^-32 s since 1900). `packet` changes the packet
    itself; `delay` is how long it takes to answer, `mute` whether it does at all, `copies` how often it answers.
    """

    def __init__(
        self,
        *,
        skew: float = 0.0,
        lie: Lie = lambda fields: None,
        packet: Callable[[bytes], bytes] = lambda packet: packet,
        delay: float = 0.0,
        mute: bool = False,
        copies: int = 1,
        port: int = 0,
    ) -> None:
        self.skew, self.lie, self.packet, self.delay, self.mute, self.copies = skew, lie, packet, delay, mute, copies
        self.asked: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.name = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, peer = self._socket.recvfrom(512)
            if not asked:
                return
            self.asked.append(asked)
            if self.mute:
                continue
            time.sleep(self.delay)
            for _ in range(self.copies):
                self._socket.sendto(self._answer(asked), peer)

    def _answer(self, asked: bytes) -> bytes:
        now = int((time.time() + self.skew + NTP_DELTA) * 2**32)
        fields = {
            "leap": 0,
            "version": 4,
            "mode": 4,
            "stratum": 2,
            "root_delay": 0,
            "root_dispersion": 0,
            "reference": 0,
            "ref": now - 2**32,
            "origin": int.from_bytes(asked[40:48], "big"),
            "receive": now,
            "transmit": now,
        }
        self.lie(fields)
        return self.packet(compose(fields))


def compose(fields: dict[str, int]) -> bytes:
    """The packet with these fields (RFC 5905 figure 8)."""
    head = fields["leap"] << 6 | fields["version"] << 3 | fields["mode"]
    return struct.pack(
        "!BBbbIIIQQQQ",
        head,
        fields["stratum"],
        6,
        -20,
        fields["root_delay"],
        fields["root_dispersion"],
        fields["reference"],
        *(fields[name] % 2**64 for name in ("ref", "origin", "receive", "transmit")),
    )
