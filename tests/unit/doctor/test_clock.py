"""What doctor says of the clock."""

import pytest

from rw2fa_daemon import doctor
from rw2fa_daemon.core.clock import Answer, Instant, Kernel, Measurement
from rw2fa_daemon.doctor.host.clock import WIDE_WINDOW, clock_finding, kernel_findings
from tests.unit.doctor.conftest import Host

THEN = Instant(1_800_000_000.0, 1_000.0)


def off_by(offset: float | None, *, synchronised: bool | None = True) -> Measurement:
    answer = Answer("ntp", offset=offset, problem="" if offset is not None else "it does not answer")
    return Measurement(THEN, Kernel(synchronised, 20.0), (answer,))


@pytest.mark.parametrize(("offset", "ok", "to_do"), [(0.1, True, False), (-7.0, True, True), (20.0, False, True)])
def test_an_error_is_bad_and_a_warning_a_note(offset: float, ok: bool, to_do: bool) -> None:
    finding = clock_finding(off_by(offset))
    assert (finding.check, finding.ok, bool(finding.fix)) == ("clock", ok, to_do)
    assert f"{abs(offset):.2f} s" in finding.detail


def test_no_network_is_a_state_and_not_a_failure() -> None:
    finding = clock_finding(off_by(None))
    assert (finding.ok, finding.fix) == (True, "")
    assert "not known" in finding.detail
    assert "it does not answer" in finding.detail


def test_a_clock_that_nothing_keeps_is_bad_where_the_window_is_narrow() -> None:
    unkept = off_by(0.0, synchronised=False)
    (wide,) = kernel_findings(unkept, WIDE_WINDOW)
    (narrow,) = kernel_findings(unkept, WIDE_WINDOW - 1)
    assert (wide.ok, narrow.ok) == (True, False)
    assert "chrony" in narrow.fix
    assert list(kernel_findings(off_by(0.0, synchronised=True), 0)) == []
    assert list(kernel_findings(off_by(0.0, synchronised=None), 0)) == []


def test_of_another_hosts_folder_the_clock_is_not_looked_at(host: Host) -> None:
    (finding,) = (finding for finding in doctor.run(host.config, root=host.root) if finding.check == "clock")
    assert finding.ok
    assert "not checked" in finding.detail
