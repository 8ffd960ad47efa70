"""Which language a page is in."""

import pytest

from rw2fa_portal.web.language.accepted import HEADER_MAX, accepted


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("es-419", "es"),
        ("ES", "es"),
        ("en;q=0.5, fr;q=0.9", "fr"),
        ("en, fr", "en"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("ja, zh-Hans;q=0.9", "en"),
        ("ja, fr;q=0.2", "fr"),
        ("fr;q=2, de", "de"),
        ("fr; q = 0.4 , de;Q=0.5", "de"),
        ("*", "en"),
        ("..;q=,,-;;fr", "en"),
        ("x" * (HEADER_MAX - 1) + ",fr", "en"),
    ],
)
def test_the_best_of_ours_that_the_browser_asks_for(header: str, language: str) -> None:
    assert accepted(header) == language
