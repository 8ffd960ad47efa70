"""What is concluded from what time servers say (promise 12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.clock import (
    AGREE_SECONDS,
    ERROR_SECONDS,
    FRESH_SECONDS,
    WARN_SECONDS,
    Answer,
    ClockStatus,
    Instant,
    Kernel,
    Measurement,
    Verdict,
    agree,
    alarm,
    apart,
    assess,
    judge,
    span,
)

THEN = Instant(1_800_000_000.0, 1_000.0)
OFFSETS = st.floats(-1e9, 1e9, allow_nan=False)


def answers(*offsets: float | None) -> tuple[Answer, ...]:
    return tuple(
        Answer(f"s{number}", offset=offset, problem="" if offset is not None else "it does not answer")
        for number, offset in enumerate(offsets)
    )


def measured(*offsets: float | None, kernel: Kernel | None = None, problem: str = "") -> Measurement:
    return Measurement(THEN, kernel or Kernel(False), answers(*offsets), problem)


def later(seconds: float, *, moved: float = 0.0) -> Instant:
    return Instant(THEN.utc + seconds + moved, THEN.uptime + seconds)


@pytest.mark.parametrize(
    ("offset", "verdict"),
    [
        (0.0, Verdict.OK),
        (WARN_SECONDS, Verdict.OK),
        (-WARN_SECONDS, Verdict.OK),
        (WARN_SECONDS + 0.01, Verdict.WARN),
        (-ERROR_SECONDS, Verdict.WARN),
        (ERROR_SECONDS + 0.01, Verdict.ERROR),
        (-(2.0**31), Verdict.ERROR),
    ],
)
def test_over_five_seconds_warns_and_over_half_the_narrow_window_is_an_error(offset: float, verdict: Verdict) -> None:
    assert judge(offset) is verdict
    assert assess(measured(offset), THEN).verdict is verdict


@pytest.mark.parametrize(
    ("offsets", "agreed", "outliers"),
    [
        ((0.1,), 0.1, []),
        ((0.1, 0.2, 0.3), 0.2, []),
        ((0.1, 0.2, 400.0), 0.2, ["s2"]),
        ((-9.0, 0.2, 0.1, 0.3, 400.0), 0.2, ["s0", "s4"]),
        ((None, 0.1, None), 0.1, []),
        ((0.0, 0.1, 0.2, 0.3), 0.1, []),
    ],
)
def test_the_median_counts_and_whoever_is_not_near_it_is_named(
    offsets: tuple[float | None, ...], agreed: float, outliers: list[str]
) -> None:
    agreement = agree(answers(*offsets))
    assert agreement.offset == agreed
    assert [answer.server for answer in agreement.outliers] == outliers


@pytest.mark.parametrize("offsets", [(0.0, 60.0), (0.0, 60.0, 120.0), (0.0, 0.1, 60.0, 60.1)])
def test_where_no_majority_agrees_nothing_is_concluded(offsets: tuple[float, ...]) -> None:
    agreement = agree(answers(*offsets))
    assert agreement.offset is None
    assert "contradict" in agreement.problem
    assert assess(measured(*offsets), THEN).verdict is Verdict.UNKNOWN


@given(OFFSETS, st.lists(st.floats(-0.4, 0.4), min_size=2, max_size=8), st.data())
def test_a_minority_of_liars_changes_nothing_but_a_second(
    truth: float, noise: list[float], data: st.DataObject
) -> None:
    liars = data.draw(st.lists(OFFSETS, max_size=len(noise) - 1))
    offsets = data.draw(st.permutations([truth + error for error in noise] + liars))
    agreement = agree(answers(*offsets))
    if agreement.offset is not None:
        assert abs(agreement.offset - truth) <= AGREE_SECONDS + 0.01


def test_a_server_that_says_how_unsure_it_is_is_no_outlier_within_that() -> None:
    unsure = Answer("far", offset=1.6, distance=0.9)
    assert agree((*answers(0.0, 0.1, 0.2), unsure)).outliers == ()


def test_no_answer_is_a_state_with_its_reason_and_no_failure() -> None:
    clock_status = assess(measured(None, None), THEN)
    assert clock_status.verdict is Verdict.UNKNOWN
    assert "s0: it does not answer" in clock_status.detail
    assert assess(measured(problem="the relay does not answer"), THEN).detail.startswith("the relay does not answer")
    assert "no time server is configured" in assess(measured(), THEN).detail


def test_without_an_answer_the_kernels_word_counts_if_its_bound_is_small() -> None:
    assert assess(measured(None, kernel=Kernel(True, 0.3)), THEN).verdict is Verdict.OK
    assert assess(measured(None, kernel=Kernel(True, 0.3)), THEN).offset is None
    assert assess(measured(None, kernel=Kernel(True, WARN_SECONDS + 1)), THEN).verdict is Verdict.UNKNOWN
    assert assess(measured(None, kernel=Kernel(None)), THEN).verdict is Verdict.UNKNOWN


def test_an_answer_counts_more_than_the_kernels_word() -> None:
    """A time service that follows a wrong server tells the kernel that all is well."""
    assert assess(measured(60.0, kernel=Kernel(True, 0.01)), THEN).verdict is Verdict.ERROR


def test_what_is_old_says_nothing_about_now() -> None:
    assert assess(measured(0.0), later(FRESH_SECONDS)).verdict is Verdict.OK
    old = assess(measured(0.0), later(FRESH_SECONDS + 1))
    assert (old.verdict, old.offset, old.age) == (Verdict.UNKNOWN, None, FRESH_SECONDS + 1)
    assert assess(None, THEN).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("moved", [-3600.0, -2.0, 2.0, 3600.0])
def test_a_clock_that_was_set_since_has_to_be_compared_again(moved: float) -> None:
    clock_status = assess(measured(0.0), later(60, moved=moved))
    assert (clock_status.verdict, clock_status.age) == (Verdict.UNKNOWN, None)


def test_a_comparison_before_this_start_of_the_host_says_nothing() -> None:
    assert assess(measured(0.0), Instant(THEN.utc + 600, 60.0)).verdict is Verdict.UNKNOWN
    assert assess(measured(0.0), Instant(THEN.utc + 3000, 2000.0)).verdict is Verdict.UNKNOWN


def test_the_age_is_by_a_clock_that_nobody_sets() -> None:
    assert assess(measured(0.0), later(600, moved=0.5)).age == 600


def clock_status(verdict: Verdict) -> ClockStatus:
    return ClockStatus(verdict, None, None, "wrong or right")


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (Verdict.OK, Verdict.OK, None),
        (Verdict.UNKNOWN, Verdict.OK, None),
        (Verdict.OK, Verdict.UNKNOWN, None),
        (Verdict.OK, Verdict.WARN, Event.CLOCK_WRONG),
        (Verdict.ERROR, Verdict.ERROR, Event.CLOCK_WRONG),
        (Verdict.WARN, Verdict.OK, Event.CLOCK_RIGHT),
        (Verdict.WARN, Verdict.UNKNOWN, None),
    ],
)
def test_an_alarm_is_audited_each_time_and_its_end_once(before: Verdict, after: Verdict, event: Event | None) -> None:
    record = alarm(clock_status(before), clock_status(after), 5.0)
    assert (record.event if record else None) is event
    if record is not None:
        assert record.rule == f"clock-{after}"
        assert (record.user, record.decision, record.address) == ("", "", "")


def test_the_direction_is_said_in_words() -> None:
    assert apart(7.0) == "7.00 s behind the time servers"
    assert apart(-0.25) == "0.25 s ahead of the time servers"
    assert [span(seconds) for seconds in (0.4, 59, 60, 7_199, 7_200, 90_000)] == [
        "0 s", "59 s", "1 min", "1 h", "2 h", "1 d",
    ]  # fmt: skip


def test_a_clock_that_is_off_by_half_a_step_is_an_error_and_one_that_codes_do_not_feel_is_none() -> None:
    """RFC 6238: steps of 30 s, and one each way is all that a device has where guessing has used up the rest."""
    assert judge(15.0) is Verdict.WARN
    assert judge(15.1) is Verdict.ERROR
    assert judge(5.0) is Verdict.OK
    assert judge(5.1) is Verdict.WARN


def test_a_server_that_vouches_for_its_time_is_an_outlier_from_a_second_on() -> None:
    assert agree(answers(0.0, 0.0, 1.0)).outliers == ()
    assert [outlier.offset for outlier in agree(answers(0.0, 0.0, 1.01)).outliers] == [1.01]


def test_a_clock_set_by_more_than_a_second_is_compared_anew() -> None:
    assert assess(measured(0.0), later(60, moved=1.0)).verdict is Verdict.OK
    assert assess(measured(0.0), later(60, moved=1.1)).verdict is Verdict.UNKNOWN


def test_three_hours_after_a_comparison_nothing_is_known_any_more() -> None:
    assert assess(measured(0.0), later(3 * 3600)).verdict is Verdict.OK
    assert assess(measured(0.0), later(3 * 3600 + 1)).verdict is Verdict.UNKNOWN


def test_the_kernel_is_believed_as_long_as_its_error_is_no_reason_to_warn() -> None:
    assert assess(measured(None, kernel=Kernel(True, 5.0)), later(1)).verdict is Verdict.OK
    assert assess(measured(None, kernel=Kernel(True, 5.1)), later(1)).verdict is Verdict.UNKNOWN
