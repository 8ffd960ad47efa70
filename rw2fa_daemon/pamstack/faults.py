"""What is wrong with a PAM service that should ask for a second factor. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rw2fa_daemon.core.clients import Client, ServiceClass
from rw2fa_daemon.pamstack.lines import our_lines
from rw2fa_daemon.pamstack.module_files import OUR_MODULE
from rw2fa_daemon.pamstack.modules import Role, role
from rw2fa_daemon.pamstack.search import Call, End, Slot, TooManyWays, Ways, slot_of, ways
from rw2fa_daemon.pamstack.stack import Facility, Handler, Service, Stack

#: The arguments that pam_rw2fa.so knows; it warns of any other and ignores it.
ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "socket": (),
    "timeout": (),
    "console": (),
    "slot": (Slot.FIRST.value, Slot.KEY.value),
    "unreachable": ("deny", "allow"),
}
FLAGS: Final = ("debug",)


class Name(StrEnum):
    """Names of the faults, as `rw2fa doctor` prints them."""

    LINE_MISSING = "pam-line-missing"
    LINE_UNREACHED = "pam-line-unreached"
    SLOT_MISSING = "pam-slot-missing"
    BEFORE_FIRST_FACTOR = "pam-before-first-factor"
    BYPASS = "pam-bypass"
    CARD = "pam-card"
    REFUSAL_IGNORED = "pam-refusal-ignored"
    NO_FACTOR = "pam-no-factor"
    SHUT = "pam-shut"
    ACCOUNT_MISSING = "pam-account-missing"
    ACCOUNT_NOT_FIRST = "pam-account-not-first"
    ACCOUNT_BYPASS = "pam-account-bypass"
    ACCOUNT_UNWANTED = "pam-account-unwanted"
    SESSION_MISSING = "pam-session-missing"
    ARGUMENT = "pam-argument"
    UNREACHABLE_ALLOW = "pam-unreachable-allow"
    TOO_COMPLICATED = "pam-too-complicated"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and how to correct it. `grave` is false for what an administrator may have intended."""

    name: Name
    service: str
    detail: str
    fix: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class _Subject:
    """A service being checked. `listed`: it is in the client table or the table of lines."""

    service: Service
    client: Client
    listed: bool

    def fault(self, name: Name, detail: str, fix: str, *, grave: bool = True) -> Fault:
        return Fault(name, self.service.name, f"{self.service.name}: {detail}", fix, grave)

    @property
    def reinstall(self) -> str:
        """What puts our account line where it belongs."""
        if self.service.name in our_lines():
            return f"run `rw2fa pam install {self.service.name}`"
        return f"put `account required {OUR_MODULE}` before the first account line of {self.service.path}"


def faults(service: Service, client: Client, *, listed: bool) -> list[Fault]:
    """What is wrong with a service whose client is `client`; `listed` says that the table names this service."""
    subject = _Subject(service, client, listed)
    found: list[Fault] = []
    for facility, look in ((Facility.AUTH, _auth), (Facility.ACCOUNT, _account)):
        stack = service.stack(facility)
        try:
            every = ways(stack)
        except TooManyWays:
            found.append(
                subject.fault(
                    Name.TOO_COMPLICATED,
                    f"its {facility.value} stack has too many ways through it to be checked",
                    f"simplify {service.path}, or exclude the service: rw2fa settings set services.{service.name} "
                    "ignore",
                )
            )
            continue
        found += look(subject, stack, every)
        found += [fault for handler in stack if role(handler) is Role.OURS for fault in _arguments(subject, handler)]
    found += _session(subject, service.stack(Facility.SESSION))
    return found


