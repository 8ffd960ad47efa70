"""What Twilio's answers mean: a sentence for the administrator, a shorter one for the user who waits for a code.

Codes: https://www.twilio.com/docs/api/errors. Message statuses: "Messages resource" in Twilio's documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CODES_AT: Final = "https://www.twilio.com/docs/api/errors"
TOO_MANY_REQUESTS: Final = 20429
TOO_MANY_REQUESTS_STATUS: Final = 429
SERVER_ERRORS: Final = range(500, 600)
"""HTTP status codes (RFC 9110 §15.5, §15.6)."""

STATUSES: Final = frozenset(
    (
        *("accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled"),
        *("read", "partially_delivered", "receiving", "received"),
    )
)
FINAL_STATUSES: Final = frozenset(("delivered", "undelivered", "failed", "canceled", "read", "partially_delivered"))
"""Those that do not change any more. `sent` often stays the last one too, where an operator sends no receipts."""
ARRIVED_STATUSES: Final = frozenset(("delivered", "read", "partially_delivered"))


class Kind(StrEnum):
    """What an error says about the next message."""

    RETRY = "retry"
    """Too much at once, or Twilio's own fault. The relay has tried again where that was safe; what is left counts
    against the circuit, as DOWN does."""
    DOWN = "down"
    """Nobody gets a message at present."""
    PERMANENT = "permanent"
    """It is about this number or its phone alone."""
    SETUP = "setup"
    """Nobody gets a message until the administrator has corrected something."""


@dataclass(frozen=True, slots=True)
class TwilioError:
    """Why a message was not sent, or not delivered. Both texts are sentences and hold neither a number nor a code.

    `code` is Twilio's, None where there was none.
    """

    code: int | None
    administrator: str
    user: str
    kind: Kind


_NUMBER: Final = "No message can be sent to your number. Ask your administrator to check it."
_PHONE: Final = "Your phone could not be reached. Make sure that it is on and has a signal."
_OPERATOR: Final = "Your mobile operator did not deliver the message."
_HOST: Final = "This host cannot send messages at the moment. Tell your administrator."
_BUSY: Final = "Messages cannot be sent right now. Try again in a minute."

_CREDENTIALS: Final = "`rw2fa sms configure` sets them"
_SENDER: Final = "`rw2fa sms configure` sets another"
_NOT_MOBILE: Final = (
    "The number cannot receive SMS; give the user a mobile number, or the app, with `rw2fa users edit`."
)
_INACTIVE: Final = "The Twilio account is not active; check its balance and status in Twilio's console."
_NOT_OURS: Final = f"The sender is not a number of this Twilio account that can send SMS; {_SENDER}."
_UNREGISTERED: Final = (
    "must be registered with Twilio before operators let its messages pass; do that in Twilio's console."
)

ERRORS: Final[Mapping[int, tuple[Kind, str, str]]] = {
    # --- at once, in place of a message ------------------------------------------------------------------------------
    10001: (Kind.SETUP, _INACTIVE, _HOST),
    20003: (Kind.SETUP, f"Twilio does not accept the account SID and token; {_CREDENTIALS}.", _HOST),
    20005: (Kind.SETUP, _INACTIVE, _HOST),
    20404: (Kind.SETUP, f"Twilio does not know this account, sender or message; {_CREDENTIALS}.", _HOST),
    TOO_MANY_REQUESTS: (Kind.RETRY, "Twilio received too many requests at once, even after retries.", _BUSY),
    20500: (Kind.RETRY, "Twilio reports an internal error; see https://status.twilio.com.", _BUSY),
    20503: (Kind.RETRY, "Twilio says that it is not available; see https://status.twilio.com.", _BUSY),
    21211: (
        Kind.PERMANENT,
        "Twilio says that this is not a phone number; set another with `rw2fa users edit`.",
        _NUMBER,
    ),
    21212: (Kind.SETUP, f"Twilio says that the sender is not a valid number; {_SENDER}.", _HOST),
    21265: (Kind.PERMANENT, _NOT_MOBILE, _NUMBER),
    21266: (Kind.PERMANENT, "The user's number is the sender's own; set another with `rw2fa users edit`.", _NUMBER),
    21408: (
        Kind.PERMANENT,
        "The Twilio account may not send to this country; allow it in its console (messaging geographic permissions).",
        _NUMBER,
    ),
    21603: (Kind.SETUP, f"Twilio was given no sender; {_SENDER}.", _HOST),
    21606: (Kind.SETUP, _NOT_OURS, _HOST),
    21608: (
        Kind.PERMANENT,
        "A trial account, or one without a compliance profile, sends only to numbers verified there; verify this one.",
        _NUMBER,
    ),
    21610: (
        Kind.PERMANENT,
        "The recipient replied STOP; to get messages again, that phone has to send START to the sender's number.",
        "This phone has replied STOP to earlier messages. Send START to the number that they came from.",
    ),
    21611: (Kind.DOWN, "Too many messages from this sender are queued at Twilio; use several senders.", _BUSY),
    21612: (
        Kind.PERMANENT,
        "Twilio has no route from this sender to this number; a sender of the same country may have one.",
        _NUMBER,
    ),
    21614: (Kind.PERMANENT, _NOT_MOBILE, _NUMBER),
    21617: (
        Kind.SETUP,
        "The message is longer than 1,600 characters; shorten it with `rw2fa settings set settings.sms_message`.",
        _HOST,
    ),
    21635: (Kind.PERMANENT, _NOT_MOBILE, _NUMBER),
    21659: (Kind.SETUP, _NOT_OURS, _HOST),
    21660: (Kind.SETUP, _NOT_OURS, _HOST),
    21730: (Kind.DOWN, "Twilio is down for maintenance; see https://status.twilio.com.", _BUSY),
    63038: (
        Kind.DOWN,
        "The Twilio account has reached its daily limit of messages; ask Twilio to raise it.",
        _HOST,
    ),
    90010: (Kind.SETUP, _INACTIVE, _HOST),
    # --- later, in the status of a message ---------------------------------------------------------------------------
    30001: (Kind.DOWN, "The message waited too long at Twilio behind others from this sender.", _BUSY),
    30002: (Kind.SETUP, "Twilio suspended the account before the message was sent; see its console.", _HOST),
    30003: (Kind.PERMANENT, "The phone could not be reached: off, without signal, or unable to receive SMS.", _PHONE),
    30004: (Kind.PERMANENT, "The operator or the recipient blocks messages from this sender.", _OPERATOR),
    30005: (
        Kind.PERMANENT,
        "The operator does not know the number, or it is no longer in use; set another with `rw2fa users edit`.",
        _NUMBER,
    ),
    30006: (Kind.PERMANENT, _NOT_MOBILE, _NUMBER),
    30007: (
        Kind.PERMANENT,
        "Twilio or an operator took the message for spam and filtered it; see its console, and settings.sms_message.",
        _OPERATOR,
    ),
    30008: (Kind.PERMANENT, "The operator did not deliver the message and did not say why.", _OPERATOR),
    30032: (Kind.SETUP, f"The sender is a toll-free number, which {_UNREGISTERED}", _HOST),
    30034: (Kind.SETUP, f"The sender is a US number, which {_UNREGISTERED}", _HOST),
}
"""Every code that has a sentence here."""

UNCERTAIN: Final = TwilioError(
    None,
    "Twilio's answer was cut short; the message may have been sent, so it is not sent again.",
    "The message may be late, or lost. Wait a moment for it.",
    Kind.DOWN,
)
"""It is not known whether the message was sent."""
UNREACHABLE: Final = TwilioError(
    None,
    "Twilio cannot be reached; check this host's network, name resolution and certificates, and sms.api_url.",
    _BUSY,
    Kind.DOWN,
)
NOT_DELIVERED: Final = TwilioError(
    None, "The message was not delivered, and Twilio does not say why.", _OPERATOR, Kind.PERMANENT
)
"""A final status without a code."""


def explain(code: int | None, http_status: int | None) -> TwilioError:
    """What an error means.

    `code` is Twilio's, from its answer or a message's status; `http_status` that of the answer. Both are None where
    there was no answer at all. A code that is not in the table gets a sentence that names it and says where to
    read about it.
    """
    if code is not None and code in ERRORS:
        kind, administrator, user = ERRORS[code]
        return TwilioError(code, administrator, user, kind)
    if http_status in SERVER_ERRORS or http_status == TOO_MANY_REQUESTS_STATUS:
        which = f"HTTP status {http_status}" if code is None else f"error {code}, HTTP status {http_status}"
        return TwilioError(code, f"Twilio does not accept messages at present ({which}).", _BUSY, Kind.RETRY)
    if code is not None:
        return TwilioError(code, f"Twilio reports error {code}; read {CODES_AT}/{code}.", _HOST, Kind.PERMANENT)
    if http_status is not None:
        return TwilioError(
            None,
            f"The answer does not come from Twilio's API (HTTP status {http_status}); check sms.api_url.",
            _HOST,
            Kind.DOWN,
        )
    return UNREACHABLE


def may_repeat(code: int | None, http_status: int | None) -> bool:
    """Whether Twilio refused because of too many requests: then nothing was sent, and asking again is safe."""
    return code == TOO_MANY_REQUESTS or (http_status == TOO_MANY_REQUESTS_STATUS and code not in ERRORS)
