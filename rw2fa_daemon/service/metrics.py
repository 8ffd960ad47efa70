"""What happened since the daemon started, counted as cheaply as can be: a login costs 130 µs in all."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.service.exposition import Family, Sample

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
"""Upper bounds in seconds, up to where the hook no longer waits."""

PHASES_MAX: Final = 128
"""Pairs of return code and rule that are told apart: more than there are. Both are words of ours."""

_DECISIONS: Final = {"SUCCESS": "allow", "IGNORE": "ignore"}
"""What a return code comes to; every other is a denial."""

_END: Final = b"end\0"


class Metrics:
    """Counters in this process's memory; they begin anew with it, as Prometheus expects."""

    __slots__ = ("_buckets", "_ended", "_events", "_seconds")

    def __init__(self) -> None:
        self._ended: Counter[tuple[bytes, bytes]] = Counter()
        self._events: Counter[str] = Counter()
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def answered(self, packet: bytes, seconds: float) -> None:
        """Count a message that is sent, so long after the one that it answers."""
        self._buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds
        if packet.startswith(_END):
            # What write_end begins with: the return code, then the rule.
            _, rc, rule, *_ = packet.split(b"\0", 3)
            key = rc, rule
            if key in self._ended or len(self._ended) < PHASES_MAX:
                self._ended[key] += 1

    def counting(self, write: Callable[[Record], None]) -> Callable[[Record], None]:
        """`write` that counts the records first."""
        events = self._events

        def counted(record: Record) -> None:
            events[record.event.label] += 1
            write(record)

        return counted

    def families(self) -> tuple[Family, ...]:
        """All that was counted."""
        phases: Counter[tuple[str, str]] = Counter()
        for (rc, rule), count in self._ended.items():
            phases[_DECISIONS.get(_value(rc), "deny"), _value(rule)] += count
        cumulative = list(accumulate(self._buckets))
        bounds = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]
        return (
            Family(
                "rw2fa_phases_total",
                "counter",
                "Phases of logins that were decided, by decision and rule.",
                tuple(
                    Sample(count, {"decision": decision, "rule": rule})
                    for (decision, rule), count in sorted(phases.items())
                ),
            ),
            Family(
                "rw2fa_answer_seconds",
                "histogram",
                "From a message's arrival to the answer, the directory and the state included.",
                (
                    *(Sample(n, {"le": le}, "_bucket") for le, n in zip(bounds, cumulative, strict=True)),
                    Sample(self._seconds, suffix="_sum"),
                    Sample(cumulative[-1], suffix="_count"),
                ),
            ),
            Family(
                "rw2fa_audit_records_total",
                "counter",
                "Audit records of logins, by event.",
                tuple(Sample(count, {"event": event}) for event, count in sorted(self._events.items())),
            ),
        )


def _value(field: bytes) -> str:
    return field.partition(b"=")[2].decode("utf-8", "replace")
