"""The `twilio` library, with our own way to the network below it.

Imported only by what sends: the library takes 35 MB and 0.15 s, which asking for the time must not cost.
"""

import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from rw2fa_daemon.core.api_url import TWILIO, parse_api_url
from rw2fa_daemon.core.sms_account import SERVICE_SID
from rw2fa_daemon.core.twilio import STATUSES
from rw2fa_daemon.relay.exchange import Answer, NotSent, exchange
from rw2fa_daemon.wire.sms import MESSAGE_SID, Credentials

FOUND_MAX: Final = 10
"""Messages to one number, newest first, among which one is looked for."""
_CODES: Final = range(10_000, 100_000)
"""Twilio's own; without one, the library puts the HTTP status in its place."""
_SUCCESS: Final = range(200, 300)
_WORD_MAX: Final = 32
_RETRY_AFTER_DIGITS: Final = 4
_NO_ENVIRONMENT: Final = {"TWILIO_REGION": ""}
"""The library would take region and more from the environment; it looks there if this is empty."""

_LIBRARY_RAISES: Final = (TwilioException, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_logger: Final = logging.getLogger(__name__)
"""The library's base class wants one, which nothing here writes to."""

T = TypeVar("T")


class Refused(Exception):
    """An answer that is an error: Twilio's code, if it has one, the HTTP status, and seconds to wait before another."""

    def __init__(self, code: int | None, http_status: int, retry_after: float) -> None:
        super().__init__(code, http_status)
        self.code = code
        self.http_status = http_status
        self.retry_after = retry_after


class Nonsense(Exception):
    """A success that is none: what answers does not speak like Twilio."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that Twilio has: its SID, its status, and why it was not delivered."""

    sid: str
    status: str
    code: int | None


class Account:
    """One account at Twilio, for one request of ours. Nothing of it is kept.

    Every method may raise NotSent, Lost, Refused or Nonsense; none of them shows what was sent.
    """

    def __init__(self, credentials: Credentials, deadline: float) -> None:
        """`deadline`: monotonic seconds, for everything that is asked."""
        self._way = _Way(credentials, deadline)
        token = credentials.token.reveal().decode()
        self._client = Client(credentials.account_sid, token, http_client=self._way, environment=_NO_ENVIRONMENT)
        self._client.api.base_url = credentials.api_url or TWILIO

    def send(self, sender: str, to: str, body: str) -> Taken:
        """Have a message sent."""
        kind = "messaging_service_sid" if SERVICE_SID.fullmatch(sender) else "from_"
        return self._ask(lambda: _taken(self._client.messages.create(to=to, body=body, **{kind: sender})))

    def find(self, to: str, body: str) -> Taken | None:
        """A message with this very text that went to a number, if it is among the last ones."""

        def look() -> Taken | None:
            # One page, by hand: the library would follow a link to the next one wherever it leads.
            page = self._client.messages.page(to=to, page_size=FOUND_MAX)
            found = [message for message in page if message.to == to and message.body == body]
            return _taken(found[0]) if found else None

        return self._ask(look)

    def message(self, sid: str) -> Taken:
        """Where a message is."""
        return self._ask(lambda: _taken(self._client.messages(sid).fetch()))

    def standing(self) -> tuple[str, str]:
        """Status and kind of the account, in Twilio's words."""

        def look() -> tuple[str, str]:
            account = self._client.api.accounts(self._client.username).fetch()
            return _word(account.status), _word(account.type)

        return self._ask(look)

    def _ask(self, what: Callable[[], T]) -> T:
        try:
            return what()
        # The library raises whatever its parsing comes upon. Texts of it may quote the request, and are dropped.
        except _LIBRARY_RAISES as error:
            answer = self._way.answered
            if answer is None or answer.status in _SUCCESS:
                raise Nonsense from None
            raise Refused(_code(error), answer.status, _retry_after(answer.headers)) from None


class _Way(HttpClient):  # type: ignore[misc]  # the library has no types
    """What the library sends its requests through. It logs nothing and remembers the answer only."""

    def __init__(self, credentials: Credentials, deadline: float) -> None:
        super().__init__(_logger, is_async=False)
        self._server = parse_api_url(credentials.api_url)
        self._base = credentials.api_url.rstrip("/") or TWILIO
        self._deadline = deadline
        self.answered: Answer | None = None

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline holds
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 - the library's signature; never
    ) -> Response:
        """See twilio.http.http_client.TwilioHttpClient. NotSent or Lost in place of an answer."""
        path = url.removeprefix(self._base)
        if path == url:
            raise NotSent("the library asks for another address")
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        body = urlencode(data, doseq=True).encode() if data else None
        given = dict(headers or {})
        if auth is not None:
            given["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        self.answered = None
        answer = exchange(self._server, method, self._server.path + path + query, given, body, self._deadline)
        self.answered = answer
        return Response(answer.status, answer.body, answer.headers)


def _taken(message: Any) -> Taken:  # noqa: ANN401 - the library checks nothing of what it makes of an answer
    sid, status, code = message.sid, message.status, message.error_code
    if not isinstance(sid, str) or MESSAGE_SID.fullmatch(sid) is None:
        raise Nonsense
    if not isinstance(status, str) or status not in STATUSES:
        raise Nonsense
    return Taken(sid, status, code if isinstance(code, int) and code in _CODES else None)


def _word(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isalpha() or len(value) > _WORD_MAX:
        raise Nonsense
    return value


def _code(error: Exception) -> int | None:
    code = error.code if isinstance(error, TwilioRestException | TwilioServiceException) else None
    return code if isinstance(code, int) and code in _CODES else None


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds (RFC 9110 §10.2.3); a date is as good as nothing."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) <= _RETRY_AFTER_DIGITS else 0.0
