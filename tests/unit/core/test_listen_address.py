"""Where a server may listen."""

import pytest

from rw2fa_daemon.core.listen_address import parse_listen


@pytest.mark.parametrize("text", ["0.0.0.0:8443", "127.0.0.1:1", "[::]:65535", "unix:/run/rw2fa/portal.sock"])
def test_places(text: str) -> None:
    assert parse_listen(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("8443", ":8443", "host:8443", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:08443"),
        *("::1:8443", "[127.0.0.1]:8443", "[::1]", "[::1]8443", "unix:", "unix:portal.sock", "unix:/" + "x" * 107),
        *("[[::1]]:8443", "0.0.0.0:84\u0664"),
    ],
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(names|does|has) "):
        parse_listen(text)
