"""Who logs in, as PAM has it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.libpam import Code, Conversation, Message, Style
from tests.unit.pam_hook.hook import Hook


def test_a_user_who_is_not_known_yet_is_asked_for(hook: Hook) -> None:
    state = Conversation(codes=["alice"])
    with hook.daemon() as daemon, hook.start(hook.stack(), state, user=None) as handle:
        assert hook.authenticate(handle).code == Code.SUCCESS
    assert len(state.texts(Style.ECHO_ON)) == 1
    assert daemon.received[0].fields["user"] == "alice"


@pytest.mark.parametrize("phase", ["authenticate", "account"])
def test_an_empty_name_is_nobody(hook: Hook, phase: str) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack("unreachable=allow"), Conversation(), user="") as handle:
        assert getattr(hook, phase)(handle).code == Code.USER_UNKNOWN
    assert daemon.connections == 0


def test_an_empty_name_that_is_typed_is_nobody(hook: Hook) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation(codes=[""]), user=None) as handle:
        assert hook.authenticate(handle).code == Code.USER_UNKNOWN
    assert daemon.connections == 0


@pytest.mark.parametrize("conversation", [Conversation(), None])
def test_nobody_to_ask_is_nobody(hook: Hook, conversation: Conversation | None) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), conversation, user=None) as handle:
        assert hook.authenticate(handle).code == Code.USER_UNKNOWN
    assert daemon.connections == 0


def test_a_program_that_has_no_name_yet_may_come_back(hook: Hook) -> None:
    """PAM_CONV_AGAIN while the name is asked for: libpam itself goes on where it was."""
    answers: list[Sequence[bytes | None] | Code] = [Code.CONV_AGAIN, [b"alice"]]

    def respond(_messages: Sequence[Message]) -> Sequence[bytes | None] | Code:
        return answers.pop(0)

    with hook.daemon() as daemon, hook.start(hook.stack(), respond, user=None) as handle:
        assert hook.authenticate(handle).code == Code.INCOMPLETE
        assert hook.authenticate(handle).code == Code.SUCCESS
    assert daemon.received[0].fields["user"] == "alice"


def test_a_name_that_is_typed_has_the_same_limit(hook: Hook) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation(codes=["x" * 5000]), user=None) as handle:
        assert hook.authenticate(handle).code in {Code.AUTHINFO_UNAVAIL, Code.USER_UNKNOWN}
    assert daemon.connections == 0
