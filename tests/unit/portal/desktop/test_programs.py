"""Which programs a session is made of."""

from pathlib import Path

import pytest

from rw2fa_portal.desktop import programs


def _which(*there: str) -> programs.Which:
    return lambda name: f"/somewhere/{name}" if name in there else None


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("there", "command"),
    [
        (("/etc/X11/Xsession", "x-session-manager"), ("/etc/X11/Xsession",)),
        (("/etc/X11/Xsession", "x-window-manager"), ("/etc/X11/Xsession",)),
        (("x-session-manager", "x-window-manager"), ("x-session-manager",)),
        (("x-window-manager",), ("x-window-manager",)),
        (("/etc/X11/Xsession",), None),
        ((), None),
    ],
)
def test_the_desktop_is_what_the_host_has(there: tuple[str, ...], command: tuple[str, ...] | None) -> None:
    assert programs.desktop(_which(*there)) == command


def test_a_session_of_the_users_own_is_enough(tmp_path: Path) -> None:
    (tmp_path / ".xsession").touch()
    assert programs.desktop(_which("/etc/X11/Xsession")) == ("/etc/X11/Xsession",)


def test_one_program_fills_the_screen_where_something_can_make_it() -> None:
    filler = programs.filler(_which("matchbox-window-manager"))
    assert filler is not None
    assert filler[0] == "matchbox-window-manager"
    assert programs.filler(_which()) is None
