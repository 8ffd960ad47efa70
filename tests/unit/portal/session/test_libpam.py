"""Answers on their way to a module of PAM."""

import ctypes

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.session.libpam import _LIBC, Code, MessageStyle, Transaction


class _Conversation:
    def __init__(self, typed: bytes) -> None:
        self.typed = bytearray(typed)
        self.heard: list[tuple[str, bool]] = []

    def ask(self, text: str, *, hidden: bool) -> bytearray:
        self.heard.append((text, hidden))
        return self.typed

    def tell(self, text: str, *, error: bool) -> None:
        self.heard.append((text, error))


@pytest.mark.parametrize("typed", [b"", b"a password", "wörd".encode()])
def test_promise_2_an_answer_is_copied_for_the_module_and_wiped_here(typed: bytes) -> None:
    conversation = _Conversation(typed)
    with Transaction("rw2fa-portal", "alice", conversation, {}) as pam:
        address = pam._answered(MessageStyle.PROMPT_ECHO_OFF, b"Password: ")
    assert address is not None
    assert ctypes.string_at(address) == typed
    assert conversation.typed == bytes(len(typed))
    assert conversation.heard == [("Password: ", True)]
    _LIBC.free(address)


def test_messages_want_no_answer_and_other_styles_are_refused() -> None:
    conversation = _Conversation(b"")
    with Transaction("rw2fa-portal", "alice", conversation, {}) as pam:
        assert pam._answered(MessageStyle.TEXT_INFO, b"hello") is None
        assert pam._answered(MessageStyle.ERROR_MSG, b"no \xff") is None
        with pytest.raises(Problem, match="style 7"):
            pam._answered(7, b"\x00\x01")
    assert conversation.heard == [("hello", False), ("no \ufffd", True)]


def test_a_code_that_is_not_told_apart_is_a_refusal() -> None:
    assert Code(13) is Code.OTHER
    assert Code(0) is Code.SUCCESS
