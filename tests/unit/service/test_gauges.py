"""What monitoring reads about how things stand: each figure under its own name."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rw2fa_daemon import __version__
from rw2fa_daemon.clock.instant import now
from rw2fa_daemon.clock.last import keep
from rw2fa_daemon.core.clock import Answer, Kernel, Measurement, Verdict
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.service import gauges
from rw2fa_daemon.service.exposition import Family
from rw2fa_daemon.service.gauges import SHARE_OF_TIME, Running, UserGauges, clock_families, up, user_families

COUNTS = UserCounts(activated=1, pending=2, locked=3, narrowed=4, spent=5, logons=6)

Done = Callable[[UserCounts | None], None]


def figures(families: tuple[Family, ...]) -> dict[str, float]:
    """Values by name, and by label where a family has more than one."""
    return {
        " ".join((family.name.removeprefix("rw2fa_"), *sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("running", [False, True])
def test_it_is_told_whether_the_daemon_runs_and_which_it_is(*, running: bool) -> None:
    assert figures(up(running=running)) == {"up": running, f"build_info {__version__}": 1}


def test_each_figure_of_a_running_daemon_has_its_name() -> None:
    running = Running(
        since=7.5,
        enabled=True,
        state_usable=False,
        configuration_good=True,
        connections=3,
        lost_audit_records=4,
        users_guessed_at=5,
    )
    assert figures(running.families()) == {
        "up": 1,
        f"build_info {__version__}": 1,
        "start_time_seconds": 7.5,
        "enabled": 1,
        "state_usable": 0,
        "configuration_good": 1,
        "connections": 3,
        "users_guessed_at": 5,
        "audit_records_lost_total": 4,
    }


def test_each_figure_of_users_has_its_name_and_none_is_zero_while_it_is_not_known() -> None:
    assert figures(user_families(COUNTS)) == {
        "users_activated": 1,
        "users_pending": 2,
        "users_locked": 3,
        "users_guess_budget_spent whole": 4,
        "users_guess_budget_spent narrow": 5,
        "logons": 6,
    }
    assert user_families(None) == ()


def verdict(told: dict[str, float]) -> str:
    """The one verdict whose figure is 1; the others are 0."""
    figures = {name.removeprefix("clock_verdict "): value for name, value in told.items() if "verdict" in name}
    assert figures.keys() == set(Verdict)
    assert sorted(figures.values()) == [0, 0, 0, 1]
    return max(figures, key=figures.__getitem__)


def test_the_clock_is_told_by_the_last_comparison(tmp_path: Path) -> None:
    told = figures(clock_families(tmp_path))
    assert verdict(told) == Verdict.UNKNOWN
    assert "clock_offset_seconds" not in told
    keep(tmp_path, Measurement(now(), Kernel(True), (Answer("a", "192.0.2.1", 0.001, 0.01, 2),)))
    told = figures(clock_families(tmp_path))
    assert verdict(told) == Verdict.OK
    assert told["clock_offset_seconds"] == pytest.approx(0.001)
    assert 0 <= told["clock_age_seconds"] < 60


class Counting:
    """Users, counted by a test, on a clock that it sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.asked: list[Done] = []
        self.gauges = UserGauges()
        monkeypatch.setattr(gauges, "time", SimpleNamespace(monotonic=lambda: self.now))

    def counts(self) -> UserCounts | None:
        return self.gauges.counts(self.asked.append)


def test_users_are_counted_again_when_counting_took_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    assert counting.counts() is None
    counting.now += 1_000_000
    counting.counts()
    assert len(counting.asked) == 1, "not a second time before the first is over"
    counting.now = 102.0
    counting.asked[0](COUNTS)
    for later, count in ((0.0, 1), (2 * SHARE_OF_TIME - 1, 1), (2 * SHARE_OF_TIME, 2)):
        counting.now = 102.0 + later
        assert counting.counts() is COUNTS
        assert len(counting.asked) == count


def test_users_that_were_counted_at_once_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    assert counting.gauges.counts(lambda done: done(COUNTS)) is COUNTS
    assert counting.gauges.counts(lambda done: done(None)) is None, "it took no time, so they are counted again"
