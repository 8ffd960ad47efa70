"""The applications of the web portal, as the configuration lists them."""

import tomllib

import pytest

from rw2fa_daemon.config.applications import APPLICATIONS_MAX, Applications
from rw2fa_daemon.config.domain import Refused
from rw2fa_daemon.core.application import DESKTOP, Application


def _read(text: str) -> object:
    return Applications().read(tomllib.loads(text)["application"])


def test_an_application_is_read_and_split_as_a_shell_would() -> None:
    table = {
        "name": "Terminal",
        "command": "xterm -title 'A $HOME'",
        "groups": ["@staff", "staff", "it"],
    }
    one = Application("Terminal", "xterm -title 'A $HOME'", ("staff", "it"))
    assert Applications().read([table]) == (one,)
    assert one.argv == ("xterm", "-title", "A $HOME")


@pytest.mark.parametrize(
    ("groups", "member_of", "opens"),
    [((), (), True), (("staff",), ("staff", "it"), True), (("staff",), ("it",), False), (("staff",), (), False)],
)
def test_groups_say_who_may_open_it(groups: tuple[str, ...], member_of: tuple[str, ...], opens: bool) -> None:
    assert Application("Terminal", "xterm", groups=groups).open_to(frozenset(member_of)) is opens


def test_a_label_is_a_word_whatever_the_name_is() -> None:
    assert DESKTOP.label == "desktop"
    label = Application("../Écran 1/\u202e", "xterm").label
    assert label == Application("../Écran 1/\u202e", "other").label
    assert label.removeprefix("app-").isalnum()
    assert label != Application("Terminal", "xterm").label


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("application = 5", "must be a list of tables"),
        ('application = ["xterm"]', "must be a list of tables"),
        ('[[application]]\nname = "A"\n', "has no command for A"),
        ('[[application]]\ncommand = "xterm"\n', 'has an application with the name ""'),
        ('[[application]]\nname = "desktop"\ncommand = "xterm"\n', 'has an application with the name "desktop"'),
        (
            '[[application]]\nname = "A"\ncommand = "a \'b"\n',
            "has a quote without its counterpart in the command of A",
        ),
        ('[[application]]\nname = "A"\ncommand = "a"\ngroup = ["b"]\n', "has the key group"),
        ('[[application]]\nname = "A"\ncommand = "a"\ngroups = "b"\n', "has groups of A that are no list of texts"),
        ('[[application]]\nname = "A"\ncommand = 5\n', "an application whose command is no printable text"),
        ('[[application]]\nname = "A\\nB"\ncommand = "a"\n', "an application whose name is no printable text"),
        ('[[application]]\nname = "A"\ncommand = "a"\n' * 2, 'has "A" twice'),
    ],
)
def test_what_cannot_be_one_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        _read(text)
    assert reason in caught.value.reason


def test_promise_11_there_are_no_more_than_a_page_shows() -> None:
    rows = [{"name": f"A{number}", "command": "a"} for number in range(APPLICATIONS_MAX + 1)]
    Applications().read(rows[1:])
    with pytest.raises(Refused):
        Applications().read(rows)


def test_they_are_not_typed_on_a_command_line() -> None:
    with pytest.raises(Refused) as caught:
        Applications().parse("Terminal")
    assert "[[portal.applications]]" in caught.value.fix
