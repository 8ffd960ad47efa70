"""What PID 1 is asked for."""

import pwd

from rw2fa_daemon.core.application import DESKTOP, Application
from rw2fa_portal.session.starter import unit_name, unit_order

ALICE = pwd.struct_passwd(("alice", "x", 1000, 1000, "", "/home/alice", "/bin/sh"))


def test_a_user_has_one_unit_for_an_application() -> None:
    assert unit_name(ALICE, DESKTOP) == "rw2fa-desktop-1000-desktop.service"
    assert unit_name(ALICE, Application("A b", "x")) != unit_name(ALICE, Application("A c", "x"))


def test_the_unit_is_the_users_with_a_pam_session_and_its_words_are_taken_as_they_are() -> None:
    order = unit_order(ALICE, DESKTOP, ["rw2fa-desktop", "--", "echo", "$HOME", "100%"])
    assert "--property=User=1000" in order
    assert "--property=PAMName=rw2fa-desktop" in order
    assert order[order.index("--") + 1 :] == ["rw2fa-desktop", "--", "echo", "$$HOME", "100%"]
