"""PAM services that may be, or are known to be, unattended: with no user who could type a code."""

from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.core.clients import ServiceClass
from rw2fa_daemon.data import shipped_clients
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.host import services
from rw2fa_daemon.pamstack.modules import Role, role
from rw2fa_daemon.pamstack.stack import Facility, host_reader, load
from rw2fa_daemon.pamstack.syntax import SyntaxProblem

#: Not a service: what libpam gives a service that has no file.
_FALLBACK: Final = "other"


def check_clients(subject: Subject) -> Iterator[Finding]:
    """What enabled users meet in services that reach our line and are not known to show prompts to a user."""
    known = shipped_clients().clients
    for name in subject.services or services(subject.root):
        client = subject.rules.clients.of(name)
        decided = name in subject.config.services
        if decided or name == _FALLBACK or client.service_class is not ServiceClass.CODE or not _asks(subject, name):
            continue
        if name not in known:
            yield Finding(
                "clients",
                ok=True,
                detail=f"{name} is not in the table of PAM services: it asks enabled users for a code, "
                "and refuses them if nobody types one",
                fix=f"if users log in there themselves, run `rw2fa settings set services.{name} code`; if only "
                f"programs do, `rw2fa settings set services.{name} ignore` leaves it to the password",
            )
        elif not client.attended:
            yield Finding(
                "clients",
                ok=True,
                detail=f"{name} is unattended and cannot ask for a code: it refuses enabled users, whatever their "
                "password",
                fix=f"run `rw2fa settings set services.{name} ignore` if the password alone should protect it",
            )


def _asks(subject: Subject, name: str) -> bool:
    """Whether our line is in the auth stack of a service."""
    try:
        stack = load(name, host_reader(subject.root)).stack(Facility.AUTH)
    except SyntaxProblem:
        return False  # another check says so
    return any(role(handler) is Role.OURS for handler in stack)
