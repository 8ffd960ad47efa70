"""Twilio on loopback, over real HTTP: the Messages resource, and every way in which it may fail.

In a test:

    with FakeTwilio() as twilio:
        twilio.will(error(21211), Slow(5.0), Drop(taken=True))   # for the next three messages, in turn
        ...                                                      # the relay's api_url is twilio.url
        assert twilio.codes("+33612345678") == ["123456"]

Standing alone, for a booted machine or the demo: `python3 fake_twilio.py --port N --log FILE` appends a JSON line to
FILE for each message that it has taken. Standard library only.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import secrets
import socket
import ssl
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

ACCOUNT_SID: Final = "AC" + "0123456789abcdef" * 2
TOKEN: Final = "fedcba9876543210" * 2
SENDER: Final = "+15005550006"
BODY_MAX: Final = 1600

_MESSAGES: Final = re.compile(r"(?P<prefix>.*)/2010-04-01/Accounts/(?P<account>\w+)/Messages(?:/(?P<sid>\w+))?\.json")
_ACCOUNT: Final = re.compile(r"(?P<prefix>.*)/2010-04-01/Accounts/(?P<account>\w+)\.json")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{4,14}")
_CODE: Final = re.compile(r"[0-9]{4,12}")

HTTP_STATUS: Final[Mapping[int, int]] = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 63038: 429}
"""Of the answer that has a code; 400 for all others."""


@dataclass(frozen=True)
class Request:
    """One request as it came. `form` is that of a POST."""

    method: str
    path: str
    form: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    authorised: bool
    at: float


@dataclass
class Prompt:
    """A message that was accepted. `life` are the statuses that it goes through, one for each status request."""

    sid: str
    sender: str
    to: str
    body: str
    at: float
    life: deque[str]
    code: int | None = None
    """Why it is not delivered, sent with the last status."""
    asked: int = 0
    """How often its status was requested."""

    @property
    def final(self) -> bool:
        """Whether its status has come to its end."""
        return len(self.life) == 1


@dataclass(frozen=True)
class Refuse:
    """Answer with an error, the message not taken; or taken, as by a Twilio that fails after the deed."""

    code: int | None
    http_status: int
    taken: bool = False
    retry_after: str = ""
    body: bytes | None = None


@dataclass(frozen=True)
class HashingPool:
    """Wait, then answer as usual, or as `then` says."""

    seconds: float
    then: Refuse | Raw | Drop | None = None


@dataclass(frozen=True)
class Drop:
    """Reset the connection: before the request is read, after it is, or after the message is taken.

    `hold` waits so many seconds before that, the connection open and silent.
    """

    read: bool = True
    taken: bool = False
    hold: float = 0.0


@dataclass(frozen=True)
class Raw:
    """Exactly these bytes, with the message accepted or not; `pace` seconds between bytes."""

    packet: bytes
    taken: bool = True
    pace: float = 0.0


@dataclass(frozen=True)
class Alter:
    """Accept the message, and answer with a resource that does not quite match it."""

    change: Callable[[dict[str, object]], None]
    http_status: int = 201


@dataclass(frozen=True)
class Become:
    """Accept the message, which then goes through these statuses."""

    life: Sequence[str]
    code: int | None = None


Act = Refuse | HashingPool | Drop | Raw | Alter | Become


def error(code: int, *, taken: bool = False, retry_after: str = "") -> Refuse:
    """Twilio's answer for an error code."""
    return Refuse(code, HTTP_STATUS.get(code, 400), taken, retry_after)


def redirect(to: str) -> Raw:
    """An answer that redirects the client."""
    return Raw(f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode(), taken=False)


def answer(body: bytes, status: str = "201 Created", headers: str = "") -> Raw:
    """An answer with any body at all."""
    return Raw(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)


