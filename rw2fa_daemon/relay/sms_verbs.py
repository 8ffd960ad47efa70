"""The verbs `sms`, `sms_status` and `sms_account`: what Twilio is asked on behalf of the verifier.

Account, token, number and text come with each request and are gone with its answer.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.twilio import FINAL_STATUSES, SERVER_ERRORS, may_repeat
from rw2fa_daemon.relay.exchange import Lost, NotSent
from rw2fa_daemon.relay.twilio_api import Account, Nonsense, Refused, Taken
from rw2fa_daemon.wire.message import Message, compose
from rw2fa_daemon.wire.sms import (
    AccountOutcome,
    SmsOutcome,
    SmsRequest,
    SmsStatus,
    compose_account,
    compose_outcome,
    compose_sms_status,
    read_account_request,
    read_sms_request,
    read_status_request,
)

PAUSES: Final = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each attempt, all but the first a fifth more or less, so that many do not come at once."""
_SPREAD: Final = 0.2
ATTEMPT_SECONDS_MIN: Final = 1.0
"""With less than that left, nothing more is tried."""
_GARBLED: Final = "what answers does not speak like Twilio; see sms.api_url"


def send(message: Message) -> Iterator[bytes]:
    """`text`, then `done`: a message sent, at most once."""
    request = read_sms_request(message)
    yield compose_outcome(_send(request, time.monotonic() + request.seconds))
    yield compose("done", {})


def status(message: Message) -> Iterator[bytes]:
    """`sms_status`, then `done`: where a message is."""
    credentials, sid, seconds = read_status_request(message)
    yield compose_sms_status(_status(Account(credentials, time.monotonic() + seconds), sid))
    yield compose("done", {})


def account(message: Message) -> Iterator[bytes]:
    """`account`, then `done`: whether Twilio takes the credentials."""
    credentials, seconds = read_account_request(message)
    yield compose_account(_account(Account(credentials, time.monotonic() + seconds)))
    yield compose("done", {})


def _send(request: SmsRequest, deadline: float) -> SmsOutcome:
    """Sent, not sent, or unknown. It is tried again only where nothing can have been sent before.

    That is so where Twilio was asked too much at once (error 20429: never processed, safe to ask again). An error of
    Twilio's own may come after the deed (error 20500: sending again may send twice): before another attempt the message
    is looked for, and while that cannot be done there is none.
    """
    twilio = Account(request.credentials, deadline)
    to, body = request.to.reveal().decode(), request.body.reveal().decode()
    doubt: SmsOutcome | None = None
    failed = SmsOutcome(sent=False)
    wait = 0.0
    for pause in PAUSES:
        if not _rest(max(_varied(pause), wait), deadline):
            break
        try:
            if doubt is not None and (found := twilio.find(to, body)) is not None:
                return _sent(found)
            doubt = None
            return _sent(twilio.send(request.sender, to, body))
        except NotSent as error:
            return doubt or SmsOutcome(sent=False, problem=str(error))
        except Lost as error:
            return doubt or SmsOutcome(sent=False, unknown=True, problem=str(error))
        except Nonsense:
            return doubt or SmsOutcome(sent=False, unknown=True, problem=_GARBLED)
        except Refused as error:
            if doubt is None:
                failed = SmsOutcome(sent=False, code=error.code, http_status=error.http_status)
                doubt = replace(failed, unknown=True) if error.http_status in SERVER_ERRORS else None
            if error.http_status not in SERVER_ERRORS and not may_repeat(error.code, error.http_status):
                return doubt or failed
            wait = error.retry_after
    return doubt or failed


def _status(twilio: Account, sid: str) -> SmsStatus:
    try:
        found = twilio.message(sid)
    except (NotSent, Lost) as error:
        return SmsStatus("", None, final=False, problem=str(error))
    except Nonsense:
        return SmsStatus("", None, final=False, problem=_GARBLED)
    except Refused as error:
        return SmsStatus("", error.code, final=False, http_status=error.http_status)
    return SmsStatus(found.status, found.code, final=found.status in FINAL_STATUSES)


def _account(twilio: Account) -> AccountOutcome:
    try:
        standing, kind = twilio.standing()
    except (NotSent, Lost) as error:
        return AccountOutcome(ok=False, problem=str(error))
    except Nonsense:
        return AccountOutcome(ok=False, problem=_GARBLED)
    except Refused as error:
        return AccountOutcome(ok=False, code=error.code, http_status=error.http_status)
    return AccountOutcome(ok=standing == "active", status=standing, kind=kind)


def _sent(taken: Taken) -> SmsOutcome:
    return SmsOutcome(sent=True, sid=taken.sid, status=taken.status, code=taken.code)


def _varied(pause: float) -> float:
    # Not for secrecy.
    return pause * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311


def _rest(seconds: float, deadline: float) -> bool:
    """Wait; or say at once that there would be no time left afterwards."""
    if time.monotonic() + seconds + ATTEMPT_SECONDS_MIN > deadline and seconds > 0:
        return False
    time.sleep(seconds)
    return True
