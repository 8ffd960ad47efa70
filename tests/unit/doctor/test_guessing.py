"""What a guess is worth."""

from __future__ import annotations

import pytest

from rw2fa_daemon.doctor.users.guessing import check_guessing
from tests.unit.doctor.conftest import Host


def test_promise_9_the_defaults_of_the_manual_are_a_note_that_says_what_they_mean(host: Host) -> None:
    (finding,) = check_guessing(host.subject())
    assert finding.ok
    assert "one guess in 1,041 is right (0.096 %); in 30 days 3 guesses are compared" in finding.detail
    assert "succeeds with a chance of 0.59 %" in finding.detail


@pytest.mark.parametrize("settings", [{"digits": 5}, {"discrepancy": 1600}, {"digits": 4, "discrepancy": 20}])
def test_promise_9_an_accepted_risk_is_shown_with_what_would_end_it(host: Host, settings: dict[str, int]) -> None:
    host.set(**settings, accept_risk=True)
    (finding,) = check_guessing(host.subject())
    assert not finding.ok
    assert "the risk of easy guesses was accepted" in finding.detail
    assert "settings set discrepancy" in finding.fix
