"""Whether an xrdp says where its clients are (the field's facts: 0.9 never does, 0.10 does)."""

import pytest

from rw2fa_portal.web.xrdp import tells_addresses


@pytest.mark.parametrize(
    ("told", "does"),
    [
        ("xrdp-sesman 0.9.21.1\n  The xrdp session manager\n", False),
        ("xrdp-sesman 0.10.1\n", True),
        ("xrdp-sesman 1.0\n", True),
        ("", False),
        ("xrdp-sesman of tomorrow\n", False),
    ],
)
def test_it_does_from_0_10_on(told: str, does: bool) -> None:  # a row of the table
    assert tells_addresses(told) is does
