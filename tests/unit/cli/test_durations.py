"""Durations and moments as people type them."""

from datetime import UTC, datetime

import pytest

from rw2fa_daemon.cli.durations import duration, since
from rw2fa_daemon.core.problem import Problem

NOW = 1_767_225_600.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("7d", 604_800), ("2w", 1_209_600), ("0s", 0)],
)
def test_a_duration_is_numbers_with_units(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-1h", "1.5h", "1 h", "1h ", "1y", "١h", "1" * 30 + "s", "1h\n"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Problem, match="is not a duration; write it like 90s, 10m, 1h30m or 7d"):
        duration(text)


@pytest.mark.parametrize("text", ["2h", "2h ago", "120m"])
def test_a_duration_counts_back_from_now(text: str) -> None:
    assert since(text, NOW) == NOW - 7200


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01 01:00+01:00", "20260101T000000Z"])
def test_row_14_a_zone_that_is_named_counts(text: str) -> None:
    assert since(text, 0) == NOW


def test_without_a_zone_it_is_the_hosts() -> None:
    assert since("2026-01-31 12:00", NOW) == datetime(2026, 1, 31, 12).astimezone().timestamp()
    assert since("2026-01-31", NOW) == datetime(2026, 1, 31).astimezone().timestamp()
    assert datetime.fromtimestamp(NOW, UTC).year == 2026


@pytest.mark.parametrize("text", ["", "yesterday", "12:00", "2026-13-01", "h ago", "0001-01-01"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Problem, match="is not a time; write it like 2h, 7d, 2026-01-31"):
        since(text, NOW)