def _auth(subject: _Subject, stack: Stack, every: Ways) -> Iterator[Fault]:
    if subject.client.service_class is ServiceClass.IGNORE:
        return
    let_in = [end for end in every.ends if end.lets_in]
    by_factor = [end for end in let_in if end.facts.proved or end.facts.maybe_proved]
    if not by_factor:
        # No password lets anybody in here: greeters, automatic logins, root's tools.
        return
    if all(end.facts.carded for end in by_factor):
        yield _card(subject, by_factor[0])
    elif not any(call.slot is Slot.MAIN for call in every.calls):
        yield _line_missing(subject, stack)
    else:
        yield from _bypasses(subject, let_in)
    yield from _slots(subject, every)
    yield from _early(subject, every)


def _line_missing(subject: _Subject, stack: Stack) -> Fault:
    ours = [handler for handler in stack if role(handler) is Role.OURS and slot_of(handler) is Slot.MAIN]
    if ours:
        return subject.fault(
            Name.LINE_UNREACHED,
            f"{ours[0].where} is never reached: a line before it always ends the stack or jumps past it",
            "move the line after the one that checks the password and out of reach of its jumps",
        )
    includes = any(handler.path.endswith("/common-auth") for handler in stack)
    fix = (
        "run `rw2fa pam install`"
        if includes
        else (
            f"put `auth requisite {OUR_MODULE}` into {subject.service.path} after the line that checks the password, "
            "or let the file include common-auth"
        )
    )
    return subject.fault(
        Name.LINE_MISSING, "asks for a first factor and for no code: our line is not in its auth stack", fix,
        grave=subject.listed,
    )  # fmt: skip


def _bypasses(subject: _Subject, let_in: list[End]) -> Iterator[Fault]:
    ignored = next((end for end in let_in if end.facts.refused), None)
    if ignored is not None:
        yield subject.fault(
            Name.REFUSAL_IGNORED,
            f"lets in users whom we refuse, in this way: {_way(ignored)}",
            "make the control of our line `requisite`, and let no line jump over what follows it",
        )
    passed_by = [end for end in let_in if not (end.facts.judged or end.facts.refused or end.facts.caller)]
    carded = next((end for end in passed_by if end.facts.carded), None)
    if carded is not None:
        yield _card(subject, carded)
    rest = [end for end in passed_by if not end.facts.carded]
    by_password = next((end for end in rest if end.facts.proved or end.facts.maybe_proved), None)
    if by_password is not None:
        yield subject.fault(
            Name.BYPASS,
            f"can be entered past our line, in this way: {_way(by_password)}",
            "put our line where this way reaches it, and let no module before it end the stack or jump past it",
        )
    by_nothing = next((end for end in rest if not (end.facts.proved or end.facts.maybe_proved)), None)
    if by_nothing is not None:
        yield subject.fault(
            Name.NO_FACTOR,
            f"can be entered without a password and without a code, in this way: {_way(by_nothing)}",
            "remove the line that lets users in, unless that is intended",
            grave=subject.client.outside,
        )


def _card(subject: _Subject, end: End) -> Fault:
    """A card and its PIN are already two factors; for remote logins we ask for a code nevertheless."""
    return subject.fault(
        Name.CARD,
        f"accepts a smart card and its PIN as both factors and asks for no code, in this way: {_way(end)}",
        f"put `auth requisite {OUR_MODULE}` where this way reaches it, if a code is wanted as well",
        grave=subject.client.outside,
    )


def _slots(subject: _Subject, every: Ways) -> Iterator[Fault]:
    """Our lines that belong before the password in this service, and are not reached there."""
    wanted = [line for line in our_lines().get(subject.service.name, ()) if line.facility is Facility.AUTH]
    for line in wanted:
        if not any(call.slot is line.slot and not call.before.proved for call in every.calls):
            yield subject.fault(
                Name.SLOT_MISSING,
                f"our line with slot={line.slot.value} is missing or comes after the password",
                f"run `rw2fa pam install {subject.service.name}`",
            )


def _early(subject: _Subject, every: Ways) -> Iterator[Fault]:
    """Lines that would ask strangers: offer an enrolment, or count wrong codes, before anything was proved."""
    early = next((call for call in every.calls if _asks_strangers(subject, call)), None)
    if early is not None:
        yield subject.fault(
            Name.BEFORE_FIRST_FACTOR,
            f"{early.handler.where} is reached without a right password: strangers would be asked for codes, "
            "and could lock users out or enrol in their place",
            "put it where only a right password leads, as in the Additional block of common-auth",
        )