GARBAGE: Final[Mapping[str, Raw]] = {
    "no JSON": answer(b"<html>It works!</html>"),
    "empty": answer(b""),
    "a list": answer(b"[]"),
    "a number": answer(b"7"),
    "null": answer(b"null"),
    "no sid": answer(b'{"status": "queued"}'),
    "sid of another kind": answer(b'{"sid": "CA' + b"0" * 32 + b'", "status": "queued"}'),
    "sid with a terminal's codes": answer(b'{"sid": "SM\\u001b[2J", "status": "queued"}'),
    "unknown status": answer(b'{"sid": "SM' + b"0" * 32 + b'", "status": "teleported"}'),
    "status is a list": answer(b'{"sid": "SM' + b"0" * 32 + b'", "status": ["queued"]}'),
    "deep": answer(b"[" * 100_000),
    "no UTF-8": answer(b'{"sid": "\xff\xfe"}'),
    "cut short": Raw(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"sid": "SM'),
    "no HTTP": Raw(b"220 mail.example ESMTP\r\n"),
    "only half a head": Raw(b"HTTP/1.1 201 Cre"),
    "a chunk of a wrong length": Raw(
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "a length that is none": Raw(b"HTTP/1.1 201 Created\r\nContent-Length: -5\r\n\r\n{}"),
    "too long": answer(b'{"sid": "' + b"x" * 4_000_000 + b'"}'),
    "a head that is too long": Raw(b"HTTP/1.1 201 Created\r\nX: " + b"y" * 200_000 + b"\r\n\r\n{}"),
    "too many heads": Raw(b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 10_000 + b"\r\n{}"),
    "nothing": Raw(b""),
}
"""Answers that must not be trusted; none of them shows whether a message was sent."""


@dataclass
class FakeTwilio:
    """A server that ends with its `with`. What it took and what it was asked is for the test to read at any time."""

    account_sid: str = ACCOUNT_SID
    token: str = TOKEN
    port: int = 0
    delay: float = 0.0
    """Seconds before every answer."""
    life: tuple[str, ...] = ("queued", "sent", "delivered")
    """The statuses of a message for which no others are given."""
    code: int | None = None
    """Told with the last of them."""
    certificate: tuple[Path, Path] | None = None
    """Chain and key: HTTPS then."""
    account: dict[str, object] = field(default_factory=lambda: {"status": "active", "type": "Full"})
    """What the Accounts resource says beside the SID."""
    prefix: str = ""
    """A path prefix, as behind a reverse proxy."""
    taken: Callable[[Prompt], None] = lambda _text: None
    """Called with every message that is accepted."""

    texts: list[Prompt] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._script: deque[Act] = deque()
        self._status_script: deque[Act] = deque()
        self._list_script: deque[Act] = deque()
        self._always: dict[str, Act] = {}
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """For `sms.api_url`."""
        return f"{'http' if self.certificate is None else 'https'}://127.0.0.1:{self.port}{self.prefix}"

    def will(self, *acts: Act) -> None:
        """What to do with the next send requests, in turn; after that, the default."""
        with self._lock:
            self._script.extend(acts)

    def will_tell(self, *acts: Act) -> None:
        """What to do with the next questions for a message's status, or for the account."""
        with self._lock:
            self._status_script.extend(acts)

    def will_list(self, *acts: Act) -> None:
        """What to do with the next questions for the messages to a number."""
        with self._lock:
            self._list_script.extend(acts)

    def always(self, number: str, act: Act) -> None:
        """What to do with every message to a number, once the script is empty."""
        with self._lock:
            self._always[number] = act

    def to(self, number: str) -> list[Prompt]:
        """The messages that were accepted for a number, oldest first."""
        with self._lock:
            return [text for text in self.texts if text.to == number]

    def codes(self, number: str) -> list[str]:
        """The codes in them, as read on the phone."""
        return [found[-1] for text in self.to(number) if (found := _CODE.findall(text.body))]

    def posts(self) -> list[Request]:
        """The requests to send a message."""
        with self._lock:
            return [request for request in self.requests if request.method == "POST"]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- for the handler ---------------------------------------------------------------------------------------------

    def note(self, request: Request) -> None:
        """Remember a request."""
        with self._lock:
            self.requests.append(request)

    def act_for(self, number: str) -> Act | None:
        """What to do with a message to this number."""
        with self._lock:
            return self._script.popleft() if self._script else self._always.get(number)

    def next_drop(self) -> Drop | None:
        """Whether the next request is not even to be read."""
        with self._lock:
            if self._script and isinstance(act := self._script[0], Drop) and not act.read:
                self._script.popleft()
                return act
            return None

    def act_for_question(self, *, listing: bool) -> Act | None:
        """What to do with a question."""
        with self._lock:
            script = self._list_script if listing else self._status_script
            return script.popleft() if script else None

    def take(self, form: Mapping[str, str], act: Act | None) -> Prompt:
        """Take a message."""
        life, code = (act.life, act.code) if isinstance(act, Become) else (self.life, self.code)
        text = Prompt(
            sid="SM" + secrets.token_hex(16),
            sender=form.get("MessagingServiceSid") or form.get("From", ""),
            to=form["To"],
            body=form["Body"],
            at=time.time(),
            life=deque(life),
            code=code,
        )
        with self._lock:
            self.texts.append(text)
        self.taken(text)
        return text

    def resource(self, text: Prompt, *, move: bool) -> dict[str, object]:
        """A message as Twilio shows it; `move` it on afterwards."""
        with self._lock:
            if move:
                text.asked += 1
                if len(text.life) > 1:
                    text.life.popleft()
            status = text.life[0]
            service = text.sender if text.sender.startswith("MG") else None
            return {
                "account_sid": self.account_sid,
                "api_version": "2010-04-01",
                "body": text.body,
                "date_created": formatdate(text.at),
                "date_sent": None,
                "date_updated": formatdate(text.at),
                "direction": "outbound-api",
                "error_code": text.code if text.final else None,
                "error_message": None,
                "from": None if service else text.sender,
                "messaging_service_sid": service,
                "num_media": "0",
                "num_segments": "1",
                "price": None,
                "price_unit": "USD",
                "sid": text.sid,
                "status": status,
                "subresource_uris": {},
                "to": text.to,
                "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{text.sid}.json",
            }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], twilio: FakeTwilio) -> None:
        self.twilio = twilio
        self.context: ssl.SSLContext | None = None
        if twilio.certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*twilio.certificate)
        super().__init__(address, _Handler)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with suppress(OSError):  # the client went away, or does not trust us
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has disconnected is not an error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.twilio = self.server.twilio
        with self.twilio._lock:
            self.twilio.connections += 1

    def handle_one_request(self) -> None:
        if (drop := self.twilio.next_drop()) is not None:
            # Not before it is here: a client that learns of the reset before it sends knows that nothing was sent.
            self.connection.recv(1, socket.MSG_PEEK)
            time.sleep(drop.hold)
            self._reset()
            return
        super().handle_one_request()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        form = _flat(self.rfile.read(length).decode())
        path = self._noted("POST", form)
        found = _MESSAGES.fullmatch(path)
        if found is None or found["sid"] is not None or found["prefix"] != self.twilio.prefix:
            self._say(404, _error(20404, 404))
        elif (refused := self._unauthorised(found["account"]) or _fault(form)) is not None:
            self._refuse(refused)
        else:
            self._send(form, self.twilio.act_for(form["To"]))

    def do_GET(self) -> None:
        path = self._noted("GET", {})
        message, account = _MESSAGES.fullmatch(path), _ACCOUNT.fullmatch(path)
        found = message or account
        if found is None or found["prefix"] != self.twilio.prefix:
            self._say(404, _error(20404, 404))
            return
        listing = message is not None and message["sid"] is None
        act = self.twilio.act_for_question(listing=listing)
        if isinstance(act, HashingPool):
            time.sleep(act.seconds)
            act = act.then
        time.sleep(self.twilio.delay)
        if (refused := self._unauthorised(found["account"])) is not None:
            self._refuse(refused)
        elif isinstance(act, Refuse):
            self._refuse(act)
        elif isinstance(act, Raw):
            self._raw(act)
        elif isinstance(act, Drop):
            time.sleep(act.hold)
            self._reset()
        else:
            self._tell(None if message is None else message["sid"], listing=listing, act=act)

    def _tell(self, sid: str | None, *, listing: bool, act: Act | None) -> None:
        if listing:
            to = _flat(urlsplit(self.path).query).get("To")
            texts = [text for text in reversed(self.twilio.texts) if to in {None, text.to}]
            shown: dict[str, object] = {
                "messages": [self.twilio.resource(text, move=False) for text in texts[:50]],
                "page": 0,
                "page_size": 50,
                "start": 0,
                "end": 0,
                "next_page_uri": None,
                "previous_page_uri": None,
                "first_page_uri": self.path,
                "uri": self.path,
            }
        elif sid is None:
            shown = {"sid": self.twilio.account_sid, "friendly_name": "An account", **self.twilio.account}
        else:
            text = next((text for text in self.twilio.texts if text.sid == sid), None)
            if text is None:
                self._say(404, _error(20404, 404))
                return
            shown = self.twilio.resource(text, move=True)
        if isinstance(act, Alter):
            act.change(shown)
        self._say(200, shown)

    def _send(self, form: Mapping[str, str], act: Act | None) -> None:
        if isinstance(act, HashingPool):
            time.sleep(act.seconds)
            act = act.then
        if not isinstance(act, Refuse | Raw | Drop) or act.taken:
            text = self.twilio.take(form, act)
            shown = self.twilio.resource(text, move=False)
        else:
            shown = {}
        time.sleep(self.twilio.delay)
        if isinstance(act, Refuse):
            self._refuse(act)
        elif isinstance(act, Raw):
            self._raw(act)
        elif isinstance(act, Drop):
            time.sleep(act.hold)
            self._reset()
        elif isinstance(act, Alter):
            act.change(shown)
            self._say(act.http_status, shown)
        else:
            self._say(201, shown)

    def _noted(self, method: str, form: Mapping[str, str]) -> str:
        parts = urlsplit(self.path)
        expected = "Basic " + base64.b64encode(f"{self.twilio.account_sid}:{self.twilio.token}".encode()).decode()
        self.authorised = self.headers.get("Authorization") == expected
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = _flat(parts.query)
        self.twilio.note(Request(method, parts.path, form, query, headers, self.authorised, time.time()))
        return parts.path

    def _unauthorised(self, account: str) -> Refuse | None:
        return None if self.authorised and account == self.twilio.account_sid else error(20003)

    def _refuse(self, act: Refuse) -> None:
        body = _error(act.code, act.http_status) if act.body is None else act.body
        self._say(act.http_status, body, {"Retry-After": act.retry_after} if act.retry_after else {})

    def _say(self, status: int, body: Mapping[str, object] | bytes, headers: Mapping[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _raw(self, act: Raw) -> None:
        self.close_connection = True
        if not act.pace:
            self.wfile.write(act.packet)
            return
        for byte in act.packet:
            self.wfile.write(bytes([byte]))
            time.sleep(act.pace)

    def _reset(self) -> None:
        """End the connection with RST and not with FIN (SO_LINGER of 0 s, tcp(7))."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # server_close() would send FIN first.
        socket.socket(fileno=self.connection.detach()).close()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_args: object) -> None:
        """Nothing: a test reads `requests`."""


def _flat(encoded: str) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(encoded, keep_blank_values=True).items()}


def _error(code: int | None, http_status: int) -> dict[str, object]:
    if code is None:
        return {"message": "An error", "status": http_status}
    where = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": f"Error {code}", "more_info": where, "status": http_status}


def _fault(form: Mapping[str, str]) -> Refuse | None:
    """What Twilio itself finds wrong with a message."""
    if _NUMBER.fullmatch(form.get("To", "")) is None:
        return error(21211)
    if not (form.get("From") or form.get("MessagingServiceSid")):
        return error(21603)
    if not form.get("Body"):
        return error(21602)
    return error(21617) if len(form["Body"]) > BODY_MAX else None


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="Twilio's Messages resource on loopback. It sends nothing to anybody.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="a JSON line goes there for every message")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--error", type=int, help="answer every message with this error")
    parser.add_argument(
        "--refuse", nargs=2, action="append", default=[], metavar=("NUMBER", "CODE"), help="answer these"
    )
    options = parser.parse_args()

    def log(text: Prompt) -> None:
        if options.log is not None:
            with options.log.open("a") as file:
                shown = {"sid": text.sid, "to": text.to, "from": text.sender, "body": text.body, "at": text.at}
                file.write(json.dumps(shown) + "\n")

    with FakeTwilio(port=options.port, delay=options.delay, taken=log) as twilio:
        if options.error is not None:
            twilio.will(*[error(options.error)] * 100_000)
        for number, code in options.refuse:
            twilio.always(number, error(int(code)))
        print(twilio.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
