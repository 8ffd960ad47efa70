"""What a site sets of the portal's looks."""

from pathlib import Path

import pytest

from rw2fa_daemon.core.application import Application
from rw2fa_daemon.core.colour import DARK, LIGHT
from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.web.looks import SHIPPED, Looks, Picture, parse_looks, read_looks, read_picture, write_looks
from rw2fa_portal.web.pages import Pages, static_files

PNG = b"\x89PNG\r\n\x1a\n and the rest"
SVG = b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>"


def test_what_is_read_is_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "logo").write_bytes(PNG)
    (tmp_path / "icon").write_bytes(SVG)
    applications = [Application("Terminal", "xterm", icon=str(tmp_path / "icon")), Application("Editor", "edit")]
    looks = read_looks("#8a1538", tmp_path / "logo", applications)
    assert looks == Looks("#8a1538", Picture("png", PNG), {"Terminal": Picture("svg", SVG)})
    assert parse_looks(write_looks(looks)) == looks
    assert parse_looks(write_looks(SHIPPED)) == SHIPPED == read_looks("", None, [])


@pytest.mark.parametrize(
    ("content", "reason"), [(b"GIF89a", "neither PNG nor SVG"), (PNG + b"x" * 100, "more than 64")]
)
def test_what_is_no_picture_or_too_large_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "picture").write_bytes(content)
    with pytest.raises(Problem, match=reason):
        read_picture(tmp_path / "picture", "portal.logo", 64)


def test_the_files_of_a_site_are_served_beside_ours_under_addresses_that_change_with_them() -> None:
    pages = Pages("Site", Looks("#8a1538", Picture("png", PNG), {"Terminal": Picture("svg", SVG)}))
    assert pages.files["logo.png"].response().media_type == "image/png"
    assert pages.icon_of("Terminal") != ""
    assert pages.icon_of("Editor") == ""
    assert b"#8a1538" in pages.files["site.css"].content
    assert set(Pages("Site").files) == set(static_files())
    other = Pages("Site", Looks("", Picture("png", PNG + b"2")))
    assert other.files["logo.png"].url != pages.files["logo.png"].url


def test_the_colours_that_a_site_s_colour_is_compared_with_are_those_of_the_pages() -> None:
    sheet = static_files()["portal.css"].content.decode()
    assert all(f": {colour};" in sheet for colour in (*LIGHT, *DARK))
