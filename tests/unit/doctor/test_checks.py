"""The table of checks as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from rw2fa_daemon import doctor
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.checks import CHECKS, Check, make
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from tests.unit.doctor.conftest import NOW, Host


def test_every_check_says_something_also_when_all_is_well(host: Host) -> None:
    names = {finding.check for finding in doctor.pam_check(host.config, root=host.root)}
    assert names >= {check.name for check in CHECKS if check.pam}


def test_a_check_that_cannot_be_made_is_a_finding_and_not_the_end(host: Host) -> None:
    def breaks(_subject: Subject) -> Iterator[Finding]:
        yield Finding("x", ok=True, detail="first")
        raise Problem("the key is gone", "put it back")

    def denied(_subject: Subject) -> Iterator[Finding]:
        if NOW:
            raise PermissionError(13, "Permission denied", "/etc/x")
        yield Finding("y", ok=True, detail="never")

    first, broken, unread = make(host.subject(), (Check("x", breaks, "good"), Check("y", denied, "good")))
    assert first.ok
    assert (broken.ok, broken.detail, broken.fix) == (False, "the key is gone", "put it back")
    assert unread.detail == "could not be checked: /etc/x: Permission denied"


def test_doctor_never_raises_on_a_host_that_has_nothing(host: Host) -> None:
    findings = doctor.run(host.config, root=host.root / "nothing")
    assert any(not finding.ok for finding in findings)
    assert all(finding.fix for finding in findings if not finding.ok)


def test_each_check_has_a_name_of_its_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
