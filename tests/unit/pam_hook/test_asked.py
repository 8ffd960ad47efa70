"""Once a question was asked in a login, neither console= nor unreachable=allow lets anybody in."""

from __future__ import annotations

import pytest

from tests.support.libpam import Code, Conversation
from tests.support.scripted_daemon import Close, Expect, Send, Step, ask, end
from tests.unit.pam_hook.hook import ALERT, ERR, Hook

EXCEPTIONS = "timeout=1 console=root unreachable=allow"
ASKED: list[Step] = [Expect("open"), Send(ask()), Expect("reply")]

#: What goes wrong once the answer is there.
AFTER: dict[str, list[Step]] = {
    "silent": [],
    "closed": [Close()],
    "garbage": [Send(b"\xff\xfe\0\0\0")],
    "unjudged": [Send(end("AUTHINFO_UNAVAIL", rule="state-unusable"))],
    "another verb": [Send(b"report\0v=1")],
    "a second question out of turn": [Send(ask(n=7))],
}


@pytest.mark.parametrize("fault", AFTER)
@pytest.mark.parametrize("answer", ["123456", "nonsense", None])
def test_promise_5_a_question_ends_every_exception_whatever_fails_then(
    hook: Hook, fault: str, answer: str | None
) -> None:
    state = Conversation(codes=[] if answer is None else [answer])
    outcome, daemon = hook.login([*ASKED, *AFTER[fault]], EXCEPTIONS, state, user="root", tty="tty1")
    assert len(daemon.received) == 2
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []
    assert len(outcome.logged(ERR)) == 1


@pytest.mark.parametrize("first", ["refused", "failed"])
def test_promise_5_a_second_attempt_of_the_same_login_finds_nothing_open(hook: Hook, first: str) -> None:
    # As login(1) does: one handle, one pam_authenticate() after another.
    script = [*ASKED, Send(end("AUTH_ERR", rule="code-wrong"))] if first == "refused" else [*ASKED, Close()]
    stack = hook.stack(EXCEPTIONS)
    with hook.start(stack, Conversation(codes=["123456"]), user="root", tty="tty1") as handle:
        with hook.daemon(script):
            assert hook.authenticate(handle).code != Code.SUCCESS
        again = hook.authenticate(handle)
    assert again.code == Code.AUTHINFO_UNAVAIL
    assert again.logged(ALERT) == []
    assert "nothing listens" in again.logged(ERR)[0]


def test_promise_5_the_account_phase_of_a_login_that_was_asked_finds_nothing_open(hook: Hook) -> None:
    # Not even after a right code: the next attempt begins anew, and this one has no verdict.
    script = [*ASKED, Send(end("SUCCESS", rule="code-right", mint=0))]
    stack = hook.stack(EXCEPTIONS)
    with hook.start(stack, Conversation(codes=["123456"]), user="root", tty="tty1") as handle:
        with hook.daemon(script):
            assert hook.authenticate(handle).code == Code.SUCCESS
        account = hook.account(handle)
    assert account.code == Code.AUTHINFO_UNAVAIL
    assert account.logged(ALERT) == []


def test_promise_5_another_login_is_another_matter(hook: Hook) -> None:
    stack = hook.stack(
        auth=f"auth [success=ignore ignore=ignore default=die] {hook.line(EXCEPTIONS)}\nauth required pam_permit.so\n"
    )
    with (
        hook.daemon([*ASKED, Close()]),
        hook.start(stack, Conversation(codes=["1"]), user="root", tty="tty1") as handle,
    ):
        assert hook.authenticate(handle).code == Code.AUTHINFO_UNAVAIL
    with hook.start(stack, Conversation(), user="root", tty="tty1") as handle:
        outcome = hook.authenticate(handle)
    assert outcome.code == Code.SUCCESS
    assert len(outcome.logged(ALERT)) == 1


def test_promise_5_a_question_that_cannot_be_noted_is_not_shown_and_opens_nothing(hook: Hook) -> None:
    state = Conversation(codes=["123456"])
    hook.spy.fail_set_data(Code.BUF_ERR)
    outcome, _ = hook.login([Expect("open"), Send(ask())], EXCEPTIONS, state, user="root", tty="tty1")
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []
    assert not [message for message in state.messages if message.is_prompt]
