"""Our lines in the PAM stacks of this host."""

from collections.abc import Iterator
from dataclasses import replace

from rw2fa_daemon.core.clients import ServiceClass
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.faults import Fault, Name, faults
from rw2fa_daemon.pamstack.host import listed, service_path, services
from rw2fa_daemon.pamstack.install import installed
from rw2fa_daemon.pamstack.lines import DEFAULT_SOCKET
from rw2fa_daemon.pamstack.module_files import modules
from rw2fa_daemon.pamstack.modules import Role, role
from rw2fa_daemon.pamstack.stack import Facility, Handler, Service, host_reader, load
from rw2fa_daemon.pamstack.syntax import SyntaxProblem


def check_stacks(subject: Subject) -> Iterator[Finding]:
    """What is wrong with each service, by walking its stacks."""
    if not installed(root=subject.root):
        yield Finding(
            "pam-line-missing",
            ok=False,
            detail="our lines are in no PAM stack of this host: nobody is asked for a code",
            fix="run `rw2fa pam install`",
        )
        return
    for name in subject.services or services(subject.root):
        if subject.services and service_path(subject.root, name) is None:
            yield Finding(
                "pam-service",
                ok=False,
                detail=f"there is no PAM service {name} on this host",
                fix="name one of the files in /etc/pam.d",
            )
            continue
        try:
            service = load(name, host_reader(subject.root))
        except SyntaxProblem as problem:
            yield Finding(
                "pam-unreadable",
                ok=False,
                detail=f"PAM cannot read {name}: {problem}",
                fix="correct that line; pam.conf(5) has the syntax",
            )
            continue
        yield from _service(subject, service)


def _service(subject: Subject, service: Service) -> Iterator[Finding]:
    client = subject.rules.clients.of(service.name)
    found = faults(service, client, listed=listed(service.name, subject.rules.clients))
    yield from (_found(subject, fault) for fault in found)
    yield from _accepted_in_vain(subject, service.name, {fault.name for fault in found})
    if client.service_class is ServiceClass.IGNORE and client.outside:
        yield Finding(
            "pam-service-ignored",
            ok=True,
            detail=f"{service.name} accepts remote logins, and `[services]` says that nobody is asked for a code there",
            fix=f"run `rw2fa settings unset services.{service.name}` if that is no longer wanted",
        )


def _found(subject: Subject, fault: Fault) -> Finding:
    """A fault as a finding: ok if it was accepted, and the files are still those that it was accepted for."""
    finding = Finding(fault.name, ok=not fault.grave, detail=fault.detail, fix=fault.fix, service=fault.service)
    acceptance = subject.accepted.of(fault.service, fault.name)
    if acceptance is None:
        return finding
    if subject.accepted.counts(subject.root, fault.service, fault.name):
        fix = f"run `rw2fa pam retract {fault.service} {fault.name}` when that is no longer wanted"
        return replace(finding, ok=True, accepted=acceptance.reason, fix=fix)
    detail = f"{fault.detail}; it was accepted ({acceptance.reason}) before its files changed"
    fix = f"{fault.fix}, or check the change and accept the finding again with `rw2fa pam accept`"
    return replace(finding, detail=detail, fix=fix)


def _accepted_in_vain(subject: Subject, service: str, names: set[Name]) -> Iterator[Finding]:
    for one in subject.accepted.acceptances:
        if one.service == service and one.finding not in names:
            yield Finding(
                "pam-accepted",
                ok=True,
                detail=f"{service}: {one.finding} was accepted ({one.reason}), but is no longer found",
                fix=f"run `rw2fa pam retract {service} {one.finding}`",
                service=service,
            )


def _our_handlers(subject: Subject) -> Iterator[tuple[Service, Handler]]:
    for name in subject.services or services(subject.root):
        try:
            service = load(name, host_reader(subject.root))
        except SyntaxProblem:
            continue
        for facility in (Facility.AUTH, Facility.ACCOUNT):
            yield from ((service, handler) for handler in service.stack(facility) if role(handler) is Role.OURS)


def check_module(subject: Subject) -> Iterator[Finding]:
    """The module that our lines name."""
    for name in sorted({handler.module for _, handler in _our_handlers(subject)}):
        if not modules(subject.root, name):
            yield Finding(
                "pam-module",
                ok=False,
                detail=f"PAM stacks name {name}, which is not where PAM looks for it: nobody can log in through them",
                fix="run `make install`, or `rw2fa pam remove`",
            )


def check_socket_arguments(subject: Subject) -> Iterator[Finding]:
    """Whether our lines and the daemon use the same socket."""
    wanted = str(subject.config.socket)
    others = {
        (handler.path, handler.line, named)
        for _, handler in _our_handlers(subject)
        if (named := _socket(handler)) != wanted
    }
    for path, line, named in sorted(others):
        yield Finding(
            "pam-socket",
            ok=False,
            detail=f"{path}:{line} looks for the daemon at {named}, but the daemon listens at {wanted}",
            fix=f"add socket={wanted} to that line, or set paths.socket to {named}",
        )


def _socket(handler: Handler) -> str:
    named = [argument.removeprefix("socket=") for argument in handler.arguments if argument.startswith("socket=")]
    return named[-1] if named else str(DEFAULT_SOCKET)
