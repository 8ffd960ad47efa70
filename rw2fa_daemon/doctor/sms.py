"""Whether codes can be sent by SMS."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.account import Method
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.store.kept import TWILIO_TOKEN

NAMES_MAX: Final = 10
"""That one finding lists."""
RELAY_SECONDS: Final = 2.0
_CONFIGURE: Final = "run: rw2fa sms configure"


def check_sms(subject: Subject) -> Iterator[Finding]:
    """What keeps SMS from going out, where they are switched on."""
    config = subject.config
    if not config.sms_enabled:
        return
    with subject.store() as store:
        token = store.kept(TWILIO_TOKEN)
        abroad = []
        people, _ = subject.enabled_people
        for person in people:
            account = store.read(person.name)
            if account is None or account.method is not Method.SMS or account.phone is None:
                continue
            if not account.phone.reveal().decode().startswith(config.sms_allowed):
                abroad.append(person.name)
    for problem in lacking(config, token):
        yield Finding("sms", ok=False, detail=problem.what, fix=problem.fix)
    if config.sms_allowed and abroad:
        named = ", ".join(abroad[:NAMES_MAX]) + (" and others" if len(abroad) > NAMES_MAX else "")
        yield Finding(
            "sms-countries",
            ok=False,
            detail=f"{len(abroad)} users have a number that no SMS may go to: {named}",
            fix=f"allow it with `rw2fa settings set sms.countries`, which is {', '.join(config.sms_allowed)} now",
        )
    yield from _relay(subject.path(config.relay_socket))


def lacking(config: Config, token: Secret | None) -> Iterator[Problem]:
    """Whatever is missing before an SMS can be sent."""
    if not config.sms_account_sid:
        yield Problem("no Twilio account is set", _CONFIGURE)
    if not config.sms_sender:
        yield Problem("no sender is set", _CONFIGURE)
    if token is None:
        yield Problem("the token of the Twilio account is not stored", _CONFIGURE)
    if config.sms_sender and not config.sms_allowed:
        yield Problem(
            "the sender is not a number and has no country, so that SMS may go nowhere",
            "name calling codes, for example: rw2fa settings set sms.countries 33,49",
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
            fix="run `systemctl enable --now rw2fa-relay.socket`; without systemd the daemon starts it",
        )
