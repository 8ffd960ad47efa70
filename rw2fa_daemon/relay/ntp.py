"""Asking time servers, all at once, until a deadline."""

import os
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, Self

from rw2fa_daemon.relay.reply import NONCE_BYTES, Reading, Stray, Unusable, read, request

ADDRESSES_MAX: Final = 4
"""Addresses of one name that are asked: what a name of the NTP pool gives for each family."""
PACKETS_MAX: Final = 64
"""Packets from one address that are read; more are noise."""
_RECEIVE_BYTES: Final = 512
"""More than a reply with the extensions that one may have without authentication."""

Outcome = tuple[str, Reading | str]
"""A numeric address, and what it said, or why that is of no use."""


def resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    """The first addresses of a host; OSError if it has none. Takes as long as the resolver does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    return [(family, address) for family, _, _, _, address in found[:ADDRESSES_MAX]]


def ask(addresses: Sequence[tuple[socket.AddressFamily, tuple[object, ...]]], deadline: float) -> Iterator[Outcome]:
    """What each address said, in the order in which they did; at the latest at `deadline`, monotonic seconds."""
    with ExitStack() as closing, selectors.DefaultSelector() as selector:
        pending: set[str] = set()
        for family, address in addresses:
            name = str(address[0])
            try:
                query = closing.enter_context(_Query(family, address))
            except OSError as error:
                yield name, f"it cannot be reached ({error.strerror or error})"
                continue
            selector.register(query.sock, selectors.EVENT_READ, query)
            pending.add(name)
        stray: dict[str, str] = {}
        while pending and (patience := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(patience):
                query = key.data
                try:
                    said: Reading | str = query.receive()
                except Stray as reason:
                    # A spoofer who cannot read our packets may still send some; they do not end the wait.
                    stray[query.name] = str(reason)
                    continue
                except Unusable as reason:
                    said = str(reason)
                except OSError as error:
                    said = f"it cannot be reached ({error.strerror or error})"
                selector.unregister(query.sock)
                pending.discard(query.name)
                yield query.name, said
        for name in sorted(pending):
            yield name, stray.get(name, "it does not answer")


@dataclass(slots=True)
class _Query:
    """One question, sent when it is made; OSError if there is no way to the address."""

    family: socket.AddressFamily
    address: tuple[object, ...]
    sock: socket.socket = field(init=False)
    packets: int = 0
    nonce: bytes = field(default_factory=lambda: os.urandom(NONCE_BYTES))
    sent_at: float = 0.0
    sent: float = 0.0

    def __post_init__(self) -> None:
        self.sock = socket.socket(self.family, socket.SOCK_DGRAM)
        try:
            # Connected: the kernel hands over nothing but what comes from that very address and port.
            self.sock.connect(self.address)
            self.sock.setblocking(False)
            self.sent_at, self.sent = time.time(), time.monotonic()
            self.sock.send(request(self.nonce))
        except OSError:
            self.sock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.sock.close()

    @property
    def name(self) -> str:
        """The numeric address."""
        return str(self.address[0])

    def receive(self) -> Reading:
        """What the packet says that is there; raises Unusable, or OSError."""
        packet = self.sock.recv(_RECEIVE_BYTES)
        took = time.monotonic() - self.sent
        self.packets += 1
        try:
            return read(packet, self.nonce, self.sent_at, took)
        except Stray:
            if self.packets < PACKETS_MAX:
                raise
            raise Unusable("it sends answers to other questions") from None
