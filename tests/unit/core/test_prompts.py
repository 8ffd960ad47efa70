"""What users read while they log in."""

import re
from pathlib import Path

import pytest

from rw2fa_daemon.core.prompts import Prompt, clock_text, span

CODE = Path(__file__).parents[3] / "rw2fa_daemon"
HOUR = 3600


def test_every_text_that_a_login_names_exists_and_none_is_left_over() -> None:
    """One that is missing would end a login only once it is to be shown."""
    named = {name for file in CODE.rglob("*.py") for name in re.findall(r"\bPrompt\.([A-Z_]+)", file.read_text())}
    assert named == set(Prompt.__members__)


def test_no_two_texts_are_the_same() -> None:
    assert len(Prompt.__members__) == len(Prompt)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 minute"),
        (-89 * 60, "89 minutes"),
        (90 * 60 - 1, "90 minutes"),
        (90 * 60, "1 hour and 30 minutes"),
        (2 * HOUR, "2 hours"),
        (-(26 * HOUR), "26 hours"),
        (HOUR * 2 + 301, "2 hours and 5 minutes"),
    ],
)
def test_lengths_are_told_in_minutes_and_from_an_hour_and_a_half_on_in_hours(seconds: int, words: str) -> None:
    assert span(seconds) == words


def test_a_clock_that_is_off_by_more_than_a_quarter_of_an_hour_may_have_a_wrong_zone() -> None:
    assert "time zone" not in clock_text(15 * 60)
    assert "time zone" in clock_text(15 * 60 + 1)
    assert "ahead" in clock_text(60)
    assert "behind" in clock_text(-60)
