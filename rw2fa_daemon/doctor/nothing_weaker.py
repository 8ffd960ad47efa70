"""Whether users who are not asked for a code meet the host as it was without us, and no way in asks for less."""

from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.pam.sshd import sample
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.host import service_path, services
from rw2fa_daemon.pamstack.search import TooManyWays
from rw2fa_daemon.pamstack.sshd.ask import files_of, wanted_dropin
from rw2fa_daemon.pamstack.sshd.changes import changes, representatives
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN
from rw2fa_daemon.pamstack.sshd.people import scope_once_on
from rw2fa_daemon.pamstack.sshd.read import read
from rw2fa_daemon.pamstack.stack import host_reader
from rw2fa_daemon.pamstack.syntax import SyntaxProblem
from rw2fa_daemon.pamstack.unasked import differences

_SSHD: Final = "sshd"
#: How many of the enabled users that another check asks sshd about are compared here; each takes some 20 ms.
SAMPLE_MAX: Final = 8


def check_nothing_weaker(subject: Subject) -> Iterator[Finding]:
    """Compares the PAM stacks and sshd with and without our lines and our drop-in."""
    yield from _stacks(subject)
    if not subject.services or _SSHD in subject.services:
        yield from _sshd(subject)


def _stacks(subject: Subject) -> Iterator[Finding]:
    reader = host_reader(subject.root)
    for service in subject.services or services(subject.root):
        try:
            found = list(differences(service, reader))
        except (SyntaxProblem, TooManyWays):
            # The check of the stacks reports it.
            continue
        for one in found:
            yield Finding("pam-others-changed", ok=False, detail=one.detail, fix=one.fix)


def _sshd(subject: Subject) -> Iterator[Finding]:
    """What the drop-in changes; if two-factor authentication is off, the drop-in that switching it on would write."""
    if service_path(subject.root, _SSHD) is None:
        return
    on = subject.config.enabled_at(subject.now)
    scope = scope_once_on(subject.config, root=subject.root, lookup=subject.lookup)
    place = subject.path(DROPIN)
    if on and not place.is_file():
        # Another check reports who cannot be asked.
        return
    try:
        dropin = place.read_text("utf-8", "surrogateescape") if on else wanted_dropin(scope, subject.root)
        parts = read(files_of(subject.root))
        people = [user.name for user in sample(subject.enabled_users[0])[:SAMPLE_MAX]]
        chosen = representatives(parts, scope, people=people, lookup=subject.lookup, members=subject.members)
        with subject.sshd_with(None) as before, subject.sshd_with(dropin) as after:
            if before is None or after is None:
                return
            for change in changes(chosen, before, after):
                detail = change.detail if on else f"once two-factor authentication is on: {change.detail}"
                yield Finding("sshd-others-changed", ok=False, detail=detail, fix=change.fix)
    except Problem as problem:
        yield Finding("sshd-others-changed", ok=False, detail=problem.what, fix=problem.fix)
