"""SMS through the relay: requests and answers (docs/protocol.md, "The relay")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.api_url import parse_api_url
from rw2fa_daemon.core.phone import E164
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms_account import ACCOUNT_SID, NAME, SERVICE_SID
from rw2fa_daemon.core.twilio import FINAL_STATUSES, STATUSES
from rw2fa_daemon.wire.message import VERSION, Message, ProtocolError, compose

SMS_SECONDS_MAX: Final = 30.0
"""Seconds that Twilio may be given for one request, repetitions and all."""
BODY_MAX: Final = 1_600
"""Characters of a message: Twilio's limit (error 21617)."""
PROBLEM_MAX: Final = 256

MESSAGE_SID: Final = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}", re.ASCII)
_TOKEN: Final = re.compile(r"[!-~]{1,128}")
"""Twilio's are 32 hexadecimal digits; what stands in for it may have others."""
_SENDER: Final = re.compile("|".join(form.pattern for form in (E164, SERVICE_SID, NAME)), re.ASCII)
_BODY: Final = re.compile(rf".{{1,{BODY_MAX}}}", re.DOTALL)
_CODE: Final = re.compile(r"[1-9][0-9]{4}", re.ASCII)
_HTTP_STATUS: Final = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_ACCOUNT_WORD: Final = re.compile(r"[A-Za-z-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose account it is and where: `api_url` is empty for Twilio's own address."""

    account_sid: str
    token: Secret
    api_url: str = ""


@dataclass(frozen=True, slots=True)
class SmsRequest:
    """A message to be sent, for which Twilio has `seconds`. `sender` as in core.sms_account, `to` as in core.phone."""

    account_sid: str
    token: Secret
    sender: str
    to: Secret
    body: Secret
    api_url: str
    seconds: float

    @property
    def credentials(self) -> Credentials:
        """Whose account it is sent with."""
        return Credentials(self.account_sid, self.token, self.api_url)


@dataclass(frozen=True, slots=True)
class SmsOutcome:
    """What came of a message.

    `sent`: Twilio has taken it, as `sid`, with `status`, and a `code` if that is a failure. `unknown`: it may have, so
    that it must never be sent again. Neither: it was not sent, and `code` (Twilio's) and `http_status` are for
    core.twilio.explain; `problem` is one clause for the administrator that goes beyond that, or empty.
    """

    sent: bool
    sid: str = ""
    status: str = ""
    code: int | None = None
    http_status: int | None = None
    unknown: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SmsStatus:
    """Where a message is. `status` is empty if that could not be learnt: then the rest says why, as in SmsOutcome.

    Otherwise `code` is why it was not delivered. `final`: it does not change any more.
    """

    status: str
    code: int | None
    final: bool
    http_status: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AccountOutcome:
    """What Twilio says about an account. `ok`: the credentials are right and it is active.

    `status` (active, suspended, closed) and `kind` (Full, Trial) are Twilio's words, empty where it did not say.
    """

    ok: bool
    status: str = ""
    kind: str = ""
    code: int | None = None
    http_status: int | None = None
    problem: str = ""


# --- to the relay ----------------------------------------------------------------------------------------------------


def compose_sms(request: SmsRequest) -> bytes:
    """The packet that asks for a message to be sent."""
    return compose("sms", sms_fields(request))


def sms_fields(request: SmsRequest) -> dict[str, str]:
    """The fields of `sms`. They hold secrets."""
    return {
        **account_fields(request.credentials, request.seconds),
        "sender": request.sender,
        "to": _revealed(request.to),
        "body": _revealed(request.body),
    }


def compose_status(credentials: Credentials, sid: str, seconds: float) -> bytes:
    """The packet that asks where a message is."""
    return compose("sms_status", status_fields(credentials, sid, seconds))


def status_fields(credentials: Credentials, sid: str, seconds: float) -> dict[str, str]:
    """The fields of `sms_status`. They hold a secret."""
    return {**account_fields(credentials, seconds), "sid": sid}


def account_fields(credentials: Credentials, seconds: float) -> dict[str, str]:
    """The fields of `sms_account`. They hold a secret."""
    return {
        "v": VERSION,
        "account_sid": credentials.account_sid,
        "token": _revealed(credentials.token),
        "api_url": credentials.api_url,
        "timeout": f"{seconds:g}",
    }


def read_sms_request(message: Message) -> SmsRequest:
    """What `sms` asks for; ProtocolError if a field is missing or out of bounds."""
    credentials, seconds = read_account_request(message)
    return SmsRequest(
        account_sid=credentials.account_sid,
        token=credentials.token,
        sender=_matching(message, "sender", _SENDER),
        to=_hidden(_matching(message, "to", E164)),
        body=_hidden(_matching(message, "body", _BODY)),
        api_url=credentials.api_url,
        seconds=seconds,
    )


def read_status_request(message: Message) -> tuple[Credentials, str, float]:
    """What `sms_status` asks for: whose, which message, seconds."""
    credentials, seconds = read_account_request(message)
    return credentials, _matching(message, "sid", MESSAGE_SID), seconds


def read_account_request(message: Message) -> tuple[Credentials, float]:
    """What `sms_account` asks for, and every other begins with: whose, seconds."""
    account_sid = _matching(message, "account_sid", ACCOUNT_SID)
    token = _hidden(_matching(message, "token", _TOKEN))
    api_url = message.required("api_url")
    try:
        parse_api_url(api_url)
        seconds = float(message.required("timeout"))
    except ValueError as error:
        raise ProtocolError("no address, or no number") from error
    if not 0 < seconds <= SMS_SECONDS_MAX:
        raise ProtocolError("timeout out of bounds")
    return Credentials(account_sid, token, api_url), seconds


# --- from the relay --------------------------------------------------------------------------------------------------


def compose_outcome(outcome: SmsOutcome) -> bytes:
    """The packet `text`."""
    return compose(
        "text",
        {
            "outcome": "sent" if outcome.sent else "unknown" if outcome.unknown else "failed",
            **_filled({"sid": outcome.sid, "status": outcome.status, "problem": _clean(outcome.problem)}),
            **_numbers(outcome.code, outcome.http_status),
        },
    )


def read_sms(message: Message) -> SmsOutcome:
    """What came of a message; a `refused` is one that was not sent. ProtocolError if it is neither."""
    if message.verb == "refused":
        return SmsOutcome(sent=False, problem=_refusal(message))
    _be(message, "text")
    outcome = message.required("outcome")
    if outcome not in {"sent", "unknown", "failed"}:
        raise ProtocolError("unknown outcome")
    sent = outcome == "sent"
    return SmsOutcome(
        sent=sent,
        sid=_matching(message, "sid", MESSAGE_SID) if sent else "",
        status=_status(message) if sent else "",
        code=_number(message, "code", _CODE),
        http_status=_number(message, "http_status", _HTTP_STATUS),
        unknown=outcome == "unknown",
        problem=_problem(message),
    )


def compose_sms_status(status: SmsStatus) -> bytes:
    """The packet `sms_status`."""
    fields = _filled({"status": status.status, "problem": _clean(status.problem)})
    return compose("text_status", {**fields, **_numbers(status.code, status.http_status)})


def read_sms_status(message: Message) -> SmsStatus:
    """Where a message is; a `refused` says that it could not be learnt. ProtocolError if it is neither."""
    if message.verb == "refused":
        return SmsStatus("", None, final=False, problem=_refusal(message))
    _be(message, "text_status")
    status = _status(message) if "status" in message.fields else ""
    return SmsStatus(
        status=status,
        code=_number(message, "code", _CODE),
        final=status in FINAL_STATUSES,
        http_status=_number(message, "http_status", _HTTP_STATUS),
        problem=_problem(message),
    )


def compose_account(outcome: AccountOutcome) -> bytes:
    """The packet `account`."""
    fields = _filled({"status": outcome.status, "kind": outcome.kind, "problem": _clean(outcome.problem)})
    return compose(
        "account", {"ok": "yes" if outcome.ok else "no", **fields, **_numbers(outcome.code, outcome.http_status)}
    )


def read_account(message: Message) -> AccountOutcome:
    """What Twilio says about an account. ProtocolError if the message is no `account`."""
    if message.verb == "refused":
        return AccountOutcome(ok=False, problem=_refusal(message))
    _be(message, "account")
    return AccountOutcome(
        ok=message.required("ok") == "yes",
        status=_optional(message, "status", _ACCOUNT_WORD),
        kind=_optional(message, "kind", _ACCOUNT_WORD),
        code=_number(message, "code", _CODE),
        http_status=_number(message, "http_status", _HTTP_STATUS),
        problem=_problem(message),
    )


# --- fields ----------------------------------------------------------------------------------------------------------


def _revealed(secret: Secret) -> str:
    return secret.reveal().decode()


def _hidden(value: str) -> Secret:
    try:
        return Secret(value.encode())
    except UnicodeEncodeError:
        # Without the value: this one's text would show it.
        raise ProtocolError("no UTF-8") from None


def _matching(message: Message, key: str, form: "re.Pattern[str]") -> str:
    value = message.required(key)
    if form.fullmatch(value) is None:
        raise ProtocolError(f"{key} out of bounds")
    return value


def _optional(message: Message, key: str, form: "re.Pattern[str]") -> str:
    return _matching(message, key, form) if key in message.fields else ""


def _number(message: Message, key: str, form: "re.Pattern[str]") -> int | None:
    return int(_matching(message, key, form)) if key in message.fields else None


def _status(message: Message) -> str:
    status = message.required("status")
    if status not in STATUSES:
        raise ProtocolError("unknown status")
    return status


def _problem(message: Message) -> str:
    problem = message.fields.get("problem", "")
    if len(problem) > PROBLEM_MAX or not problem.isprintable():
        raise ProtocolError("problem out of bounds")
    return problem


def _clean(problem: str) -> str:
    """What other programs and hosts may have put into it."""
    return "".join(letter if letter.isprintable() else "?" for letter in problem[:PROBLEM_MAX])


def _refusal(message: Message) -> str:
    return f"the relay refused: {message.fields.get('reason', 'no reason')}"


def _be(message: Message, verb: str) -> None:
    if message.verb != verb:
        raise ProtocolError("unknown verb")


def _filled(fields: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in fields.items() if value}


def _numbers(code: int | None, http_status: int | None) -> dict[str, str]:
    return {key: str(n) for key, n in (("code", code), ("http_status", http_status)) if n is not None}
