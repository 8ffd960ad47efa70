"""Prometheus' text format, read back by Prometheus' own library."""

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from rw2fa_daemon.service.exposition import Family, Sample, exposition, gauge


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")), st.floats(allow_nan=False, allow_infinity=False))
def test_any_label_and_any_number_are_read_back(label: str, value: float) -> None:
    text = exposition([Family("x", "gauge", "Some.", (Sample(value, {"l": label}),))])
    (family,) = text_string_to_metric_families(text)
    (sample,) = family.samples
    assert sample.labels == {"l": label}
    assert math.isclose(sample.value, value, rel_tol=1e-12)


def test_what_is_not_known_is_left_out_rather_than_zero() -> None:
    assert exposition([gauge("x", "Some.", None), gauge("y", "Some.", 0)]) == "# HELP y Some.\n# TYPE y gauge\ny 0\n"
