"""Whether codes can be sent by SMS."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.account_state import method_in_force
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.phone import calling_code
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.store.secrets import TWILIO_TOKEN

NAMES_MAX: Final = 10
"""Names that one finding lists."""
RELAY_SECONDS: Final = 2.0
_CONFIGURE: Final = "run: rw2fa sms configure"


def check_sms(subject: Subject) -> Iterator[Finding]:
    """What prevents SMS from being sent, if they are switched on."""
    config = subject.config
    if not config.sms_enabled:
        return
    with subject.store() as store:
        token = store.secret(TWILIO_TOKEN)
        people, _ = subject.enabled_users
        settings = subject.rules.settings
        numbers = {user.name: _number(store.read(user.name), settings) for user in people}
    for problem in lacking(config, token):
        yield Finding("sms", ok=False, detail=problem.what, fix=problem.fix)
    if config.sms_allowed:
        yield from _abroad({name: number for name, number in numbers.items() if number}, config.sms_allowed)
    yield from _relay(subject.path(config.relay_socket))


def lacking(config: Config, token: Secret | None) -> Iterator[Problem]:
    """Everything that is missing before an SMS can be sent."""
    if not config.sms_account_sid:
        yield Problem("no Twilio account is set", _CONFIGURE)
    if not config.sms_sender:
        yield Problem("no sender is set", _CONFIGURE)
    if token is None:
        yield Problem("the token of the Twilio account is not stored", _CONFIGURE)
    if config.sms_sender and not config.sms_allowed:
        yield Problem(
            "the sender is not a number and so has no country, and sms.countries is empty, so no SMS may be sent",
            "set calling codes, for example: rw2fa settings set sms.countries 33,49",
        )


def _number(account: Account | None, settings: LoginSettings) -> str:
    """The number that a user's codes are sent to by SMS; empty if they are not."""
    by_sms = method_in_force(account, settings) is Method.SMS
    return account.phone.reveal().decode() if account and by_sms and account.phone else ""


def _abroad(numbers: Mapping[str, str], allowed: tuple[str, ...]) -> Iterator[Finding]:
    names = [name for name, number in numbers.items() if not number.startswith(allowed)]
    if not names:
        return
    wanted = dict.fromkeys([*(prefix[1:] for prefix in allowed), *(calling_code(numbers[name]) for name in names)])
    yield Finding(
        "sms-countries",
        ok=False,
        detail="sms.countries does not allow SMS to the numbers of "
        + ", ".join(names[:NAMES_MAX])
        + (f" and {len(names) - NAMES_MAX} others" if len(names) > NAMES_MAX else ""),
        fix=f"to allow their countries, run `rw2fa settings set sms.countries {','.join(wanted)}`",
    )


def _relay(path: Path) -> Iterator[Finding]:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(RELAY_SECONDS)
            connection.connect(str(path))
    except OSError as error:
        yield Finding(
            "sms-relay",
            ok=False,
            detail=f"the relay, which sends the SMS, does not answer at {path}: {error.strerror or error}",
            fix="run `systemctl enable --now rw2fa-relay.socket`; without systemd, start rw2fad, which starts it",
        )
