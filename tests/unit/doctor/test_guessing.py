"""What a guess is worth."""

from __future__ import annotations

import pytest

from rw2fa_daemon.doctor.guessing import CHANCE_MAX, chance_in_a_day, chance_of_a_guess, check_guessing
from tests.unit.doctor.conftest import Host


@pytest.mark.parametrize(
    ("digits", "discrepancy", "chance"),
    [
        (6, 480, 1 - (1 - 1e-6) ** 961),
        (6, 0, 1e-6),
        (4, 480, 1 - (1 - 1e-4) ** 961),
        (9, 1, 3e-9),
        (10, 0, 2**-31),  # RFC 4226 truncates to 31 bits
        (12, 0, 2**-31),
    ],
)
def test_promise_9_the_chance_follows_from_digits_and_window(digits: int, discrepancy: int, chance: float) -> None:
    assert chance_of_a_guess(digits, discrepancy) == pytest.approx(chance, rel=1e-6)


def test_the_defaults_of_the_manual_are_a_note_that_says_what_they_mean(host: Host) -> None:
    (finding,) = check_guessing(host.subject())
    assert finding.ok
    assert "one guess in 1,041 is right (0.096 %)" in finding.detail
    assert "guesses all day" in finding.detail


@pytest.mark.parametrize("settings", [{"digits": 5}, {"discrepancy": 1200}, {"digits": 4, "discrepancy": 20}])
def test_promise_9_cheap_guesses_are_found(host: Host, settings: dict[str, int]) -> None:
    host.set(**settings)
    (finding,) = check_guessing(host.subject())
    assert not finding.ok
    assert "guessing is cheap" in finding.detail
    assert finding.fix


def test_the_threshold_leaves_the_defaults_room() -> None:
    assert chance_of_a_guess(6, 480) < CHANCE_MAX / 2


def test_the_chance_in_a_day_counts_what_the_lock_lets_through() -> None:
    assert chance_in_a_day(chance_of_a_guess(6, 480)) == pytest.approx(0.0969, abs=0.001)
