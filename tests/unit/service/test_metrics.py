"""What the daemon counts."""

import timeit

from prometheus_client.parser import text_string_to_metric_families

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import Ask, End
from rw2fa_daemon.service.exposition import exposition
from rw2fa_daemon.service.metrics import BUCKETS, PHASES_MAX, Metrics
from rw2fa_daemon.wire.login import write_ask, write_end


def read(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by name and values of labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition(metrics.families()))
        for sample in family.samples
    }


def test_phases_are_counted_by_decision_and_rule() -> None:
    metrics = Metrics()
    for end in (
        End(Rc.SUCCESS, Rule.CODE_RIGHT, mint=1000),
        End(Rc.SUCCESS, Rule.CODE_RIGHT, mint=1001),
        End(Rc.IGNORE, Rule.NOT_ENABLED),
        End(Rc.AUTH_ERR, Rule.CODE_WRONG, "That code is wrong."),
        End(Rc.MAXTRIES, Rule.LOCKED),
        End(Rc.PERM_DENIED, Rule.LOCKED),
    ):
        metrics.answered(write_end(end), 0.002)
    told = read(metrics)
    assert told["rw2fa_phases_total", ("allow", "code-right")] == 2
    assert told["rw2fa_phases_total", ("ignore", "not-enabled")] == 1
    assert told["rw2fa_phases_total", ("deny", "code-wrong")] == 1
    assert told["rw2fa_phases_total", ("deny", "locked")] == 2


def test_the_histogram_is_cumulative_and_has_a_place_for_the_slowest() -> None:
    metrics = Metrics()
    ask = write_ask(Ask(1, "Code:", "digits:6-6"))
    for seconds in (0.0, BUCKETS[0], 0.002, 60.0):
        metrics.answered(ask, seconds)
    told = read(metrics)
    assert told["rw2fa_answer_seconds_bucket", ("0.0005",)] == 2
    assert told["rw2fa_answer_seconds_bucket", ("0.0025",)] == 3
    assert told["rw2fa_answer_seconds_bucket", ("3",)] == 3
    assert told["rw2fa_answer_seconds_bucket", ("+Inf",)] == 4
    assert told["rw2fa_answer_seconds_count", ()] == 4


def test_audit_records_are_counted_and_written() -> None:
    metrics = Metrics()
    written: list[Record] = []
    audit = metrics.counting(written.append)
    record = Record(Event.CODE_WRONG, 1.0)
    audit(record)
    audit(record)
    assert written == [record, record]
    assert read(metrics)["rw2fa_audit_records_total", ("code-wrong",)] == 2


def test_promise_11_what_is_counted_is_bounded() -> None:
    metrics = Metrics()
    for number in range(2 * PHASES_MAX):
        metrics.answered(b"end\0rc=SUCCESS\0rule=%d" % number, 0.001)
    assert sum(name == "rw2fa_phases_total" for name, _ in read(metrics)) == PHASES_MAX


def test_measure_counting_costs_a_login_next_to_nothing() -> None:
    """A login takes 130 µs in all and has two answers; the best of five, since the machine has other things to do."""
    metrics, end = Metrics(), write_end(End(Rc.SUCCESS, Rule.CODE_RIGHT, mint=1000))
    assert min(timeit.repeat(lambda: metrics.answered(end, 0.002), number=10_000, repeat=5)) / 10_000 < 5e-6
