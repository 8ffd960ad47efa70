"""How long a phase may wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pam_hook.pure import Pure


def test_promise_5_all_waits_add_up(pure: Pure) -> None:
    # Waits of 1 s, 1 s and 0.5 s, with 1,000 s and 60 s of typing between them.
    times = [0, 1000, 1_001_000, 1_002_000, 1_062_000, 1_062_500]
    assert pure.deadline(3, times) == (2500, 500)


def test_promise_5_nothing_is_left_once_the_time_is_used_up(pure: Pure) -> None:
    assert pure.deadline(3, [0, 3000]) == (3000, 0)
    assert pure.deadline(3, [0, 3001]) == (3001, 0)


@given(
    seconds=st.integers(1, 60),
    start=st.integers(0, 1 << 40),
    spans=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=20),
)
def test_only_waits_count(pure: Pure, seconds: int, start: int, spans: list[int]) -> None:
    spans = spans if len(spans) % 2 else spans[:-1]  # read while it runs
    times = [start]
    for span in spans:
        times.append(times[-1] + span)
    waited = sum(spans[::2])
    assert pure.deadline(seconds, times) == (waited, max(seconds * 1000 - waited, 0))
