"""The arguments of a PAM line."""

from __future__ import annotations

import pytest

from tests.unit.pam_hook.hook import WARNING, Hook
from tests.unit.pam_hook.pure import Pure


def test_a_line_without_arguments_is_strict(pure: Pure) -> None:
    arguments = pure.arguments([])
    assert arguments.socket == "/run/rw2fa/pam.sock"
    assert arguments.timeout == 3
    assert arguments.slot == "main"
    assert not arguments.unreachable_allow
    assert arguments.console is None
    assert not arguments.debug
    assert arguments.warnings == {}


def test_every_argument_is_read(pure: Pure) -> None:
    given = ["socket=/x/y", "timeout=60", "slot=key", "unreachable=allow", "console=root,admin", "debug"]
    arguments = pure.arguments(given)
    assert arguments.socket == "/x/y"
    assert arguments.timeout == 60
    assert arguments.slot == "key"
    assert arguments.unreachable_allow
    assert arguments.console == "root,admin"
    assert arguments.debug
    assert arguments.warnings == {}


@pytest.mark.parametrize(
    "argument",
    [
        "socket=",
        "socket=relative/pam.sock",
        "socket=/" + "x" * 107,
        "timeout=",
        "timeout=0",
        "timeout=61",
        "timeout=3s",
        "timeout=-1",
        "timeout=+3",
        "timeout= 3",
        "timeout=03",
        "timeout=2.5",
        "timeout=99999999999999999999999999",
        "slot=",
        "slot=main",
        "slot=First",
        "slot=firstly",
        "unreachable=",
        "unreachable=Allow",
        "unreachable=allowed",
        "console=",
        "console=,",
        "debug=yes",
        "debugging",
        "use_first_pass",
        "",
        "=",
        "Timeout=3",
        "timeout",
    ],
)
def test_promise_5_what_is_unknown_or_malformed_is_warned_about_and_leaves_the_strict_default(
    pure: Pure, argument: str
) -> None:
    arguments = pure.arguments([argument])
    strict = pure.arguments([])
    assert list(arguments.warnings) == [argument]
    assert {**vars(arguments), "warnings": {}} == vars(strict)


def test_a_malformed_argument_does_not_take_the_others_with_it(pure: Pure) -> None:
    arguments = pure.arguments(["timeout=1000", "slot=first", "timeout=2"])
    assert arguments.timeout == 2
    assert arguments.slot == "first"
    assert list(arguments.warnings) == ["timeout=1000"]


def test_a_socket_may_use_the_whole_address(pure: Pure) -> None:
    longest = "/" + "x" * 106
    assert pure.arguments([f"socket={longest}"]).socket == longest


def test_the_log_says_which_argument_and_what_to_write(hook: Hook) -> None:
    outcome, _ = hook.login(arguments="timeout=soon speed=11")
    assert outcome.code == 0
    assert outcome.logged(WARNING) == [
        "argument timeout=soon of the PAM line is ignored: give whole seconds from 1 to 60",
        "argument speed=11 of the PAM line is ignored: there is no such argument",
    ]
