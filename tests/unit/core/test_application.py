"""What the portal can open, and for whom."""

from rw2fa_daemon.core.application import DESKTOP, Application

TERMINAL = Application("Terminal 1", "xterm -T 'a b' $HOME")


def test_a_command_is_split_and_nothing_in_it_expanded() -> None:
    assert TERMINAL.argv == ("xterm", "-T", "a b", "$HOME")
    assert DESKTOP.argv == ()
    assert str(TERMINAL) == "Terminal 1: xterm -T 'a b' $HOME"


def test_a_label_is_the_same_at_every_start_and_fits_any_address() -> None:
    assert TERMINAL.label == "app-0369ec5e473f210b"
    assert DESKTOP.label == "desktop"
    assert Application("b\udcf6rn").label != TERMINAL.label


def test_groups_limit_who_may_open_it() -> None:
    limited = Application("Terminal", "xterm", groups=("staff", "ops"))
    assert limited.open_to(frozenset({"ops", "x"}))
    assert not limited.open_to(frozenset({"x"}))
    assert TERMINAL.open_to(frozenset())
