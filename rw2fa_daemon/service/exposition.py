"""Prometheus' text format, version 0.0.4: what node_exporter's textfile collector reads. Pure.

Written by hand: the library prometheus_client takes 0.19 s and a web server to import; the tests have
it read what is written here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; `suffix` comes after the name of its family, as in `_bucket`."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: `kind` is `gauge`, `counter` or `histogram`; `explanation` ends with its unit where it has one."""

    name: str
    kind: str
    explanation: str
    samples: tuple[Sample, ...]


def exposition(families: Iterable[Family]) -> str:
    """The text. A family without samples is left out: its value is not known, which is not zero."""
    return "".join(_family(family) for family in families if family.samples)


def gauge(name: str, explanation: str, value: float | None) -> Family:
    """A family with one value, or with none."""
    return Family(name, "gauge", explanation, () if value is None else (Sample(value),))


def _family(family: Family) -> str:
    head = f"# HELP {family.name} {family.explanation.translate(_HELP_ESCAPES)}\n# TYPE {family.name} {family.kind}\n"
    return head + "".join(_sample(family.name, sample) for sample in family.samples)


def _sample(name: str, sample: Sample) -> str:
    labels = ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in sample.labels.items())
    return f"{name}{sample.suffix}{'{' + labels + '}' if labels else ''} {_number(sample.value)}\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