def _asks_strangers(subject: _Subject, call: Call) -> bool:
    if call.before.proved or call.before.maybe_proved or call.before.caller:
        return False
    harmless = {Slot.KEY: True, Slot.FIRST: subject.client.service_class is ServiceClass.RDP, Slot.MAIN: False}
    return not harmless[call.slot]


def _account(subject: _Subject, stack: Stack, every: Ways) -> Iterator[Fault]:
    ours = [call.handler for call in every.calls]
    if not subject.client.outside:
        yield from _unwanted(subject, ours)
        return
    let_in = [end for end in every.ends if end.lets_in]
    if not ours:
        yield subject.fault(
            Name.ACCOUNT_MISSING,
            "our account line is missing or never reached: a key or an expired password alone opens a session",
            subject.reinstall,
        )
        return
    past = next((end for end in let_in if end.facts.refused or not end.facts.judged), None)
    if past is not None:
        yield subject.fault(
            Name.ACCOUNT_BYPASS,
            f"its account phase can succeed although our line refuses, in this way: {_way(past)}",
            f"make our account line `required` and the first one: {subject.reinstall}",
        )
    elif _first_called(stack) not in ours:
        yield subject.fault(
            Name.ACCOUNT_NOT_FIRST,
            f"{ours[0].where} is not the first account line",
            subject.reinstall,
        )
    if all(end.facts.said_yes for end in let_in):
        # Our account line only refuses or ignores; another module has to succeed.
        yield subject.fault(
            Name.SHUT,
            "lets nobody in: no module in its account stack but ours can succeed",
            f"add `@include common-account` to {subject.service.path}",
        )


def _session(subject: _Subject, stack: Stack) -> Iterator[Fault]:
    """A line that reports which session a login has become; it decides nothing, so ways past it do not matter."""
    wanted = any(line.facility is Facility.SESSION for line in our_lines().get(subject.service.name, ()))
    ours = [handler for handler in stack if role(handler) is Role.OURS]
    if wanted and not ours:
        yield subject.fault(
            Name.SESSION_MISSING,
            "does not report which session a login has become, so sudo asks for another code right after the login",
            f"run `rw2fa pam install {subject.service.name}`",
            grave=False,
        )
    for handler in ours:
        yield from _arguments(subject, handler)


def _unwanted(subject: _Subject, ours: list[Handler]) -> Iterator[Fault]:
    if ours:
        shared = ours[0].path != subject.service.path
        yield subject.fault(
            Name.ACCOUNT_UNWANTED,
            f"{ours[0].where} is an account line that must not be there: this service runs account without auth, and "
            "would fail for all enabled users",
            f"remove the line from {ours[0].path}",
            grave=subject.listed or shared,
        )


def _first_called(stack: Stack) -> Handler:
    return next(handler for handler in stack if handler.module)


def _arguments(subject: _Subject, handler: Handler) -> Iterator[Fault]:
    for argument in handler.arguments:
        key, equals, value = argument.partition("=")
        known = argument in FLAGS or (bool(equals) and key in ARGUMENTS and value in (ARGUMENTS[key] or (value,)))
        if not known:
            yield subject.fault(
                Name.ARGUMENT,
                f"{handler.where} has the argument {argument!r}, which {OUR_MODULE} does not know",
                "correct it; the arguments are " + ", ".join([*(f"{name}=" for name in ARGUMENTS), *FLAGS]),
            )
        elif argument == "unreachable=allow":
            yield subject.fault(
                Name.UNREACHABLE_ALLOW,
                f"{handler.where} lets all users in without a code while the daemon is down",
                "remove unreachable=allow when that is no longer wanted",
                grave=False,
            )


def _way(end: End) -> str:
    return "; ".join(str(step) for step in end.trail)
