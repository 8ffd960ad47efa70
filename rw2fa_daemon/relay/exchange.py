"""One HTTP request with one deadline, which tells a request that was certainly not sent from one that may have been.

http.client writes and reads; what it lacks is here: a deadline that a server cannot stretch by answering a byte at a
time, a bound on the answer, and when the first byte of the request left.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rw2fa_daemon.core.api_url import ApiUrl
from rw2fa_daemon.relay.resolver import Unresolved, resolve

CONNECT_SECONDS: Final = 5.0
"""For each address of the server."""
ANSWER_MAX: Final = 131_072
"""Bytes of an answer. A message as Twilio shows it has 1.5 KB, and ten of them may be asked for, each with a body of
1,600 characters that JSON writes with six bytes."""
STATUSES: Final = range(100, 600)
"""Of HTTP (RFC 9110 §15); http.client takes any number of three digits."""
NESTING_MAX: Final = 200
"""Brackets in an answer: Python's parser of JSON goes down into each, and a thread's stack here is small."""


class NotSent(Exception):
    """Nothing of the request left this host; the argument is why, one clause."""


class Lost(Exception):
    """The request, or some of it, left, and no whole answer came; the argument is why, one clause."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says: the HTTP status, headers in small letters, the body."""

    status: int
    headers: Mapping[str, str]
    body: str


def exchange(
    server: ApiUrl, method: str, path: str, headers: Mapping[str, str], body: bytes | None, deadline: float
) -> Answer:
    """Ask a server one thing, by `deadline` (monotonic seconds). Redirects are answers; proxies are not looked for.

    NotSent or Lost, if there is no answer. TLS is verified against the host's own certificate authorities.
    """
    with _connect(server, deadline) as connection:
        asking = http.client.HTTPConnection(server.host, server.port)
        asking.sock = _Punctual(connection, deadline)
        try:
            asking.request(method, path, body, {**headers, "Connection": "close"})
            return _read(asking.getresponse())
        except TimeoutError:
            raise Lost("it did not answer in time") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Without what it says: that may quote the answer, and an answer may quote the request.
            raise Lost(f"it broke off ({_reason(error)})") from None


def _read(response: http.client.HTTPResponse) -> Answer:
    if response.status not in STATUSES:
        raise Lost("it does not speak HTTP")
    body = response.read(ANSWER_MAX + 1)
    if len(body) > ANSWER_MAX or body.count(b"[") + body.count(b"{") > NESTING_MAX:
        raise Lost("its answer is too long")
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body.decode("utf-8", "replace"))


def _connect(server: ApiUrl, deadline: float) -> socket.socket:
    """A connection to the first address that takes one, with TLS where the server has it; NotSent if none does."""
    try:
        addresses = resolve(server.host, server.port, deadline)
    except Unresolved as error:
        raise NotSent(str(error)) from None
    reason = "it has no address"
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            # A share for each address that is left, and one for the request.
            return _reach(server, family, address, min(CONNECT_SECONDS, _left(deadline) / (left + 1)))
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not to be trusted ({error.verify_message})"
        except TimeoutError:
            reason = "it cannot be reached in time"
        except (OSError, ValueError) as error:
            reason = f"it cannot be reached ({_reason(error)})"
    raise NotSent(reason)


def _reach(server: ApiUrl, family: socket.AddressFamily, address: tuple[object, ...], seconds: float) -> socket.socket:
    """A connection to one address; `seconds` are for the connection, and for the handshake of TLS once more."""
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _tls().wrap_socket(connection, server_hostname=server.host) if server.secure else connection
    except BaseException:
        connection.close()
        raise


_tls_lock: Final = threading.Lock()


def _tls() -> ssl.SSLContext:
    """One for all connections: each would read the certificate authorities anew, and keep them."""
    with _tls_lock:
        return _only_context()


@lru_cache(maxsize=1)
def _only_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


class _Punctual:
    """What http.client needs of a socket, with a deadline over all of it."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        # For all of the data, however many pieces it takes.
        self._connection.settimeout(_left(self._deadline))
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._connection, self._deadline))

    def close(self) -> None:
        """Nothing: http.client closes as soon as it knows that the server will, with the body still to be read."""


class _Incoming(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # what BufferedReader hands over
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv_into(buffer)
