"""Asks the relay about SMS and waits for the answer, for the administrator's command."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.wire.message import Message, ProtocolError
from rw2fa_daemon.wire.relay import START_SECONDS, Lost, ask_relay
from rw2fa_daemon.wire.sms import (
    AccountOutcome,
    Credentials,
    SmsOutcome,
    SmsRequest,
    SmsStatus,
    account_fields,
    read_account,
    read_sms,
    read_sms_status,
    sms_fields,
    status_fields,
)

T = TypeVar("T")


def ask_sms(path: Path, request: SmsRequest) -> SmsOutcome:
    """Have a message sent. Problem if no relay takes the request.

    A relay that is lost while it does may have sent it: that is an `unknown`.
    """
    try:
        return read_sms(_only(ask_relay(path, "sms", sms_fields(request), request.seconds + START_SECONDS)))
    except (Lost, ProtocolError) as error:
        return SmsOutcome(sent=False, unknown=True, problem=str(error))


def ask_sms_status(path: Path, account_sid: str, token: Secret, sid: str, api_url: str, seconds: float) -> SmsStatus:
    """Where a message is. Problem if no relay answers."""
    fields = status_fields(Credentials(account_sid, token, api_url), sid, seconds)
    return _asked(path, "sms_status", fields, seconds, read_sms_status)


def ask_account(path: Path, account_sid: str, token: Secret, api_url: str, seconds: float) -> AccountOutcome:
    """Whether Twilio knows the account and takes the token. Problem if no relay answers."""
    fields = account_fields(Credentials(account_sid, token, api_url), seconds)
    return _asked(path, "sms_account", fields, seconds, read_account)


def _asked(path: Path, verb: str, fields: Mapping[str, str], seconds: float, read: Callable[[Message], T]) -> T:
    try:
        return read(_only(ask_relay(path, verb, fields, seconds + START_SECONDS)))
    except ProtocolError as error:
        raise Problem(f"the relay answers what nobody understands ({error})", "update rw2fa, and restart it") from error


def _only(messages: list[Message]) -> Message:
    if len(messages) != 1:
        raise ProtocolError("more or less than one answer")
    return messages[0]
