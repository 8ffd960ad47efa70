"""Programs whose conversation function does something else than pam_conv(3) says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.libpam import NO_RESPONSE, Code, Conversation, Failing, Item, Message, Responder
from tests.support.scripted_daemon import Expect, Send, Step, ask, end
from tests.unit.pam_hook.hook import Hook

SCRIPT: Sequence[Step] = (Expect("open"), Send(ask()), Expect("reply"), Send(end("AUTH_ERR", rule="no-answer")))


def always(answer: object) -> Responder:
    def respond(_messages: Sequence[Message]) -> Sequence[bytes | None]:
        return answer  # type: ignore[return-value]  # that it may be wrong is the point

    return respond


FAILING: dict[str, Responder | None] = {
    "no function": None,
    "no array": always(NO_RESPONSE),
    "an array without text": always([None]),
    "conversation error": always(Code.CONV_ERR),
    "out of memory": always(Code.BUF_ERR),
    "event driven": always(Code.CONV_AGAIN),
    "a code that does not exist": always(4711),
    "a negative code": always(-1),
    "a failure with an answer": always(Failing(Code.CONV_ERR, [b"123456"])),
    "a failure with an empty array": always(Failing(Code.CONV_ERR, [None])),
    "a code that does not exist with an answer": always(Failing(4711, [b"123456"])),
}


@pytest.mark.parametrize("fault", FAILING)
def test_a_conversation_that_fails_is_no_answer(hook: Hook, fault: str) -> None:
    with hook.daemon(SCRIPT) as daemon, hook.start(hook.stack(), FAILING[fault]) as handle:
        outcome = hook.authenticate(handle)
    assert outcome.code == Code.AUTH_ERR
    assert daemon.values() == ["<eof>"]


@pytest.mark.parametrize("fault", FAILING)
@pytest.mark.parametrize("name", ["SUCCESS", "AUTH_ERR"])
def test_a_sentence_that_cannot_be_shown_changes_no_verdict(hook: Hook, fault: str, name: str) -> None:
    script: list[Step] = [Expect("open"), Send(end(name, text="A sentence."))]
    with hook.daemon(script), hook.start(hook.stack(), FAILING[fault]) as handle:
        assert hook.authenticate(handle).code == Code[name]


def test_an_answer_to_what_is_no_question_is_thrown_away(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Send(end("SUCCESS", text="Welcome."))]
    with hook.daemon(script) as daemon, hook.start(hook.stack(), always([b"123456"])) as handle:
        assert hook.authenticate(handle).code == Code.SUCCESS
    assert daemon.values() == []


def test_more_responses_than_messages_do_no_harm(hook: Hook) -> None:
    with hook.daemon(SCRIPT) as daemon, hook.start(hook.stack(), always([b"123456", None, None])) as handle:
        hook.authenticate(handle)
    assert daemon.values() == ["123456"]


def test_messages_come_one_at_a_time(hook: Hook) -> None:
    counts: list[int] = []

    def count(messages: Sequence[Message]) -> Sequence[bytes | None]:
        counts.append(len(messages))
        return [b"123456" for _ in messages]

    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("AUTH_ERR", text="Wrong."))]
    with hook.daemon(script), hook.start(hook.stack(), count) as handle:
        hook.authenticate(handle)
    assert counts == [1, 1]


@pytest.mark.parametrize("before", [None, "Who are you? "])
def test_a_program_that_compares_questions_with_the_prompt_for_the_name_finds_one(
    hook: Hook, before: str | None
) -> None:
    """As saslauthd does, which dies where PAM_USER_PROMPT is not set."""
    seen: list[bytes | None] = []

    def look(prompt: str) -> str:
        seen.append(handle.get_item(Item.USER_PROMPT))
        return "123456"

    with hook.daemon(SCRIPT), hook.start(hook.stack(), Conversation(codes=[look])) as handle:
        handle.set_item(Item.USER_PROMPT, before)
        hook.authenticate(handle)
        after = handle.get_item(Item.USER_PROMPT)
    assert seen == [b"login: " if before is None else before.encode()]
    assert after == (None if before is None else before.encode()), "the program finds its handle as it was"


def test_an_exception_in_the_program_comes_out_of_it(hook: Hook) -> None:
    """Of the driver: what goes wrong in a test's conversation must not look like a refusal."""

    def fail(_messages: Sequence[Message]) -> Sequence[bytes | None]:
        raise LookupError("in the conversation")

    with (
        hook.daemon(SCRIPT),
        hook.start(hook.stack(), fail) as handle,
        pytest.raises(LookupError, match="in the conversation"),
    ):
        hook.authenticate(handle)


def test_answers_of_every_length_are_read_whole(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Send(ask(form="word:1-128")), Expect("reply"), Send(end("SUCCESS"))]
    for length, reply in ((1, "a"), (127, "a" * 127), (128, "a" * 128), (129, "<badform>"), (100_000, "<badform>")):
        _, daemon = hook.login(script, conversation=Conversation(codes=["a" * length]))
        assert daemon.values() == [reply]
