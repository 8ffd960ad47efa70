"""One logon: PAM's phases, relayed to the portal, and how they end."""

import pwd
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import VERSION, Message, ProtocolError
from rw2fa_portal.protocol import (
    CODE_SERVICE,
    FAILURE_SECONDS,
    LIFE_SECONDS,
    LOGON_SECONDS,
    QUESTIONS_MAX,
    REPLY_SECONDS,
    SERVICE,
    TTY,
    Outcome,
    Phase,
    Style,
    check_address,
    check_user,
)
from rw2fa_portal.session.alarm import ended_after
from rw2fa_portal.session.channel import Channel
from rw2fa_portal.session.configuration import daemon_socket
from rw2fa_portal.session.libpam import Code, Item, Transaction
from rw2fa_portal.session.registered import Answer, Refused, RegisteredLogon
from rw2fa_portal.session.verbs import VERBS, Standing

PASSWORD_TRIES: Final = 3
"""How often a new password may be refused, before the logon is."""


class _Relay:
    """The user as PAM's modules see one, at the other end of the portal."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._asked = 0
        self.phase = Phase.AUTH

    def ask(self, text: str, *, hidden: bool) -> bytearray:
        self._asked += 1
        if self._asked > QUESTIONS_MAX:
            raise ProtocolError("too many questions")
        style = Style.HIDDEN if hidden else Style.ECHO
        self._channel.send("ask", {"n": str(self._asked), "style": style, "phase": self.phase, "text": text})
        return self._channel.receive_reply(self._asked, REPLY_SECONDS)

    def tell(self, text: str, *, error: bool) -> None:
        style = Style.ERROR if error else Style.INFO
        self._channel.send("tell", {"style": style, "phase": self.phase, "text": text})


def serve(channel: Channel, clock: Callable[[], float] = time.monotonic) -> None:
    """Serve the one logon of this connection, to its end. Gone, ProtocolError or Problem say why it ended early."""
    began = clock()
    user, address = _read_logon(channel.receive())
    items = {Item.TTY: TTY, **({Item.RHOST: address} if address else {})}
    relay = _Relay(channel)
    with Transaction(SERVICE, user, relay, items) as pam:
        with ended_after(LOGON_SECONDS):
            outcome = _run(pam, relay)
        if outcome is not Outcome.IN:
            time.sleep(max(0.0, began + FAILURE_SECONDS - clock()))
            channel.send("end", {"outcome": outcome})
            return
        registered = _registered(_canonical(pam.user), address)
        if isinstance(registered, Outcome):
            time.sleep(max(0.0, began + FAILURE_SECONDS - clock()))
            channel.send("end", {"outcome": registered})
            return
        try:
            channel.send("end", {"outcome": outcome, "user": registered.user})
            channel.extend(clock() + LIFE_SECONDS)
            _stand(channel, Standing(pam, registered, address))
        finally:
            registered.end()


def _read_logon(message: Message) -> tuple[str, str]:
    if message.verb != "logon" or message.required("v") != VERSION:
        raise ProtocolError("no logon")
    return check_user(message.required("user")), check_address(message.fields.get("address", ""))


def _run(pam: Transaction, relay: _Relay) -> Outcome:
    code = pam.authenticate()
    if code is Code.SUCCESS:
        relay.phase = Phase.ACCOUNT
        code = pam.acct_mgmt()
    if code is Code.NEW_AUTHTOK_REQD:
        relay.phase = Phase.PASSWORD
        if not _changed(pam):
            return Outcome.REFUSED
        # What kept this user out besides the password still does.
        relay.phase = Phase.ACCOUNT
        code = pam.acct_mgmt()
    if code is Code.SUCCESS:
        return Outcome.IN
    return Outcome.UNAVAILABLE if code is Code.AUTHINFO_UNAVAIL else Outcome.REFUSED


def _changed(pam: Transaction) -> bool:
    return any(pam.change_expired_password() is Code.SUCCESS for _ in range(PASSWORD_TRIES))


def _canonical(name: str) -> str:
    """The name that NSS has for the user who logged on."""
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        raise Problem("PAM let in a name that NSS does not know", "see /etc/nsswitch.conf") from None


def _registered(name: str, address: str) -> RegisteredLogon | Outcome:
    """The logon as the daemon keeps it from now on, or why it does not."""
    try:
        return RegisteredLogon.register(daemon_socket, name, SERVICE, address)
    except Refused:
        return Outcome.REFUSED
    except Problem as problem:
        sys.stderr.write(f"rw2fa-session: {problem}\n")
        return Outcome.UNAVAILABLE


def _take_code(standing: Standing) -> Mapping[str, str] | None:
    """Another code counts for the logon."""
    return {} if standing.registered.take_code() is Answer.OK else None


def _make_recovery_codes(standing: Standing) -> Mapping[str, str] | None:
    """Another code counts for new recovery codes."""
    codes = standing.registered.new_recovery_codes()
    return {"codes": codes} if codes else None


_Use = Callable[[Standing], Mapping[str, str] | None]
"""What a further code is used for: what else the end says, None if the daemon does not take the code."""

_USES: Final[Mapping[str, _Use]] = {"code": _take_code, "recovery": _make_recovery_codes}


def _ask_code(channel: Channel, standing: Standing, clock: Callable[[], float], use: _Use) -> None:
    """Ask for another code, without the password, and use it, or say that the daemon does not take it."""
    began = clock()
    items = {Item.TTY: TTY, **({Item.RHOST: standing.address} if standing.address else {})}
    with Transaction(CODE_SERVICE, standing.registered.user, _Relay(channel), items) as pam, ended_after(LOGON_SECONDS):
        outcome, more = _judged(pam, standing, use)
    if outcome is not Outcome.IN:
        time.sleep(max(0.0, began + FAILURE_SECONDS - clock()))
    channel.send("end", {"outcome": outcome, "user": standing.registered.user, **more})


def _judged(pam: Transaction, standing: Standing, use: _Use) -> tuple[Outcome, Mapping[str, str]]:
    code = pam.authenticate()
    if code is Code.SUCCESS:
        code = pam.acct_mgmt()
    try:
        if code is Code.SUCCESS and (more := use(standing)) is not None:
            return Outcome.IN, more
    except Problem:
        return Outcome.UNAVAILABLE, {}
    return Outcome.UNAVAILABLE if code is Code.AUTHINFO_UNAVAIL else Outcome.REFUSED, {}


def _stand(channel: Channel, standing: Standing) -> None:
    """Do what the portal asks for the user who logged on, and for nobody else, until it closes."""
    while True:
        message = channel.receive()
        if (use := _USES.get(message.verb)) is not None:
            _ask_code(channel, standing, time.monotonic, use)
            continue
        answer = VERBS.get(message.verb)
        if answer is None:
            raise ProtocolError("unknown verb")
        report = answer(standing, message)
        try:
            channel.send("report", report.fields, report.passed)
        finally:
            if report.passed is not None:
                report.passed.close()
