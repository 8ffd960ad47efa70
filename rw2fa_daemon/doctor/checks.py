"""The table of checks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.clients import check_clients
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.host.clock import check_clock
from rw2fa_daemon.doctor.host.daemon import check_daemon, check_socket_unit
from rw2fa_daemon.doctor.host.fallback import check_fallback
from rw2fa_daemon.doctor.host.leftovers import check_leftovers
from rw2fa_daemon.doctor.host.permissions import check_notify, check_permissions
from rw2fa_daemon.doctor.nothing_weaker import check_nothing_weaker
from rw2fa_daemon.doctor.pam.root_login import check_root_login
from rw2fa_daemon.doctor.pam.sshd import check_sshd
from rw2fa_daemon.doctor.pam.stacks import check_module, check_socket_arguments, check_stacks
from rw2fa_daemon.doctor.pam.xrdp import check_xrdp_sections
from rw2fa_daemon.doctor.sms.account import check_sms
from rw2fa_daemon.doctor.sms.message import check_sms_message
from rw2fa_daemon.doctor.state.database import check_database
from rw2fa_daemon.doctor.state.key import check_key
from rw2fa_daemon.doctor.state.rollback_marker import check_mark
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.doctor.users.aliases import check_aliases
from rw2fa_daemon.doctor.users.enrolment import check_enrolment
from rw2fa_daemon.doctor.users.guessing import check_guessing
from rw2fa_daemon.doctor.users.scope import check_scope


@dataclass(frozen=True, slots=True)
class Check:
    """A check. `good` says what is true when it finds nothing wrong; `pam`: `rw2fa pam check` runs it."""

    name: str
    look: Callable[[Subject], Iterator[Finding]]
    good: str
    pam: bool = False


CHECKS: Final = (
    Check("pam-stacks", check_stacks, "the PAM services ask for the code wherever they ask for the password", pam=True),
    Check("pam-module", check_module, "the module is where PAM looks for it", pam=True),
    Check("pam-socket", check_socket_arguments, "our PAM lines and the daemon use the same socket", pam=True),
    Check("sshd", check_sshd, "sshd makes enabled users answer the prompt for a code", pam=True),
    Check("sshd-root", check_root_login, "sshd lets an enabled root give a code, or root has no key", pam=True),
    Check(
        "others",
        check_nothing_weaker,
        "nothing has changed for users who are not asked for a code",
        pam=True,
    ),
    Check("pam-file", check_fallback, "every program that accepts remote logins has its own PAM file", pam=True),
    Check("clients", check_clients, "every PAM service that asks for a code can be answered by a user"),
    Check("xrdp-section", check_xrdp_sections, "no section of xrdp.ini bypasses PAM"),
    Check("daemon", check_daemon, "the daemon answers"),
    Check("socket-unit", check_socket_unit, "the socket unit is active, or systemd does not run this host"),
    Check("permissions", check_permissions, "socket, key, state and configuration have the right owners and modes"),
    Check("database", check_database, "the database keeps what it has committed"),
    Check("master-key", check_key, "there is one master key, and everything is encrypted under it"),
    Check("mark", check_mark, "putting back an old copy of the state would be noticed"),
    Check("names", check_scope, "every user and group in the configuration is known"),
    Check("aliases", check_aliases, "neither root nor a user who is asked for a code has a second name"),
    Check("enrolment", check_enrolment, "every enabled user has a device or can enrol one"),
    Check("notify", check_notify, "the notification program may be run, or none is set"),
    Check("leftovers", check_leftovers, "every record belongs to an existing user"),
    Check("guessing", check_guessing, ""),
    Check("clock", check_clock, ""),
    Check("sms", check_sms, "codes can be sent by SMS, or SMS are off"),
    Check("sms-message", check_sms_message, "an SMS with a code takes one segment, or SMS are off"),
)


def make(subject: Subject, checks: tuple[Check, ...] = CHECKS) -> list[Finding]:
    """The findings of some checks, in their order; for each that found nothing, one that says what is good."""
    return [finding for check in checks for finding in _one(subject, check)]


def _one(subject: Subject, check: Check) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check.look(subject))
    except Problem as problem:
        found.append(Finding(check.name, ok=False, detail=problem.what, fix=problem.fix))
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        found.append(Finding(check.name, ok=False, detail=f"could not be checked: {reason}", fix="run this as root"))
    if check.good and all(finding.ok and not finding.fix for finding in found):
        found.insert(0, Finding(check.name, ok=True, detail=check.good))
    return found
