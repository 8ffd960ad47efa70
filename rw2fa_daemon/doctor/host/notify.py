"""The program of [enrolment] notify."""

from collections.abc import Iterator

from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.files.program import check_program


def check_notify(subject: Subject) -> Iterator[Finding]:
    """That it may be run: who could write it could have what he likes run as rw2fa-notify; raises Problem."""
    if subject.config.notify is not None:
        check_program(subject.config.notify)
    yield from ()
